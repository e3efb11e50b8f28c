"""The store of trials: what is written comes back, whoever dies or refuses."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from trial_cases import METRICS, begun, kept, metrics_row, new_trial

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.history.connection import connect_to_write, default_store
from lrdesigner.trials.history.entries import Ending, design_key, environment_here
from lrdesigner.trials.history.schema import STEPS, migrate, version_of
from lrdesigner.trials.history.sheets import CHUNK_ROWS, packed, unpacked
from lrdesigner.trials.history.store import CRASHED, TrialHistory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "trials.sqlite3"


@pytest.fixture
def history(file: Path) -> Any:
    with TrialHistory(file) as history:
        yield history


def sql(file: Path, statement: str) -> list[Any]:
    connection = connect_to_write(file)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_a_trial_comes_back_with_its_design_and_its_numbers(design: Design, file: Path, history: TrialHistory) -> None:
    trial_id = kept(file, new_trial(design, variant="a", sweep="s", seed=3), steps=25)
    found = history.trial(trial_id)
    assert (found.state, found.title, found.variant, found.seed) == ("finished", "net", "a", 3)
    assert found.options == {"steps": 20, "device": "cpu"}
    assert (found.environment.torch, found.environment.device) == ("2.13.0", "cpu")
    assert found.ended == found.started + 1.5
    assert found.summary["test_accuracy"] == 0.9
    assert history.design(trial_id) == design
    sheets = history.sheets(trial_id)
    assert np.array_equal(np.array(list(sheets["metrics"].values())).T, [metrics_row(step) for step in range(25)])
    assert sheets["diagnostics"]["step"].tolist() == [0, 10, 20]


def test_trials_are_listed_newest_first_by_design_kind_and_sweep(
    design: Design, file: Path, history: TrialHistory
) -> None:
    old = kept(file, new_trial(design, sweep="s"), started=1000.0)
    new = kept(file, new_trial(design, kind="range-test"), started=2000.0)
    other = kept(file, new_trial(design, design_key="/designs/other.lrd.json"), started=1500.0)
    assert [trial.id for trial in history.trials()] == [new, other, old]
    assert [trial.id for trial in history.trials("/designs/net.lrd.json")] == [new, old]
    assert [trial.id for trial in history.trials(kind="range-test")] == [new]
    assert [trial.id for trial in history.trials("/designs/net.lrd.json", sweep="s")] == [old]


def test_designs_are_kept_once_and_go_with_their_last_trial(design: Design, file: Path, history: TrialHistory) -> None:
    first, second = (kept(file, new_trial(design)) for _ in range(2))
    third = kept(file, new_trial(edits.rename_group(design, 2, "body")))
    count = "SELECT count(*) FROM designs"
    assert sql(file, count) == [(2,)]
    history.delete([first])
    assert history.design(second) == design
    history.delete([second])
    assert sql(file, count) == [(1,)]
    assert [trial.id for trial in history.trials()] == [third]


def test_deleting_makes_the_file_smaller(design: Design, file: Path, history: TrialHistory) -> None:
    noise = np.random.default_rng(0)
    log = begun(file, new_trial(design))
    log.commit([("metrics", METRICS, tuple(noise.random(5))) for _ in range(20_000)])
    log.end(Ending("finished"), environment_here(), 1.0)
    log.close()
    before = history.size()
    assert before > 500_000
    history.delete([log.id])
    assert history.size() < before / 4
    assert history.trials() == []
    assert sql(file, "SELECT (SELECT count(*) FROM chunks) + count(*) FROM layouts") == [(0,)]


def test_a_running_trial_is_read_while_it_runs_and_is_not_deleted(
    design: Design, file: Path, history: TrialHistory
) -> None:
    log = begun(file, new_trial(design))
    assert history.sheets(log.id) == {}
    log.commit([("metrics", METRICS, metrics_row(0))])
    assert history.sheets(log.id)["metrics"]["loss"].tolist() == [2.0]
    log.commit([("metrics", METRICS, metrics_row(1))])
    assert history.sheets(log.id)["metrics"]["loss"].tolist() == [2.0, 1.0]
    assert history.trial(log.id).state == "running"
    with pytest.raises(UserError, match="still runs"):
        history.delete([log.id])
    log.close()


DEMO = demo_design()
numbers = st.floats(width=64)
sheet_names = st.sampled_from(["metrics", "diagnostics", "critical/head"])
layouts = st.sampled_from([("step",), ("step", "loss"), ("loss", "lr/a", "lr/é")])
rows = st.lists(
    st.tuples(sheet_names, layouts).flatmap(
        lambda of: st.tuples(st.just(of[0]), st.just(of[1]), st.tuples(*[numbers] * len(of[1])))
    ),
    max_size=40,
)


@settings(max_examples=40)
@given(batches=st.lists(rows, max_size=5))
def test_rows_come_back_to_the_last_bit_however_they_are_split(
    batches: list[list[Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "splits.sqlite3"
    log = begun(file, new_trial(DEMO))
    for batch in batches:
        log.commit(batch)
    log.close()
    with TrialHistory(file) as history:
        found = history.sheets(log.id)
    everything = [row for batch in batches for row in batch]
    assert set(found) == {sheet for sheet, _, _ in everything}
    for sheet, columns in found.items():
        of_sheet = [dict(zip(names, values, strict=True)) for name, names, values in everything if name == sheet]
        assert set(columns) == {name for row in of_sheet for name in row}
        for name, column in columns.items():
            expected = np.array([row.get(name, np.nan) for row in of_sheet])
            assert column.tobytes() == expected.tobytes()


@given(st.integers(1, 5), st.integers(1, 40), st.data())
def test_packing_loses_no_bit(columns: int, row_count: int, data: st.DataObject) -> None:
    bits = data.draw(st.binary(min_size=8 * columns * row_count, max_size=8 * columns * row_count))
    values = np.frombuffer(bits, dtype="<f8").reshape(row_count, columns)
    found = unpacked(packed([tuple(row) for row in values]), columns, row_count)
    assert np.array_equal(np.isnan(found.T), np.isnan(values))
    assert np.array_equal(found.T[~np.isnan(values)], values[~np.isnan(values)])


def test_long_and_slow_trials_are_kept_in_few_chunks(design: Design, file: Path, history: TrialHistory) -> None:
    log = begun(file, new_trial(design))
    for step in range(CHUNK_ROWS + 30):
        log.commit([("metrics", METRICS, metrics_row(step))])
    log.close()
    assert sql(file, "SELECT row_count FROM chunks ORDER BY first") == [
        (CHUNK_ROWS,),
        (30,),
    ]
    assert history.sheets(log.id)["metrics"]["step"].tolist() == list(range(CHUNK_ROWS + 30))


KILLED = """
import os, signal, sys
from pathlib import Path
from trial_cases import METRICS, begun, metrics_row, new_trial
from lrdesigner.demos import demo_design
log = begun(Path(sys.argv[1]), new_trial(demo_design()))
log.commit([("metrics", METRICS, metrics_row(step)) for step in range(1000)])
print(log.id, flush=True)
log._connection.execute("BEGIN IMMEDIATE")
log._connection.execute("DELETE FROM chunks")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_was_committed_survives_a_kill_and_the_trial_is_told_as_crashed(file: Path, history: TrialHistory) -> None:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n{KILLED}"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    found = history.trial(done.stdout.strip())
    assert (found.state, found.message, found.ended) == ("crashed", CRASHED, None)
    assert history.sheets(found.id)["metrics"]["step"].tolist() == list(range(1000))
    history.delete([found.id])
    assert history.trials() == []


