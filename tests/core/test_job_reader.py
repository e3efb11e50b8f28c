from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner.child.leftovers import MARK
from lrdesigner.child.session import PROTOCOL_VERSION as CHILD_VERSION
from lrdesigner.inventory import ModuleInfo
from lrdesigner.jobs import reader as reader_module
from lrdesigner.jobs import run as run_module
from lrdesigner.jobs.launch import child_command, child_environment
from lrdesigner.jobs.protocol import PROTOCOL_VERSION, Heartbeat, InspectRequest, InventoryChunk, encode_request, joined
from lrdesigner.jobs.reader import JobReader, Outcome
from lrdesigner.jobs.run import run_command, run_job

posix = pytest.mark.skipif(os.name != "posix", reason="process groups and signals of Unix")


def line(kind: str, **fields: Any) -> bytes:
    return json.dumps({"kind": kind, **fields}).encode() + b"\n"


HELLO = line("hello", protocol=PROTOCOL_VERSION, pid=1, python="3.11", torch="2.13")
END = line("end", reason="finished")


def outcome_of(output: bytes, returncode: int = 0, errors: bytes = b"") -> Outcome:
    reader = JobReader()
    reader.feed_output(output)
    reader.feed_errors(errors)
    return reader.exited(returncode)


# The state machine


def test_both_sides_speak_the_same_version() -> None:
    assert CHILD_VERSION == PROTOCOL_VERSION


@given(st.lists(st.integers(1, 60), max_size=20))
def test_reports_do_not_depend_on_how_the_bytes_arrive(sizes: list[int]) -> None:
    whole = HELLO + b"".join(line("heartbeat", step=i) for i in range(5)) + END
    expected = JobReader().feed_output(whole)
    reader = JobReader()
    reports = []
    for size in sizes:
        reports += reader.feed_output(whole[:size])
        whole = whole[size:]
    reports += reader.feed_output(whole)
    assert reports == expected
    assert reader.exited(0).state == "finished"


def test_chunks_make_one_inventory() -> None:
    reader = JobReader()
    row = {"name": "w", "shape": [2, 3], "dtype": "float32", "numel": 6, "trainable": True, "tied_to": None}
    reports = reader.feed_output(HELLO + line("inventory", modules=[{"path": "", "type": "Net"}]))
    reports += reader.feed_output(
        line("inventory", modules=[{"path": "a", "type": "Linear"}]) + line("inventory", parameters=[row])
    )
    inventory = joined(report for report in reports if isinstance(report, InventoryChunk))
    assert inventory.modules == (ModuleInfo("", "Net"), ModuleInfo("a", "Linear"))
    assert inventory.total_parameters == 6


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (b"hello world\n", "hello world"),
        (b"\n", "no message"),
        (b"\xff\xfe\n", "no message"),
        (HELLO + line("news"), "news"),
        (HELLO + line("heartbeat", step="x"), "step"),
        (HELLO + line("heartbeat", step=1, extra=2), "extra"),
        (HELLO + b"[" * 100_000 + b"\n", "no message"),
        (line("heartbeat", step=1), "did not say hello"),
        (HELLO + HELLO, "hello twice"),
        (line("hello", protocol=99, pid=1, python="3.11", torch="2"), "version 99"),
        (HELLO + END + line("heartbeat", step=1), "after its last message"),
        (HELLO + END + END, "after its last message"),
        (HELLO + END + b"rest", "after its last message"),
    ],
)
def test_what_breaks_the_protocol_garbles_the_job(output: bytes, told: str) -> None:
    outcome = outcome_of(output)
    assert outcome.state == "garbled"
    assert told in outcome.message


def test_a_program_that_is_no_python_is_said_to_be_none() -> None:
    assert "check that the interpreter is a Python" in outcome_of(b"/bin/ls\n").message
    assert "interpreter" not in outcome_of(HELLO + b"/bin/ls\n").message


def test_nothing_is_read_after_the_protocol_broke() -> None:
    reader = JobReader()
    assert reader.feed_output(HELLO + b"?\n" + END)[1:] == []
    assert reader.garbled
    assert reader.feed_output(END) == []
    assert not reader.ended


def test_a_line_without_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "LONGEST_LINE", 1 << 20)
    reader = JobReader()
    for _ in range(17):
        reader.feed_output(b"x" * (1 << 16))
    assert reader.garbled
    assert "1 MiB" in reader.exited(-9).message


