"""Trials in several processes, run by torch's own launcher on the CPU."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from export_cases import demo_with, steps
from hypothesis import given
from hypothesis import strategies as st
from recorder import Recorder

from lrdesigner import edits
from lrdesigner.child.digits import DATA_VARIABLE
from lrdesigner.child.failures import JobError
from lrdesigner.child.leftovers import MARK, _marked
from lrdesigner.document import Freeze
from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.jobs.launch import child_command, child_environment
from lrdesigner.jobs.protocol import Metrics, encode_request
from lrdesigner.models.source import parse_source
from lrdesigner.proof import exported_file, range_test_request, trial_code, trial_request
from lrdesigner.trials.options import RangeOptions, TrialOptions

pytestmark = [pytest.mark.torch, pytest.mark.timeout(120)]

linux = pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
DESIGN = edits.set_base_lr(demo_with({"freeze": (Freeze(steps(0), steps(3)),)}), 1, 1e-2)
"""The head trains alone for three steps, so that the processes wait for other gradients afterwards."""

LONG = TrialOptions(device="cpu", processes=2, batch_size=30, accumulation=2, clip=5.0)


class Acting(Recorder):
    """Does something after each reported update."""

    def __init__(self, act: Callable[[Acting, int], None]) -> None:
        super().__init__()
        self._act = act
        self.times: list[float] = []

    def send(self, kind: str, fields: Mapping[str, Any]) -> None:
        super().send(kind, dict(fields))
        if kind == "metrics":
            self.times.append(time.monotonic())
            self._act(self, fields["step"])

    @property
    def updates(self) -> list[Metrics]:
        return [report for report in self.reports if isinstance(report, Metrics)]


def run(options: TrialOptions, act: Callable[[Acting, int], None]) -> tuple[Acting, str, dict[str, Any]]:
    """A trial in this process, and in those that it starts."""
    from lrdesigner.child.trial_job import trial

    channel = Acting(act)
    with exported_file(DESIGN, trial_code(options)) as file:
        request = msgspec.to_builtins(trial_request(DESIGN, file, options))
        ending, metrics = trial(request, channel)
    return channel, ending, metrics


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """What a child is given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATA_VARIABLE, child_environment()[DATA_VARIABLE])
        yield


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The mark of all processes that this one starts."""
    found = f"test-{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv(MARK, found)
    yield found
    for pid in _marked(found):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def alone() -> list[Metrics]:
    """What one process reports on all of each batch."""
    options = msgspec.structs.replace(LONG, processes=1, steps=14)
    return run(options, lambda channel, step: None)[0].updates


def left_after(mark: str, seconds: float) -> list[int]:
    """The processes with this mark that are still there after so long, at most."""
    end = time.monotonic() + seconds
    while (found := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def second_process(mark: str) -> int:
    environments = {pid: Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in _marked(mark)}
    (found,) = [pid for pid, given in environments.items() if b"RANK=1" in given]
    return found


def check_same(updates: list[Metrics], alone: list[Metrics]) -> None:
    assert [update.step for update in updates] == list(range(len(updates)))
    both = list(zip(updates, alone, strict=False))
    assert [one.lr for one, _ in both] == [other.lr for _, other in both]
    assert [one.loss for one, _ in both] == pytest.approx([other.loss for _, other in both], abs=1e-5)
    assert alone[0].loss - alone[-1].loss > 0.5  # it learns: losses of other weights would not be close


@linux
def test_two_processes_train_as_one_does_pause_and_stop(mark: str, alone: list[Metrics]) -> None:
    def act(channel: Acting, step: int) -> None:
        if step == 3:
            channel._obey(b'{"kind":"pause"}')
            threading.Timer(0.7, channel._obey, [b'{"kind":"resume"}']).start()
        if step == 13:
            channel._obey(b'{"kind":"stop"}')

    channel, ending, metrics = run(LONG, act)
    assert ending == "stopped"
    assert metrics["steps"] == len(channel.updates) >= 14
    assert metrics["processes"] == 2
    check_same(channel.updates, alone)
    assert max(after - before for before, after in zip(channel.times, channel.times[1:], strict=False)) > 0.4
    assert left_after(mark, 1.0) == []


@linux
def test_a_killed_process_ends_the_sharded_trial_with_a_sentence(mark: str, alone: list[Metrics]) -> None:
    updates: list[Metrics] = []

    def act(channel: Acting, step: int) -> None:
        if step == 11:
            updates.extend(channel.updates)
            os.kill(second_process(mark), signal.SIGKILL)

    with pytest.raises(JobError, match=r"^Process 2 of 2 ended by signal 9 \(SIGKILL\) and the trial with it; "):
        run(msgspec.structs.replace(LONG, sharded=True), act)
    check_same(updates, alone)
    assert left_after(mark, 1.0) == []


HOLDING = """
import ctypes, os, pathlib, runpy

Lenet = runpy.run_path({file!r})[{name!r}]

class Net(Lenet):
    calls = 0

    def forward(self, images):
        Net.calls += 1
        if Net.calls == 5:
            pathlib.Path(__file__).with_name(f"held-{{os.environ['RANK']}}").touch()
            ctypes.PyDLL(None).sleep(100)  # holds Python's lock
        return super().forward(images)
