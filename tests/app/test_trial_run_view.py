"""The run view of the Trial tab: what its controls ask for, what its charts show, and that a flood does not stop it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.jobs.protocol import CriticalRate, Diagnostics, GroupDiagnostics, Metrics, Progress
from lrdesigner.schedules import Span
from lrdesigner.store import Store
from lrdesigner.trials.headroom import latest_rates, limiting
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.theme import DARK, Theme
from lrdesigner_app.trial import TrialRunner, TrialTab
from lrdesigner_app.trial.charts import TrialCharts
from lrdesigner_app.trial.headroom import Headroom, factor_text, headroom_text
from lrdesigner_app.trial.typed import budget_typed, clip_typed, whole_typed
from lrdesigner_app.trial.words import progress_text, result_text, speed_text
from lrdesigner_app.workspace import Workspace
from tests.app.test_trial_panel import TRAINS, Bench

SPAN = Span(450, 450, 45)
WAITS = """
say('progress', stage='training', total=450); step(0); step(1)
while (told := json.loads(sys.stdin.buffer.readline())["kind"]) != "stop": step({"pause": 2, "resume": 3}[told])
end('stopped', steps=4)
"""


@pytest.fixture
def workspace(design: Design, qapp: QApplication) -> Workspace:
    return Workspace(Store(design), Theme(qapp))


@pytest.fixture
def bench(workspace: Workspace, qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(workspace, qtbot)
    made.panel.resize(760, 300)
    made.panel.show()
    yield made
    made.close()


@pytest.fixture
def record(design: Design) -> TrialRecord:
    """A trial of 450 updates at its 100th."""
    made = TrialRecord(design, TrialOptions(probes=2))
    made.note(Progress("training", total=450))
    names = [part.name for part in made.parts]
    made.add(Metrics(step, 2.0 / (step + 1), dict.fromkeys(names, 1e-3)) for step in range(100))
    for step in range(0, 100, 10):
        found = GroupDiagnostics(2.0, 10.0, 0.01, 0.001, numel=200, without_gradient=50)
        made.note(Diagnostics(step, dict.fromkeys(names, found), 0.012, 2700.0, 0.03, 1_200_000_000))
    return made


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("", (None, None)),
        ("500", (500, None)),
        ("500 steps", (500, None)),
        ("2 epochs", (90, None)),
        ("5%", (23, None)),
        ("90 s", (None, 90.0)),
        ("2*45s", (None, 90.0)),
        ("2 min", (None, 120.0)),
        ("0.5 hours", (None, 1800.0)),
    ],
)
def test_a_budget_is_a_length_of_the_plan_or_a_time(text: str, budget: tuple[int | None, float | None]) -> None:
    assert budget_typed(text, SPAN) == budget


@pytest.mark.parametrize("text", ["0 s", "-3 min", "many s", "1e9 h"])
def test_a_time_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        budget_typed(text, SPAN)


def test_fields_of_numbers_say_what_they_take() -> None:
    assert whole_typed("1,024", "Batch size", 1, 2048) == 1024
    assert (clip_typed(" "), clip_typed("1/2")) == (None, 0.5)
    for wrong in ("0", "1.5", "many", "4096"):
        with pytest.raises(UserError):
            whole_typed(wrong, "Batch size", 1, 2048)
    with pytest.raises(UserError, match="above 0"):
        clip_typed("0")


def test_every_option_of_a_trial_can_be_asked_for(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def batches(): ...")
    controls, options = bench.panel.controls, bench.panel.controls.options
    QTest.mouseClick(controls.unfold, Qt.MouseButton.LeftButton)
    assert options.isVisible()
    controls.data.setCurrentText("Function of mine…")
    controls.own_data.setText(f"{tmp_path / 'mine.py'}:batches")
    controls.budget.setText("2 min")
    controls.extent.setCurrentText("From a step")
    controls.start.setText("100")
    texts = {
        "batch_size": "8",
        "accumulation": "2",
        "seed": "7",
        "probes": "0",
        "diagnose_every": "5",
        "processes": "2",
    }
    for name, text in texts.items():
        options.numbers[name].setText(text)
    for switch in options.switches.values():
        switch.setChecked(True)
    options.clip.setText("0.5")
    options.weights.setText("net.pt")
    options.device.setCurrentText("CPU")
    options.precision.setCurrentText("bfloat16")
    wanted = TrialOptions(
        *(None, 120.0, False, 100, "cpu", f"{tmp_path / 'mine.py'}:batches", "net.pt", 8, 2, "bfloat16", 0.5),
        *(True, True, 7, 5, 0, 2, True),
    )
    assert controls.typed(SPAN) == wanted
    options.switches["sharded"].setChecked(False)
    options.numbers["probes"].setText("3")
    assert controls.typed(SPAN) == replace(wanted, sharded=False, probes=3)


def test_a_compressed_trial_is_labelled_so(bench: Bench) -> None:
    bench.panel.controls.extent.setCurrentText("Whole schedule, compressed")
    bench.panel.steps.setText("25")
    bench.run(TRAINS)
    record = bench.finish()
    assert record.options.whole
    assert "whole schedule, compressed" in bench.panel.result.text.text()
    record.state = "running"
    assert "compressed" in progress_text(record)
    record.options = replace(record.options, whole=False)
    record.state = "finished"
    assert "compressed" not in result_text(record)


@pytest.mark.parametrize(
    ("choose", "text"),
    [
        (lambda c: (c.data.setCurrentText("Function of mine…"), c.own_data.setText("nowhere.py:f")), "does not exist"),
        (lambda c: (c.data.setCurrentText("Function of mine…"), c.own_data.setText("f")), "FILE.py:FUNCTION"),
        (lambda c: (c.extent.setCurrentText("From a step"), c.start.setText("450")), "first step"),
        (lambda c: c.options.numbers["batch_size"].setText("0"), "Batch size"),
        (lambda c: c.options.switches["sharded"].setChecked(True), "two processes"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_no_trial(bench: Bench, choose: object, text: str) -> None:
    choose(bench.panel.controls)  # type: ignore[operator]
    bench.run(TRAINS)
    assert len(bench.notices) == 1
    assert text in bench.notices[0]
    assert not bench.runner.running


def test_a_wrong_option_unfolds_the_options_and_is_marked_until_it_is_changed(bench: Bench) -> None:
    field = bench.panel.controls.options.numbers["probes"]
    field.setText("-1")
    bench.run(TRAINS)
    assert field.isVisible()
    assert field.property("invalid") == "true"
    QTest.keyClicks(field, "2")
    assert field.property("invalid") == "false"


def test_a_trial_waits_and_goes_on(bench: Bench) -> None:
    controls = bench.panel.controls
    assert not controls.pause.isVisible()
    bench.run(WAITS)
    bench.wait_for_steps(2)
    QTest.mouseClick(controls.pause, Qt.MouseButton.LeftButton)
    bench.wait_for_steps(3)
    assert controls.pause.text() == "Continue"
    assert "paused" in bench.panel.status.text()
    QTest.mouseClick(controls.pause, Qt.MouseButton.LeftButton)
    bench.wait_for_steps(4)
    assert controls.pause.text() == "Pause"
    QTest.mouseClick(controls.run, Qt.MouseButton.LeftButton)
    assert bench.finish().state == "stopped"


def test_a_cancelled_trial_gives_the_view_back_to_the_one_before(bench: Bench) -> None:
    bench.run(TRAINS)
    first = bench.finish()
    text = bench.panel.result.text.text()
    bench.run(WAITS)
    bench.wait_for_steps(2)
    QTest.mouseClick(bench.panel.controls.cancel, Qt.MouseButton.LeftButton)
    assert bench.finish().discarded
    assert bench.panel.result.text.text() == text
    assert bench.panel._shown is first
    assert bench.panel.run_button.text() == "Run trial"


def test_a_first_trial_that_is_cancelled_leaves_nothing(bench: Bench) -> None:
    bench.run(WAITS)
    bench.wait_for_steps(2)
    QTest.mouseClick(bench.panel.controls.cancel, Qt.MouseButton.LeftButton)
    bench.finish()
    assert bench.panel.empty.isVisible()
    assert not bench.panel.result.isVisible()


def test_a_spike_of_one_update_in_a_long_trial_is_drawn(workspace: Workspace, design: Design, qtbot: QtBot) -> None:
    long = TrialRecord(edits.set_plan(design, Plan(epoch=1000, epochs=50)))
    long.add(Metrics(step, 9.0 if step == 33_333 else 1.0, {}) for step in range(50_000))
    charts = TrialCharts(workspace.theme)
    qtbot.addWidget(charts)
    charts.show_record(long)
    xs, ys = charts.loss._raw.getData()
    assert len(xs) < 10_000
    assert xs[ys.argmax()] == 33_333
    assert ys.max() == 9.0


def test_the_charts_beside_the_loss_show_each_group(workspace: Workspace, record: TrialRecord, qtbot: QtBot) -> None:
    charts = TrialCharts(workspace.theme)
    qtbot.addWidget(charts)
    charts.resize(700, 200)
    charts.show_record(record)
    expected = {1: math.log10(2.0), 2: -3.0, 3: 0.25}
    for index, value in expected.items():
        charts.choice.buttons[index].click()
        lines = charts.page._lines  # type: ignore[union-attr]
        assert [group.name for group, _ in lines] == [group.name for group in record.design.groups]
        xs, ys = lines[0][1].getData()
        assert xs.tolist() == list(range(0, 100, 10))
        several = 0.5 * math.log10(len(record.parts_of(record.design.groups[0].id))) if index == 1 else 0.0
        assert ys == pytest.approx(np.full(10, value + several))
        assert charts.page.toolTip()
    assert speed_text(record) == "12 ms/step · 2,700 samples/s · 1.2 GB · 3 % waiting"
    for tokens in (DARK, workspace.theme.tokens):
        workspace.theme.tokens = tokens
        workspace.theme.changed.emit()
        assert not charts.grab().isNull()


def test_the_time_axis_is_that_of_the_planned_steps(workspace: Workspace, record: TrialRecord, qtbot: QtBot) -> None:
    charts = TrialCharts(workspace.theme)
    qtbot.addWidget(charts)
    record.options = replace(record.options, start=100)
    record.updates = 50
    for index in range(4):
        charts.choose(index)
        charts.show_record(record)
        for chart in (charts.loss.chart, charts.page.chart):  # type: ignore[union-attr]
            low, high = chart.view.viewRange()[0]
            assert 95 < low < 100 < 150 < high < 155
    charts.choose(0)
    record.updates = 200
    charts.show_record(record)
    assert charts.rates.chart.view.viewRange()[0][1] > 300
    assert charts.rates._shown[0].line.getData()[0].max() >= 299


def test_before_anything_is_measured_the_charts_say_so(workspace: Workspace, design: Design, qtbot: QtBot) -> None:
    charts = TrialCharts(workspace.theme)
    qtbot.addWidget(charts)
    charts.show_record(TrialRecord(design))
    told = []
    for index in range(1, 5):
        charts.choose(index)
        told.append(charts.page.caption.text())
    assert all("comes with the first measurement" in text for text in told[:3])
    assert "Critical-rate probes" in told[3]


def test_headroom_names_the_group_that_limits_the_run(record: TrialRecord, workspace: Workspace, qtbot: QtBot) -> None:
    first, second = names = [group.name for group in record.design.groups]
    for step, factors in ((10, (0.5, 4.0, 2.0)), (20, (None, 3.1, 2.0))):
        for name, factor in zip((first, second, ""), factors, strict=True):
            record.note(CriticalRate(step, name, 1e-3, factor, 100.0, 5))
    rates = latest_rates(record.critical, names)
    assert [(rate.group, rate.step) for rate in rates] == [(first, 20), (second, 20), ("", 20)]
    assert limiting(rates) is rates[1]
    assert headroom_text(rates) == f"{second} limits the run: its rate may grow 3.1×"
    assert headroom_text(rates[:1]) == "No critical rate was found: every rate may grow"
    record.note(CriticalRate(30, first, 0.0, None, 0.0, 0))
    rates = latest_rates(record.critical, names)
    assert (factor_text(rates[0]), limiting(rates)) == ("did not move", rates[1])
    assert headroom_text(rates[:1]) == "No group moved when its rate was looked for"
    view = Headroom(workspace.theme)
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show_record(record)
    assert f"{first}: did not move" in view.bars.toolTip()
    assert not view.grab().isNull()
    record.note(CriticalRate(40, first, 1e-3, None, 100.0, 5))
    view.show_record(record)
    assert f"{first}: beyond 100×" in view.bars.toolTip()
    assert not view.grab().isNull()


def test_the_tab_builds_a_page_when_it_is_first_wanted(workspace: Workspace, bench: Bench, qtbot: QtBot) -> None:
    built: list[str] = []

    def page(name: str) -> QWidget:
        built.append(name)
        return QLabel(name)

    def factory(_: Workspace, runner: TrialRunner) -> QWidget:
        assert runner is bench.runner
        return page("second")

    tab = TrialTab(workspace, bench.runner, (("Run", lambda *_: page("first")), ("More", factory)))
    qtbot.addWidget(tab)
    assert built == []
    tab.show()
    assert built == ["first"]
    QTest.mouseClick(tab.choice.buttons[1], Qt.MouseButton.LeftButton)
    QTest.mouseClick(tab.choice.buttons[0], Qt.MouseButton.LeftButton)
    QTest.mouseClick(tab.choice.buttons[1], Qt.MouseButton.LeftButton)
    assert built == ["first", "second"]
    assert tab.page(1).isVisible()


def test_options_and_narrow_windows_keep_every_control_in_sight(bench: Bench) -> None:
    controls = bench.panel.controls
    bench.panel.resize(340, 420)
    QTest.mouseClick(controls.unfold, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert bench.panel.width() <= 340
    for field in (controls.run, controls.data, controls.budget, controls.extent, controls.unfold):
        right = field.mapTo(bench.panel, field.rect().bottomRight()).x()
        assert right <= bench.panel.width()


@pytest.fixture
def many_groups() -> Design:
    """64 groups of one layer each."""
    modules = [ModuleInfo("", "Net"), *(ModuleInfo(f"layer{i}", "Linear") for i in range(64))]
    parameters = [ParameterInfo(f"layer{i}.weight", (2, 2), "float32", 4, True, None) for i in range(64)]
    model = Model("demo:lenet", {}, Inventory(modules=tuple(modules), parameters=tuple(parameters)))
    design = edits.rename_group(new_design(model, Plan(epoch=45, epochs=10)), 1, "g0")
    for i in range(1, 64):
        design = edits.add_group(design, f"g{i}", [f"layer{i}"])
    return design


FLOOD = """
names = ["g%d" % i for i in range(64)]
say('progress', stage='training', total=1500)
for s in range(1500):
    say("metrics", step=s % 450, loss=1.0, lr=dict.fromkeys(names, 1e-3))
    if s % 10 == 0:
        say("diagnostics", step=s % 450, groups={n: {"gradient_norm": 1.0 + s, "numel": 4} for n in names})
        time.sleep(0.01)  # 1,000 updates a second at most
end(steps=1500)
"""


def test_a_flood_of_64_groups_is_kept_whole_and_the_window_stays_alive(
    many_groups: Design, qapp: QApplication, qtbot: QtBot
) -> None:
    bench = Bench(Workspace(Store(many_groups), Theme(qapp)), qtbot)
    bench.panel.resize(760, 300)
    bench.panel.show()
    bench.panel.charts.choose(1)
    clock = QTimer()
    turns = QSignalSpy(clock.timeout)
    clock.start(5)
    bench.run(FLOOD)
    qtbot.waitUntil(lambda: not bench.runner.running, timeout=40_000)
    record = bench.finish()
    clock.stop()
    bench.spare.close()
    assert record.state == "finished", record.message
    assert len(record.losses) == 1500
    assert len(record.diagnostics.steps) == 150
    assert {len(column) for column in record.rates.values()} == {1500}
    assert len(record.deviations) == len(record.rates) == 64
    drawn = [line.getData()[0].size for _, line in bench.panel.charts.page._lines]  # type: ignore[union-attr]
    assert len(drawn) == 64
    assert min(drawn) > 50
    assert turns.count() > 40  # a window that first reads all of it has a few
