"""Range tests of the command line in the history: with their points, as CSV, and at no cost where the store refuses."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.jobs.protocol import RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.connection import default_store
from lrdesigner.trials.history.reopened import range_options, range_points
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import RangeOptions

POINTS = [RangePoint(seed, update, 0.01 * 1.5**update, 2.0 - 0.05 * update) for seed in (0, 1) for update in range(20)]


@pytest.fixture
def design_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A design whose range tests report these points without a process."""

    def job(request: Any, on_report: Any, **_: Any) -> Outcome:
        for point in POINTS:
            on_report(point)
        return Outcome("finished", "Finished.", metrics={"points": len(POINTS)})

    monkeypatch.setattr("lrdesigner.cli.range_command.run_job", job)
    save(demo_design(), tmp_path / "net.lrd.json")
    return tmp_path / "net.lrd.json"


def test_a_range_test_is_kept_with_its_points_options_and_design(
    design_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["range-test", str(design_file), "--seeds", "2", "--no-critical"]) == 0
    with TrialHistory() as history:
        (kept,) = history.trials(str(design_file))
        assert (kept.kind, kept.state, kept.title) == ("range-test", "finished", "net")
        assert range_options(kept) == RangeOptions(seeds=2)
        assert history.design(kept.id) == demo_design()
        assert range_points(history, kept) == POINTS
    capsys.readouterr()
    assert run(["history"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if kept.id[:8] in line)
    assert "range-test" in row
    assert "40" in row.split()
    assert run(["history", "export", kept.id, "-o", str(tmp_path / "range.csv")]) == 0
    rows = list(csv.DictReader((tmp_path / "range.csv").read_text().splitlines()))
    assert [(float(row["multiplier"]), float(row["loss"])) for row in rows] == [(p.multiplier, p.loss) for p in POINTS]


def test_it_is_not_kept_where_that_is_not_wanted(design_file: Path) -> None:
    assert run(["range-test", str(design_file), "--no-history"]) == 0
    assert not default_store().exists()


def test_a_store_that_cannot_be_written_costs_one_remark_and_nothing_of_the_test(
    design_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(design_file / "data"))
    assert run(["range-test", str(design_file), "--no-critical"]) == 0
    out, err = capsys.readouterr()
    assert "multiplier" in out
    assert err.count("not in the history") == 1