"""


@linux
def test_no_process_outlives_the_child_that_launched_it_even_if_they_hold_pythons_lock(tmp_path: Path) -> None:
    model, _, name = parse_source("demo:lenet").child_source.rpartition(":")
    (tmp_path / "holding.py").write_text(HOLDING.format(file=model, name=name))
    given = child_environment() | {"TMPDIR": str(tmp_path)}
    with exported_file(DESIGN, trial_code(LONG)) as file, (tmp_path / "said").open("wb") as said:
        child = subprocess.Popen(
            child_command(), env=given, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        assert child.stdin is not None
        asked = msgspec.structs.replace(trial_request(DESIGN, file, LONG), source=f"{tmp_path / 'holding.py'}:Net")
        child.stdin.write(encode_request(asked))
        child.stdin.flush()
        while len(list(tmp_path.glob("held-*"))) < 2:
            assert child.poll() is None, (tmp_path / "said").read_text()
            time.sleep(0.05)
        others = [pid for pid in _marked(given[MARK]) if pid != child.pid]
        assert len(others) >= 3  # torchrun and two processes
        time.sleep(0.3)
        child.kill()
        child.communicate()
    left = left_after(given[MARK], 2.0)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []
    assert list(tmp_path.glob("lrdesigner-ranks-*")) == []


@given(length=st.integers(1, 40), count=st.integers(1, 8))
def test_shares_are_the_batch_in_order_and_weigh_what_they_hold(length: int, count: int) -> None:
    import torch

    from lrdesigner.child.data.batch import Batch
    from lrdesigner.child.peers import shares

    batch = Batch(
        (torch.arange(length),), {"mask": torch.arange(length) * 2, "scale": torch.tensor(3.0)}, torch.arange(length)
    )
    if length < count:
        with pytest.raises(JobError, match=f"cannot be shared by {count} processes"):
            shares(batch, count)
        return
    parts = shares(batch, count)
    assert torch.cat([part.positional[0] for part in parts]).tolist() == list(range(length))
    assert torch.cat([part.named["mask"] for part in parts]).tolist() == list(range(0, 2 * length, 2))
    assert all(part.named["scale"] == 3.0 for part in parts)
    means = sum(part.weight * float(part.targets.double().mean()) for part in parts) / count
    assert means == pytest.approx((length - 1) / 2)


def test_a_share_is_sent_without_the_rest_of_its_batch() -> None:
    import pickle

    import torch

    from lrdesigner.child.data.batch import Batch
    from lrdesigner.child.peers import shares

    part = shares(Batch((torch.zeros(1000, 100),), targets=torch.zeros(1000)), 50)[0]
    sent = pickle.dumps(part)
    assert len(sent) < 50_000
    assert pickle.loads(sent).weight == part.weight == 1.0


def leave(folder: Path, rank: int, when: float, message: str, *, lost: bool, metrics: dict[str, Any]) -> None:
    failure = {"message": message, "where": "", "traceback": ""}
    word = {"time": when, "lost": lost, "failure": failure, "metrics": metrics}
    (folder / f"error-{rank}.json").write_text(json.dumps(word))


def test_of_several_failures_the_first_that_is_no_lost_connection_is_told(tmp_path: Path) -> None:
    from lrdesigner.child.ranks import _failed

    leave(tmp_path, 0, 1.0, "Connection closed by peer.", lost=True, metrics={"steps": 7})
    leave(tmp_path, 2, 2.5, "Too late.", lost=False, metrics={})
    leave(tmp_path, 1, 2.0, "Getting batch 7 failed.", lost=False, metrics={})
    channel = Recorder()
    assert _failed(str(tmp_path), 3, 1, channel) == ("failed", {"steps": 7})
    assert [fields["message"] for kind, fields in channel.sent if kind == "error"] == ["Getting batch 7 failed."]


def test_processes_that_end_without_a_word_are_told_all_the_same(tmp_path: Path) -> None:
    from lrdesigner.child.ranks import _failed

    (tmp_path / "failures.json").write_text('{"1": 3}')
    with pytest.raises(JobError, match=r"^Process 2 of 2 ended with status 3 and"):
        _failed(str(tmp_path), 2, 1, Recorder())
    (tmp_path / "failures.json").write_text('{"0": -15, "1": -9}')
    with pytest.raises(JobError, match=r"^Process 2 of 2 ended by signal 9 \(SIGKILL\) and"):
        _failed(str(tmp_path), 2, 1, Recorder())
    (tmp_path / "failures.json").unlink()
    with pytest.raises(JobError, match=r"without a word \(torchrun: status -9\)"):
        _failed(str(tmp_path), 2, -9, Recorder())


def test_lost_connections_are_told_from_failures_of_the_users_code() -> None:
    from lrdesigner.child.rank import lost_another

    lost = JobError("The backward pass failed.")
    lost.__cause__ = RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:5")
    own = JobError("Getting batch 3 failed.")
    own.__cause__ = RuntimeError("Connection refused by the data base")
    assert lost_another(lost)
    assert not lost_another(own)


def test_a_file_for_one_process_is_refused_for_several(tmp_path: Path) -> None:
    import torch

    from lrdesigner.child.exported import import_exported
    from lrdesigner.child.rank_peers import Peers

    peers = object.__new__(Peers)
    peers._sharded = True
    with exported_file(DESIGN) as file, pytest.raises(JobError, match=r"no function shard, .* for the target fsdp"):
        peers.forward(import_exported(str(file)), torch.nn.Linear(1, 1))


def test_a_batch_that_is_too_small_to_share_is_refused_at_once() -> None:
    with pytest.raises(InvalidValueError, match="A batch of 1 cannot be shared by 2 processes"):
        TrialOptions(processes=2, batch_size=1)


def test_a_range_test_in_several_processes_is_refused() -> None:
    with pytest.raises(UserError, match="A range test trains in one process"):
        range_test_request(DESIGN, Path("exported.py"), RangeOptions(), LONG)


def test_windows_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    from lrdesigner.child.ranks import trial_in_ranks

    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(JobError, match="named pipes in a folder, which Windows lacks"):
        trial_in_ranks({}, Recorder())