@pytest.mark.parametrize(
    ("returncode", "state", "told"),
    [
        (0, "crashed", "ended without an answer (exit code 0)"),
        (3, "crashed", "exit code 3"),
        (-signal.SIGSEGV, "crashed", "SIGSEGV (11)"),
        (-signal.SIGKILL, "killed", "SIGKILL (9)"),
        (-signal.SIGTERM, "killed", "SIGTERM (15)"),
        (-12345, "killed", "signal 12345"),
    ],
)
def test_a_death_without_last_message_is_named(returncode: int, state: str, told: str) -> None:
    outcome = outcome_of(HELLO, returncode, b"Fatal Python error")
    assert outcome.state == state
    assert told in outcome.message
    assert outcome.details == "Fatal Python error"


def test_a_half_line_before_a_crash_is_no_breach() -> None:
    assert outcome_of(HELLO + b'{"kind":"metr', -signal.SIGSEGV).state == "crashed"


def test_a_failure_is_told_with_its_place() -> None:
    failure = line("error", message="Building Net failed: ValueError: no.", where="/m/net.py:3", traceback="Traceback")
    outcome = outcome_of(HELLO + failure + line("end", reason="failed"), 1, b"noise")
    assert outcome.state == "failed"
    assert outcome.message == "Building Net failed: ValueError: no. (/m/net.py:3)"
    assert outcome.where == "/m/net.py:3"
    assert outcome.details == "Traceback\n\nnoise"


def test_a_failure_counts_even_when_the_child_dies_before_its_last_message() -> None:
    assert outcome_of(HELLO + line("error", message="No."), -9).message == "No."


def test_a_child_without_torch_fails_before_it_says_hello() -> None:
    assert outcome_of(line("error", message="No torch.") + line("end", reason="failed"), 1).message == "No torch."


@pytest.mark.parametrize("reason", ["finished", "stopped", "diverged", "failed"])
def test_the_last_message_counts_whatever_happens_to_the_process_then(reason: str) -> None:
    reader = JobReader()
    reader.feed_output(HELLO + line("end", reason=reason, metrics={"steps": 4}))
    reader.give_up("timed_out", "Too long.")
    outcome = reader.exited(-9)
    assert outcome.state == reason
    assert outcome.metrics == {"steps": 4}
    assert outcome.succeeded == (reason == "finished")


def test_the_first_reason_to_give_up_is_told() -> None:
    reader = JobReader()
    reader.give_up("timed_out", "Too long.")
    reader.give_up("cancelled", "Cancelled.")
    outcome = reader.exited(-9)
    assert (outcome.state, outcome.message) == ("timed_out", "Too long.")
    assert reader.exited(0) is outcome


def test_only_the_end_of_stderr_is_kept() -> None:
    reader = JobReader()
    for i in range(10_000):
        reader.feed_errors(b"line %d\n" % i)
    details = reader.exited(1).details
    assert details.endswith("line 9999")
    assert len(details) <= 8 * 1024


def test_a_divergence_names_its_step() -> None:
    outcome = outcome_of(HELLO + line("end", reason="diverged", metrics={"diverged_at_step": 7}))
    assert outcome.message == "The loss was not a finite number at step 7; try a lower learning rate."


@pytest.mark.parametrize(("what", "told"), [("weight", "The weight"), ("gradient", "The gradient of")])
def test_a_divergence_names_the_tensor_and_its_group(what: str, told: str) -> None:
    bad = {"bad_what": what, "bad_group": "head", "bad_tensor": "fc.bias", "bad_groups": ["head"]}
    outcome = outcome_of(HELLO + line("end", reason="diverged", metrics={"diverged_at_step": 7, "steps": 7, **bad}))
    assert outcome.message.startswith(f"{told} fc.bias of group 'head' was not a finite number at step 7; try a lower")


def test_a_divergence_before_any_update_is_not_put_down_to_the_rates() -> None:
    metrics = {"diverged_at_step": 0, "steps": 0, "bad_what": "loss"}
    outcome = outcome_of(HELLO + line("end", reason="diverged", metrics=metrics))
    assert "rate" not in outcome.message
    assert "no update was made before" in outcome.message


# The runner, with children that need no torch


def fake(code: str) -> list[str]:
    prelude = f"import os, sys, time\nHELLO, END = {HELLO!r}, {END!r}\nsay = lambda b: os.write(1, b)\n"
    return [sys.executable, "-c", prelude + code]


