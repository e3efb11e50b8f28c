"""Findings about rules and pins: those that decide nothing, and those that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache, partial

import numpy as np

from lrdesigner import edits
from lrdesigner.document import Design, Rule
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.membership import BY_REMAINDER, ancestors, membership, refused_parameters
from lrdesigner.model_changes import lost_pins
from lrdesigner.model_rows import rows_of
from lrdesigner.optimizers import optimizer_of
from lrdesigner.places import Place
from lrdesigner.queries import matching_parameters
from lrdesigner.rule_edits import move_rule, remove_rule

_MOST_LOOKED_AT = 2000
"""Paths among which the nearest to a lost one is looked for."""


def rules_of_nothing(design: Design) -> Iterator[Finding]:
    """A rule that no parameter fits."""
    if not design.model.inventory.parameters:
        return
    idle = [place for place, rule in enumerate(design.rules) if not _fits(design, rule).any()]
    if idle:
        several = f"; so do {len(idle) - 1:,} more" if len(idle) > 1 else ""
        yield Finding(
            code="rule-matches-nothing",
            severity="warning",
            where=f"rule {design.rules[idle[0]].name}",
            message=f"Nothing in the model fits {design.rules[idle[0]].where}{several}.",
            group=design.rules[idle[0]].group if len(idle) == 1 else None,
            place=_place_of(design, idle[0]),
            fix=Fix("Remove what fits nothing", partial(_without_rules, places=tuple(idle))),
        )


def rules_in_the_shade(design: Design) -> Iterator[Finding]:
    """A rule that fits something, all of which pins or earlier rules have; Muon's refusals are told elsewhere."""
    if not design.rules:
        return
    reasons = membership(design).reasons
    acting = set((-2 - reasons[reasons < BY_REMAINDER]).tolist())
    shaded = [place for place in range(len(design.rules)) if place not in acting and _is_shaded(design, place)]
    if not shaded:
        return
    rule = design.rules[shaded[0]]
    above = _rules_above(design, shaded[0])
    by = f"rule {design.rules[above[0]].name!r}{' and others' if len(above) > 1 else ''}" if above else "pins"
    several = f"; {len(shaded) - 1:,} more decide nothing either" if len(shaded) > 1 else ""
    yield Finding(
        code="rule-shadowed",
        severity="warning",
        where=f"rule {rule.name}",
        message=f"It decides nothing: all that it fits is taken by {by}{several}.",
        group=rule.group if len(shaded) == 1 else None,
        place=_place_of(design, shaded[0]),
        fix=_way_out(design, shaded, above),
    )


def _place_of(design: Design, rule: int) -> Place:
    return Place(area="rules", group=design.rules[rule].group, rule=rule)


def _is_shaded(design: Design, place: int) -> bool:
    """Whether something fits the rule that the optimizer of its group takes."""
    rule = design.rules[place]
    fits, options = _fits(design, rule), design.group(rule.group).options
    if optimizer_of(options).matrices_only:
        fits = fits & ~refused_parameters(design.model.inventory, options)
    return bool(fits.any())


def _rules_above(design: Design, place: int) -> list[int]:
    """The earlier rules that have something of what this one fits."""
    reasons = membership(design).reasons[_fits(design, design.rules[place])]
    return sorted(set((-2 - reasons[reasons < BY_REMAINDER]).tolist()))


def _way_out(design: Design, shaded: list[int], above: list[int]) -> Fix:
    """To move a rule above a wider one, if both then decide something; else to remove it."""
    if len(shaded) == 1 and above:
        moved = move_rule(design, shaded[0], above[0])
        reasons = membership(moved).reasons
        acting = set((-2 - reasons[reasons < BY_REMAINDER]).tolist())
        if {above[0], *(place + 1 for place in above)} <= acting:
            label = f"Move {design.rules[shaded[0]].name} above {design.rules[above[0]].name}"
            return Fix(label, partial(move_rule, place=shaded[0], to=above[0]))
    return Fix("Remove what decides nothing", partial(_without_rules, places=tuple(shaded)))


