"""Jobs of the child's side that are run in the tests' own process: a child costs the start of torch."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from recorder import Recorder

from lrdesigner.child.failures import JobError, describe
from lrdesigner.jobs.protocol import AnyReport, AnyRequest, Failure, decode_report
from lrdesigner.jobs.reader import Outcome


class _Straight(Recorder):
    """What is sent is decoded at once, before the job changes what it sent."""

    def __init__(self, on_report: Callable[[AnyReport], None]) -> None:
        super().__init__()
        self._on_report = on_report

    def send(self, kind: str, fields: Mapping[str, Any]) -> None:
        self._on_report(decode_report(json.dumps({"kind": kind, **fields}).encode()))


def job_here(request: AnyRequest, on_report: Callable[[AnyReport], None], *_: Any) -> Outcome:
    """As `lrdesigner.jobs.run.run_job` does in a child."""
    from lrdesigner.child.session import _job

    fields = msgspec.to_builtins(request)
    try:
        ending, metrics = _job(fields["kind"])(fields, _Straight(on_report))
    except JobError as error:
        failure = Failure(**describe(error, ()))
        return Outcome("failed", failure.message, failure=failure)
    return Outcome(ending, "", metrics=metrics)  # type: ignore[arg-type]


def jobs_here(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """For a fixture: jobs run here, nothing bounds the memory of this process, modules from the folder are let go."""
    monkeypatch.setattr("lrdesigner.jobs.run.run_job", job_here)
    monkeypatch.setattr("lrdesigner.child.build_model.limit_memory", lambda wanted: 0)
    yield from imports_undone(folder)


def imports_undone(folder: Path) -> Iterator[None]:
    """For a fixture: what files in the folder do to the interpreter is undone."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
