"""The pool of a sweep: slots, results as files, stopping, going on, and what a full disk or a second sweep does."""

from __future__ import annotations

import _thread
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sweep_cases import Stub, finished

from lrdesigner.child.claims import Claim
from lrdesigner.child.run_files import RunFile, results_path, state_in
from lrdesigner.demos import demo_design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import PROTOCOL_VERSION, TrialRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.follower import SweepFollower, read_results
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.pool import Pool, Watch
from lrdesigner.trials.slots import Slot, slots_for, visible_gpus
from lrdesigner.trials.sweep_files import PlannedRun, planned_runs, run_file
from lrdesigner.trials.variants import runs_of, variants_of

ONE = (Slot("slot 1"),)


def _planned(folder: Path, vary: str = "head.lr=1e-3,2e-3", seeds: int = 2) -> tuple[PlannedRun, ...]:
    return planned_runs(runs_of(variants_of({"": demo_design()}, [vary]), TrialOptions(steps=2), seeds), folder)


def _lines(folder: Path, planned: PlannedRun) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(results_path(str(folder), planned.run.id)).read_bytes().splitlines()]


def test_every_run_leaves_its_results(tmp_path: Path) -> None:
    planned, stub = _planned(tmp_path), Stub()
    Pool(tmp_path, ONE, run=stub).run(planned)
    assert stub.asked == [one.request for one in planned]
    assert [one.run.seed for one in planned] == [0, 0, 1, 1]
    assert [line["kind"] for line in _lines(tmp_path, planned[0])] == [
        "run",
        "progress",
        "metrics",
        "metrics",
        "outcome",
    ]
    results = {result.id: result for result in read_results(tmp_path)}
    assert {results[one.run.id].figure("test_accuracy") for one in planned[2:]} == {0.6}
    assert results[planned[1].run.id].label == "head.lr=2e-3"
    assert "0.002" in Path(planned[1].request.exported_file).read_text()
    assert planned[0].request.exported_file == planned[2].request.exported_file


def test_slots_run_side_by_side_and_each_leads_to_its_device(tmp_path: Path) -> None:
    meet = threading.Barrier(2, timeout=20)

    def both(request: TrialRequest) -> Outcome:
        meet.wait()
        return finished(request)

    stub = Stub(both)
    Pool(tmp_path, slots_for("cuda", gpus=("0", "3")), run=stub).run(_planned(tmp_path))
    assert len(stub.asked) == 4
    assert {variables["CUDA_VISIBLE_DEVICES"] for variables in stub.variables} == {"0", "3"}


def test_there_is_a_slot_for_each_gpu_or_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [slot.name for slot in slots_for("auto", gpus=())] == ["slot 1"]
    assert [dict(slot.variables) for slot in slots_for("cpu", 3, gpus=("0",))] == [{"OMP_NUM_THREADS": "2"}] * 3
    assert [slot.name for slot in slots_for("auto", 3, gpus=("0", "1"))] == ["GPU 0", "GPU 1", "GPU 0"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "2, 3"}) == ("2", "3")
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == visible_gpus({"CUDA_VISIBLE_DEVICES": ""}) == ()
    with pytest.raises(UserError, match="at least 1 job"):
        slots_for("cpu", 0)


def test_a_stop_keeps_what_is_done_and_the_same_sweep_goes_on(tmp_path: Path) -> None:
    planned = _planned(tmp_path)
    pool: list[Pool] = []

    def second_stops(request: TrialRequest) -> Outcome:
        if len(stub.asked) < 2:
            return finished(request)
        pool[0].stop()
        return Outcome("stopped", "Stopped after 1 steps.", metrics={"steps": 1})

    stub = Stub(second_stops)
    pool.append(Pool(tmp_path, ONE, run=stub))
    pool[0].run(planned)
    assert [state_in(str(tmp_path), one.run.id) for one in planned] == ["finished", "stopped", "", ""]
    again = Stub()
    Pool(tmp_path, ONE, run=again).run(planned)
    assert again.asked == [one.request for one in planned[1:]]
    assert {result.state for result in read_results(tmp_path)} == {"finished"}


def test_what_failed_is_run_again_and_what_diverged_is_not(tmp_path: Path) -> None:
    planned = _planned(tmp_path)
    endings = iter(("failed", "diverged", "killed", "finished"))
    Pool(tmp_path, ONE, run=Stub(lambda request: Outcome(next(endings), "why"))).run(planned)  # type: ignore[arg-type]
    again = Stub()
    Pool(tmp_path, ONE, run=again).run(planned)
    assert again.asked == [planned[0].request, planned[2].request]


