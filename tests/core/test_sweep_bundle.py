"""Bundles: what they hold, that they run without this program, and how workers share the work."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.child.claims import Claim
from lrdesigner.child.spoken import Spoken, spoken_by
from lrdesigner.child.worker import Worker, main
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Model
from lrdesigner.errors import UserError
from lrdesigner.optimizers import CustomOptions
from lrdesigner.trials.bundle import write_bundle
from lrdesigner.trials.follower import read_results
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.own_files import copy_with_imports
from lrdesigner.trials.sweep_files import SweepFacts, read_facts
from lrdesigner.trials.variants import runs_of, variants_of

DEMO = demo_design()
FACTS = SweepFacts("head.lr=4e-3", 450)


def _bundle(
    folder: Path, design: Design = DEMO, options: TrialOptions | None = None, vary: str = "head.lr=1e-3,4e-3"
) -> tuple[str, ...]:
    runs = runs_of(variants_of({"": design}, [vary]), options or TrialOptions(steps=2, device="cpu"), 1)
    return write_bundle(folder, runs, FACTS)


def _runs(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "variants.jsonl").read_text().splitlines()]


class _Speech:
    """Children that end as told, without being started."""

    def __init__(self, ending: Callable[[str], Spoken] = lambda run: Spoken("finished")) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self._ending = ending

    def __call__(
        self,
        command: Sequence[str],
        request: Mapping[str, Any],
        environment: Mapping[str, str],
        take: Callable[[str, bytes], None],
        should_stop: Callable[[], bool],
    ) -> Spoken:
        self.asked.append(request)
        take("metrics", b'{"kind":"metrics","step":0,"loss":1.0,"lr":{}}')
        take("heartbeat", b'{"kind":"heartbeat","step":0}')
        return self._ending(request["exported_file"])


def _worker(folder: Path, speech: Callable[..., Spoken], **options: bool) -> Worker:
    return Worker(str(folder), "", threading.Event(), speak=speech, **options)


def test_a_bundle_runs_where_this_program_is_not_installed(tmp_path: Path) -> None:
    _bundle(tmp_path / "first", vary="head.lr=1e-3")
    folder = shutil.move(tmp_path / "first", tmp_path / "elsewhere")
    without = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    # -I and an empty working folder: nothing but the bundle and what is installed can be found.
    command = [sys.executable, "-I", str(Path(folder) / "run.py")]
    done = subprocess.run(command, cwd=tmp_path, env=without, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    [result] = read_results(folder)
    assert (result.state, result.metrics["steps"], result.label) == ("finished", 2, "head.lr=1e-3")
    assert "test_accuracy" in result.metrics
    assert read_facts(folder) == FACTS


def test_workers_import_nothing_that_a_bundle_lacks(tmp_path: Path) -> None:
    _bundle(tmp_path / "b")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'b')!r})\n"
        "import lrdesigner.child.worker, lrdesigner.child.session\n"
        "print(*sorted(n for n in sys.modules if n.partition('.')[0] in ('msgspec', 'numpy', 'torch')))\n"
        "print(*{sys.modules[n].__file__ for n in sys.modules if n.startswith('lrdesigner')})"
    )
    outside = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    foreign, files = outside.stdout.splitlines()
    assert foreign == ""
    assert all(file.startswith(str(tmp_path)) for file in files.split())


def test_paths_of_requests_begin_at_the_folder(tmp_path: Path) -> None:
    _bundle(tmp_path / "b")
    speech = _Speech()
    assert not _worker(tmp_path / "b", speech).once(_runs(tmp_path / "b"))
    for request in speech.asked:
        assert Path(request["exported_file"]).is_file()
        assert Path(request["source"].rpartition(":")[0]).is_file()
    assert [result.state for result in read_results(tmp_path / "b")] == ["finished"] * 2
    assert str(tmp_path) not in (tmp_path / "b" / "variants.jsonl").read_text()


def test_the_persons_files_go_along_with_what_they_import(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "layers").mkdir(parents=True)
    (own / "net.py").write_text("import torch\nimport blocks\nfrom layers.more import x\ndef Net(): ...\n")
    (own / "blocks.py").write_text("import deeper\n")
    (own / "deeper.py").write_text("")
    (own / "unused.py").write_text("")
    (own / "layers" / "more.py").write_text("x = 1\n")
    (own / "data.py").write_text("def batches(): ...\n")
    (own / "start.pt").write_bytes(b"weights")
    design = replace(DEMO, model=replace(DEMO.model, source=f"{own}/net.py:Net"))
    options = TrialOptions(steps=2, data=f"{own}/data.py:batches", weights=f"{own}/start.pt")
    notes = _bundle(tmp_path / "b", design, options)
    copied = {path.name for path in (tmp_path / "b" / "model").rglob("*.py")}
    assert copied == {"net.py", "blocks.py", "deeper.py", "more.py"}
    assert any("blocks.py" in note and "layers" in note for note in notes)
    request = _runs(tmp_path / "b")[1]["request"]
    assert request["source"] == "./model/net.py:Net"
    file, _, function = request["options"]["data"].rpartition(":")
    assert (tmp_path / "b" / file).read_text() == "def batches(): ...\n"
    assert function == "batches"
    assert (tmp_path / "b" / request["options"]["weights"]).read_bytes() == b"weights"


def test_a_file_of_a_package_is_refused_with_a_way_out(tmp_path: Path) -> None:
    package = tmp_path / "nets"
    package.mkdir()
    (package / "big.py").write_text("from .blocks import x\n")
    with pytest.raises(UserError, match=r"name it as nets\.big:NAME"):
        copy_with_imports(package / "big.py", tmp_path / "copy")


def test_what_must_be_installed_there_is_said(tmp_path: Path) -> None:
    design = replace(DEMO, model=Model("timm:resnet18", {}, DEMO.model.inventory))
    path = CustomOptions("lion_pytorch.Lion", {"weight_decay": 0.1})
    design = replace(design, groups=tuple(replace(group, options=path) for group in design.groups))
    notes = " ".join(_bundle(tmp_path / "b", design))
    assert "timm must be installed" in notes
    assert "lion_pytorch.Lion must be installed" in notes
    assert "timm must be installed" in (tmp_path / "b" / "README.txt").read_text()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        _bundle(tmp_path / "b")
    assert [path.name for path in tmp_path.rglob("*")] == ["b", "mine"]


def test_a_bundle_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    design = edits.set_schedule(DEMO, 2, DEMO.groups[0].lr.schedule)
    with pytest.raises(UserError, match="between 1 and 450"):
        _bundle(tmp_path / "b", design, TrialOptions(steps=1000))
    assert list(tmp_path.iterdir()) == []


def test_two_workers_do_each_run_once(tmp_path: Path) -> None:
    _bundle(tmp_path / "b", vary="head.lr=1e-3,2e-3,3e-3,4e-3,5e-3,6e-3")
    speech = _Speech()
    workers = [_worker(tmp_path / "b", speech) for _ in range(2)]
    threads = [threading.Thread(target=worker.once, args=(_runs(tmp_path / "b"),)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({request["exported_file"] for request in speech.asked}) == len(speech.asked) == 6


def test_what_a_dead_worker_left_is_taken_over(tmp_path: Path) -> None:
    _bundle(tmp_path / "b")
    runs = _runs(tmp_path / "b")
    claim = Claim.take(str(tmp_path / "b"), runs[0]["id"], heartbeat=1000)
    assert claim is not None
    worker, speech = _worker(tmp_path / "b", (speech := _Speech())), speech
    assert worker.once(runs)
    assert len(speech.asked) == 1
    os.utime(tmp_path / "b" / "claims" / f"{runs[0]['id']}.claim", (1, 1))
    assert not worker.once(runs)
    assert len(speech.asked) == 2
    claim.release()


WORKER = """
    import sys, threading, time
    from pathlib import Path
    from lrdesigner.child import worker
    from lrdesigner.child.spoken import Spoken

    name, folder = sys.argv[1:]

    def speak(command, request, *_):
        (Path(folder) / f"{Path(request['exported_file']).stem} {name}").touch()
        while name == "hanging":
            time.sleep(0.05)
        return Spoken("finished")

    one = worker.Worker(folder, "", threading.Event(), speak=speak)
    while one.once(worker._runs(folder)):
        time.sleep(0.05)
