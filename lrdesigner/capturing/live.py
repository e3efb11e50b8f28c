"""Capturing in the process in which the objects live, such as a training script or a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from lrdesigner.capturing.description import LiveObjects
from lrdesigner.capturing.design import Captured, captured_design
from lrdesigner.document import Design, Model
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory

if TYPE_CHECKING:
    import torch


def capture(
    model: torch.nn.Module,
    optimizer: Any,
    scheduler: Any = None,
    *,
    steps: int | None = None,
    steps_per_epoch: int | None = None,
    fold: bool = True,
) -> Design:
    """The design that a live model, optimizer and scheduler amount to; nothing about them changes.

    Each param group becomes a group with the same parameters and options; with `fold`, those that differ as parts
    without weight decay or layers do become one group, and groups with the same schedule follow the first of them.
    torch's own schedulers become shapes that agree with them at every step, everything else is stepped on a copy and
    becomes keyframes. Several optimizers or schedulers are given as a list, a scheduler that is stepped once per epoch
    as Lightning has it: {"scheduler": ..., "interval": "epoch"}. `steps` is the length of the run, if the schedulers
    do not tell it.

    >>> design = lrdesigner.capture(model, optimizer, scheduler, steps=10_000)            # doctest: +SKIP
    >>> lrdesigner.design_file.save(design, "net.lrd.json")                               # doctest: +SKIP

    Raises `UserError` for what no design can hold.
    """
    return capture_with_notes(
        model, optimizer, scheduler, steps=steps, steps_per_epoch=steps_per_epoch, fold=fold
    ).design


def capture_with_notes(
    model: torch.nn.Module,
    optimizer: Any,
    scheduler: Any = None,
    *,
    steps: int | None = None,
    steps_per_epoch: int | None = None,
    fold: bool = True,
) -> Captured:
    """As `capture`, with notes: what was sampled and how far off it is, what was guessed or left out."""
    from lrdesigner.child.capture_job import live_objects, model_rows
    from lrdesigner.child.failures import JobError

    check_lengths(steps, steps_per_epoch)
    try:
        told = live_objects(model, optimizer, scheduler, steps, steps_per_epoch)
        inventory = msgspec.convert(model_rows(model), Inventory)
    except JobError as error:
        raise UserError(str(error)) from error.__cause__
    return captured_design(msgspec.convert(told, LiveObjects), Model(inventory=inventory), steps_per_epoch, fold=fold)


def check_lengths(steps: int | None, steps_per_epoch: int | None) -> None:
    """Raise `UserError` for lengths that no run has."""
    for words, value in (("The number of steps", steps), ("The number of steps per epoch", steps_per_epoch)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise UserError(f"{words} must be a whole number from 1 on, not {value!r}.")
