"""What is known of a kept trial beside its numbers: what it was asked, where it ran, and how it ended."""

from __future__ import annotations

import os
import platform
from typing import Any, Literal

from msgspec import Struct

import lrdesigner
from lrdesigner.document import Design

Kind = Literal["trial", "range-test", "variant"]
State = Literal["running", "finished", "stopped", "diverged", "failed", "crashed"]


class Environment(Struct, frozen=True):
    """Where a trial ran. `python` and `torch` are the versions of the process that trained; "" until it told them."""

    python: str = ""
    torch: str = ""
    device: str = ""
    platform: str = ""
    lrdesigner: str = ""
    cpu_count: int = 0


def environment_here() -> Environment:
    """What is known before the training process has said anything."""
    return Environment(
        platform=platform.platform(terse=True), lrdesigner=lrdesigner.__version__, cpu_count=os.cpu_count() or 0
    )


class NewTrial(Struct, frozen=True):
    """A trial about to run.

    `design_key` is of `design_key()`; `code` is the exported text; `options` is anything that can be JSON, such as
    `TrialOptions`. Trials of one sweep share the id `sweep`, in which each is a `variant`.
    """

    design: Design
    design_key: str
    title: str
    code: str
    options: Any
    kind: Kind = "trial"
    sweep: str = ""
    variant: str = ""
    seed: int | None = None


class Ending(Struct, frozen=True):
    """How a trial ended: a sentence for a person, what a report should hold, and the summary of its last message."""

    state: State
    message: str = ""
    details: str = ""
    summary: dict[str, Any] = {}


class KeptTrial(Struct, frozen=True):
    """A trial in the store, without its design and numbers. `started` and `ended` are seconds since 1970, in UTC.

    `ended` is None while it runs, and for one that crashed with the program that recorded it. `options` is what it was
    asked, as plain JSON values; `updates` is how many of its updates are kept; `design_sha256` and `code_sha256` tell
    whether two trials ran the same.
    """

    id: str
    kind: Kind
    design_key: str
    title: str
    design_sha256: str
    code_sha256: str
    options: dict[str, Any]
    environment: Environment
    started: float
    ended: float | None
    state: State
    message: str
    details: str
    summary: dict[str, Any]
    sweep: str
    variant: str
    seed: int | None
    updates: int

    @property
    def name(self) -> str:
        """What it is called among others: its title, and of a sweep the variant and the seed too."""
        of_sweep = (self.variant, f"seed {self.seed}" if self.seed is not None else "") if self.variant else ()
        return " · ".join(part for part in (self.title, *of_sweep) if part)


def design_key(design: Design, path: str | os.PathLike[str] | None) -> str:
    """Under what every trial of a design is found: its file's place, or its model's source while it has no file."""
    return storable(os.path.realpath(path) if path else design.model.source)


def storable(text: str) -> str:
    r"""The text as a database takes it: file names that are no Unicode are written out.

    >>> storable("a\udcffb")
    'a\\udcffb'
    """
    return text.encode("utf-8", "backslashreplace").decode()
