"""Kept trials for other programs: CSV, and event files that TensorBoard itself reads."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_cases import METRICS, begun, kept, metrics_row, new_trial

from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.history.csv_table import export_csv
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.tensorboard import MISSING, export_tensorboard, run_name


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trials.sqlite3"


def array(*values: float) -> Any:
    return np.array(values, dtype=np.float64)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_csv_is_wide_and_exact(design: Design, file: Path, tmp_path: Path) -> None:
    trial_id = kept(file, new_trial(design), steps=25)
    with TrialHistory(file) as history:
        export_csv(history.sheets(trial_id), tmp_path / "trial.csv")
    rows = rows_of(tmp_path / "trial.csv")
    assert list(rows[0]) == [*METRICS, "gradient_norm/head", "weight_norm/head", "update_norm/head"]
    assert [tuple(float(row[name]) for name in METRICS) for row in rows] == [metrics_row(step) for step in range(25)]
    assert [row["update_norm/head"] for row in rows if row["update_norm/head"]] == ["0.002"] * 3
    assert [row["step"] for row in rows if row["gradient_norm/head"]] == ["0", "10", "20"]


def test_the_csv_of_a_slow_run_keeps_every_update_of_a_step(tmp_path: Path) -> None:
    sheets = {
        "diagnostics": {"step": array(0, 1), "gradient_norm/a": array(7.0, 8.0)},
        "metrics": {"step": array(0, 0, 1, 1), "loss": array(4, 3, 2, np.inf)},
        "critical/a b": {"step": array(1, 5), "factor": array(np.nan, 2.5)},
    }
    export_csv(sheets, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().splitlines() == [
        "step,loss,gradient_norm/a,critical/a b/factor",
        "0,4,7,",
        "0,3,,",
        "1,2,8,",
        "1,inf,,",
        "5,,,2.5",
    ]


def test_a_range_test_is_a_table_of_its_own(tmp_path: Path) -> None:
    export_csv({"range": {"seed": array(0, 0), "multiplier": array(0.1, 1), "loss": array(2, 3)}}, tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text() == "seed,multiplier,loss\n0,0.1,2\n0,1,3\n"
    export_csv({}, tmp_path / "nothing.csv")
    assert (tmp_path / "nothing.csv").read_text() == ""


def test_a_csv_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        export_csv({}, tmp_path / "missing" / "t.csv")


def read_by_tensorboard(folder: Path) -> Any:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def test_tensorboard_reads_the_events(design: Design, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    trial = new_trial(design, title="my net: é", variant="lr=0.1", seed=4, options={"data": "FILE.py:my_data"})
    trial_id = kept(file, trial, steps=25)
    with TrialHistory(file) as history:
        (run,) = export_tensorboard(history, history.trials(), tmp_path / "runs")
        assert export_tensorboard(history, history.trials(), tmp_path / "runs") == [run]
    assert run.name == f"my-net-é-lr=0.1_2023-11-14_22.13.20_{trial_id[:8]}"
    assert len(list(run.iterdir())) == 1
    read = read_by_tensorboard(run)
    assert set(read.Tags()["scalars"]) == {
        "loss",
        "lr/backbone",
        "lr/head",
        "gradient_norm/head",
        "weight_norm/head",
        "update_norm/head",
        "update_to_weight/head",
    }
    events = read.Scalars("lr/head")
    assert [event.step for event in events] == list(range(25))
    assert [event.value for event in events] == np.float32([metrics_row(step)[4] for step in range(25)]).tolist()
    assert [event.wall_time for event in events] == [1_700_000_000.0 + metrics_row(step)[1] for step in range(25)]
    assert [(e.step, round(e.value, 6)) for e in read.Scalars("update_to_weight/head")] == [
        (0, 1e-3),
        (10, 1e-3),
        (20, 1e-3),
    ]
    assert read.PluginTagToContent("text").keys() == {"trial/text_summary"}
    (text,) = read.Tensors("trial/text_summary")[0].tensor_proto.string_val
    assert "| data | FILE.py:my\\_data |" in text.decode()
    assert "| seed | 4 |" in text.decode()
    assert "| torch | 2.13.0 |" in text.decode()


def test_critical_rates_and_range_tests_are_curves_too(design: Design, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    log = begun(file, new_trial(design))
    names = ("step", "seconds", "scheduled", "factor", "largest_tried", "evaluations")
    log.commit([("critical/head", names, (5.0, 1.0, 0.1, 3.5, 1024.0, 9.0))])
    log.commit([("range", ("seed", "update", "multiplier", "loss"), (0.0, 1.0, 0.25, 2.5))])
    log.close()
    with TrialHistory(file) as history:
        (run,) = export_tensorboard(history, history.trials(), tmp_path)
    read = read_by_tensorboard(run)
    assert set(read.Tags()["scalars"]) == {"critical/head/factor", "range/multiplier", "range/loss"}
    assert [(event.step, event.value) for event in read.Scalars("critical/head/factor")] == [(5, 3.5)]


EXPORT = """
import sys
from pathlib import Path
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.tensorboard import export_tensorboard
history = TrialHistory(Path(sys.argv[1]))
print(len(export_tensorboard(history, history.trials(), Path(sys.argv[2]))))
"""


def exported_beside(package: str, text: str, file: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Export in a process for which `package` is this text."""
    place = folder / "packages" / package
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(text)
    path = os.pathsep.join([str(place.parent), *sys.path])
    command = [sys.executable, "-W", "error", "-c", EXPORT, str(file), str(folder / "runs")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path})


def test_tensorflow_is_left_alone_where_it_is_installed(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    kept(file, new_trial(demo_design()))
    done = exported_beside("tensorflow", "raise SystemExit('TensorFlow was imported')", file, tmp_path)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_without_tensorboard_one_sentence_tells_what_to_install(file: Path, tmp_path: Path) -> None:
    kept(file, new_trial(demo_design()))
    done = exported_beside("tensorboard", "raise ImportError('none here')", file, tmp_path)
    assert MISSING in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_run_has_a_name_whatever_the_design_is_called(design: Design, file: Path) -> None:
    kept(file, new_trial(design, title="../.. \n/"))
    with TrialHistory(file) as history:
        (trial,) = history.trials()
    assert run_name(trial) == f"2023-11-14_22.13.20_{trial.id[:8]}"
