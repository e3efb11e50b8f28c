"""One job from hello to end."""

from __future__ import annotations

import faulthandler
import os
import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError, clean, describe, reason
from lrdesigner.child.leftovers import end_with_parent
from lrdesigner.child.libraries import LIBRARIES
from lrdesigner.child.user_files import file_of_import, names_file

PROTOCOL_VERSION = 5
WITHOUT_TORCH = "--without-torch"
"""Argument of a child that reads files only: its hello has no version of torch."""

Ending = tuple[str, Mapping[str, Any]]
"""The reason and the metrics of the last message."""


def main() -> NoReturn:
    """Import torch (where it is needed), say hello, wait for the request, do it, and end with one last message."""
    channel = Channel.take_over()
    files: list[str] = []
    try:
        faulthandler.enable()
        ending = _run(channel, files)
    except BaseException as error:
        ending = "failed", getattr(error, "metrics", {})
        channel.send("error", described(error, files))
    channel.end(*ending)


def described(error: BaseException, files: list[str]) -> dict[str, Any]:
    """The fields of a Failure, whatever the user's exception does."""
    try:
        return describe(error, files)
    except BaseException:  # an exception whose own methods raise
        return {"message": clean(f"The user's code raised {type(error).__name__}."), "where": "", "traceback": ""}


def _run(channel: Channel, files: list[str]) -> Ending:
    channel.send("hello", _hello())
    request = channel.request()
    if request is None:
        return "stopped", {}
    channel.start_heartbeat()
    files += files_of(request)
    if request.get("kind") != "read":
        end_with_parent()
    if files:
        sys.argv = [files[0]]  # a model file that looks at its arguments must not find ours
    return _job(request.get("kind"))(request, channel)


def _hello() -> dict[str, Any]:
    if WITHOUT_TORCH in sys.argv[1:]:
        return _hello_with("")
    try:
        import torch
    except BaseException as error:
        raise JobError(
            f"The Python at {sys.executable} cannot import torch: {reason(error)} "
            "Choose the Python in which the model runs, or install torch there."
        ) from error
    return _hello_with(str(torch.__version__))


def _hello_with(torch: str) -> dict[str, Any]:
    return {
        "protocol": PROTOCOL_VERSION,
        "pid": os.getpid(),
        "python": platform.python_version(),
        "torch": torch,
    }


def _job(kind: object) -> Callable[[Mapping[str, Any], Channel], Ending]:
    if kind == "inspect":
        from lrdesigner.child.inspect_job import inspect

        return inspect
    if kind == "verify":
        from lrdesigner.child.verify_job import verify

        return verify
    if kind == "trial":
        from lrdesigner.child.trial_job import trial

        return trial
    if kind == "range_test":
        from lrdesigner.child.range_test_job import range_test

        return range_test
    if kind == "capture":
        from lrdesigner.child.capture_job import capture

        return capture
    if kind == "read":
        from lrdesigner.child.read_job import read

        return read
    raise JobError(f"This child process does not know the request {kind!r}.")


def files_of(request: Mapping[str, Any]) -> list[str]:
    """The user's files that a request names."""
    data = (request.get("options") or {}).get("data")
    texts = [str(text) for text in (request.get("source"), data) if text]
    places = [text.rpartition(":")[0] for text in texts if names_file(text)]
    modules = [text.rpartition(":")[0] for text in texts if _names_import(text)]
    places += [file_of_import(module) for module in modules] + [str(request.get("exported_file") or "")]
    return [file for file in places if file]


def _names_import(text: str) -> bool:
    """Whether a source is package.module:factory, whose file nobody knows before it is looked for."""
    module, _, name = text.rpartition(":")
    return module not in LIBRARIES and all(part.isidentifier() for part in (*module.split("."), *name.split(".")))
