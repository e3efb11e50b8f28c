"""The Code tab follows the design, and leads from lines to groups and back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.export import export
from lrdesigner_app.code_view import CodePanel
from lrdesigner_app.code_view.code_text import CodeText
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

LINES = st.lists(st.sampled_from(["", "a = 1", "b = 2", "def c():", "    pass"]), max_size=12)


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> CodePanel:
    made = CodePanel(workspace)
    qtbot.addWidget(made)
    made.resize(700, 260)
    with qtbot.waitExposed(made):
        made.show()
    made.refresh()
    return made


def _line_of(panel: CodePanel, text: str) -> int:
    return next(number for number, line in enumerate(panel.source.split("\n")) if text in line)


def _click(panel: CodePanel, line: int) -> None:
    shown = panel._text
    shown.verticalScrollBar().setValue(line)
    block = shown.document().findBlockByNumber(line)
    box = shown.blockBoundingGeometry(block).translated(shown.contentOffset())
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, round(box.center().y())))


def test_the_code_opens_at_its_head(panel: CodePanel) -> None:
    assert panel._text.firstVisibleBlock().blockNumber() == 0


def test_a_click_on_a_line_selects_its_group(panel: CodePanel, workspace: Workspace) -> None:
    for group in reversed(workspace.design.groups):
        _click(panel, _line_of(panel, f'"name": "{group.name}"'))
        assert workspace.selected_group.id == group.id


def test_enter_at_the_caret_selects_its_group_too(panel: CodePanel, workspace: Workspace) -> None:
    last = workspace.design.groups[-1]
    cursor = panel._text.textCursor()
    cursor.setPosition(panel._text.document().findBlockByNumber(_line_of(panel, f'"name": "{last.name}"')).position())
    panel._text.setTextCursor(cursor)
    QTest.keyClick(panel._text, Qt.Key.Key_Return)
    assert workspace.selected_group.id == last.id


def test_selecting_a_group_brings_its_lines_into_view(panel: CodePanel, workspace: Workspace) -> None:
    shown = panel._text
    for group in reversed(workspace.design.groups):
        assert workspace.selected_group.id != group.id
        shown.verticalScrollBar().setValue(shown.verticalScrollBar().maximum())
        workspace.select_group(group.id)
        first, last = shown._in_view()
        mine = [place for place in shown._places if group.id in place.groups]
        assert any(place.first <= last and place.last >= first for place in mine)


def test_changed_lines_flash_and_fade(panel: CodePanel, workspace: Workspace, qtbot: QtBot) -> None:
    shown = panel._text
    assert shown.extraSelections() == []
    workspace.commit("", edits.set_base_lr, workspace.design.groups[0].id, 0.0123)
    panel.refresh()
    lines = panel.source.split("\n")
    assert shown.changed_lines
    assert any("0.0123" in lines[line] for line in shown.changed_lines)
    assert len(shown.extraSelections()) == len(shown.changed_lines)
    qtbot.waitUntil(lambda: not shown.extraSelections(), timeout=4000)
    assert not shown._timer.isActive()


def test_what_is_in_view_stays_when_lines_come_in_above(panel: CodePanel, workspace: Workspace) -> None:
    shown = panel._text
    line = _line_of(panel, "def group_members")
    shown.verticalScrollBar().setValue(line)
    top = shown.firstVisibleBlock().text()
    workspace.commit("", edits.set_base_lr, workspace.design.groups[0].id, 0.0123)
    workspace.commit("", edits.set_schedule, workspace.design.groups[0].id, workspace.design.groups[-1].lr.schedule)
    panel.refresh()
    assert shown.toPlainText() == export(workspace.design)
    assert shown.firstVisibleBlock().text() == top


@given(st.lists(LINES, min_size=1, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_text_is_the_new_one_whatever_has_changed(theme: Theme, texts: list[list[str]]) -> None:
    shown = CodeText(theme)
    for lines in texts:
        shown.show_source("\n".join(lines), (), {})
        assert shown.toPlainText() == "\n".join(lines)
    shown._timer.stop()
    shown.deleteLater()
