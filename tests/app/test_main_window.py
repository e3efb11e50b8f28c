"""The main window around its panels: actions, files, notices, what is remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load, save
from lrdesigner.document import Model, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import Constant, Expression, Linear
from lrdesigner_app.application import make_window
from lrdesigner_app.commands import ACTIONS, KINDS
from lrdesigner_app.main_window import MainWindow, first_size
from lrdesigner_app.notices import Notice

Answer = QMessageBox.StandardButton


def test_actions_have_different_names_and_keys_and_say_what_they_do(window: MainWindow) -> None:
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)
    keys = [spec.key for spec in ACTIONS if spec.key]
    assert len(set(keys)) == len(keys)
    for kind in KINDS:
        for spec in kind.rows:
            assert window.action(spec.id).statusTip()
            assert callable(getattr(kind, spec.id))
            assert not spec.when or isinstance(getattr(kind, spec.when), property)


def test_home_in_the_plot_frames_everything_again(window: MainWindow, qtbot: QtBot) -> None:
    view = window.plot.chart.view
    qtbot.wait(50)
    before = view.viewRange()
    view.scaleBy((0.5, 0.5))
    assert not np.allclose(view.viewRange(), before)
    window.plot.chart.setFocus()
    QTest.keyClick(window.plot.chart, Qt.Key.Key_Home)
    assert np.allclose(view.viewRange(), before)


def test_edits_by_key_are_undone_and_redone_by_key(window: MainWindow) -> None:
    before = window.workspace.design
    QTest.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert len(window.workspace.design.groups) == 3
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.workspace.design is before
    assert window.action("undo").isEnabled() is False
    assert "Nothing to undo" in window.action("undo").statusTip()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert len(window.workspace.design.groups) == 3


def test_a_field_leaves_undo_to_the_window_unless_it_is_being_typed_into(window: MainWindow) -> None:
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    field = window.inspector.base_form.editor("base")
    before = window.workspace.design
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.25")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.workspace.design.group(1).lr.base == 0.25
    QTest.keyClick(field, Qt.Key.Key_Z, control)
    assert (window.workspace.design, field.text()) == (before, "0.001")
    QTest.keyClick(field, Qt.Key.Key_Z, control | shift)
    assert (window.workspace.design.group(1).lr.base, field.text()) == (0.25, "0.25")
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Z, control)
    assert field.text() == "0.25"
    assert window.workspace.design is window.workspace.store.committed
    assert window.workspace.design.group(1).lr.base == 0.25


def test_the_title_marks_what_is_not_saved(window: MainWindow, tmp_path: Path) -> None:
    assert not window.isWindowModified()
    window.workspace.commit("Slower", edits.set_base_lr, 1, 1e-5)
    assert window.isWindowModified()
    assert window.files.save_to(tmp_path / "mine.lrd.json")
    assert "mine" in window.windowTitle()
    assert not window.isWindowModified()
    window.workspace.store.undo()
    assert window.isWindowModified()
    window.workspace.store.redo()
    assert not window.isWindowModified()


@pytest.mark.parametrize(("answer", "closes"), [(Answer.Cancel, False), (Answer.Discard, True), (Answer.Save, True)])
def test_closing_with_unsaved_work_asks(window: MainWindow, tmp_path: Path, answer: Answer, closes: bool) -> None:
    file = tmp_path / "mine.lrd.json"
    window.files.save_to(file)
    window.workspace.commit("Slower", edits.set_base_lr, 1, 1e-5)
    asked = []
    window.files.ask_about_unsaved = lambda: asked.append(1) or answer  # type: ignore[method-assign,func-returns-value]
    assert window.close() is closes
    assert asked == [1]
    assert load(file).group(1).lr.base == (1e-5 if answer == Answer.Save else 1e-3)


def test_a_preview_is_not_saved_and_does_not_survive_closing(window: MainWindow, tmp_path: Path) -> None:
    window.workspace.preview("Trying", edits.set_base_lr, 1, 0.5)
    window.files.save_to(tmp_path / "mine.lrd.json")
    assert load(tmp_path / "mine.lrd.json").group(1).lr.base == 1e-3


def test_a_design_that_cannot_be_read_leaves_the_present_one(window: MainWindow, tmp_path: Path) -> None:
    broken = tmp_path / "broken.lrd.json"
    broken.write_text('{"format": "lrdesigner design", "version": 1, "design": {"plan": 3}}')
    before = window.workspace.design
    assert not window.files.open(broken)
    assert window.workspace.design is before
    assert "broken.lrd.json" in window.notices.text.text()
    assert window.notices.isVisible()


def test_an_unwritable_place_is_a_notice_and_the_work_stays_unsaved(window: MainWindow, tmp_path: Path) -> None:
    window.workspace.commit("Slower", edits.set_base_lr, 1, 1e-5)
    assert not window.files.save_to(tmp_path / "no" / "such" / "folder.lrd.json")
    assert "cannot be written" in window.notices.text.text()
    assert window.workspace.store.modified


def test_opening_a_design_forgets_the_history_of_the_one_before(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "other.lrd.json"
    save(edits.rename_group(demo_design(), 1, "trunk"), file)
    window.workspace.commit("Slower", edits.set_base_lr, 1, 1e-5)
    assert window.files.open(file)
    assert window.workspace.store.undo_label is None
    assert [group.name for group in window.workspace.design.groups] == ["trunk", "head"]
    assert window.files.path == file


def test_the_code_follows_edits_and_is_copied_whole(window: MainWindow, qtbot: QtBot) -> None:
    window.code.refresh()
    window.workspace.commit("Slower", edits.set_base_lr, 1, 1.25e-5)
    qtbot.waitUntil(lambda: "1.25e-05" in window.code.source, timeout=3000)
    window.action("copy_code").trigger()
    assert QGuiApplication.clipboard().text() == window.code.source


def test_a_design_that_cannot_be_exported_says_so_in_the_code_tab(window: MainWindow, qtbot: QtBot) -> None:
    from lrdesigner.schedules import Expression

    window.code.refresh()
    assert window.code.source
    window.workspace.commit("Down", edits.set_schedule, 1, Expression("1 - step"))
    qtbot.waitUntil(lambda: window.code.source == "", timeout=3000)
    assert "negative at step 2" in window.code._status.text()
    qtbot.waitUntil(lambda: len(window.problems.findings) == 1, timeout=3000)
    assert window.tabs.tabText(1) == "Problems  1"


def test_a_fix_is_an_ordinary_edit(window: MainWindow, qtbot: QtBot) -> None:
    window.workspace.commit("New", edits.add_group, "empty")
    qtbot.waitUntil(lambda: [f.code for f in window.problems.findings] == ["group-empty"], timeout=3000)
    window.problems._mend(window.problems.findings[0])
    assert [group.name for group in window.workspace.design.groups] == ["backbone", "head"]
    window.workspace.store.undo()
    assert len(window.workspace.design.groups) == 3


def test_a_notice_goes_by_itself_unless_it_is_bad(window: MainWindow, qtbot: QtBot) -> None:
    window.notices._timer.setInterval(50)
    window.workspace.post(Notice("Fine."))
    assert window.notices.isVisible()
    qtbot.waitUntil(lambda: not window.notices.isVisible(), timeout=3000)
    window.workspace.post(Notice("Not fine.", "bad", "Traceback ..."))
    qtbot.wait(150)
    assert window.notices.isVisible()
    window.notices.more.click()
    assert window.notices.details.isVisible()


def test_the_windows_place_and_views_are_remembered(window: MainWindow, qapp: QApplication, qtbot: QtBot) -> None:
    # Heights only: the offscreen screen is narrower than the window, and Qt restores none that is wider.
    splitter = window.splitters["centre"]

    def divided() -> bool:
        window.resize(1200, 700)
        splitter.setSizes([300, 330])
        return window.height() == 700 and splitter.sizes()[0] < 320

    qtbot.waitUntil(divided, timeout=5000)
    window.action("toggle_log").trigger()
    window.action("toggle_epochs").trigger()
    sizes = splitter.sizes()
    window.close()
    again = make_window(qapp, demo_design())
    again.spare.close()
    qtbot.addWidget(again)
    with qtbot.waitExposed(again):
        again.show()
    assert (again.plot.log, again.plot.epochs) == (False, False)
    qtbot.waitUntil(lambda: again.height() == 700, timeout=3000)
    qtbot.waitUntil(lambda: again.splitters["centre"].sizes() == sizes, timeout=3000)


def test_the_first_window_is_whole_on_any_screen(window: MainWindow) -> None:
    assert first_size(QSize(2560, 1440)) == QSize(1440, 900)
    small = first_size(QSize(1280, 800))
    assert small == QSize(1264, 752)
    assert small.width() >= window.minimumSizeHint().width()
    assert small.height() >= window.minimumSizeHint().height()
    assert first_size(QSize(1280, 720)) == QSize(1264, 672)
    assert first_size(QSize(320, 200)) == QSize(640, 480)


def test_the_tab_counts_problems_and_not_what_is_good_to_know(window: MainWindow) -> None:
    window.workspace.commit("Hold", edits.set_schedule, 1, Constant(0.5))
    window.problems.refresh()
    assert [finding.severity for finding in window.problems.findings] == ["info"]
    assert window.tabs.tabText(1) == "Problems"
    window.workspace.commit("Zero", edits.set_schedule, 1, Linear(start=0.0, end=1.0))
    window.problems.refresh()
    assert "warning" in [finding.severity for finding in window.problems.findings]
    assert window.tabs.tabText(1) == "Problems  1"


def test_what_the_code_tab_says_never_widens_the_window(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(window.code.source))
    before = window.minimumSizeHint().width()
    assert before <= first_size(QSize(1280, 800)).width()
    window.workspace.commit("Long", edits.rename_group, 1, "long " * 20)
    window.workspace.commit("Wrong", edits.set_schedule, 1, Expression("1/step"))
    window.code.refresh()
    assert not window.code.source
    assert window.minimumSizeHint().width() <= before


def test_everything_fits_at_1280_by_800(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    qtbot.wait(50)
    assert window.size().width() == 1280
    assert window.size().height() == 800
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 800


def test_an_unforeseen_error_becomes_a_notice_with_a_report(
    window: MainWindow, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    try:
        raise RuntimeError("boom")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "boom" in window.notices.text.text()
    assert "test_main_window.py" in window.notices.details.toPlainText()
    assert "boom" in capsys.readouterr().err


def _half_type(window: MainWindow, text: str) -> None:
    """Type into the base lr without finishing, as a person does who then presses a shortcut."""
    field = window.inspector.base_form.editor("base")
    window.activateWindow()
    field.setFocus()
    field.selectAll()  # type: ignore[union-attr]
    QTest.keyClicks(field, text)


def test_a_value_still_being_typed_is_saved(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.files.save_to(tmp_path / "mine.lrd.json")
    _half_type(window, "7e-3")
    window.action("save").trigger()
    assert load(tmp_path / "mine.lrd.json").group(1).lr.base == 7e-3


def test_a_value_still_being_typed_counts_as_unsaved_work_on_closing(window: MainWindow) -> None:
    asked = []
    window.files.ask_about_unsaved = lambda: asked.append(1) or Answer.Cancel  # type: ignore[method-assign,func-returns-value]
    _half_type(window, "7e-3")
    assert window.close() is False
    assert asked == [1]
    assert window.workspace.store.committed.group(1).lr.base == 7e-3


def test_a_value_still_being_typed_stays_with_its_group(window: MainWindow) -> None:
    _half_type(window, "7e-3")
    window.action("new_group").trigger()
    rates = {group.name: group.lr.base for group in window.workspace.store.committed.groups}
    assert rates["backbone"] == 7e-3
    assert window.workspace.store.undo_label != "Base lr of backbone"


def test_the_keyboard_stays_in_the_form_when_its_field_goes(window: MainWindow, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    window.workspace.segments.select(1)
    form = window.inspector.segment.fields_form
    qtbot.waitUntil(lambda: form.editor("floor").isVisible())
    form.editor("floor").setFocus()
    QTest.keyClick(window, Qt.Key.Key_T, control)
    assert QApplication.focusWidget() is form.editor("factor")
    QTest.keyClick(form.editor("factor"), Qt.Key.Key_Z, control)
    assert QApplication.focusWidget() is form.editor("floor")


def test_a_field_of_a_segment_still_being_typed_survives_a_new_segment(window: MainWindow) -> None:
    from lrdesigner.schedules.segments import as_segments

    field = window.inspector.segment.fields_form.editor("start")
    field.setFocus()
    field.selectAll()  # type: ignore[union-attr]
    QTest.keyClicks(field, "0.25")
    window.action("add_segment").trigger()
    row = as_segments(window.workspace.store.committed.group(1).lr.schedule)
    assert row[0].schedule.start == 0.25  # type: ignore[union-attr]
    assert len(row) == 3


def test_names_from_files_are_shown_as_they_are_and_never_as_markup(window: MainWindow) -> None:
    from PySide6.QtWidgets import QLabel

    name = "<img src='x' width=300 height=300>"
    before = window.notices.text.sizeHint().height()
    window.workspace.commit("Rename", edits.rename_group, 1, name)
    window.workspace.post(Notice(f"{name} is a name.", "bad"))
    assert window.notices.text.sizeHint().height() < before + 60
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in window.findChildren(QLabel) if label.text())
    tip = window.groups.model.index_of(1).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tip


def test_the_words_that_open_no_window_are_the_commands_there_are() -> None:
    from lrdesigner.cli.commands import command_table
    from lrdesigner_app.window_command import COMMANDS

    table = command_table()
    commands = [*table.registered_commands, *table.registered_groups]
    assert {command.name for command in commands} | {"plot"} == COMMANDS


def test_a_notice_moves_nothing_and_is_shown_whole(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.wait(100)
    before = [panel.geometry() for panel in (window.tree, window.groups, window.plot, window.inspector)]
    window.workspace.post(Notice("Something is wrong. " * 20, "bad", "line\n" * 50))
    qtbot.wait(50)
    assert [panel.geometry() for panel in (window.tree, window.groups, window.plot, window.inspector)] == before
    text = window.notices.text
    assert text.height() >= text.heightForWidth(text.width())
    window.notices.more.click()
    qtbot.wait(50)
    assert window.notices.details.height() > 50
    assert window.centralWidget().rect().contains(window.overlay.geometry())
    window.notices.dismiss.click()
    assert window.overlay.isHidden()


def test_what_an_earlier_attempt_said_goes_when_another_model_is_opened(window: MainWindow) -> None:
    window.loader.failed.emit(Notice("net.py:Bad cannot be opened.", "bad"))
    assert window.notices.isVisible()
    window.loader.started.emit("Building net.py:Good…")
    assert not window.notices.isVisible()
    window.loader.ended.emit()


def test_the_title_of_a_model_without_a_type_starts_with_its_size(window: MainWindow) -> None:
    found = Inventory((ModuleInfo("", ""),), (ParameterInfo("w", (4,), "float32", 4, True),))
    window.workspace.store.open(new_design(Model("net.ckpt", {}, found)))
    shown = [label.text() for label in window.header.findChildren(QLabel)]
    assert "4 · 10 epochs × 100 steps" in shown


def test_a_long_name_of_a_design_never_widens_the_window(window: MainWindow) -> None:
    narrow = window.header.minimumSizeHint().width()
    window.files.path = Path("a design with a very long name" * 8 + ".lrd.json")
    window.files.path_changed.emit()
    assert window.header.minimumSizeHint().width() == narrow


def test_a_window_without_a_model_offers_the_demo(window: MainWindow) -> None:
    window.files.replace_design(new_design(Model()), None)
    assert window.tree.empty.open.isVisible()
    QTest.mouseClick(window.tree.empty.demo, Qt.MouseButton.LeftButton)
    assert window.workspace.design.model.source == "demo:lenet"
    assert not window.tree.empty.isVisible()
