"""Jobs end exactly once, whatever the child does, and never hold up the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from lrdesigner.jobs.launch import child_environment
from lrdesigner.jobs.protocol import PROTOCOL_VERSION, InspectRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner_app.processes import Job, SpareChild

# Children that need no torch: short programs which speak the protocol, well or badly.
PRELUDE = """
import json, os, sys, time
def say(kind, **fields):
    os.write(1, (json.dumps({"kind": kind, **fields}) + "\\n").encode())
def hello():
    say("hello", protocol=PROTOCOL, pid=os.getpid(), python="3.11.0", torch="0")
def request():
    return json.loads(sys.stdin.buffer.readline())
def metrics(step, loss=1.0, **lr):
    say("metrics", step=step, loss=loss, lr=lr)
def end(reason="finished", **fields):
    say("end", reason=reason, metrics=fields)
"""
REQUEST = InspectRequest(source="demo:lenet")
unix = pytest.mark.skipif(sys.platform == "win32", reason="process groups and signals are Unix's")


def child(body: str) -> list[str]:
    return [sys.executable, "-u", "-c", f"PROTOCOL = {PROTOCOL_VERSION}\n{PRELUDE}{body}"]


def environment() -> dict[str, str]:
    return child_environment()


class Watch:
    """A job, and everything it told."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.reports: list[Any] = []
        self.batches: list[list[Any]] = []
        self.outcomes: list[Outcome] = []
        job.report_received.connect(self.reports.append)
        job.metrics_received.connect(self.batches.append)
        job.ended.connect(self.outcomes.append)

    @property
    def steps(self) -> list[int]:
        return [metrics.step for batch in self.batches for metrics in batch]

    def wait(self, qtbot: QtBot, timeout: int = 10_000) -> Outcome:
        qtbot.waitUntil(lambda: bool(self.outcomes), timeout=timeout)
        qtbot.wait(20)
        assert len(self.outcomes) == 1
        return self.outcomes[0]


@pytest.fixture
def start() -> Iterator[Callable[..., Watch]]:
    """Start a child with this body and give it a request."""
    jobs: list[Job] = []

    def begin(body: str, time_limit: float | None = None) -> Watch:
        job = Job(child(body), environment())
        jobs.append(job)
        watch = Watch(job)
        job.launch()
        job.submit(REQUEST, time_limit)
        return watch

    yield begin
    for job in jobs:
        job.cancel()
        job.wait(2000)


def test_a_child_that_does_its_work_is_finished(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); got = request(); end(source=got['source'])")
    outcome = watch.wait(qtbot)
    assert outcome.state == "finished"
    assert outcome.metrics == {"source": "demo:lenet"}
    assert [type(report).__name__ for report in watch.reports] == ["Hello", "End"]


def test_metrics_come_in_order_and_before_the_end(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); request()\nfor step in range(250): metrics(step, head=0.1)\nend()")
    watch.wait(qtbot)
    assert watch.steps == list(range(250))


@unix
def test_a_child_killed_from_outside_is_told_as_killed(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); request(); time.sleep(60)")
    qtbot.waitUntil(lambda: bool(watch.reports), timeout=10_000)
    os.kill(watch.job.pid, signal.SIGKILL)
    assert watch.wait(qtbot).state == "killed"


@unix
def test_a_crash_is_told_with_its_signal(start: Callable[..., Watch], qtbot: QtBot) -> None:
    outcome = start("hello(); request(); os.kill(os.getpid(), 11)").wait(qtbot)
    assert outcome.state == "crashed"
    assert "SIGSEGV" in outcome.message


def test_the_last_words_on_stderr_are_kept(start: Callable[..., Watch], qtbot: QtBot) -> None:
    outcome = start("hello(); request(); sys.exit('no such layer')").wait(qtbot)
    assert outcome.state == "crashed"
    assert "no such layer" in outcome.details


@unix
def test_a_child_that_lives_on_after_its_last_message_is_ended(
    start: Callable[..., Watch], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrdesigner_app.processes.job.STOP_GRACE_MS", 100)
    assert start("hello(); request(); end(); time.sleep(60)").wait(qtbot).state == "finished"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="found by the environment of processes")
def test_what_left_the_group_of_a_child_that_died_is_ended(start: Callable[..., Watch], qtbot: QtBot) -> None:
    body = (
        "import subprocess\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        "hello(); request(); sys.exit(f'pid {other.pid}')"
    )
    pid = int(start(body).wait(qtbot).details.split()[-1])
    qtbot.waitUntil(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes())


@pytest.mark.parametrize("garbage", ["b'what\\n'", 'b\'{"kind":"new"}\\n\'', "b'\\xff\\x00\\n' * 9"])
def test_garbage_ends_the_job_and_the_child(start: Callable[..., Watch], qtbot: QtBot, garbage: str) -> None:
    watch = start(f"hello(); request(); os.write(1, {garbage}); time.sleep(60)")
    assert watch.wait(qtbot).state == "garbled"
    assert not watch.job.usable


def test_a_program_that_does_not_exist_is_an_outcome_too(qtbot: QtBot) -> None:
    job = Job(["/nowhere/python"], environment())
    watch = Watch(job)
    job.launch()
    job.submit(REQUEST)
    outcome = watch.wait(qtbot)
    assert outcome.state == "crashed"
    assert "could not be started" in outcome.message


def test_a_hang_ends_at_the_time_limit(start: Callable[..., Watch], qtbot: QtBot) -> None:
    outcome = start("hello(); request(); time.sleep(60)", time_limit=0.5).wait(qtbot)
    assert outcome.state == "timed_out"
    assert "0.5 s" in outcome.message


