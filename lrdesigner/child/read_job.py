"""The read job: names, shapes and dtypes from a file, with nothing of it run and torch not needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError
from lrdesigner.child.memory import limit_memory
from lrdesigner.readers import Contents, ReadError, read_model

ROWS_PER_MESSAGE = 2000
MEMORY = 4 * 1024**3
"""Bytes that reading may take: what 2,000,000 tensors need, and little enough that a bomb ends as an error."""
_MOST_IMPORTS = 1000


def read(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Report the inventory in chunks, modules first; what else there is to say about the file comes with the end."""
    channel.send("progress", {"stage": "reading the file"})
    limit_memory(MEMORY)
    try:
        contents = read_model(str(request["path"]), str(request.get("part", "")))
    except ReadError as error:
        raise JobError(str(error)) from None
    for kind in ("modules", "parameters", "buffers"):
        rows = getattr(contents, kind)
        for start in range(0, len(rows), ROWS_PER_MESSAGE):
            if channel.stop.is_set():
                return "stopped", {}
            channel.send("inventory", {kind: rows[start : start + ROWS_PER_MESSAGE]})
    return "finished", _summary(contents)


def _summary(contents: Contents) -> dict[str, Any]:
    """The metrics of the last message."""
    return {
        "modules": len(contents.modules),
        "parameters": len(contents.parameters),
        "format": contents.format,
        "part": contents.part,
        "parts": list(contents.parts),
        "imports": list(contents.imports[:_MOST_IMPORTS]),
        "notes": list(contents.notes),
    }