"""


@pytest.mark.skipif(os.name == "nt", reason="there a dead process's claim has to grow old")
def test_of_two_workers_one_is_killed_and_the_other_does_all(tmp_path: Path) -> None:
    _bundle(tmp_path / "b")
    (tmp_path / "worker.py").write_text(textwrap.dedent(WORKER))
    processes = []

    def started(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(tmp_path / "worker.py"), name, str(tmp_path / "b")]
        processes.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}))
        return processes[-1]

    try:
        hanging = started("hanging")
        _until((tmp_path / "b" / "000 hanging").exists)
        other = started("other")
        _until((tmp_path / "b" / "001 other").exists)
        hanging.kill()
        hanging.wait()  # a process that is dead but not waited for still counts as one
        assert other.wait(60) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert (tmp_path / "b" / "000 other").exists()
    assert [result.state for result in read_results(tmp_path / "b")] == ["finished"] * 2
    assert list((tmp_path / "b" / "claims").iterdir()) == []


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_run_that_fails_is_not_tried_by_all_and_again_on_request(tmp_path: Path) -> None:
    _bundle(tmp_path / "b")
    runs = _runs(tmp_path / "b")
    failing = _Speech(lambda file: Spoken("failed", "It cannot be.") if file.endswith("000.py") else Spoken("finished"))
    first = _worker(tmp_path / "b", failing)
    assert (first.once(runs), first.failures) == (False, 1)
    second = _worker(tmp_path / "b", _Speech())
    assert not second.once(runs)
    assert [result.state for result in read_results(tmp_path / "b")].count("failed") == 1
    third = _worker(tmp_path / "b", _Speech(), again=True)
    assert not third.once(runs)
    assert {result.state for result in read_results(tmp_path / "b")} == {"finished"}


def test_a_folder_without_runs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(str(tmp_path), []) == 2
    assert "cannot be read" in capsys.readouterr().err


def _child(tmp_path: Path, text: str, *, stop: bool = False) -> tuple[Spoken, list[str]]:
    script = tmp_path / "child.py"
    start = "import json, os, sys, time\ndef say(**fields): print(json.dumps(fields), flush=True)\n"
    script.write_text(start + "request = json.loads(sys.stdin.readline())\n" + textwrap.dedent(text))
    taken: list[str] = []
    command = [sys.executable, "-u", "-I", str(script)]
    return spoken_by(command, {"kind": "trial"}, os.environ, lambda kind, line: taken.append(kind), lambda: stop), taken


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("say(kind='metrics'); say(kind='end', reason='finished', metrics={'steps': 1})", "finished", ""),
        ("say(kind='error', message='No net.'); say(kind='end', reason='failed')", "failed", "No net."),
        ("print('hello there', flush=True); time.sleep(60)", "garbled", "broke the protocol"),
        ("sys.stderr.write('one\\nlast words'); os._exit(3)", "crashed", "exit code 3: last words"),
        ("os.kill(os.getpid(), 9)", "killed", "signal 9"),
    ],
)
def test_every_end_of_a_child_is_one_state(tmp_path: Path, text: str, state: str, words: str) -> None:
    spoken, _ = _child(tmp_path, text)
    assert spoken.state == state
    assert words in spoken.message


def test_a_child_is_asked_to_stop_and_may_report(tmp_path: Path) -> None:
    spoken, taken = _child(
        tmp_path, "json.loads(sys.stdin.readline()); say(kind='progress'); say(kind='end', reason='stopped')", stop=True
    )
    assert (spoken.state, taken) == ("stopped", ["progress"])


@pytest.mark.skipif(importlib.util.find_spec("submitit") is None, reason="needs the extra `slurm`")
def test_workers_are_submitted(tmp_path: Path) -> None:
    _bundle(tmp_path / "b", vary="head.lr=1e-3")
    command = [sys.executable, str(tmp_path / "b" / "submit.py"), "--local", "--workers", "2", "--cpus", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert [result.state for result in read_results(tmp_path / "b")] == ["finished"]
