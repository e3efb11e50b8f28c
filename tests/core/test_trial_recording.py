"""Reports of a training process on their way into the history, and back as the record of a trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial_cases import new_trial

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import (
    CriticalRate,
    Diagnostics,
    GroupDiagnostics,
    Heartbeat,
    Hello,
    Metrics,
    Progress,
    RangePoint,
)
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.recording import TrialRecorder
from lrdesigner.trials.history.reopened import asked, range_options, record_of, trial_options
from lrdesigner.trials.history.reports import RowNames, reports_of
from lrdesigner.trials.history.sheets import Columns, joined
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner.trials.record import TrialRecord

steps = st.integers(0, 10**12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
norms = st.none() | numbers
groups = st.sampled_from(["head", "back/bone", "a b", ""])
counts = st.integers(0, 10**12)
measured = st.one_of(
    st.builds(Metrics, steps, numbers, st.dictionaries(groups, numbers, max_size=3)),
    st.builds(
        Diagnostics,
        steps,
        st.dictionaries(groups, st.builds(GroupDiagnostics, norms, norms, norms, norms, counts, counts), max_size=3),
        numbers,
        numbers,
        numbers,
        counts,
        counts,
    ),
    st.builds(CriticalRate, steps, groups, numbers, norms, numbers, counts),
    st.builds(RangePoint, counts, counts, numbers, numbers),
)


def sheet_of(report: Any) -> tuple[str, str]:
    return type(report).__name__, getattr(report, "group", "")


@given(st.lists(measured, max_size=12))
def test_reports_come_back_as_they_were(reports: list[Any]) -> None:
    names, parts = RowNames(), dict[str, list[Columns]]()
    for place, report in enumerate(reports):
        sheet, titles, values = names.row(report, place * 0.5)
        row = {title: np.array([value]) for title, value in zip(titles, values, strict=True)}
        parts.setdefault(sheet, []).append(row)
    found = list(reports_of({sheet: joined(rows) for sheet, rows in parts.items()}))
    for of_sheet in {sheet_of(report) for report in reports}:
        expected = [report for report in reports if sheet_of(report) == of_sheet]
        assert [report for report in found if sheet_of(report) == of_sheet] == expected
    assert len(found) == len(reports)


def recorded(design: Design, outcome: Outcome, reports: list[Any], **given: Any) -> TrialRecorder:
    recorder = TrialRecorder(new_trial(design, **given))
    for report in reports:
        recorder.take(report)
    recorder.end(outcome)
    assert recorder.wait()
    assert recorder.problem == ""
    return recorder


def test_a_recorded_trial_is_reopened_as_it_was(design: Design) -> None:
    options = TrialOptions(steps=30, device="cpu", clip=1.0)
    group = GroupDiagnostics(0.5, 2.0, 2e-3, None, 100, 3)
    reports = [
        Hello(5, 1, "3.12.1", "2.13.0"),
        Progress("training", 0, 30),
        *(Metrics(step, 2.0 - step * 0.01, {"backbone": 1e-3, "head": 1e-2}) for step in range(30)),
        Diagnostics(10, {"backbone": group, "head": group}, 0.01, 3200.0, 0.1, 10**9, 0),
        CriticalRate(20, "head", 1e-2, 3.5, 1024.0, 9),
        Heartbeat(3),
    ]
    live = TrialRecord(design=design, options=options)
    live.add(report for report in reports if isinstance(report, Metrics))
    for report in (reports[-3], reports[-2]):
        live.note(report)
    outcome = Outcome("finished", "Finished after 30 steps.", metrics={"steps": 30, "device": "cpu", "final_loss": 1.7})
    live.end(outcome)
    recorder = recorded(design, outcome, reports, options=asked(options))
    with TrialHistory() as history:
        kept = history.trial(recorder.id)
        record = record_of(history, kept)
    assert (kept.environment.python, kept.environment.torch, kept.environment.device) == ("3.12.1", "2.13.0", "cpu")
    assert (record.design, record.options) == (design, options)
    assert (record.state, record.message, record.summary) == (live.state, live.message, live.summary)
    assert record.steps.array.tolist() == live.steps.array.tolist()
    assert record.smoothed.array.tolist() == live.smoothed.array.tolist()
    assert {name: column.array.tolist() for name, column in record.rates.items()} == {
        name: column.array.tolist() for name, column in live.rates.items()
    }
    assert record.deviations == live.deviations
    assert record.critical == live.critical
    assert record.diagnostics.last == live.diagnostics.last
    assert record.updates == 30
    assert 0 < record.seconds < 60


@pytest.mark.parametrize(
    ("state", "kept_as"),
    [
        ("finished", "finished"),
        ("stopped", "stopped"),
        ("cancelled", "stopped"),
        ("diverged", "diverged"),
        ("failed", "failed"),
        ("timed_out", "failed"),
        ("garbled", "failed"),
        ("crashed", "crashed"),
        ("killed", "crashed"),
    ],
)
def test_every_outcome_is_one_of_the_states(design: Design, state: Any, kept_as: str) -> None:
    recorder = recorded(design, Outcome(state, "So it was.", "details"), [])
    with TrialHistory() as history:
        kept = history.trial(recorder.id)
    assert (kept.state, kept.message, kept.details) == (kept_as, "So it was.", "details")


def test_a_discarded_trial_is_not_in_the_history(design: Design) -> None:
    recorder = TrialRecorder(new_trial(design))
    recorder.take(Metrics(0, 1.0, {"a": 0.1}))
    recorder.discard()
    assert recorder.wait()
    with TrialHistory() as history:
        assert history.trials() == []


def test_a_range_test_keeps_both_kinds_of_options(design: Design) -> None:
    wanted, options = RangeOptions(low=0.01, group="head"), TrialOptions(seed=4)
    reports = [RangePoint(seed, 0, 0.5, 2.0) for seed in range(3)]
    recorder = recorded(design, Outcome("finished", ""), reports, options=asked(options, wanted), kind="range-test")
    with TrialHistory() as history:
        kept = history.trial(recorder.id)
        assert list(reports_of(history.sheets(kept.id))) == reports
    assert (trial_options(kept), range_options(kept)) == (options, wanted)


def test_options_of_another_version_are_told(design: Design) -> None:
    recorder = recorded(design, Outcome("finished", ""), [], options={"warp": 9})
    with TrialHistory() as history, pytest.raises(UserError, match=r"does not know.*warp"):
        trial_options(history.trial(recorder.id))


def test_a_history_that_cannot_be_written_stops_no_trial(design: Design, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    recorder = TrialRecorder(new_trial(design), tmp_path / "plain" / "trials.sqlite3")
    recorder.take(Metrics(0, 1.0, {"a": 0.1}))
    recorder.end(Outcome("finished", ""))
    assert recorder.wait()
    assert "LRDESIGNER_DATA_DIR" in recorder.problem
