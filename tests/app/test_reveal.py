"""A place that is asked for is brought into view and glows for a moment."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from lrdesigner import edits, rule_edits
from lrdesigner.places import Place
from lrdesigner_app.flash import Flash
from lrdesigner_app.main_window import MainWindow


@pytest.fixture
def window(window: MainWindow) -> MainWindow:
    window.resize(1280, 800)
    return window


def test_a_field_is_scrolled_into_view_and_glows(window: MainWindow, qtbot: QtBot) -> None:
    group = window.workspace.design.groups[1]
    window.workspace.reveal(Place(group=group.id, field="weight_decay"))
    editor = window.inspector.options_form.editor("weight_decay")
    assert window.workspace.selected_group.id == group.id
    assert editor.findChildren(Flash)
    qtbot.waitUntil(lambda: not window.findChildren(Flash), timeout=4000)


def test_the_run_comes_into_view(window: MainWindow) -> None:
    window.workspace.reveal(Place(area="plan"))
    run, area = window.inspector.run, window.inspector._area
    top = run.mapTo(area.viewport(), run.rect().topLeft()).y()
    assert 0 <= top < area.viewport().height()


def test_undo_of_a_rule_selects_it(window: MainWindow) -> None:
    head = window.workspace.design.groups[1].id
    window.workspace.commit("Rule", rule_edits.add_rule, head, "*.bias")
    window.workspace.commit("Rule", rule_edits.add_rule, head, "*.weight")
    window.workspace.commit("Rename", edits.rename_group, head, "top")
    window.rules.select(0)
    window.do("undo")
    window.do("undo")
    assert window.rules.row == 0
    window.do("redo")
    assert window.rules.row == 1


def test_what_is_about_the_whole_design_points_at_the_model(window: MainWindow) -> None:
    window.workspace.reveal(Place(area="model"))
    assert window.tree.findChildren(Flash)
