"""Curves are found by the name of their group; places in time are brought into view."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.places import Place
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.workspace import Workspace


@pytest.fixture
def plot(workspace: Workspace, qtbot: QtBot) -> PlotPanel:
    workspace.commit("", edits.add_group, "head norm", ())
    workspace.commit("", edits.add_group, "head", ())
    made = PlotPanel(workspace)
    qtbot.addWidget(made)
    made.resize(900, 500)
    with qtbot.waitExposed(made):
        made.show()
    return made


def _shown(workspace: Workspace) -> list[str]:
    return [group.name for group in workspace.design.groups if workspace.display.look.shows(group.id)]


def test_what_is_typed_leaves_curves_of_groups_with_these_words(plot: PlotPanel, workspace: Workspace) -> None:
    everything = _shown(workspace)
    QTest.mouseClick(plot._header.find_curves, Qt.MouseButton.LeftButton)
    assert plot.filter.line.hasFocus()
    QTest.keyClicks(plot.filter.line, "HEAD")
    assert _shown(workspace) == ["head norm", "head"]
    QTest.keyClicks(plot.filter.line, " nor")
    assert _shown(workspace) == ["head norm"]
    QTest.keyClick(plot.filter.line, Qt.Key.Key_Escape)
    assert _shown(workspace) == everything
    assert not plot.filter.isVisible()
    assert plot.chart.hasFocus()


def test_a_group_that_is_renamed_passes_or_does_not_by_its_new_name(plot: PlotPanel, workspace: Workspace) -> None:
    plot.filter.open_filter()
    QTest.keyClicks(plot.filter.line, "norm")
    other = next(group for group in workspace.design.groups if group.name == "head")
    workspace.commit("", edits.rename_group, other.id, "norms")
    assert _shown(workspace) == ["head norm", "norms"]


def test_showing_all_curves_takes_the_filter_away(plot: PlotPanel, workspace: Workspace) -> None:
    plot.filter.open_filter()
    QTest.keyClicks(plot.filter.line, "norm")
    workspace.display.show_all()
    assert not plot.filter.isVisible()
    assert plot.filter.line.text() == ""


def test_a_place_in_time_is_framed(plot: PlotPanel, workspace: Workspace) -> None:
    total = workspace.design.plan.total_steps
    workspace.reveal(Place(steps=(total // 4, total // 2)))
    first, last, *_ = plot.viewport.time_axis()
    assert total // 8 < first < total // 4
    assert total // 2 < last < 3 * total // 4
