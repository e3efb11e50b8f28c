"""The Problems tab with real clicks: places are shown, fixes mend."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.findings import Finding
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.jobs.reader import Outcome
from lrdesigner.places import Place
from lrdesigner.schedules import REST, Constant, Cosine, Length, Segment, Sequence
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.problems import ProblemsPanel
from lrdesigner_app.workspace import Workspace

JUMP = Sequence((Segment(Cosine(), Length(100.0, "steps")), Segment(Cosine(), REST)))


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> ProblemsPanel:
    made = ProblemsPanel(workspace)
    qtbot.addWidget(made)
    made.resize(800, 300)
    with qtbot.waitExposed(made):
        made.show()
    return made


def pressed(panel: ProblemsPanel, text: str, qtbot: QtBot) -> None:
    def found() -> list[QPushButton]:
        return [one for one in panel.findChildren(QPushButton) if one.text() == text and one.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)  # rows are shown when they are laid out
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("by", ["Show", "place"])
def test_a_finding_without_a_fix_shows_its_place(
    workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot, by: str
) -> None:
    group = workspace.design.groups[1]
    workspace.select_group(workspace.design.groups[0].id)
    workspace.commit("Edit", edits.set_schedule, group.id, JUMP)
    panel.refresh()
    assert [(f.code, f.fix) for f in panel.findings] == [("jump-at-join", None)]
    asked: list[Place] = []
    workspace.signals.place_requested.connect(asked.append)
    pressed(panel, group.name if by == "place" else "Show", qtbot)
    assert workspace.selected_group.id == group.id
    assert [(place.slot, place.path) for place in asked] == [("lr", (1,))]


def test_a_fix_mends_and_can_be_undone(workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot) -> None:
    before = workspace.design
    workspace.commit("Add", edits.add_group, "spare")
    panel.refresh()
    pressed(panel, "Remove spare", qtbot)
    assert workspace.design == before
    assert workspace.store.undo_label == "Remove spare"


def ended_trial(workspace: Workspace, group: str, *, discarded: bool = False) -> TrialRecord:
    """A trial of the design as it is that diverged in a group."""
    record = TrialRecord(workspace.store.committed)
    record.add([Metrics(step, 1.0, {}) for step in range(7)])
    workspace.signals.trial_changed.emit(record)
    bad = {"bad_what": "weight", "bad_tensor": "w", "bad_group": group, "bad_groups": [group]}
    record.end(Outcome("diverged", "", metrics={"diverged_at_step": 7, **bad}))
    record.discarded = discarded
    workspace.signals.trial_changed.emit(record)
    return record


def test_what_a_trial_says_is_listed_counted_and_mended_by_one_undoable_edit(
    workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot
) -> None:
    counts: list[int] = []
    panel.count_changed.connect(counts.append)
    group = workspace.design.groups[1]
    before = workspace.design
    with qtbot.waitSignal(panel.count_changed):  # the panel has been waiting for it
        ended_trial(workspace, group.name)
    (found,) = panel.listed
    assert (found.code, found.where, counts[-1]) == ("trial-diverged", f"Trial: {group.name}", 1)
    assert found.fix is not None
    row = panel.list.rows[0]
    qtbot.waitUntil(row.mend.isVisible)
    qtbot.mouseClick(row.mend, Qt.MouseButton.LeftButton)
    assert workspace.design.group(group.id).lr.base == float(f"{group.lr.base / 3:.3g}")
    assert workspace.store.undo_label == found.fix.label
    panel.refresh()
    assert (panel.listed, counts[-1]) == ((), 0)
    workspace.store.undo()
    panel.refresh()
    assert workspace.design == before
    assert panel.listed == (found,)


def test_a_cancelled_trial_leaves_what_the_one_before_said(workspace: Workspace, panel: ProblemsPanel) -> None:
    first, second = (group.name for group in workspace.design.groups[:2])
    ended_trial(workspace, first)
    panel.refresh()
    ended_trial(workspace, second, discarded=True)
    panel.refresh()
    assert [finding.where for finding in panel.listed] == [f"Trial: {first}"]
    ended_trial(workspace, second)
    panel.refresh()
    assert [finding.where for finding in panel.listed] == [f"Trial: {second}"]


def test_while_a_trial_runs_nothing_is_checked(
    workspace: Workspace, panel: ProblemsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.refresh()
    asked: list[None] = []
    monkeypatch.setattr(panel._debounce, "request", lambda: asked.append(None))
    record = TrialRecord(workspace.design)
    for step in range(20):
        record.add([Metrics(step, 1.0, {})])
        workspace.signals.trial_changed.emit(record)
    assert asked == []
    record.end(Outcome("finished", ""))
    for _ in range(3):
        workspace.signals.trial_changed.emit(record)
    assert asked == [None]


def test_f8_goes_from_problem_to_problem_around_the_end(qapp: QApplication, qtbot: QtBot) -> None:
    window = make_window(qapp, demo_design())
    window.spare.close()
    with qtbot.waitExposed(window):
        window.show()
    workspace = window.workspace
    for group in workspace.design.groups[:2]:
        workspace.commit("Edit", edits.set_schedule, group.id, JUMP)
    names = [group.name for group in workspace.design.groups[:2]]
    seen = []
    for modifier in (Qt.KeyboardModifier.NoModifier,) * 3 + (Qt.KeyboardModifier.ShiftModifier,):
        qtbot.keyClick(window, Qt.Key.Key_F8, modifier)
        seen.append(workspace.selected_group.name)
    assert seen == [names[0], names[1], names[0], names[1]]
    assert window.tabs.currentWidget() is window.problems
    window.files.ask_about_unsaved = lambda: QMessageBox.StandardButton.Discard  # type: ignore[method-assign]
    window.close()
    window.deleteLater()


def window_with(qapp: QApplication, qtbot: QtBot) -> MainWindow:
    window = make_window(qapp, demo_design())
    window.spare.close()
    window.resize(1280, 800)
    with qtbot.waitExposed(window):
        window.show()
    window.tabs.setCurrentWidget(window.problems)
    return window


def closed(window: MainWindow) -> None:
    window.files.ask_about_unsaved = lambda: QMessageBox.StandardButton.Discard  # type: ignore[method-assign]
    window.close()
    window.deleteLater()


def test_show_leads_the_keyboard_to_the_field_also_where_it_is_folded_away(qapp: QApplication, qtbot: QtBot) -> None:
    window = window_with(qapp, qtbot)
    workspace, group = window.workspace, window.workspace.design.groups[0]
    finding = Finding("x", "info", group.name, "It is.", group=group.id, place=Place(group=group.id, field="fused"))
    window.problems._debounce.forget()  # or the check that is due would take the row away
    window.problems._findings = (finding,)
    window.problems._show()
    assert not window.inspector.optimizer.more_form.isVisible()
    row = window.problems.list.rows[0]
    qtbot.waitUntil(row.mend.isVisible)
    qtbot.mouseClick(row.mend, Qt.MouseButton.LeftButton)
    editor = window.inspector.optimizer.more_form.editor("fused")
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused is editor or editor.isAncestorOf(focused)
    area = window.inspector._area.viewport()
    assert area.rect().contains(editor.mapTo(area, editor.rect().center()))
    assert workspace.selected_group.id == group.id
    closed(window)


def test_show_of_a_jump_selects_the_segment_that_begins_there(qapp: QApplication, qtbot: QtBot) -> None:
    window = window_with(qapp, qtbot)
    group = window.workspace.design.groups[1].id
    window.workspace.commit("Edit", edits.set_schedule, group, JUMP)
    window.problems.refresh()
    (row,) = (row for row in window.problems.list.rows if row.finding.code == "jump-at-join")
    qtbot.waitUntil(row.mend.isVisible)
    qtbot.mouseClick(row.mend, Qt.MouseButton.LeftButton)
    assert window.workspace.selected_group.id == group
    assert window.workspace.segments.path == (1,)
    assert window.inspector.segment.shape.hasFocus()
    closed(window)


def test_arrow_keys_walk_through_the_list_and_enter_presses(
    workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot
) -> None:
    workspace.commit("Add", edits.add_group, "one")
    workspace.commit("Add", edits.add_group, "two")
    panel.refresh()
    one, two = panel.list.rows
    qtbot.waitUntil(two.mend.isVisible)
    one.place.setFocus()
    for key, expected in (
        (Qt.Key.Key_Down, two.place),
        (Qt.Key.Key_Down, two.place),
        (Qt.Key.Key_Right, two.mend),
        (Qt.Key.Key_Up, one.mend),
        (Qt.Key.Key_Left, one.place),
        (Qt.Key.Key_End, two.place),
    ):
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, key)
        assert QApplication.focusWidget() is expected
    qtbot.keyClick(two.place, Qt.Key.Key_Return)
    assert workspace.selected_group.name == "two"
    qtbot.keyClick(two.mend, Qt.Key.Key_Enter)
    assert [group.name for group in workspace.design.groups if group.name in ("one", "two")] == ["one"]


def test_rows_focus_and_scroll_position_stay_when_the_list_is_checked_again(
    workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot
) -> None:
    for number in range(30):
        workspace.commit("Add", edits.add_group, f"spare {number}")
    panel.refresh()
    rows = list(panel.list.rows)
    qtbot.waitUntil(lambda: panel._area.verticalScrollBar().maximum() > 200)
    rows[20].mend.setFocus()
    panel._area.verticalScrollBar().setValue(200)
    workspace.commit("Remove", edits.remove_group, rows[29].finding.group)
    workspace.commit("Edit", edits.set_schedule, workspace.design.groups[0].id, JUMP)
    panel.refresh()
    assert [row for row in panel.list.rows if row in rows] == rows[:29]
    assert len(panel.list.rows) == 30
    assert rows[20].mend.hasFocus()
    qtbot.wait(50)
    assert panel._area.verticalScrollBar().value() == 200


def test_after_a_fix_the_keyboard_is_at_the_next_one(workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot) -> None:
    for name in ("one", "two", "three"):
        workspace.commit("Add", edits.add_group, name)
    panel.refresh()
    first, second, _ = panel.list.rows
    qtbot.waitUntil(first.mend.isVisible)
    first.mend.setFocus()
    qtbot.keyClick(first.mend, Qt.Key.Key_Return)
    panel.refresh()
    assert panel.list.rows[0] is second
    assert second.mend.hasFocus()


def test_the_list_is_cut_down_to_one_severity(workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot) -> None:
    workspace.commit("Add", edits.add_group, "spare")
    workspace.commit("Edit", edits.set_schedule, workspace.design.groups[0].id, Constant(0.0))
    workspace.commit("Edit", edits.set_freeze, workspace.design.groups[1].id, (edits.Freeze(),))
    panel.refresh()
    found = panel.findings
    for severity in ("error", "warning", "info"):
        qtbot.mouseClick(panel.tabs[severity], Qt.MouseButton.LeftButton)  # type: ignore[index]
        expected = tuple(finding for finding in found if finding.severity == severity)
        assert panel.listed == expected
        assert panel.words.isVisible() == (not expected)
    qtbot.mouseClick(panel.tabs[None], Qt.MouseButton.LeftButton)
    assert panel.listed == found
    assert panel.tabs["warning"].text().endswith(str(sum(finding.severity == "warning" for finding in found)))


def test_nothing_of_a_row_is_cut_off_where_the_panel_is_narrow(
    workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot
) -> None:
    workspace.commit("Add", edits.add_group, "a group with a name that is rather long for a button")
    workspace.commit("Edit", edits.set_schedule, workspace.design.groups[0].id, JUMP)
    panel.refresh()
    for width in (560, 1400):
        panel.resize(width, 300)
        qtbot.wait(50)
        room = panel._area.viewport().rect()
        for row in panel.list.rows:
            assert row.width() <= room.width()
            for button in (row.place, row.mend):
                assert button.width() >= button.sizeHint().width()
                assert row.rect().contains(button.mapTo(row, button.rect().bottomRight()))
            text = row.findChild(QLabel, "message")
            assert isinstance(text, QLabel)
            assert text.height() >= text.heightForWidth(text.width())


def test_an_empty_list_says_what_was_checked(workspace: Workspace, panel: ProblemsPanel) -> None:
    panel.refresh()
    assert panel.findings == ()
    assert panel.words.isVisible()
    assert panel.words.text().startswith("No problems found.\nChecked: groups")
