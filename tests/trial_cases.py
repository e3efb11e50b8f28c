"""Trials to keep, for the tests of the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrdesigner.document import Design
from lrdesigner.trials.history.entries import Ending, Environment, NewTrial, environment_here
from lrdesigner.trials.history.log import TrialLog, new_id

METRICS = ("step", "seconds", "loss", "lr/backbone", "lr/head")


def new_trial(design: Design, **given: Any) -> NewTrial:
    """A trial of the design that has its file at /designs/net.lrd.json."""
    asked: dict[str, Any] = {"design_key": "/designs/net.lrd.json", "title": "net", "code": "import torch\n"}
    return NewTrial(design=design, **{**asked, "options": {"steps": 20, "device": "cpu"}, **given})


def metrics_row(step: int) -> tuple[float, ...]:
    """A row of the sheet of metrics."""
    return (float(step), step * 0.005, 2.0 / (1 + step), 1e-3 * 0.9**step, 1e-2 * 0.9**step)


def begun(file: Path, trial: NewTrial, started: float = 1_700_000_000.0) -> TrialLog:
    """A trial that is entered and runs."""
    log = TrialLog(file, new_id())
    log.begin(trial, environment_here(), started)
    return log


def kept(
    file: Path, trial: NewTrial, steps: int = 20, started: float = 1_700_000_000.0, state: str = "finished"
) -> str:
    """The id of a trial that has ended, with its metrics and diagnostics of every tenth step."""
    log = begun(file, trial, started)
    log.commit([("metrics", METRICS, metrics_row(step)) for step in range(steps)])
    names = ("step", "gradient_norm/head", "weight_norm/head", "update_norm/head")
    log.commit([("diagnostics", names, (float(step), 0.5, 2.0, 2e-3)) for step in range(0, steps, 10)])
    summary = {"steps": steps, "final_loss": 0.25, "test_accuracy": 0.9}
    environment = Environment(python="3.11.9", torch="2.13.0", device="cpu", platform="Linux", cpu_count=2)
    log.end(Ending(state, "All steps are done.", summary=summary), environment, started + 1.5)  # type: ignore[arg-type]
    log.close()
    return log.id
