"""What a preset would change, in words."""

from __future__ import annotations

from lrdesigner.document import Design
from lrdesigner.param_groups import param_groups


def outcome(before: Design, after: Design) -> str:
    """ "Adds head and 2 rules; torch gets 28 param groups in one optimizer." """
    if after == before:
        return "Nothing would change: the design has this already."
    known = {group.id for group in before.groups}
    added = [group.name for group in after.groups if group.id not in known]
    parts = [f"{', '.join(added[:3])} and {len(added) - 3} more" if len(added) > 3 else " and ".join(added)]
    rules = len(after.rules) - len(before.rules)
    parts.append(f"{rules} rule{'' if rules == 1 else 's'}" if rules > 0 else "")
    adds = " and ".join(part for part in parts if part)
    optimizers = param_groups(after)
    number = sum(len(found) for found in optimizers)
    groups = f"{number} param group{'' if number == 1 else 's'}"
    where = "one optimizer" if len(optimizers) == 1 else f"{len(optimizers)} optimizers"
    gets = f"torch gets {groups} in {where}."
    return f"Adds {adds}; {gets}" if adds else gets[:1].upper() + gets[1:]
