"""Groups that torch sees as several: the sections of the inspector, the fan in the plot, cards, and trials."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QModelIndex, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import DecayExemption, Design, LayerDecay
from lrdesigner.expansion_edits import use_exemption, use_layer_decay
from lrdesigner.following import follow
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.membership import membership
from lrdesigner.param_groups import trained_groups
from lrdesigner.schedules import Absolute, Cosine
from lrdesigner.store import Store
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app import dragging
from lrdesigner_app.charts.simplify import kept_points
from lrdesigner_app.groups import GroupsPanel
from lrdesigner_app.notices import Notice
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.plot.curve_set import Near
from lrdesigner_app.plot.lines import lines_of
from lrdesigner_app.plot.readout import playhead_text
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.expansion_words import layer_list
from lrdesigner_app.schedule_editor.value_fields import TextField
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.charts import TrialCharts
from lrdesigner_app.trial.words import deviation_details, deviation_text
from lrdesigner_app.workspace import Workspace
from tests.layered import layered_design

EVERYTHING, HEAD = 1, 2
COPY = Qt.DropAction.CopyAction


@pytest.fixture
def workspace(qapp: QApplication) -> Workspace:
    """Without the style sheet, which takes longer to apply than most of these tests."""
    return Workspace(Store(layered_design()), Theme(qapp))


@pytest.fixture
def plot(workspace: Workspace, qtbot: QtBot) -> PlotPanel:
    made = PlotPanel(workspace)
    qtbot.addWidget(made)
    made.resize(700, 480)
    with qtbot.waitExposed(made):
        made.show()
    made._throttle.flush()
    return made


def enter(editor: object, text: str) -> None:
    assert isinstance(editor, TextField)
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


# Layers and exemptions in the inspector


def test_layer_decay_is_switched_on_set_and_undone_in_one_step_each(inspector: Inspector, workspace: Workspace) -> None:
    before, section = workspace.design, inspector.expansion
    assert section.layered.isChecked()
    section.layered.click()
    assert workspace.design.groups[0].layer_decay is None
    assert section.layer_form.isHidden()
    section.layered.click()
    assert workspace.design.groups[0].layer_decay == LayerDecay()
    enter(section.layer_form.editor("factor"), "0.5")
    assert workspace.design.groups[0].layer_decay == LayerDecay(0.5)
    assert workspace.store.undo_label == "Layer decay of everything"
    for _ in range(3):
        workspace.store.undo()
    assert workspace.design is before


def test_layers_are_found_and_told_with_their_rates(inspector: Inspector) -> None:
    section = inspector.expansion
    pattern = section.layer_form.editor("layers")
    assert isinstance(pattern, TextField)
    assert pattern.placeholderText() == "blocks.#"
    assert section.layer_words.text() == "14 layers by blocks.#: 0.001 at the top, down to 2.376e-5"
    lines = section.layer_words.toolTip().split("\n")
    assert lines[0] == "layer 13: 0.001 · 2 tensors"
    assert lines[-1] == "layer 0: 2.376e-5 · 3 tensors"


def test_a_pattern_that_cannot_be_is_explained_and_one_that_fits_nothing_is_told(
    inspector: Inspector, workspace: Workspace
) -> None:
    said: list[str] = []
    pattern = inspector.expansion.layer_form.editor("layers")
    assert isinstance(pattern, TextField)
    pattern.explained.connect(said.append)
    enter(pattern, "blocks")
    assert "with # for the number" in said[-1]
    enter(pattern, "stages.#")
    assert "No numbered layers" in inspector.expansion.layer_words.text()
    workspace.store.undo()
    enter(pattern, "")
    assert "14 layers" in inspector.expansion.layer_words.text()


def test_exemptions_are_chosen_and_counted(inspector: Inspector, workspace: Workspace) -> None:
    section = inspector.expansion
    section.exempts.click()
    assert workspace.design.groups[0].exempt == DecayExemption()
    assert section.exempt_words.text() == "75 of 101 tensors are exempt."
    section.kinds["norm"].click()
    section.kinds["one_dimensional"].click()
    assert section.exempt_words.text() == "50 of 101 tensors are exempt."
    enter(section.where_form.editor("where"), "pos_embed")
    assert section.exempt_words.text() == "51 of 101 tensors are exempt."
    section.exempts.click()
    assert workspace.design.groups[0].exempt is None


def test_what_cannot_work_is_disabled_and_says_why(inspector: Inspector, workspace: Workspace) -> None:
    workspace.commit("", edits.set_optimizer, EVERYTHING, "Rprop")
    section = inspector.expansion
    assert not section.exempts.isEnabled()
    assert section.exempt_words.text() == "Rprop has no weight decay."
    workspace.commit("", edits.set_optimizer, EVERYTHING, "AdamW")
    workspace.commit("", edits.set_option, EVERYTHING, "weight_decay", 0.0)
    assert "is 0 already" in section.exempt_words.text()
    workspace.commit("", edits.add_group, "spare")
    workspace.select_group(3)
    workspace.commit("", use_layer_decay, 3, None)
    assert not section.layered.isEnabled()
    assert "holds nothing" in section.layer_words.text()


def test_of_very_many_layers_the_first_and_the_last_are_listed() -> None:
    design = layered_design(blocks=100)
    lines = layer_list(design.groups[0], membership(design).trainable(EVERYTHING)).split("\n")
    assert len(lines) == 41
    assert (lines[0][:9], lines[20], lines[-1][:8]) == ("layer 101", "… 62 more …", "layer 0:")


# Following


def test_a_group_follows_another_and_has_its_own_schedule_again(inspector: Inspector, workspace: Workspace) -> None:
    workspace.select_group(HEAD)
    section = inspector.follow
    section.leader.setCurrentIndex(section.leader.findData(EVERYTHING))
    section.leader.activated.emit(1)
    head = workspace.design.group(HEAD)
    assert head.follow is not None
    assert (head.follow.leader, head.follow.scale) == (EVERYTHING, 1.0)
    assert head.lr.schedule == workspace.design.group(EVERYTHING).lr.schedule
    assert "Schedule shared with everything" in section.words.text()
    assert workspace.store.undo_label == "head follows everything"
    enter(section.scale_form.editor("scale"), "10")
    assert workspace.design.group(HEAD).lr.base == pytest.approx(0.01)
    section.leader.setCurrentIndex(0)
    section.leader.activated.emit(0)
    assert workspace.design.group(HEAD).follow is None


def test_a_leader_says_who_follows_it_and_cannot_follow_them(inspector: Inspector, workspace: Workspace) -> None:
    workspace.commit("", follow, HEAD, EVERYTHING)
    assert "Followed by head" in inspector.follow.words.text()
    assert not inspector.follow.leader.isEnabled()


def test_alone_there_is_nobody_to_follow(inspector: Inspector, workspace: Workspace) -> None:
    workspace.commit("", edits.remove_group, HEAD)
    assert inspector.follow.isHidden()


# The fan


def test_a_layered_group_is_one_curve_and_a_fan_of_the_other_rates(workspace: Workspace) -> None:
    lines = lines_of(workspace.design, workspace.design.group(EVERYTHING), "lr")
    assert lines is not None
    assert lines.names[0] == "layer12"
    assert lines.scales == pytest.approx([0.75**n for n in range(1, 14)])
    assert lines.scaled(0.5).lanes[0].track.base == 0.0005
    momentum = lines_of(workspace.design, workspace.design.group(EVERYTHING), "momentum")
    assert momentum is not None
    assert momentum.scales == ()


def test_what_is_exempt_draws_no_line_at_zero_unless_all_of_a_group_is(workspace: Workspace) -> None:
    design = use_exemption(workspace.design, EVERYTHING, DecayExemption())
    lines = lines_of(design, design.group(EVERYTHING), "weight_decay")
    assert lines is not None
    assert (lines.source.lanes[0].track.base, lines.scales) == (0.01, ())
    design = use_exemption(design, HEAD, DecayExemption(where="head"))
    lines = lines_of(design, design.group(HEAD), "weight_decay")
    assert lines is not None
    assert lines.source.lanes[0].track.base == 0.0


@pytest.mark.parametrize("floor", [0.01, Absolute(1e-5)])
def test_every_line_of_the_fan_shows_the_rate_of_its_layer(
    plot: PlotPanel, workspace: Workspace, floor: object
) -> None:
    workspace.commit("", edits.set_schedule, EVERYTHING, Cosine(floor=floor))
    plot._throttle.flush()
    curve = plot._curves._curves[EVERYTHING]
    assert curve.fan is not None
    assert curve.lines is not None
    for row, scale in enumerate(curve.lines.scales):
        steps = np.round(curve.fan.xs * 100).astype(np.int64)
        wanted = curve.lines.scaled(scale).values(workspace.design.plan, steps)
        assert curve.fan.ys[row] == pytest.approx(np.log10(wanted))


def test_the_fan_comes_and_goes_with_the_layers_and_is_seen_whole(plot: PlotPanel, workspace: Workspace) -> None:
    lowest = plot.chart.view.viewRange()[1][0]
    assert lowest < np.log10(2.376e-5)
    workspace.commit("", use_layer_decay, EVERYTHING, None)
    plot._throttle.flush()
    assert plot._curves._curves[EVERYTHING].fan is None
    workspace.store.undo()
    plot._throttle.flush()
    assert plot._curves._curves[EVERYTHING].fan is not None
    assert not plot.chart.grab().isNull()


def test_dragging_a_rate_evaluates_the_shape_once(plot: PlotPanel, workspace: Workspace) -> None:
    before = plot._curves.evaluations
    workspace.preview("", edits.set_base_lr, EVERYTHING, 2e-3)
    plot._throttle.flush()
    assert plot._curves.evaluations == before + 1


def test_the_line_under_the_pointer_is_named_in_the_readout(plot: PlotPanel, workspace: Workspace) -> None:
    curve = plot._curves._curves[EVERYTHING]
    assert curve.fan is not None
    at = QPointF(10.0, float(np.interp(10.0, curve.fan.xs, curve.fan.ys[4])))
    near = plot._curves.nearest(at, plot.chart.view.viewPixelSize(), 7.0)
    assert near == Near(EVERYTHING, "layer8")
    text = playhead_text(workspace.design, workspace.theme, 1000, EVERYTHING, "lr", near)
    assert " to " in text
    assert "layer8" in text


def test_few_points_draw_the_same_line() -> None:
    xs = np.linspace(0.0, 1.0, 2001)
    ys = np.cos(3 * xs)
    ys[500:520] = np.nan
    kept = kept_points(xs, ys, 1e-3)
    assert len(kept) < 60
    finite = np.isfinite(ys)
    found = np.interp(xs[finite], xs[kept][np.isfinite(ys[kept])], ys[kept][np.isfinite(ys[kept])])
    assert np.abs(found - ys[finite]).max() < 1e-3
    assert np.isnan(ys[kept]).sum() == 1


# Cards


def test_cards_tell_how_a_group_expands_and_whom_it_follows(workspace: Workspace, qtbot: QtBot) -> None:
    panel = GroupsPanel(workspace)
    qtbot.addWidget(panel)
    workspace.commit("", use_exemption, EVERYTHING, DecayExemption())
    workspace.commit("", follow, HEAD, EVERYTHING, 10.0)
    first, second = panel.model.index(0), panel.model.index(1)
    assert panel.model.detail(first).endswith("layer decay 0.75")
    assert panel.model.detail(second).endswith("× 10 of everything")
    tip = first.data(Qt.ItemDataRole.ToolTipRole)
    assert "27 param groups: lr 2.376e-5 to 0.001, some without weight decay" in tip


@pytest.fixture
def muon(workspace: Workspace, qtbot: QtBot) -> GroupsPanel:
    """Cards of which the third, without members, is on Muon."""
    panel = GroupsPanel(workspace)
    qtbot.addWidget(panel)
    workspace.commit("", edits.add_group, "matrices")
    workspace.commit("", edits.set_optimizer, 3, "Muon")
    return panel


def test_a_drop_on_muon_tells_what_went_elsewhere(muon: GroupsPanel, workspace: Workspace) -> None:
    told: list[Notice] = []
    workspace.signals.notice_posted.connect(told.append)
    data = dragging.encode(["blocks.0"])
    assert muon.model.dropMimeData(data, COPY, -1, -1, muon.model.index(2))
    assert told[0].text == "6 of 8 tensors went to everything: Muon takes hidden matrices only"
    tip = muon.model.index(2).data(Qt.ItemDataRole.ToolTipRole)
    assert "6 tensors are in everything: Muon refuses them" in tip


def test_single_tensors_that_muon_refuses_are_left_out_of_a_drop(muon: GroupsPanel, workspace: Workspace) -> None:
    data = dragging.encode(["blocks.0.attn.weight", "blocks.0.attn.bias"])
    assert muon.model.dropMimeData(data, COPY, -1, -1, muon.model.index(2))
    assert [pin.path for pin in workspace.design.pins] == ["blocks.0.attn.weight", "head"]


def test_a_card_that_would_take_nothing_refuses_with_the_reason(muon: GroupsPanel) -> None:
    data, card = dragging.encode(["norm"]), muon.model.index(2)
    assert not muon.model.canDropMimeData(data, COPY, -1, -1, card)
    assert "none are in it" in muon.model.refusal(data, card)
    assert muon.model.canDropMimeData(data, COPY, -1, -1, muon.model.index(1))
    assert muon.model.refusal(data, QModelIndex()) == ""


# Trials


@pytest.fixture
def design() -> Design:
    return use_exemption(layered_design(), EVERYTHING, DecayExemption())


def measured(design: Design, step: int, factor: float = 1.0) -> Metrics:
    rates = {}
    for part in trained_groups(design):
        schedule = replace(part.group, layer_decay=None, exempt=None)
        lines = lines_of(design, schedule, "lr")
        assert lines is not None
        rates[part.name] = factor * float(lines.source.values(design.plan, np.array([step]))[0])
    return Metrics(step, 1.0, rates)


def test_every_param_group_is_compared_with_its_own_plan(design: Design) -> None:
    record = TrialRecord(design)
    record.add([measured(design, step) for step in range(20)])
    assert len(record.deviations) == 28
    assert deviation_text(record) == "largest difference from plan: 0"
    assert deviation_details(record) == "everything: 0 (of 27 param groups)\nhead: 0"
    wrong = measured(design, 20)
    wrong.lr["everything.layer3"] *= 1.5
    record.add([wrong])
    assert [name for name, worst in record.deviations.items() if worst] == ["everything.layer3"]
    assert list(record.worst) == ["everything", "head"]
    assert record.worst["everything"] > 0
    assert record.worst["head"] == 0


def test_the_chart_lays_what_is_measured_over_the_fan_in_one_hue(
    design: Design, workspace: Workspace, qtbot: QtBot
) -> None:
    charts = TrialCharts(workspace.theme)
    qtbot.addWidget(charts)
    record = TrialRecord(design)
    record.add([measured(design, step) for step in range(200)])
    charts.show_record(record)
    layered, head = charts.rates._shown
    assert layered.fan is not None
    assert len(layered.fan.ys) == 13
    assert head.fan is None
    xs, ys = layered.dots.getData()
    assert 50 < len(xs) < 400
    assert np.ptp(ys) > 1
    assert not charts.grab().isNull()
