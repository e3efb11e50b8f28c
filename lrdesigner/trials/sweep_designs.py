"""The design that a run of a sweep had, got back from what its folder says."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import msgspec
from msgspec.structs import replace

from lrdesigner.design_file import load
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.addresses import changed
from lrdesigner.trials.follower import RunHeader
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.variants import Variant, run_of


def design_of_run(folder: Path, header: RunHeader, present: Design) -> Design:
    """The design that a run had, with the model of the present one; raises `UserError` where it cannot be had.

    Its changes make it of the present design, where that is what they were changes of; else its exported file holds
    it.
    """
    made = _changed(header, present)
    if made is not None:
        return made
    where = PurePosixPath(header.export)
    if not header.export or where.is_absolute() or ".." in where.parts:
        raise UserError(f"The results of {header.label} do not say which exported file they are of.")
    file = folder / where
    design = load(file)
    if design.model.inventory != present.model.inventory:
        raise UserError(f"{header.label} is of another model than this design; open {file} to see it.")
    return replace(design, model=present.model)


def _changed(header: RunHeader, present: Design) -> Design | None:
    """The present design with the changes of a run, if that is what was run: its id tells."""
    try:
        for address, text in header.changes.items():
            present = changed(present, address, text)
        run = run_of(Variant(header.label, (), present), msgspec.convert(header.options, TrialOptions))
    except (UserError, msgspec.ValidationError):
        return None
    return present if run.id == header.id else None
