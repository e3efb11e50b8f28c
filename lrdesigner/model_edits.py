"""Edits that have to do with the model as a whole: pure functions Design -> Design."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from lrdesigner.document import Design, Pin
from lrdesigner.edits import add_group, set_model
from lrdesigner.inventory import Inventory
from lrdesigner.model_changes import Renaming, renamed
from lrdesigner.model_rows import rows_of
from lrdesigner.names import one_line
from lrdesigner.rule_edits import add_rule

GROUP_NAME = 40
"""Characters of a query that a group is named after."""


def reload_model(design: Design, inventory: Inventory) -> Design:
    """The same model after a change of its file; pins, rules and groups stay as they are."""
    model = design.model
    return set_model(design, replace(model, inventory=inventory))


def apply_renamings(design: Design, renamings: Iterable[Renaming]) -> Design:
    """Move the pins on names that are gone to where these things are now.

    Pins on names that the model has stay, as do those whose new name it does not have, or that is pinned already.
    """
    known, found = rows_of(design.model.inventory).ids, {renaming.old: renaming.new for renaming in renamings}
    held = {pin.path for pin in design.pins if pin.path in known}
    pins: dict[str, int] = {}
    for pin in design.pins:
        new = pin.path if pin.path in known else renamed(pin.path, found)
        moved = new in known and new not in held
        pins[new if moved else pin.path] = pin.group
    moved_pins = tuple(Pin(path, group) for path, group in sorted(pins.items()))
    return design if moved_pins == design.pins else replace(design, pins=moved_pins)


def add_group_with_rule(design: Design, where: str, name: str = "") -> Design:
    """A new group at the end and a rule that gives it what fits a query; raises `UserError` for an unreadable one.

    Without a name the group is called like the query.
    """
    made = add_group(design, name or one_line(where)[:GROUP_NAME])
    return add_rule(made, made.groups[-1].id, where)
