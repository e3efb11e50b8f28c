"""The command palette, driven by keys; how it ranks what fits."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lrdesigner.edits import add_group, set_base_lr, unpin
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.palette import Palette
from lrdesigner_app.palette.rank import Row, ranked

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(window: MainWindow) -> MainWindow:
    window.resize(1280, 800)
    return window


def opened(window: MainWindow) -> Palette:
    QTest.keyClick(window, Qt.Key.Key_P, CTRL_SHIFT)
    palette = window.findChild(Palette)
    assert isinstance(palette, Palette)
    assert palette.isVisible()
    return palette


def titles(palette: Palette) -> list[str]:
    found = [palette.list.topLevelItem(place) for place in range(palette.list.topLevelItemCount())]
    return [item.text(0) for item in found if item is not None]


def test_the_start_of_a_title_goes_before_a_word_in_it_and_before_help() -> None:
    rows = [Row("c", "Copy", "Edit", help="group"), Row("b", "New group", "Edit"), Row("a", "Group all", "Edit")]
    assert [row.id for row in ranked(rows, "group")] == ["a", "b", "c"]


def test_letters_may_be_left_out_in_a_title_and_every_word_must_fit() -> None:
    rows = [Row("a", "New group", "Edit"), Row("b", "Newest", "File")]
    assert [row.id for row in ranked(rows, "ngr")] == ["a"]
    assert [row.id for row in ranked(rows, "new file")] == ["b"]
    assert ranked(rows, "new trial") == []


def test_of_equals_the_one_used_last_stands_first() -> None:
    rows = [Row("a", "A", "Edit"), Row("b", "B", "Edit"), Row("c", "C", "Edit")]
    assert [row.id for row in ranked(rows, "", ("c", "b"))] == ["c", "b", "a"]


def test_enter_does_what_was_found_and_it_stands_first_next_time(window: MainWindow) -> None:
    palette = opened(window)
    QTest.keyClicks(palette.field, "show the trial")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.tabs.currentWidget() is window.trial_tab
    assert titles(opened(window))[0] == "Trial"


def test_a_group_is_selected_by_its_name(window: MainWindow) -> None:
    group = next(g for g in window.workspace.design.groups if g.id != window.workspace.selected_group.id)
    palette = opened(window)
    QTest.keyClicks(palette.field, f"select {group.name}")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.workspace.selected_group.id == group.id


def test_a_disabled_command_does_nothing_and_keeps_the_palette_open(window: MainWindow) -> None:
    palette = opened(window)
    before = window.workspace.design
    QTest.keyClicks(palette.field, "undo")
    assert titles(palette)[0] == "Undo"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert window.workspace.design is before


def test_where_nothing_fits_the_palette_says_so(window: MainWindow) -> None:
    window.do("palette")
    palette = next(found for found in window.findChildren(Palette))
    assert not palette.nothing.isVisible()
    QTest.keyClicks(palette.field, "xyzzy")
    assert palette.nothing.isVisible()
    assert palette.list.topLevelItemCount() == 0
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)


def test_escape_closes_and_gives_the_focus_back(window: MainWindow) -> None:
    window.groups.setFocus()
    focus = window.focusWidget()
    palette = opened(window)
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert window.focusWidget() is focus


def test_undo_and_redo_tell_what_they_take_back_and_bring_back(window: MainWindow) -> None:
    undo, redo = window.action("undo"), window.action("redo")
    assert (undo.text(), redo.text()) == ("&Undo", "&Redo")
    window.workspace.commit("Add R&D", add_group)
    assert undo.text() == "&Undo Add R&&D"
    assert undo.statusTip() == "Undo Add R&D"
    palette = opened(window)
    assert "Undo Add R&D" in titles(palette)
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (undo.text(), redo.text()) == ("&Undo", "&Redo Add R&&D")


def test_undo_and_redo_select_the_group_that_they_change(window: MainWindow) -> None:
    workspace = window.workspace
    first, last = workspace.design.groups[0].id, workspace.design.groups[-1].id
    workspace.commit("Base", set_base_lr, last, 0.0123)
    workspace.select_group(first)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert workspace.selected_group.id == last
    workspace.select_group(first)
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL_SHIFT)
    assert workspace.selected_group.id == last
    assert workspace.selected_group.lr.base == 0.0123


def test_undo_of_a_pin_selects_its_module_in_the_tree(window: MainWindow) -> None:
    path = window.workspace.design.pins[0].path
    window.workspace.commit("Unpin", unpin, [path])
    window.tree.select_paths(("",))
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.tree.selected_paths() == (path,)