def gone(pid: int) -> bool:
    """Whether a process ended; one that nobody has collected yet is gone too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def test_reports_arrive_in_order_and_the_outcome_last() -> None:
    seen: list[Any] = []
    code = 'say(HELLO)\nfor i in range(3): say(b\'{"kind":"heartbeat","step":%d}\\n\' % i)\nsay(END)'
    assert run_command(fake(code), b"\n", seen.append).state == "finished"
    assert [report.step for report in seen if isinstance(report, Heartbeat)] == [0, 1, 2]


def test_a_flood_on_stderr_does_not_block_the_job() -> None:
    outcome = run_command(fake("for _ in range(320): os.write(2, b'x' * 65536)\nsay(HELLO + END)"), b"\n")
    assert outcome.state == "finished"
    assert len(outcome.details) <= 8 * 1024


def test_a_hang_ends_at_the_time_limit() -> None:
    started = time.monotonic()
    outcome = run_command(fake("say(HELLO)\ntime.sleep(60)"), b"\n", time_limit=0.5)
    assert outcome.state == "timed_out"
    assert "0.5 seconds" in outcome.message
    assert time.monotonic() - started < 30


def test_a_child_that_writes_garbage_is_killed_at_once() -> None:
    outcome = run_command(fake("say(HELLO + b'garbage\\n')\ntime.sleep(60)"), b"\n", time_limit=20)
    assert outcome.state == "garbled"


def test_a_child_that_stops_when_asked_keeps_its_answer() -> None:
    code = 'say(HELLO)\nsys.stdin.readline(); sys.stdin.readline()\nsay(b\'{"kind":"end","reason":"stopped"}\\n\')'
    seen: list[Any] = []
    outcome = run_command(fake(code), b"\n", seen.append, should_stop=lambda: bool(seen))
    assert outcome.state == "stopped"


def test_a_child_that_ignores_the_stop_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "STOP_SECONDS", 0.3)
    seen: list[Any] = []
    outcome = run_command(fake("say(HELLO)\ntime.sleep(60)"), b"\n", seen.append, should_stop=lambda: bool(seen))
    assert outcome.state == "cancelled"


def test_an_interpreter_that_is_not_there_is_told() -> None:
    outcome = run_job(InspectRequest("net.py:Net"), python="/nowhere/python")
    assert outcome.state == "crashed"
    assert "/nowhere/python" in outcome.message


def test_what_the_listener_raises_goes_through_and_the_child_is_gone() -> None:
    pids: list[int] = []

    code = "say(HELLO.replace(b'\"pid\": 1', b'\"pid\": %d' % os.getpid()))\ntime.sleep(60)"

    def listen(report: Any) -> None:
        pids.append(report.pid)
        raise RuntimeError("listener")

    with pytest.raises(RuntimeError, match="listener"):
        run_command(fake(code), b"\n", listen)
    assert gone(pids[0])


@posix
def test_processes_that_the_child_leaves_behind_are_ended() -> None:
    code = (
        "pid = os.fork()\nif not pid:\n  time.sleep(60)\nsay(HELLO.replace(b'\"pid\": 1', b'\"pid\": %d' % pid) + END)"
    )
    pids: list[int] = []
    started = time.monotonic()
    outcome = run_command(fake(code), b"\n", lambda report: pids.append(getattr(report, "pid", 0)))
    assert outcome.state == "finished"
    assert time.monotonic() - started < 30
    assert wait_until(lambda: gone(pids[0]), 2)


@posix
def test_ctrl_c_asks_the_child_to_stop_and_gives_its_answer() -> None:
    code = 'say(HELLO)\nsys.stdin.readline(); sys.stdin.readline()\nsay(b\'{"kind":"end","reason":"stopped"}\\n\')'
    interrupted: list[Any] = []

    def interrupt(report: Any) -> None:
        if not interrupted:
            interrupted.append(report)
            raise KeyboardInterrupt

    assert run_command(fake(code), b"\n", interrupt).state == "stopped"


def test_the_environment_of_a_child_is_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    environment = child_environment()
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    assert child_environment()["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in environment
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment[MARK] != child_environment()[MARK]
    assert Path(environment["LRDESIGNER_DEMO_DATA"]).is_file()
    assert child_command("py")[0] == "py"
    assert Path(child_command()[-1]).is_file()


# The child's session, with a stand-in for torch that imports in no time

STAND_IN = '__version__ = "0"\nclass nn:\n    class Module: ...\n'


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Inspect a model file with the given text in a real child that finds the stand-in for torch."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "torch.py").write_text(STAND_IN)

    def run(text: str, **options: Any) -> Outcome:
        (tmp_path / "net.py").write_text(text)
        return run_job(InspectRequest(f"{tmp_path / 'net.py'}:Net"), **{"time_limit": 20, **options})

    return run


@pytest.mark.parametrize(
    ("text", "state", "told"),
    [
        ("import sys\nsys.exit(0)", "failed", "Importing net.py called exit(0)"),
        ("exit()", "failed", "Importing net.py called exit()"),
        ("raise KeyboardInterrupt", "failed", "was interrupted"),
        ("class E(BaseException): ...\nraise E('odd')", "failed", "E: odd."),
        ("x = 1\n1 / 0", "failed", "net.py:2)"),
        ("def f(:", "failed", "SyntaxError"),
        ("import os\nos._exit(0)", "crashed", "ended without an answer (exit code 0)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "killed", "SIGKILL (9)"),
        ("import ctypes\nctypes.string_at(0)", "crashed", "SIGSEGV"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "failed", "E"),
        ("class E(Exception):\n    def __str__(self): raise SystemExit(3)\nraise E", "failed", "failed: E."),
        ("import os\nos.closerange(0, 99)", "crashed", "ended without an answer (exit code 1)"),
        ("import os\nos.execv('/bin/echo', ['echo', 'hello'])", "crashed", "run another program in its place"),
        ("import json\njson.dumps = json.JSONEncoder.encode = None\nNet = 3", "failed", "Net in net.py"),
        ("import os\nos.write = lambda *_: 0\nNet = 3", "failed", "Net in net.py"),
        ("class O:\n    flush = write = lambda *_: 1 / 0\nimport sys\nsys.stdout = O()", "failed", "has no 'Net'"),
        ("from .layers import X", "failed", "relative imports"),
        ("Net = 3", "failed", "Net in net.py is a value of type int, not a class"),
        ("import nowhere_to_be_found", "failed", "No module named 'nowhere_to_be_found'"),
        ("input()", "failed", "EOFError"),
        ("Net = 3\nimport threading\nthreading.Thread(target=threading.Event().wait).start()", "failed", "int"),
    ],
)
def test_whatever_a_model_file_does_at_import_there_is_one_clear_outcome(
    run_file: Callable[..., Outcome], text: str, state: str, told: str
) -> None:
    outcome = run_file(text)
    assert outcome.state == state, outcome
    assert told in outcome.message
    assert "lrdesigner" not in outcome.message


def test_a_first_cause_is_told_with_its_own_place(run_file: Callable[..., Outcome]) -> None:
    text = (
        "def deep():\n    raise OSError('disk')\n"
        "try:\n    deep()\nexcept OSError as e:\n    raise ImportError('x') from e"
    )
    outcome = run_file(text)
    assert "ImportError: x. First cause: OSError: disk." in outcome.message
    assert outcome.where.endswith("net.py:2")
    assert "child" not in outcome.details


def test_an_import_that_hangs_ends_at_the_time_limit(run_file: Callable[..., Outcome]) -> None:
    assert run_file("import time\ntime.sleep(60)", time_limit=1).state == "timed_out"


def test_nothing_of_ours_is_on_the_path_of_the_model(run_file: Callable[..., Outcome], tmp_path: Path) -> None:
    """Beyond what the interpreter itself finds: where this program is installed, its packages are."""
    look = (
        "import sys, os\n"
        "def there(name):\n"
        "    try: __import__(name)\n"
        "    except ImportError: return False\n"
        "    return True\n"
        "found = [n for n in ('channel', 'session', 'lrdesigner_resources', 'lrdesigner_app') if there(n)]\n"
    )
    by_itself = subprocess.run(
        [sys.executable, "-c", f"{look}print(found)"],
        env=child_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    outcome = run_file(
        f"{look}raise ValueError([found, sys.path[0] == os.path.dirname(__file__), sys.argv == [__file__], __name__])"
    )
    assert f"ValueError: [{by_itself}, True, True, 'net']" in outcome.message
    assert "channel" not in by_itself
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_python_without_torch_is_told(tmp_path: Path, run_file: Callable[..., Outcome]) -> None:
    (tmp_path / "path" / "torch.py").write_text("raise ImportError('libtorch is broken')")
    outcome = run_file("")
    assert outcome.state == "failed"
    assert "cannot import torch: ImportError: libtorch is broken." in outcome.message


def test_an_unknown_request_is_refused(run_file: Callable[..., Outcome]) -> None:
    run_file("Net = 3")
    outcome = run_command(child_command(), b'{"kind":"bake"}\n', time_limit=20)
    assert outcome.state == "failed"
    assert "'bake'" in outcome.message


def test_a_fork_of_the_model_cannot_speak_for_the_child(run_file: Callable[..., Outcome]) -> None:
    outcome = run_file("import os\nwho = os.fork()\nif who:\n    os.waitpid(who, 0)\nraise ValueError('once')")
    assert outcome.state == "failed"
    assert "once" in outcome.message


def test_a_spare_that_is_asked_to_stop_ends_without_a_request(run_file: Callable[..., Outcome]) -> None:
    run_file("Net = 3")
    assert run_command(child_command(), b'{"kind":"stop"}\n', time_limit=20).state == "stopped"


def test_a_file_that_gets_the_number_of_our_pipe_is_not_written_to(
    run_file: Callable[..., Outcome], tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    text = (
        "import os, time\n"
        "os.closerange(0, 99)\n"
        f"for _ in range(20): os.open({str(theirs)!r}, os.O_RDWR | os.O_CREAT)\n"
        "Net = 3\n"
    )
    assert run_file(text).state == "crashed"
    assert theirs.read_bytes() == b""


def test_a_child_that_lives_on_after_its_last_message_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "STOP_SECONDS", 0.3)
    started = time.monotonic()
    assert run_command(fake("say(HELLO + END)\ntime.sleep(60)"), b"\n").state == "finished"
    assert time.monotonic() - started < 30


DAEMON = """
import os, subprocess, sys
if os.fork() == 0:
    os.setsid()
    program = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    subprocess.Popen([sys.executable, "-c", program])
    os._exit(0)