def test_a_run_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    planned = _planned(tmp_path, seeds=1)
    cut = RunFile(str(tmp_path), planned[0].run.id)
    cut.begin(planned[0].header)
    cut.add_line(b'{"kind":"metrics","step":0,"loss":9.0,"lr":{}}')
    cut.close()
    follower = SweepFollower(tmp_path)
    follower.look()
    assert follower.runs[planned[0].run.id].smoothed.array.tolist() == [9.0]
    Pool(tmp_path, ONE, run=Stub()).run(planned)
    follower.look()
    assert follower.runs[planned[0].run.id].steps.array.tolist() == [0, 1]


def test_results_are_followed_while_they_grow(tmp_path: Path) -> None:
    file = RunFile(str(tmp_path), "a")
    seen: list[tuple[str, Any]] = []
    follower = SweepFollower(tmp_path, lambda run, report: seen.append((run, report)))
    assert follower.look() == ()
    file.begin({"id": "a", "label": "head.lr=1", "seed": 3})
    assert follower.look() == ("a",)
    with open(file.path, "ab") as stream:
        stream.write(b'{"kind":"metrics","step":0,"lo')
    assert follower.look() == ()
    with open(file.path, "ab") as stream:
        stream.write(b'ss":2.5,"lr":{}}\n')
    assert follower.look() == ("a",)
    assert (follower.runs["a"].steps.array, follower.runs["a"].smoothed.array) == ([0], [2.5])
    assert follower.runs["a"].state == "running"
    file.add_line(b'{"kind":"news"}')
    file.end("finished", "Finished.", {"final_loss": 1.0})
    follower.look()
    assert follower.runs["a"].result.figure("final_loss") == 1.0
    assert follower.runs["a"].result.seed == 3
    assert follower.runs["a"].fault.startswith("Line 3 of a.jsonl cannot be read")
    assert len(seen) == 1


def test_a_full_disk_ends_the_sweep_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    planned, stub = _planned(tmp_path), Stub()
    monkeypatch.setattr(RunFile, "add_line", full)
    with pytest.raises(UserError, match=r"cannot be written: No space left on device; free some space"):
        Pool(tmp_path, ONE, run=stub).run(planned)
    assert not stub.asked


@pytest.fixture
def child_that_heeds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"""
import json, os, time
hello = {{"kind": "hello", "protocol": {PROTOCOL_VERSION}, "pid": os.getpid(), "python": "3", "torch": "0"}}
print(json.dumps(hello), flush=True)
time.sleep(600)
"""
    monkeypatch.setattr("lrdesigner.jobs.run.command_for", lambda request, python: [sys.executable, "-c", code])