def test_several_programs_begin_a_store_and_write_at_the_same_time(
    design: Design, file: Path, history: TrialHistory
) -> None:
    titles = ["one", "two", "three", "four"]
    together = threading.Barrier(len(titles))

    def write(title: str) -> str:
        together.wait()
        log = begun(file, new_trial(design, title=title))
        for step in range(20):
            log.commit([("metrics", METRICS, metrics_row(step))])
        log.end(Ending("finished"), environment_here(), 1.0)
        log.close()
        return log.id

    with ThreadPoolExecutor(len(titles)) as pool:
        ids = list(pool.map(write, titles))
    assert {trial.title for trial in history.trials()} == set(titles)
    assert all(history.sheets(one)["metrics"]["step"].tolist() == list(range(20)) for one in ids)


def test_a_full_disk_is_told_and_the_rows_can_be_kept_later(design: Design, file: Path, history: TrialHistory) -> None:
    log = begun(file, new_trial(design))
    log.commit([("metrics", METRICS, metrics_row(0))])
    pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
    log._connection.execute(f"PRAGMA max_page_count = {pages}")
    rest = [(f"sheet {step}", METRICS, metrics_row(step)) for step in range(1, 2000)]
    with pytest.raises(UserError, match=f"{file} is full.*LRDESIGNER_DATA_DIR"):
        log.commit(rest)
    assert set(history.sheets(log.id)) == {"metrics"}
    log._connection.execute("PRAGMA max_page_count = 1000000")
    log.commit(rest)
    assert len(history.sheets(log.id)) == 2000
    log.close()