def test_a_silent_child_is_said_not_to_respond_but_is_not_killed(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); request(); time.sleep(1.6); say('heartbeat', step=0); time.sleep(1.2); end()")
    watch.job.silence_seconds = 1.0
    watch.job._watch.setInterval(50)
    told: list[bool] = []
    watch.job.responding_changed.connect(told.append)
    assert watch.wait(qtbot).state == "finished"
    assert told[:2] == [False, True]


def test_stop_is_asked_first_and_the_child_has_the_last_word(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); request(); metrics(0)\nassert request()['kind'] == 'stop'\nend('stopped', steps=1)")
    qtbot.waitUntil(lambda: bool(watch.batches), timeout=10_000)
    watch.job.stop()
    outcome = watch.wait(qtbot)
    assert outcome.state == "stopped"
    assert watch.steps == [0]


def test_a_child_that_does_not_stop_is_ended_after_a_while(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); request(); time.sleep(60)")
    watch.job._grace.setInterval(200)
    qtbot.waitUntil(lambda: bool(watch.reports), timeout=10_000)
    watch.job.stop()
    watch.job.stop()
    assert watch.wait(qtbot).state == "cancelled"


@unix
def test_cancelling_ends_what_the_child_started(start: Callable[..., Watch], qtbot: QtBot) -> None:
    body = (
        "hello(); request(); import subprocess\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "say('heartbeat', step=other.pid); time.sleep(60)"
    )
    watch = start(body)
    qtbot.waitUntil(lambda: len(watch.reports) == 2, timeout=10_000)
    grandchild = watch.reports[1].step
    watch.job.cancel()
    assert watch.wait(qtbot).state == "cancelled"
    qtbot.waitUntil(lambda: not _runs(grandchild), timeout=5000)


def test_a_flood_of_messages_is_all_read_and_never_blocks_the_window(start: Callable[..., Watch], qtbot: QtBot) -> None:
    body = (
        "hello(); request()\n"
        "line = ''.join(json.dumps({'kind': 'metrics', 'step': s, 'loss': 1.0, 'lr': {'a': 0.1, 'b': 0.2}}) + '\\n'"
        " for s in range(1000)).encode()\n"
        "for _ in range(100):\n    view = line\n    while view: view = view[os.write(1, view):]\n"
        "end()"
    )
    turns: list[int] = []
    watch = start(body)
    timer = QTimer()
    timer.setInterval(0)
    timer.timeout.connect(lambda: turns.append(1))
    timer.start()
    watch.wait(qtbot, 60_000)
    timer.stop()
    assert len(watch.steps) == 100_000
    assert len(turns) > 100  # the event loop went round all the while, for painting and for the mouse


def test_metrics_are_told_at_most_twenty_times_a_second(start: Callable[..., Watch], qtbot: QtBot) -> None:
    watch = start("hello(); request()\nfor step in range(200): metrics(step); time.sleep(0.003)\nend()")
    begun = monotonic()
    watch.wait(qtbot)
    assert len(watch.steps) == 200
    assert len(watch.batches) <= 20 * (monotonic() - begun) + 3


@pytest.fixture
def spare() -> Iterator[SpareChild]:
    body = "hello()\nline = sys.stdin.buffer.readline()\nif line: end(pid=os.getpid())"
    made = SpareChild(None, lambda: child(body), environment)
    yield made
    made.close()
    assert made.spare is None
    assert made.running == ()


def test_the_warm_child_does_the_next_job_and_another_is_warmed(spare: SpareChild, qtbot: QtBot) -> None:
    spare.warm()
    warm = spare.spare
    assert warm is not None
    qtbot.waitUntil(lambda: warm.reader.hello is not None, timeout=10_000)
    pid = warm.pid
    job = spare.start(REQUEST)
    assert job is warm
    assert Watch(job).wait(qtbot).metrics == {"pid": pid}
    spare.warm()
    assert spare.spare is not None
    assert spare.spare is not warm


def test_without_a_warm_child_a_fresh_one_does_the_job(spare: SpareChild, qtbot: QtBot) -> None:
    assert Watch(spare.start(REQUEST)).wait(qtbot).succeeded


def test_a_child_that_is_still_starting_is_used(spare: SpareChild, qtbot: QtBot) -> None:
    spare.warm()
    assert Watch(spare.start(REQUEST)).wait(qtbot).succeeded


def test_a_warm_child_that_died_is_replaced(spare: SpareChild, qtbot: QtBot) -> None:
    spare.warm()
    warm = spare.spare
    assert warm is not None
    warm.cancel()
    qtbot.waitUntil(lambda: warm.outcome is not None, timeout=10_000)
    job = spare.start(REQUEST)
    assert job is not warm
    assert Watch(job).wait(qtbot).succeeded


def test_closing_ends_every_child_and_delivers_its_outcome() -> None:
    made = SpareChild(None, lambda: child("hello(); request(); time.sleep(60)"), environment)
    watch = Watch(made.start(REQUEST))
    made.warm()
    begun = monotonic()
    made.close(3000)
    assert monotonic() - begun < 30
    assert [outcome.state for outcome in watch.outcomes] == ["cancelled"]
    made.warm()
    assert made.spare is None


def test_the_window_side_of_processes_and_trials_loads_no_torch() -> None:
    code = (
        "import sys, lrdesigner_app.processes, lrdesigner_app.trial, lrdesigner_app.plot\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not yet waited for by its new parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
