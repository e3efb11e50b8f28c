"""The page of the range test, with a child that needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trial_bench import PRELUDE, TrialBench

from lrdesigner.document import Design
from lrdesigner.numbers import rate
from lrdesigner.store import Store
from lrdesigner.trials.history.reopened import range_options, trial_options
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner.trials.rate_scaling import full_rate_step, use_multiplier
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.range_controls import RangeControls
from lrdesigner_app.trial.rate_page import RatePage
from lrdesigner_app.widgets import LineEdit
from lrdesigner_app.workspace import Workspace

POINTS = """
wanted = request.get("range")
def point(seed, update, loss):
    multiplier = wanted["low"] * (wanted["high"] / wanted["low"]) ** (update / (wanted["updates"] - 1))
    say("range", seed=seed, update=update, multiplier=multiplier, loss=loss(math.log10(multiplier)))
"""
FALLS = """
if request["kind"] == "trial":
    say("progress", stage="training", total=steps)
    step(0, 2.0)
    group = next(iter(request["groups"]))
    say("critical", step=50, group=group, scheduled=1e-3, factor=3.0, largest_tried=4.0, evaluations=6)
    end("finished", steps=1)
    sys.exit()
say("progress", stage="testing rates", total=300)
for seed in range(wanted["seeds"]):
    for update in range(wanted["updates"]):
        point(seed, update, lambda x: 2.3 - 2 / (1 + math.exp(-6 * x)) + max(x - 1, 0) ** 2)