def _without_rules(design: Design, places: tuple[int, ...]) -> Design:
    for place in sorted(places, reverse=True):
        design = remove_rule(design, place)
    return design


def _fits(design: Design, rule: Rule) -> np.ndarray:
    return matching_parameters(design.model.inventory, rule.where)


def pins_on_nothing(design: Design) -> Iterator[Finding]:
    """A pin on a path that the model does not have, as after a module was renamed."""
    inventory = design.model.inventory
    if not design.pins or not inventory.parameters:
        return
    lost = lost_pins(inventory, design.pins)
    if lost:
        near = _nearest(Same(inventory), lost[0].path)
        hint = f"; there is {near}" if near else ""
        several = f". {len(lost) - 1:,} more pins are lost" if len(lost) > 1 else ""
        yield Finding(
            code="pin-lost",
            severity="warning",
            where=design.group(lost[0].group).name,
            message=f"The model has no {lost[0].path}, which is pinned to it{hint}{several}.",
            group=lost[0].group if len({pin.group for pin in lost}) == 1 else None,
            fix=Fix("Remove lost pins", partial(edits.unpin, paths=tuple(pin.path for pin in lost))),
            place=Place(area="modules", group=lost[0].group, modules=(near,)) if near else None,
        )


@lru_cache(maxsize=16)
def _nearest(same: Same[Inventory], path: str) -> str:
    """The path of the model that looks most like a lost one: of its last name, or else of its depth."""
    outer, _, name = path.rpartition(".")
    paths = rows_of(same.value).paths
    alike = [known for known in paths if known.rpartition(".")[2] == name and known]
    alike += [known for known in paths if known.rpartition(".")[0] == outer and known]
    found = get_close_matches(path, alike[:_MOST_LOOKED_AT], 1, 0.5)
    return found[0] if found else ""


def disagreeing_pins(design: Design) -> Iterator[Finding]:
    """Names of one tensor that pins put into different groups; the nearest pin wins, which nobody may have meant."""
    names = _tied(Same(design.model.inventory)) if len(design.pins) > 1 else {}
    pins = {pin.path: pin.group for pin in design.pins} if names else {}
    found = [(first, others) for first, others in names.items() if _disagree(pins, first, others)]
    if not found:
        return
    place = membership(design).placements
    winner = place[found[0][0]].group
    several = f"; so it is with {len(found) - 1:,} more tensors" if len(found) > 1 else ""
    yield Finding(
        code="pins-disagree",
        severity="warning",
        where=design.group(winner).name,
        message=f"{found[0][0]} and {found[0][1][0]} are one tensor, but are pinned to different groups; it is in this "
        f"one{several}.",
        group=winner if len(found) == 1 else None,
        fix=Fix("Pin them where they are", partial(_settled, firsts=tuple(first for first, _ in found))),
        place=Place(area="modules", group=winner, modules=(found[0][0], *found[0][1])),
    )


@lru_cache(maxsize=4)
def _tied(same: Same[Inventory]) -> dict[str, list[str]]:
    """By the first name of each tensor that has several, the others."""
    names: dict[str, list[str]] = {}
    for info in same.value.parameters:
        if info.tied_to is not None:
            names.setdefault(info.tied_to, []).append(info.name)
    return names


def _disagree(pins: dict[str, int], first: str, others: list[str]) -> bool:
    """Whether the nearest pins of the names differ; a pin on the first name alone has settled it."""
    direct = [pins[name] for name in (first, *others) if name in pins]
    if direct:
        return len(set(direct)) > 1
    reached = [_pinned(pins, name) for name in (first, *others)]
    return len({group for group in reached if group is not None}) > 1


def _pinned(pins: dict[str, int], name: str) -> int | None:
    return next((pins[path] for path in ancestors(name) if path in pins), None)


def _settled(design: Design, firsts: tuple[str, ...]) -> Design:
    placements = membership(design).placements
    for first in firsts:
        design = edits.assign(design, [first], placements[first].group)
    return design


RULE_CHECKS = (rules_of_nothing, rules_in_the_shade, pins_on_nothing, disagreeing_pins)