@pytest.fixture
def ctrl_c_heard() -> Iterator[None]:
    """A worker of the tests may ignore it, or another test may have left that so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_heard")
def test_ctrl_c_stops_and_waits_for_what_runs(tmp_path: Path) -> None:
    once = threading.Lock()

    def interrupted(request: TrialRequest) -> Outcome:
        if once.acquire(blocking=False):
            _thread.interrupt_main()
        _until(lambda: pool.stopped)
        time.sleep(0.2)  # a last report takes its time
        return Outcome("stopped", "")

    stub = Stub(interrupted)
    pool = Pool(tmp_path, (*ONE, Slot("slot 2")), run=stub)
    planned = _planned(tmp_path)
    pool.run(planned)
    states = [state_in(str(tmp_path), one.run.id) for one in planned]
    assert states == ["stopped"] * len(stub.asked) + [""] * (4 - len(stub.asked))
    assert list((tmp_path / "claims").iterdir()) == []


def test_ctrl_c_while_the_slots_are_being_started_begins_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[threading.Thread] = []

    def second_is_interrupted(**given: Any) -> threading.Thread:
        if made:
            raise KeyboardInterrupt
        made.append(threading.Thread(**given))
        return made[0]

    stub = Stub()
    pool = Pool(tmp_path, (*ONE, Slot("slot 2")), run=stub)
    parts = SimpleNamespace(Thread=second_is_interrupted, Event=threading.Event)
    monkeypatch.setattr("lrdesigner.trials.pool.threading", parts)
    pool.run(_planned(tmp_path))
    made[0].join()
    assert pool.stopped
    assert stub.asked == []


def test_both_of_two_watchers_are_told(tmp_path: Path) -> None:
    told: list[str] = []

    def named(name: str) -> Watch:
        return Watch(
            lambda planned, slot: told.append(f"{name} begins"),
            lambda planned, report: None,
            lambda planned, outcome: told.append(f"{name} ends"),
        )

    Pool(tmp_path, ONE, named("one").beside(named("other")), Stub()).run(_planned(tmp_path, seeds=1)[:1])
    assert told == ["other begins", "one begins", "other ends", "one ends"]


@pytest.mark.usefixtures("child_that_heeds_nothing")
def test_an_end_waits_for_no_child(tmp_path: Path) -> None:
    deaf: list[Pool] = []

    def ends(planned: PlannedRun, report: object) -> None:
        deaf[0].end()

    outcomes: list[Outcome] = []
    watch = Watch(reports=ends, ends=lambda planned, outcome: outcomes.append(outcome))
    deaf.append(Pool(tmp_path, ONE, watch))
    deaf[0].run(_planned(tmp_path))
    assert [(outcome.state, outcome.message) for outcome in outcomes] == [("cancelled", "The job was cancelled.")]


def test_a_watcher_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    watch = Watch(
        lambda planned, slot: told.append(f"begins on {slot.name}"),
        lambda planned, report: told.append(type(report).__name__),
        lambda planned, outcome: told.append(outcome.state),
    )
    Pool(tmp_path, ONE, watch, Stub()).run(_planned(tmp_path, seeds=1)[:1])
    assert told == ["begins on slot 1", "Progress", "Heartbeat", "Metrics", "Metrics", "finished"]


@pytest.mark.parametrize("does_it", [True, False])
def test_a_run_that_another_process_does_is_waited_for(tmp_path: Path, does_it: bool) -> None:
    planned, stub = _planned(tmp_path, seeds=1), Stub()
    claim = Claim.take(str(tmp_path), planned[0].run.id)
    assert claim is not None

    def ends(ended: PlannedRun, outcome: Outcome) -> None:
        if does_it:
            other = run_file(tmp_path, planned[0])
            other.end("finished", "", {})
        claim.release()

    Pool(tmp_path, ONE, Watch(ends=ends), run=stub).run(planned)
    assert stub.asked == [planned[1].request, *([] if does_it else [planned[0].request])]


@pytest.mark.skipif(os.name == "nt", reason="there a dead process's claim has to grow old")
def test_the_claim_of_a_process_that_died_here_is_taken_over_at_once(tmp_path: Path) -> None:
    script = "import os, sys; from lrdesigner.child.claims import Claim; Claim.take(sys.argv[1], 'run'); os._exit(1)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment, check=False, timeout=60)
    assert (tmp_path / "claims" / "run.claim").exists()
    claim = Claim.take(str(tmp_path), "run")
    assert claim is not None
    claim.release()


def test_only_one_of_many_gets_a_claim(tmp_path: Path) -> None:
    def race(expiry: float) -> list[Claim]:
        start, won = threading.Barrier(8), []

        def take() -> None:
            start.wait()
            claim = Claim.take(str(tmp_path), "run", expiry)
            if claim is not None:
                won.append(claim)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return won

    first = race(60)
    assert len(first) == 1
    _age(tmp_path / "claims" / "run.claim", 1000)
    second = race(60)
    assert len(second) == 1
    for _ in range(20):
        _age(tmp_path / "claims" / "run.claim", 1000)
        assert len(race(60)) == 1
    _age(tmp_path / "claims" / "run.claim", 1000)
    second = race(60)
    assert [path.name for path in (tmp_path / "claims").iterdir()] == ["run.claim"]
    first[0].release()
    assert (tmp_path / "claims" / "run.claim").exists()
    second[0].release()
    assert not (tmp_path / "claims" / "run.claim").exists()


def test_a_claim_is_taken_over_from_one_who_died_while_taking_it_over(tmp_path: Path) -> None:
    path = tmp_path / "claims" / "run.claim"
    first = Claim.take(str(tmp_path), "run")
    assert first is not None
    token = json.loads(path.read_text())["token"]
    half_done = tmp_path / "claims" / f"run.claim.{token}.0.over"
    half_done.touch()
    _age(path, 1000)
    assert Claim.take(str(tmp_path), "run", expiry=60) is None
    _age(half_done, 1000)
    second = Claim.take(str(tmp_path), "run", expiry=60)
    assert second is not None
    second.release()
    first.release()


def test_a_claim_stays_young_and_its_loss_is_noticed(tmp_path: Path) -> None:
    claim = Claim.take(str(tmp_path), "run", heartbeat=0.02)
    assert claim is not None
    path = tmp_path / "claims" / "run.claim"
    _age(path, 1000)
    _until(lambda: time.time() - path.stat().st_mtime < 100)
    assert Claim.take(str(tmp_path), "run", expiry=60) is None
    path.write_text('{"token": "another"}')
    assert claim.lost.wait(20)
    claim.release()
    assert path.exists()


@pytest.mark.parametrize("vary", ["plan.epochs=1,2"])
def test_a_variant_that_has_no_such_trial_is_named_before_anything_runs(tmp_path: Path, vary: str) -> None:
    runs = runs_of(variants_of({"": demo_design()}, [vary]), TrialOptions(steps=60), 1)
    with pytest.raises(UserError, match=r"plan\.epochs=1: .*between 1 and 45"):
        planned_runs(runs, tmp_path)


def _age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