say("end", reason="finished", metrics={"group": wanted["group"]})
"""
EXPLODES = FALLS.replace("max(x - 1, 0) ** 2", "(1e30 if x > 2 else 0)")
THEN_WAITS = FALLS.replace('end("finished", steps=1)', 'sys.stdin.buffer.readline(); end("stopped", steps=1)')
FLAT = FALLS.replace("2.3 - 2 / (1 + math.exp(-6 * x)) + max(x - 1, 0) ** 2", "2.3")
WAITS = """
say("progress", stage="testing rates", total=300)
point(0, 0, abs)
sys.stdin.buffer.readline()
end("stopped")
"""
FAILS = "say('error', message='The data ended.'); say('end', reason='failed', metrics={})"


class Bench(TrialBench):
    prelude = PRELUDE + POINTS

    def __init__(self, design: Design, qapp: QApplication, qtbot: QtBot) -> None:
        super().__init__(Workspace(Store(design), Theme(qapp)), qtbot, FALLS)
        self.page = RatePage(self.workspace, self.runner)
        qtbot.addWidget(self.page)
        self.page.resize(760, 260)
        self.page.show()

    def run(self, body: str) -> None:
        self.body = body
        self.click(self.page.run_button)

    def finish(self) -> None:
        self._qtbot.waitUntil(lambda: not self.runner.running, timeout=10_000)


@pytest.fixture
def bench(
    design: Design, qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "data"))
    made = Bench(design, qapp, qtbot)
    yield made
    made.close()


def test_a_suggested_rate_is_taken_over_as_one_edit_and_not_before(bench: Bench, design: Design) -> None:
    bench.run(FALLS)
    bench.finish()
    assert bench.workspace.design is design
    assert "times the planned rates" in bench.page.words.text()
    assert bench.page.chart.suggested.isVisible()
    assert bench.page.use.text().startswith("Use × ")
    multiple = float(bench.page.use.text().removeprefix("Use × "))
    assert 0.3 < multiple < 3
    bench.click(bench.page.use)
    for before, after in zip(design.groups, bench.workspace.design.groups, strict=True):
        assert after.lr.base == pytest.approx(before.lr.base * multiple, rel=1e-2)
    bench.workspace.store.undo()
    assert bench.workspace.design is design


def test_one_group_alone_can_be_tested(bench: Bench, design: Design) -> None:
    name = design.groups[1].name
    bench.page.controls.group.setCurrentIndex(2)
    bench.run(FALLS)
    bench.finish()
    bench.click(bench.page.use)
    first, second = bench.workspace.design.groups[:2]
    assert first == design.groups[0]
    assert second.name == name
    assert second.lr.base != design.groups[1].lr.base


def test_where_nothing_stands_out_nothing_can_be_used(bench: Bench) -> None:
    bench.run(FLAT)
    bench.finish()
    assert bench.page.words.text().startswith("No suggestion: The loss hardly fell")
    assert not bench.page.use.isEnabled()
    assert not bench.page.chart.suggested.isVisible()


def test_it_can_be_stopped_and_no_trial_starts_meanwhile(bench: Bench, qtbot: QtBot) -> None:
    bench.run(WAITS)
    qtbot.waitUntil(lambda: bool(bench.page._points), timeout=10_000)
    assert bench.page.run_button.text() == "Stop"
    qtbot.waitUntil(lambda: " updates" in bench.page.progress.words.text(), timeout=5000)
    assert bench.page.progress.isVisible()
    assert not bench.runner.run()
    assert bench.notices == ["A trial is still running; the next can start when it has ended."]
    bench.click(bench.page.run_button)
    bench.finish()
    assert bench.page.run_button.text() == "Test rates"
    assert not bench.page.progress.isVisible()


def test_a_failure_is_told_and_the_test_is_in_the_history(bench: Bench) -> None:
    bench.run(FAILS)
    bench.finish()
    assert bench.page.words.text() == "The data ended."
    assert bench.runner.kept(10)
    with TrialHistory() as history:
        assert [(trial.kind, trial.state) for trial in history.trials()] == [("range-test", "failed")]


def test_everything_that_a_trial_is_run_with_can_be_chosen(bench: Bench, tmp_path: Path) -> None:
    mine, weights = tmp_path / "mine.py", tmp_path / "net.pt"
    mine.write_text("def batches(model): ...")
    weights.write_bytes(b"")
    page = bench.page
    page.controls.data_field.combo.setCurrentText("Function of mine…")
    page.controls.data_field.own.setText(f"{mine}:batches")
    bench.click(page.controls.unfold)
    assert page.controls.range.low.isVisible()
    for field, text in zip(page.controls.range.all, ("1e-2", "10", "50", "2"), strict=True):
        field.setText(text)
    page.controls.options.device.setCurrentText("CPU")
    page.controls.options.precision.setCurrentText("bfloat16")
    page.controls.options.numbers["batch_size"].setText("8")
    page.controls.options.numbers["seed"].setText("5")
    page.controls.options.weights.setText(str(weights))
    bench.run(FALLS)
    bench.finish()
    assert bench.notices == []
    assert bench.runner.kept(10)
    with TrialHistory() as history:
        [trial] = history.trials()
    assert range_options(trial) == RangeOptions(0.01, 10.0, 50, 2)
    assert trial_options(trial) == TrialOptions(
        device="cpu",
        data=f"{mine}:batches",
        weights=str(weights),
        batch_size=8,
        precision="bfloat16",
        seed=5,
        start=full_rate_step(bench.workspace.design),
    )


@pytest.mark.parametrize("data", ["demo", "text", "synthetic"])
def test_every_data_of_the_program_can_be_chosen(bench: Bench, data: str) -> None:
    bench.page.controls.data_field.combo.setCurrentIndex(bench.page.controls.data_field.combo.findData(data))
    bench.run(FALLS)
    bench.finish()
    assert bench.runner.kept(10)
    with TrialHistory() as history:
        assert [trial_options(trial).data for trial in history.trials()] == [data]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda c: c.range.low.setText("-1"), "The lowest multiplier must be above 0"),
        (lambda c: c.range.high.setText("1e-5"), "its low end must be below its high end"),
        (
            lambda c: c.range.updates.setText("5"),
            "The number of updates must be a whole number between 10",
        ),
        (lambda c: c.range.seeds.setText("many"), "'many' is not a number"),
        (lambda c: c.options.numbers["batch_size"].setText("0"), "Batch size must be"),
        (
            lambda c: c.data_field.combo.setCurrentText("Function of mine…"),
            "The data function is written FILE.py:FUNCTION",
        ),
    ],
)
def test_a_field_that_cannot_be_is_marked_and_told_and_nothing_runs(
    bench: Bench, wrong: Callable[[RangeControls], None], told: str
) -> None:
    wrong(bench.page.controls)
    bench.run(FALLS)
    assert not bench.runner.running
    [notice] = bench.notices
    assert told in notice
    assert any(field.property("invalid") == "true" for field in bench.page.findChildren(LineEdit))


def test_critical_rates_are_looked_for_after_it_and_shown_as_bars(bench: Bench, design: Design, qtbot: QtBot) -> None:
    bench.click(bench.page.controls.critical)
    bench.run(FALLS)
    qtbot.waitUntil(lambda: bench.runner.record is not None and not bench.runner.running, timeout=10_000)
    assert bench.page.headroom.isVisible()
    assert bench.page.headroom.caption.text() == f"{design.groups[0].name} limits the run: its rate may grow 3×"
    assert bench.page.run_button.text() == "Test rates"
    assert bench.runner.record is not None
    assert bench.runner.record.options.probes == 3
    bench.click(bench.page.controls.critical)
    bench.run(FALLS)
    bench.finish()
    assert not bench.page.headroom.isVisible()


def test_the_search_for_critical_rates_can_be_stopped(bench: Bench, qtbot: QtBot) -> None:
    bench.click(bench.page.controls.critical)
    bench.run(THEN_WAITS)
    qtbot.waitUntil(lambda: bench.runner.record is not None and len(bench.runner.record.critical) > 0, timeout=10_000)
    assert bench.page.run_button.text() == "Stop"
    bench.click(bench.page.run_button)
    bench.finish()
    assert bench.page.run_button.text() == "Test rates"
    assert bench.page.use.isEnabled()


def test_hovering_tells_loss_band_slope_and_the_rates_of_each_group(bench: Bench, design: Design, qtbot: QtBot) -> None:
    bench.run(FALLS)
    bench.finish()
    chart = bench.page.chart
    place = chart.mapFromScene(chart.view.mapViewToScene(QPointF(0.0, 1.0)))
    QTest.mouseMove(chart.viewport(), place)
    qtbot.waitUntil(chart.box.isVisible)
    text = chart.box.text()
    assert text.startswith("<b>× ")
    assert "loss 1.3" in text or "loss 1.2" in text
    assert "per decade" in text
    multiplier = chart._curves.multipliers[chart._place]
    for group in design.groups:
        assert group.name in text
        assert rate(float(f"{group.lr.base * multiplier:.3g}")) in text
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.box.text() != text
    chart.left.emit()
    assert not chart.box.isVisible()


def test_the_steepest_place_is_marked_and_the_range_is_labelled(bench: Bench) -> None:
    bench.run(FALLS)
    bench.finish()
    chart = bench.page.chart
    assert chart.word.isVisible()
    assert chart.word.toPlainText() == "suggested"
    assert chart.slope_word.toPlainText().startswith("−")
    assert chart.slope_word.toPlainText().endswith("per decade")
    assert chart.steepest.getData()[0][0] == pytest.approx(0.0, abs=0.15)
    assert "per decade" in bench.page.words.text()


def test_a_loss_that_explodes_leaves_the_readable_part_its_room(bench: Bench) -> None:
    bench.run(EXPLODES)
    bench.finish()
    low, high = bench.page.chart.view.viewRange()[1]
    assert 0.0 < low < 0.3
    assert 2.3 < high < 4.0


@pytest.mark.parametrize("width", [760, 640])
@pytest.mark.parametrize("data", ["demo", ""])
def test_all_controls_are_within_a_narrow_page(bench: Bench, qtbot: QtBot, width: int, data: str) -> None:
    page, controls = bench.page, bench.page.controls
    bench.run(FALLS)
    bench.finish()
    page.controls.data_field.combo.setCurrentIndex(page.controls.data_field.combo.findData(data))
    bench.click(page.controls.unfold)
    page.resize(width, 420)
    qtbot.waitUntil(lambda: not controls.options.weights.visibleRegion().isEmpty())
    assert page.width() == width
    shown = [controls.run, controls.data_field.combo, controls.group, controls.critical, controls.unfold, controls.use]
    shown += [*controls.range.all, controls.options.device, controls.options.precision, controls.options.weights]
    shown += controls.options.numbers.values()
    for made in [*shown, controls.data_field.own] if not data else shown:
        assert made.isVisible()
        assert page.rect().contains(QRect(made.mapTo(page, QPoint()), made.size())), made.accessibleName()
        assert not made.visibleRegion().isEmpty()
    assert page.chart.height() >= 52


def test_a_design_that_changed_meanwhile_has_no_critical_rates_looked_for_and_this_is_told(bench: Bench) -> None:
    bench.click(bench.page.controls.critical)
    bench.run(FALLS)
    bench.workspace.commit("Double the rates", use_multiplier, 2.0)
    bench.finish()
    assert bench.runner.record is None
    assert bench.notices == ["The design was changed during the range test: test again to see its critical rates."]