while not os.path.exists("pid") or not open("pid").read():
    pass
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="found by the environment of processes")
@pytest.mark.parametrize("ending", ["", "os._exit(3)", "import time\ntime.sleep(60)"])
def test_a_daemon_in_a_session_of_its_own_does_not_outlive_the_job(
    run_file: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run_file(DAEMON + ending, time_limit=2 if "sleep" in ending else 20)
    assert wait_until(lambda: gone(int((tmp_path / "pid").read_text())), 2)


@pytest.fixture
def killed_parent(run_file: Callable[..., Outcome], tmp_path: Path) -> Callable[[str], list[int]]:
    """Let a parent of a model file be killed once the file has told `pids`; these."""

    def run(text: str) -> list[int]:
        run_file("Net = 3")
        pids = tmp_path / "pids"
        (tmp_path / "net.py").write_text(
            "import os, subprocess, sys, time\n"
            "def tell(*pids):\n"
            f"    open({str(pids) + '.part'!r}, 'w').write(' '.join(map(str, pids)))\n"
            f"    os.rename({str(pids) + '.part'!r}, {str(pids)!r})\n{text}"
        )
        source = f"{tmp_path / 'net.py'}:Net"
        code = f"from lrdesigner.jobs.run import *; run_job(InspectRequest({source!r}))"
        path = os.pathsep.join(entry for entry in [str(tmp_path / "path"), *sys.path] if entry)
        with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}) as parent:
            try:
                assert wait_until(pids.exists, 20)
            finally:
                parent.kill()
        return [int(pid) for pid in pids.read_text().split()]

    return run


@posix
def test_the_child_and_its_children_die_with_the_parent(killed_parent: Callable[[str], list[int]]) -> None:
    found = killed_parent(
        "sleeps = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "others = [subprocess.Popen(sleeps, start_new_session=sys.platform == 'linux'), subprocess.Popen(sleeps)]\n"
        "tell(os.getpid(), *(other.pid for other in others))\n"
        "time.sleep(60)\n"
    )
    assert wait_until(lambda: all(gone(pid) for pid in found), 2), found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing ends it")
def test_a_program_in_place_of_the_child_dies_with_the_parent(killed_parent: Callable[[str], list[int]]) -> None:
    found = killed_parent("tell(os.getpid())\nos.execv('/bin/sleep', ['sleep', '60'])\n")
    assert wait_until(lambda: gone(found[0]), 2)


def test_a_request_is_one_line() -> None:
    assert encode_request(InspectRequest("a\nb.py:Net", {"text": "x\ny"})).count(b"\n") == 1