def test_a_store_of_a_newer_version_is_refused_and_not_touched(design: Design, file: Path) -> None:
    kept(file, new_trial(design))
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    before = file.read_bytes()
    for refused in (lambda: TrialHistory(file).trials(), lambda: begun(file, new_trial(design))):
        with pytest.raises(UserError, match="newer version of this program") as caught:
            refused()
        assert str(file) in str(caught.value)
    assert file.read_bytes() == before


def test_a_damaged_store_is_named_and_left_as_it_is(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"no database at all " * 500)
    with pytest.raises(UserError, match=r"is damaged.*move that file away") as caught:
        TrialHistory(file).trials()
    assert str(file) in str(caught.value)
    assert file.read_bytes() == b"no database at all " * 500


def test_a_store_that_is_damaged_inside_is_told_by_reading_too(design: Design, file: Path) -> None:
    trial_id = kept(file, new_trial(design), steps=3000)
    sql(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"), TrialHistory(file) as history:
        history.sheets(trial_id)


def test_a_damaged_trial_names_itself_and_can_be_deleted(design: Design, file: Path, history: TrialHistory) -> None:
    trial_id = kept(file, new_trial(design))
    sql(file, "UPDATE chunks SET content = x'00', row_count = 7")
    with pytest.raises(UserError, match=f"history delete {trial_id}"):
        history.sheets(trial_id)
    sql(file, "UPDATE trials SET options = '{'")
    with pytest.raises(UserError, match=f"history delete {trial_id}"):
        history.trials()
    history.delete([trial_id])
    assert history.trials() == []


def test_another_programs_database_is_refused(file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    with pytest.raises(UserError, match="another program"):
        connect_to_write(file)


def test_a_folder_that_cannot_be_is_one_sentence(design: Design, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(UserError, match="LRDESIGNER_DATA_DIR"):
        begun(tmp_path / "plain" / "trials.sqlite3", new_trial(design))
    (tmp_path / "folder.sqlite3").mkdir()
    with pytest.raises(UserError, match="cannot be opened"):
        begun(tmp_path / "folder.sqlite3", new_trial(design))


def test_looking_at_a_history_that_is_not_there_makes_no_file(
    file: Path, history: TrialHistory, design: Design
) -> None:
    assert history.trials() == []
    assert history.size() == 0
    assert not file.parent.exists()
    trial_id = kept(file, new_trial(design))
    assert [trial.id for trial in history.trials()] == [trial_id]


def test_an_id_may_be_abbreviated_while_it_is_clear(design: Design, file: Path, history: TrialHistory) -> None:
    ids = [kept(file, new_trial(design)) for _ in range(2)]
    assert history.trial(ids[0][:35].upper()).id == ids[0]
    for beginning in ("", "%", "nothing"):
        with pytest.raises(UserError, match="has no trial"):
            history.trial(beginning)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE trials SET id = 'ab' || rowid")
    connection.close()
    with pytest.raises(UserError, match="2 trials have ids that begin with 'ab'"):
        history.trial("ab")


def test_migrations_are_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    connection = connect_to_write(tmp_path / "trials.sqlite3")
    later = (*STEPS, ("ALTER TABLE trials ADD COLUMN note TEXT",), ("CREATE TABLE more (a)", "no SQL at all"))
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        migrate(connection, later)
    assert version_of(connection) == len(STEPS) + 1
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    assert "more" not in names
    connection.execute("SELECT note FROM trials")
    connection.close()


def test_the_place_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "portable"))
    assert default_store() == tmp_path / "portable" / "trials.sqlite3"
    monkeypatch.delenv("LRDESIGNER_DATA_DIR")
    assert default_store().parent.name == "lrdesigner"


def test_a_design_is_known_by_its_file_or_by_its_model(design: Design, tmp_path: Path) -> None:
    (tmp_path / "net.lrd.json").write_text("")
    (tmp_path / "link.lrd.json").symlink_to("net.lrd.json")
    assert design_key(design, tmp_path / "link.lrd.json") == str(tmp_path / "net.lrd.json")
    assert design_key(design, None) == "demo:lenet"
    odd = replace(design, model=replace(design.model, source="a\udcffb"))
    assert design_key(odd, None) == "a\\udcffb"
