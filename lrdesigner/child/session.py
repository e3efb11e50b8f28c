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

PROTOCOL_VERSION = 2

Ending = tuple[str, Mapping[str, Any]]
"""The reason and the metrics of the last message."""


def main() -> NoReturn:
    """Import torch, say hello, wait for the request, do it, and end with exactly one last message."""
    channel = Channel.take_over()
    files: list[str] = []
    try:
        faulthandler.enable()
        ending = _run(channel, files)
    except BaseException as error:
        ending = "failed", {}
        channel.send("error", _described(error, files))
    channel.end(*ending)


def _described(error: BaseException, files: list[str]) -> dict[str, str]:
    try:
        return describe(error, files)
    except Exception:  # an exception whose own methods raise
        return {"message": clean(f"The user's code raised {type(error).__name__}."), "where": "", "traceback": ""}


def _run(channel: Channel, files: list[str]) -> Ending:
    channel.send("hello", _hello())
    request = channel.request()
    if request is None:
        return "stopped", {}
    channel.start_heartbeat()
    files += _files(request)
    if files:
        sys.argv = [files[0]]  # a model file that looks at its arguments must not find ours
    return _job(request.get("kind"))(request, channel)


def _hello() -> dict[str, Any]:
    try:
        import torch
    except BaseException as error:
        raise JobError(
            f"The Python at {sys.executable} cannot import torch: {reason(error)} "
            "Choose the Python in which the model runs, or install torch there."
        ) from error
    return {
        "protocol": PROTOCOL_VERSION,
        "pid": os.getpid(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
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
    raise JobError(f"This child process does not know the request {kind!r}.")


def _files(request: Mapping[str, Any]) -> list[str]:
    """The user's files that a request names."""
    sources = (request.get("source"), request.get("data"))
    files = [str(text).rpartition(":")[0] for text in sources if text and ".py:" in str(text)]
    exported = request.get("exported_file")
    return files + ([str(exported)] if exported else [])
