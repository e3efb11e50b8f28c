"""A segment as text for the clipboard, and back; what comes back is checked as a design file is."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from lrdesigner.errors import UserError
from lrdesigner.schedules import Segment, resolve
from lrdesigner.schedules.length import Span

LARGEST = 1_000_000
"""Characters; no segment of a design that a file can hold is as long."""


class _Copied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["lrdesigner segment"]
    version: Literal[1]
    segment: Segment


def segment_text(segment: Segment) -> str:
    """JSON that `segment_from` reads."""
    compact = msgspec.json.encode(_Copied("lrdesigner segment", 1, segment))
    return msgspec.json.format(compact, indent=1).decode()


def segment_from(text: str, span: Span) -> Segment:
    """The segment in a text, for a run like `span`; raises `UserError` for anything else."""
    if len(text) > LARGEST:
        raise UserError("What is on the clipboard is no segment: it is too long.")
    segment = _converted(_plain(text)).segment
    length, skip = segment.length, segment.skip
    if length.unit != "rest" and resolve(length, span) < 1:
        raise UserError(f"The copied segment lasts {length}, which is no step of this run.")
    if skip.unit == "rest":
        raise UserError("The copied segment enters its shape at the rest; that needs a number.")
    return segment


def _plain(text: str) -> Any:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != "lrdesigner segment":
        raise UserError("There is no segment on the clipboard; copy one with Ctrl+C in the strip.")
    return found


def _converted(found: Any) -> _Copied:
    try:
        return msgspec.convert(found, _Copied)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UserError(f"The segment on the clipboard has a fault: {error}.") from None
