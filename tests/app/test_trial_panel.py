"""Trials from the button to the result, with children that need no torch."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trial_bench import TrialBench

from lrdesigner import edits
from lrdesigner.curves import track_values
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import Metrics, Progress
from lrdesigner.jobs.reader import Outcome
from lrdesigner.schedules import Cosine, Plateau, Span
from lrdesigner.store import Store
from lrdesigner.trials.growing import Growing
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.panel import TrialPanel
from lrdesigner_app.trial.typed import steps_typed
from lrdesigner_app.trial.words import (
    deviation_details,
    deviation_text,
    duration,
    off_plan,
    progress_text,
    result_text,
)
from lrdesigner_app.workspace import Workspace

TRAINS = (
    "say('progress', stage='training', total=steps)\n"
    "for s in range(steps): step(s, 2.0 / (s + 1))\nend(steps=steps, seconds=0.5, device='cpu', "
)
TRAINS += "test_accuracy=0.931, request=request)"
WAITS = "say('progress', stage='training', total=450); step(0); "
WAITS += "json.loads(sys.stdin.buffer.readline()); end('stopped', steps=1)"


class Bench(TrialBench):
    """A panel beside it."""

    def __init__(self, workspace: Workspace, qtbot: QtBot) -> None:
        super().__init__(workspace, qtbot, TRAINS)
        self.exported: list[Design] = []
        self.records: list[TrialRecord] = []
        self.panel = TrialPanel(workspace, self.runner)
        qtbot.addWidget(self.panel)
        workspace.signals.trial_changed.connect(self.records.append)

    def run(self, body: str) -> None:
        self.body = body
        self.click(self.panel.run_button)

    def finish(self) -> TrialRecord:
        self._qtbot.waitUntil(lambda: not self.runner.running, timeout=10_000)
        self.panel._throttle.flush()
        QApplication.processEvents()
        assert self.runner.record is not None
        return self.runner.record

    def wait_for_steps(self, count: int) -> None:
        record = self.runner.record
        assert record is not None
        self._qtbot.waitUntil(lambda: len(record.steps) >= count, timeout=10_000)
        self.runner._throttle.flush()
        self.panel._throttle.flush()

    def _export(self, design: Design, _: TrialOptions) -> str:
        self.exported.append(design)
        return "# exported"


@pytest.fixture
def workspace(design: Design, qapp: QApplication) -> Workspace:
    """Without the style sheet, which takes longer to apply than most of these tests."""
    return Workspace(Store(design), Theme(qapp))


@pytest.fixture
def bench(workspace: Workspace, qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(workspace, qtbot)
    made.panel.resize(760, 260)
    made.panel.show()
    yield made
    made.close()


def test_before_any_trial_the_panel_says_what_to_do(bench: Bench) -> None:
    assert bench.panel.empty.isVisible()
    assert "Run a trial" in bench.panel.empty.text()
    assert bench.panel.steps.placeholderText() == "All 450 steps"


def test_a_trial_runs_the_exported_file_of_the_committed_design_for_the_whole_plan(bench: Bench) -> None:
    bench.workspace.preview("", edits.set_base_lr, 1, 0.5)
    bench.run(TRAINS)
    record = bench.finish()
    assert bench.exported == [bench.workspace.store.committed]
    request = record.summary["request"]
    assert request["source"].endswith("lenet.py:LeNet")
    assert (request["total_steps"], request["options"]["batch_size"]) == (450, 32)
    assert (request["options"]["device"], request["options"]["data"]) == ("auto", "demo")
    assert not Path(request["exported_file"]).exists()


def test_a_finished_trial_says_how_it_went_and_shows_the_measured_rates(bench: Bench) -> None:
    bench.run(TRAINS)
    record = bench.finish()
    text = bench.panel.result.text.text()
    assert text.startswith("Finished: 450 steps in 0.5 s on cpu · loss 2 → ")
    assert text.endswith("test accuracy 93.1 %")
    assert record.steps.array.tolist() == list(range(450))
    assert bench.panel.charts.deviation.text() == "largest difference from plan: 0"
    assert bench.panel.charts.isVisible()
    assert bench.panel.run_button.text() == "Run trial"


def test_the_controls_say_what_is_run(bench: Bench) -> None:
    bench.panel.device.setCurrentText("CPU")
    bench.panel.data.setCurrentText("Synthetic batches")
    assert "no evidence" in bench.panel.status.text()
    bench.panel.steps.setText("25")
    bench.run(TRAINS)
    request = bench.finish().summary["request"]
    options = request["options"]
    assert (options["device"], options["data"], options["steps"]) == ("cpu", "synthetic", 25)
    assert "no evidence about learning rates" in bench.panel.result.text.text()
    assert "accuracy" not in bench.panel.result.text.text()


def test_stop_keeps_what_was_measured(bench: Bench) -> None:
    bench.run(WAITS)
    bench.wait_for_steps(1)
    assert bench.panel.run_button.text() == "Stop"
    assert bench.panel.status.text().startswith("1 of 450 steps")
    QTest.mouseClick(bench.panel.run_button, Qt.MouseButton.LeftButton)
    record = bench.finish()
    assert record.state == "stopped"
    assert len(record.steps) == 1
    assert bench.panel.result.text.text().startswith("Stopped: 1 steps")


def test_a_failure_shows_its_message_and_on_request_its_details(bench: Bench) -> None:
    failure = "say('error', message='Expected 3 channels, got 1.', where='net.py:12', traceback='Traceback: deep')"
    bench.run(f"{failure}; end('failed')")
    assert bench.finish().state == "failed"
    result = bench.panel.result
    assert result.text.text() == "Failed: Expected 3 channels, got 1. (net.py:12)"
    assert not result.details.isVisible()
    QTest.mouseClick(result.toggle, Qt.MouseButton.LeftButton)
    assert result.details.isVisible()
    assert result.details.toPlainText() == "Traceback: deep"
    QTest.mouseClick(result.copy, Qt.MouseButton.LeftButton)
    assert "Traceback: deep" in QGuiApplication.clipboard().text()


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("os.kill(os.getpid(), 9)", "failed"),
        ("print('surprise', flush=True); time.sleep(60)", "failed"),
        ("step(0); os._exit(0)", "failed"),
        ("step(0); end('diverged', steps=1, diverged_at_step=1)", "diverged"),
    ],
)
def test_however_the_child_ends_the_panel_is_ready_for_the_next_trial(bench: Bench, body: str, state: str) -> None:
    bench.run(body)
    assert bench.finish().state == state
    assert bench.panel.result.text.text()
    assert bench.panel.run_button.isEnabled()
    bench.run(TRAINS)
    assert bench.finish().state == "finished"


def test_a_trial_of_an_older_design_keeps_showing_the_plan_that_it_ran(bench: Bench) -> None:
    bench.run(TRAINS)
    record = bench.finish()
    bench.workspace.commit("", edits.set_base_lr, 1, 0.5)
    bench.workspace.commit("", edits.rename_group, 1, "head")
    bench.workspace.signals.trial_changed.emit(record)
    bench.panel._throttle.flush()
    assert record.design.group(1).lr.base == 1e-3
    assert bench.panel.charts.deviation.text() == "largest difference from plan: 0"


def test_what_cannot_be_exported_is_a_notice_and_no_trial(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise UserError("There is no model.")

    monkeypatch.setattr(bench.runner, "_export_file", refuse)
    bench.run(TRAINS)
    assert not bench.runner.running
    assert bench.notices == ["There is no model."]
    assert bench.records == []


@pytest.mark.parametrize("typed", ["many", "0", "-5"])
def test_a_number_of_steps_that_cannot_be_is_marked_and_nothing_starts(bench: Bench, typed: str) -> None:
    bench.panel.steps.setText(typed)
    bench.run(TRAINS)
    assert bench.panel.steps.property("invalid") == "true"
    assert len(bench.notices) == 1
    assert not bench.runner.running


def test_the_panel_is_told_at_most_twenty_times_a_second(bench: Bench) -> None:
    bench.run("for s in range(150): step(s); time.sleep(0.004)\nend()")
    record = bench.finish()
    assert len(record.steps) == 150
    assert len(bench.records) < 60


def test_closing_in_the_middle_of_a_trial_leaves_nothing_behind(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    bench.run("step(0); time.sleep(60)")
    bench.wait_for_steps(1)
    assert list(tmp_path.glob("lrdesigner-*"))
    bench.runner.close()
    assert not bench.runner.running
    assert not list(tmp_path.glob("lrdesigner-*"))


def test_growing_keeps_every_value_in_order() -> None:
    growing = Growing(room=2)
    for start in range(0, 1000, 7):
        growing.extend(list(range(start, min(start + 7, 1000))))
    assert growing.array.tolist() == list(range(1000))


@pytest.fixture
def record(design: Design) -> TrialRecord:
    return TrialRecord(design=edits.set_schedule(design, 1, Cosine()))


def test_the_difference_from_the_plan_is_the_largest_one_seen(record: TrialRecord) -> None:
    group = record.design.group(1)
    plan = track_values(group.lr, record.design.plan, np.arange(20))
    record.add(Metrics(step, 1.0, {group.name: float(plan[step])}) for step in range(10))
    assert record.deviations == {group.name: 0.0}
    record.add(
        [Metrics(10, 1.0, {group.name: float(plan[10]) + 1e-4}), Metrics(11, 1.0, {group.name: float(plan[11])})]
    )
    assert record.deviations[group.name] == pytest.approx(0.1)


def test_a_rate_that_a_metric_steers_is_not_held_against_the_plan(record: TrialRecord) -> None:
    steered, other = record.design.groups
    steered = replace(steered, lr=replace(steered.lr, schedule=Plateau()))
    record.design = replace(record.design, groups=(steered, other))
    assert not record.steered
    record.add([Metrics(0, 1.0, {steered.name: 0.5})])
    assert (deviation_text(record), off_plan(record)) == ("steered by the metric", False)
    record.add([Metrics(1, 1.0, {steered.name: 0.5, other.name: other.lr.base})])
    assert deviation_text(record) == "largest difference from plan: 0"
    assert deviation_details(record) == f"{other.name}: 0\n{steered.name}: steered by the metric"


def test_a_group_that_appears_later_has_gaps_before(record: TrialRecord) -> None:
    record.add([Metrics(0, 1.0, {"a": 0.1})])
    record.add([Metrics(1, 1.0, {"a": 0.1, "b": 0.2}), Metrics(2, 1.0, {"b": 0.2})])
    assert np.isnan(record.rates["b"].array).tolist() == [True, False, False]
    assert np.isnan(record.rates["a"].array).tolist() == [False, False, True]


def test_a_loss_that_is_not_finite_does_not_spoil_the_smoothed_one(record: TrialRecord) -> None:
    record.add(Metrics(step, loss, {}) for step, loss in enumerate([1.0, math.nan, math.inf, 1.0]))
    assert record.smoothed.array.tolist() == pytest.approx([1.0] * 4)


def test_a_run_in_progress_says_how_long_it_will_take(record: TrialRecord) -> None:
    assert progress_text(record) == "Starting …"
    record.note(Progress("training", total=450))
    record.add(Metrics(step, 1.0, {}) for step in range(120))
    record.seconds = 4.36
    assert progress_text(record) == "120 of 450 steps · 12 s left"
    record.silent = True
    assert "Not responding" in progress_text(record)


@pytest.mark.parametrize("state", ["crashed", "killed", "timed_out", "garbled", "failed"])
def test_every_bad_end_is_a_failure_with_its_message(record: TrialRecord, state: str) -> None:
    record.end(Outcome(state, "It broke."))  # type: ignore[arg-type]
    assert result_text(record) == "Failed: It broke."


def test_durations_read_as_people_say_them() -> None:
    assert [duration(s) for s in (8.21, 45, 60, 200, 7500)] == ["8.2 s", "45 s", "1 min", "3 min 20 s", "2 h 5 min"]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", None),
        ("rest", None),
        ("1,200", 1200),
        ("300 steps ", 300),
        ("3e2*2", 600),
        ("2*3 epochs", 270),
        ("10+5 %", 68),
    ],
)
def test_steps_are_read_as_lengths_of_the_plan_are(text: str, steps: int | None) -> None:
    assert steps_typed(text, Span(450, 450, 45)) == steps


def test_no_step_at_all_is_no_trial() -> None:
    with pytest.raises(UserError, match="at least 1 step"):
        steps_typed("0.1 %", Span(450, 450, 45))


def test_the_charts_follow_the_theme_and_draw_in_both(bench: Bench, record: TrialRecord) -> None:
    from lrdesigner_app.theme import DARK

    record.add(Metrics(step, 2.0 / (step + 1), {"everything": 1e-3, "backbone": 1e-5}) for step in range(300))
    for tokens in (DARK, bench.workspace.theme.tokens):
        bench.workspace.theme.tokens = tokens
        bench.workspace.theme.changed.emit()
        bench.workspace.signals.trial_changed.emit(record)
        bench.panel._throttle.flush()
        assert not bench.panel.grab().isNull()
