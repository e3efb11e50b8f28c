"""Why a design should not become code as it stands: errors that the check finds, and a model that is another by now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.faults import Fault
from lrdesigner.findings import Finding, check
from lrdesigner.inventory import Inventory
from lrdesigner.model_changes import changes
from lrdesigner.models.source import parse_source
from lrdesigner.places import Place


def objections(design: Design, faults: Iterable[Fault] = ()) -> tuple[Finding, ...]:
    """Findings of severity error, also that the model is not where the design says; it is not opened for that."""
    errors = tuple(finding for finding in check(design, faults) if finding.severity == "error")
    return (*errors, *missing_model(design))


def missing_model(design: Design) -> tuple[Finding, ...]:
    """That the model's file, folder or library is not there; nothing where it is, or where no model was ever open."""
    if not design.model.source:
        return ()
    try:
        parse_source(design.model.source)
    except UserError as error:
        return (_of_model("model-missing", str(error)),)
    return ()


def changed_model(design: Design, now: Inventory) -> tuple[Finding, ...]:
    """That the model has other modules or parameters now than the design was made for."""
    told = changes(design.model.inventory, now)
    if told == type(told)():
        return ()
    paths = (*told.removed, *told.added, *told.reshaped, *told.retyped, *told.refrozen)
    return (_of_model("model-changed", f"The model is not what was designed for: {told.summary}", paths[:1]),)


def outdated_model(what: str) -> Finding:
    """That the code of the model is another than when it was last opened, so that the model may be another too."""
    return _of_model("model-changed", f"{what} has changed since the model was opened; open it again to compare.")


def as_sentences(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The findings as the header of an exported file tells of them.

    >>> as_sentences([_of_model("model-missing", "net.py does not exist.")])
    ('model: net.py does not exist.',)
    """
    return tuple(f"{finding.where}: {finding.message}" for finding in findings)


def _of_model(code: str, message: str, paths: tuple[str, ...] = ()) -> Finding:
    place = Place(area="modules", modules=paths) if paths else Place(area="model")
    return Finding(code=code, severity="error", where="model", message=message, place=place)
