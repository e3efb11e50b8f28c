"""The worker of a bundle: does the runs of `variants.jsonl` that nobody has claimed, each in a child of its own.

It runs where this program is not installed, so it needs the standard library alone, and its children torch. Any number
of workers, on any machines that share the folder, share the work.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lrdesigner.child.claims import Claim
from lrdesigner.child.environment import child_variables
from lrdesigner.child.run_files import KEPT, RunFile, state_in
from lrdesigner.child.spoken import Spoken, spoken_by

VARIANTS = "variants.jsonl"
DEMO_DATA = "digits.bin.gz"
HERE = "./"
"""What paths begin with that start at the folder of the bundle."""
DONE = ("finished", "diverged", "failed", "crashed")
_WAIT_SECONDS = 2.0


def main(folder: str, arguments: Sequence[str]) -> int:
    """Work until everything is done; 0, or 1 where a run failed, 2 where there is nothing to do, 130 when stopped."""
    chosen = _parser().parse_args(arguments)
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGUSR1"):  # a queue sends one of these before it takes the machine away
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    try:
        runs = _runs(folder)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{os.path.join(folder, VARIANTS)} cannot be read: {error}.\n")
        return 2
    worker = Worker(folder, chosen.python, stop, again=chosen.again)
    try:
        while worker.once(runs) and not stop.is_set() and not chosen.no_wait:
            stop.wait(_WAIT_SECONDS)  # others are at work; what they leave undone is taken over
    except OSError as error:
        sys.stderr.write(f"The results in {folder} cannot be written: {error}.\n")
        return 2
    return 130 if stop.is_set() else int(worker.failures > 0)


class Worker:
    """Goes through the runs; `failures` counts those that it did and that failed."""

    def __init__(
        self,
        folder: str,
        python: str,
        stop: threading.Event,
        *,
        again: bool = False,
        speak: Callable[..., Spoken] = spoken_by,
    ) -> None:
        self.failures = 0
        self._folder = folder
        self._python = python
        self._stop = stop
        self._speak = speak
        self._done = ("finished", "diverged") if again else DONE
        self._tried: set[str] = set()

    def once(self, runs: Sequence[Mapping[str, Any]]) -> bool:
        """Do what is left and unclaimed, in order; whether others are still at work on the rest."""
        for run in runs:
            if self._stop.is_set():
                return False
            if self._is_left(run):
                claim = Claim.take(self._folder, str(run["id"]))
                if claim is not None:
                    self._do(run, claim)
        return any(self._is_left(run) for run in runs)

    def _is_left(self, run: Mapping[str, Any]) -> bool:
        return run["id"] not in self._tried and state_in(self._folder, str(run["id"])) not in self._done

    def _do(self, run: Mapping[str, Any], claim: Claim) -> None:
        try:
            if self._is_left(run):  # nobody did it between the look and the claim
                self._one(run, claim)
        finally:
            claim.release()

    def _one(self, run: Mapping[str, Any], claim: Claim) -> None:
        self._tried.add(str(run["id"]))
        sys.stderr.write(f"{run['label']}, seed {run['seed']}: begins\n")
        file = RunFile(self._folder, str(run["id"]))
        file.begin({key: value for key, value in run.items() if key not in ("kind", "request")})

        def take(kind: str, line: bytes) -> None:
            if kind in KEPT:
                file.add_line(line)

        try:
            spoken = self._speak(
                [
                    self._python or sys.executable,
                    "-u",
                    os.path.join(self._folder, "lrdesigner", "child", "__main__.py"),
                ],
                _placed(run["request"], self._folder),
                child_variables(os.environ, os.path.join(self._folder, DEMO_DATA)),
                take,
                lambda: self._stop.is_set() or claim.lost.is_set(),
            )
            if not claim.lost.is_set():
                file.end(spoken.state, spoken.message, spoken.metrics)
        finally:
            file.close()
        self.failures += spoken.state not in ("finished", "diverged", "stopped")
        sys.stderr.write(f"{run['label']}, seed {run['seed']}: {spoken.state} {spoken.message}\n")


def _runs(folder: str) -> list[dict[str, Any]]:
    with open(os.path.join(folder, VARIANTS), encoding="utf-8") as file:
        runs = [json.loads(line) for line in file if line.strip()]
    for run in runs:
        _ = run["id"], run["label"], run["seed"], run["request"]
    return runs


def _placed(value: Any, folder: str) -> Any:
    """A request whose paths begin where the bundle lies now."""
    if isinstance(value, dict):
        return {key: _placed(item, folder) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    for prefix in ("", "transformers:"):
        if value.startswith(prefix + HERE):
            return prefix + os.path.join(folder, *value.removeprefix(prefix + HERE).split("/"))
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="Do the runs of this sweep that nobody has done.")
    parser.add_argument("--python", default="", help="the Python in which the model runs; default: this one")
    parser.add_argument("--again", action="store_true", help="run those again that failed")
    parser.add_argument("--no-wait", action="store_true", help="end when all that is left is done by others")
    return parser
