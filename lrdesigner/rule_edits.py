"""Edits of rules: pure functions Design -> Design. One that changes nothing returns the very same object."""

from __future__ import annotations

from msgspec.structs import replace

from lrdesigner.checked import replaced
from lrdesigner.document import MOST_RULES, Design, Rule
from lrdesigner.errors import UserError
from lrdesigner.names import free_name, one_line


def add_rule(design: Design, group: int, where: str, name: str = "", position: int | None = None) -> Design:
    """A rule that gives what fits the query `where` to a group; at the end, unless `position` says otherwise.

    Without a name it is called like its query; a name that is taken gets a number. Raises `UserError` for a query that
    cannot be read.
    """
    design.group(group)
    where = _checked_query(where)
    if len(design.rules) >= MOST_RULES:
        raise UserError(f"There are {MOST_RULES} rules already; no more can be added.")
    rule = Rule(_short(where), group, where)
    if name.strip():
        rule = replaced(rule, name=one_line(name))  # raises if it is too long
    rule = replace(rule, name=free_name(rule.name, {other.name for other in design.rules}))
    rules = list(design.rules)
    rules.insert(len(rules) if position is None else position, rule)
    return replace(design, rules=tuple(rules))


def set_rule(
    design: Design, place: int, *, name: str | None = None, group: int | None = None, where: str | None = None
) -> Design:
    """Change the rule at a place of the order: its name, its group, or what it looks for; raises `UserError`."""
    old = design.rules[place]
    changes = {"name": name, "group": group, "where": where}
    if group is not None:
        design.group(group)
    if name is not None:
        changes["name"] = name = one_line(name)
        if not name:
            raise UserError("A rule needs a name.")
        if any(other.name == name and other is not old for other in design.rules):
            raise UserError(f"There already is a rule {name!r}.")
    if where is not None:
        changes["where"] = _checked_query(where)
    new = replaced(old, **{key: value for key, value in changes.items() if value is not None})
    if new is old:
        return design
    if where is not None and name is None and old.name == _short(old.where):
        others = {rule.name for rule in _without(design, place)}
        new = replace(new, name=free_name(_short(new.where), others))
    return replace(design, rules=(*design.rules[:place], new, *design.rules[place + 1 :]))


def move_rule(design: Design, place: int, to: int) -> Design:
    """Move a rule to another place in the order; of rules that fit the same, the first counts."""
    rules = list(design.rules)
    rules.insert(to, rules.pop(place))
    return design if tuple(rules) == design.rules else replace(design, rules=tuple(rules))


def remove_rule(design: Design, place: int) -> Design:
    """Forget a rule."""
    design.rules[place]
    return replace(design, rules=_without(design, place))


def _without(design: Design, place: int) -> tuple[Rule, ...]:
    return (*design.rules[:place], *design.rules[place + 1 :])


def _checked_query(text: str) -> str:
    where = one_line(text)
    if not where:
        raise UserError("A rule needs something to look for, such as *.bias or type:LayerNorm.")
    return where


def _short(text: str) -> str:
    """What a rule is called after its query."""
    return text if len(text) <= 40 else text[:39] + "…"
