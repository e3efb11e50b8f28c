"""The inspector: typed values preview, commit, restore; nonsense is explained; forms follow the registry."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from lrdesigner import edits, tree_edits
from lrdesigner.schedules import Constant, Length, Sequence
from lrdesigner.schedules.segments import as_segments
from lrdesigner_app.layout import INSPECTOR_MIN
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import Inspector, SegmentStrip
from lrdesigner_app.schedule_editor.value_fields import SwitchField, TextField
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.workspace import Workspace


@pytest.fixture
def strip(workspace: Workspace, selection: SegmentSelection, qtbot: QtBot) -> SegmentStrip:
    made = SegmentStrip(workspace, selection)
    qtbot.addWidget(made)
    made.resize(450, 26)
    with qtbot.waitExposed(made):
        made.show()
    return made


def _field(form: object, name: str) -> TextField:
    found = form.editor(name)  # type: ignore[attr-defined]
    assert isinstance(found, TextField)
    return found


def _type(field: TextField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def test_a_typed_rate_is_previewed_at_once_and_kept_with_enter(inspector: Inspector, workspace: Workspace) -> None:
    field = _field(inspector.base_form, "base")
    _type(field, "3e-4*2")
    assert workspace.design.groups[0].lr.base == pytest.approx(6e-4)
    assert workspace.store.committed.groups[0].lr.base == 1e-3
    assert workspace.store.undo_label is None
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert workspace.store.committed.groups[0].lr.base == pytest.approx(6e-4)
    assert field.text() == "6e-4"
    assert workspace.store.undo_label == "Base lr of everything"


def test_of_a_number_too_long_for_its_field_the_first_digits_are_shown(
    inspector: Inspector, workspace: Workspace
) -> None:
    field = _field(inspector.base_form, "base")
    workspace.commit("Third", edits.set_base_lr, 1, 1 / 3)
    assert field.cursorPosition() == 0
    _type(field, "0.123456789012345678")
    assert field.cursorPosition() == len(field.text())
    inspector.header.name.setFocus()
    assert field.cursorPosition() == 0


def test_fields_stay_as_wide_when_the_scroll_bar_comes_and_goes(inspector: Inspector, qtbot: QtBot) -> None:
    field, bar = _field(inspector.base_form, "base"), inspector.findChildren(QScrollArea)[0].verticalScrollBar()
    inspector.resize(300, 1600)
    qtbot.waitUntil(lambda: not bar.isVisible())
    qtbot.wait(20)
    width = field.width()
    inspector.resize(300, 300)
    qtbot.waitUntil(bar.isVisible)
    qtbot.wait(20)
    assert field.width() == width


def test_escape_while_typing_restores_the_value_and_the_preview(inspector: Inspector, workspace: Workspace) -> None:
    field = _field(inspector.base_form, "base")
    _type(field, "0.5")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert workspace.design.groups[0].lr.base == 1e-3
    assert field.text() == "0.001"
    assert workspace.store.undo_label is None


@pytest.mark.parametrize(
    ("text", "words"),
    [("-1", "above 0"), ("1e9", "at most 1e6"), ("abc", "not a number"), ("1/0", "no finite value"), ("", "empty")],
)
def test_nonsense_in_a_field_is_explained_and_changes_nothing(
    inspector: Inspector, workspace: Workspace, text: str, words: str
) -> None:
    field = _field(inspector.base_form, "base")
    said: list[str] = []
    field.explained.connect(said.append)
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)
    assert words in said[-1]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.property("invalid") == "true"
    assert workspace.store.committed.groups[0].lr.base == 1e-3
    inspector.optimizer.chooser.setFocus()
    assert field.text() == "0.001"
    assert field.property("invalid") == "false"


def test_up_and_down_step_the_first_digit(inspector: Inspector, workspace: Workspace) -> None:
    field = _field(inspector.base_form, "base")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert workspace.design.groups[0].lr.base == 2e-3
    for _ in range(2):
        QTest.keyClick(field, Qt.Key.Key_Down)
    assert workspace.design.groups[0].lr.base == 9e-4


def test_another_optimizer_shows_its_own_options_and_keeps_the_rate(inspector: Inspector, workspace: Workspace) -> None:
    inspector.optimizer.chooser.setFocus()
    QTest.keyClicks(inspector.optimizer.chooser, "S")
    inspector.optimizer.chooser.activated.emit(inspector.optimizer.chooser.currentIndex())
    assert type(workspace.design.groups[0].options).__name__ == "SGDOptions"
    assert workspace.design.groups[0].lr.base == 1e-3
    assert _field(inspector.options_form, "momentum").text() == "0.9"


def test_an_option_that_cannot_be_is_a_notice_and_the_switch_goes_back(
    inspector: Inspector, workspace: Workspace
) -> None:
    from lrdesigner import edits

    workspace.commit("", edits.set_optimizer, 1, "SGD")
    workspace.commit("", edits.set_option, 1, "momentum", 0.0)
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    switch = inspector.options_form.editor("nesterov")
    assert isinstance(switch, SwitchField)
    switch.click()
    assert "Nesterov needs a momentum" in notices[0].text
    assert not switch.isChecked()


def test_a_formula_with_a_fault_is_explained_by_character(inspector: Inspector, workspace: Workspace) -> None:
    workspace.commit("", tree_edits.set_shape, 1, "lr", (), "expression")
    field = _field(inspector.segment.fields_form, "formula")
    said: list[str] = []
    field.explained.connect(said.append)
    _type(field, "0.9 ** epok")
    assert field.text() == "0.9 ** epok"
    assert "At character 8" in said[-1]
    assert "epoch" in said[-1]
    _type(field, "0.9 ** epoch")
    assert said[-1] == ""
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert workspace.store.committed.groups[0].lr.schedule.formula == "0.9 ** epoch"  # type: ignore[union-attr]


def test_the_name_is_edited_in_the_head(inspector: Inspector, workspace: Workspace) -> None:
    name = inspector.header.name
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "trunk")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert workspace.design.groups[0].name == "trunk"
    name.selectAll()
    QTest.keyClicks(name, "backbone")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert name.text() == "trunk"


def test_the_length_of_the_run_is_edited_below(inspector: Inspector, workspace: Workspace) -> None:
    field = _field(inspector.run.plan_form, "epochs")
    _type(field, "30")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert workspace.design.plan.total_steps == 45 * 30


def test_segments_are_added_moved_resized_and_removed_by_key(
    strip: SegmentStrip, inspector: Inspector, selection: SegmentSelection, workspace: Workspace
) -> None:
    strip.setFocus()
    QTest.keyClicks(strip, "+")
    row = as_segments(workspace.design.groups[0].lr.schedule)
    assert [str(segment.length) for segment in row] == ["50%", "rest"]
    assert selection.index == 1
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert selection.index == 0
    length = _field(inspector.segment.length_form, "length")
    _type(length, "2 epochs")
    QTest.keyClick(length, Qt.Key.Key_Return)
    assert as_segments(workspace.design.groups[0].lr.schedule)[0].length == Length(2, "epochs")
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert selection.index == 1
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert workspace.design.groups[0].lr.schedule == Constant()
    for _ in range(3):
        workspace.store.undo()
    assert isinstance(workspace.design.groups[0].lr.schedule, Sequence)


def test_segments_are_as_wide_as_they_last_and_clicked_to_select(
    strip: SegmentStrip, selection: SegmentSelection, workspace: Workspace, qtbot: QtBot
) -> None:
    selection.add_after()
    strip.align_with(0.0, 450.0, 0, 0)
    first, second = strip.segment_rects()
    assert first.width() == pytest.approx(225 - 2)
    assert second.left() == pytest.approx(225)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=first.center().toPoint())
    assert selection.index == 0
    strip.align_with(0.0, 900.0, 100, 50)
    first, second = strip.segment_rects()
    assert first.left() == pytest.approx(100)
    assert second.right() == pytest.approx(100 + 450 / 900 * 300 - 2)
    qtbot.wait(10)


def test_a_change_from_elsewhere_does_not_touch_what_is_being_typed(inspector: Inspector, workspace: Workspace) -> None:
    from lrdesigner import edits

    field = _field(inspector.base_form, "base")
    _type(field, "0.02")
    workspace.commit("", edits.set_option, 1, "weight_decay", 0.3)
    assert field.text() == "0.02"
    assert workspace.design.groups[0].lr.base == 1e-3
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert workspace.design.groups[0].lr.base == 0.02
    assert workspace.design.groups[0].options.weight_decay == 0.3


def test_what_was_readable_on_the_way_to_nonsense_is_not_shown(inspector: Inspector, workspace: Workspace) -> None:
    field = _field(inspector.base_form, "base")
    _type(field, "1/0")
    assert field.property("invalid") == "true"
    assert field.text() == "1/0"
    assert workspace.design.groups[0].lr.base == 1e-3


def test_the_forms_are_narrow_enough_to_stand_beside_a_scroll_bar(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.resize(INSPECTOR_MIN, 300)
    qtbot.wait(50)
    area = inspector.findChild(QScrollArea)
    assert area is not None
    assert area.widget().minimumSizeHint().width() <= INSPECTOR_MIN - 2 * 12 - 12


def test_the_strip_goes_into_a_segment_and_out_by_key(
    strip: SegmentStrip, selection: SegmentSelection, workspace: Workspace
) -> None:
    from lrdesigner import edits
    from lrdesigner.schedules import Cosine, Linear, Repeat, Segment

    workspace.commit(
        "", edits.set_schedule, 1, Sequence((Segment(Linear(), Length(45, "steps")), Segment(Repeat(Cosine()))))
    )
    selection.select(1)
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert selection.path == (1, 0)
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert selection.path == (1, 0), "what is repeated is the only part"
    for path in ((1,), ()):
        QTest.keyClick(strip, Qt.Key.Key_Escape)
        assert selection.path == path
    assert selection.whole
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert selection.path == (0,)
