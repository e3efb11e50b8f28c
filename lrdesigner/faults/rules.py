"""What a design's rules and followers say of its groups, which their types cannot check for themselves."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from lrdesigner.document import HIGHEST_RATE, Follow, Track
from lrdesigner.faults.fault import Fault
from lrdesigner.faults.sentences import missing
from lrdesigner.faults.values import shown
from lrdesigner.names import LONGEST_NAME, free_name
from lrdesigner.numbers import exact, scaled

Values = dict[str, Any]


def name_rules(design: Values, faults: list[Fault]) -> Values:
    """Give every rule a name of its own, so that none is lost for want of one; it is called like its query."""
    rules = design.get("rules")
    if not isinstance(rules, list):
        return design
    taken: set[str] = set()
    named = []
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, dict):
            named.append(rule)
            continue
        own = rule.get("name", UNSET)
        name = free_name(own if isinstance(own, str) and own else _query(rule) or f"rule {number}", taken)
        taken.add(name)
        if name != own:
            faults.append(Fault(f"rule {number}", _name_fault(own), own, name, ("rules",)))
        named.append({**rule, "name": name})
    return {**design, "rules": named}


def _query(rule: Values) -> str:
    where = rule.get("where")
    return where if isinstance(where, str) else ""


def _name_fault(own: Any) -> str:
    if own is UNSET:
        return missing("name")
    if isinstance(own, str) and 0 < len(own) <= LONGEST_NAME:
        return f"Name cannot be {shown(own)}: another rule has it already."
    return f"Name must be text of 1 to {LONGEST_NAME} characters, not {shown(own)}."


def mend_rules(design: Values, faults: list[Fault]) -> Values:
    """Leave out rules for groups that do not exist."""
    ids = {group["id"] for group in design["groups"]}
    kept = []
    for rule in design.get("rules", []):
        if rule["group"] in ids:
            kept.append(rule)
        else:
            message = f"Group must be the id of a group, not {shown(rule['group'])}."
            faults.append(Fault(f"rule {rule['name']!r}", message, rule, UNSET, ("rules",)))
    return {**design, "rules": kept}


def mend_followers(design: Values, faults: list[Fault]) -> Values:
    """Let no group follow one that does not exist, itself, one that follows another, or at an impossible rate."""
    groups = list(design["groups"])
    places = {group["id"]: place for place, group in enumerate(groups)}
    for place, group in enumerate(groups):
        follow = group.get("follow")
        if follow is None:
            continue
        leader = places.get(follow["leader"])
        if leader is None:
            message = f"Leader must be the id of a group, not {shown(follow['leader'])}."
        elif leader == place:
            message = "Leader cannot be the group itself."
        elif groups[leader].get("follow") is not None:
            message = f"Leader cannot be {groups[leader]['name']!r}, which itself follows a group."
        elif not 0 < (base := _base_lr(groups[leader], follow)) <= HIGHEST_RATE:
            message = f"Its base lr must be above 0 and at most {exact(HIGHEST_RATE)}, not {exact(base)}."
        else:
            continue
        where = f"group {group['name']!r}, follow"
        faults.append(Fault(where, message, follow, None, ("groups", place, "follow"), group["id"]))
        groups[place] = {**group, "follow": None}
    return {**design, "groups": groups}


def _base_lr(leader: Values, follow: Values) -> float:
    """The base lr of a group that follows another."""
    return scaled(leader.get("lr", {}).get("base", Track().base), follow.get("scale", Follow(0).scale))
