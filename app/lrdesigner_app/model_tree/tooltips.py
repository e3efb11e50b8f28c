"""Why a row of the tree is in its group, in words."""

from __future__ import annotations

from lrdesigner.document import Design
from lrdesigner.inventory import ParameterInfo
from lrdesigner.membership import Membership
from lrdesigner.numbers import count
from lrdesigner_app.model_tree.rows import Rows, shares


def tooltip(rows: Rows, row: int, design: Design, members: Membership) -> str:
    """Name, size, group and reason, ties and freezing; one fact a line."""
    number = rows.numels[row]
    path, kind = rows.paths[row] or rows.names[row], rows.types[row] if rows.paths[row] else "the whole model"
    lines = [f"{path} · {kind}" if kind else path]
    parameter = rows.parameters[row]
    amount = f"{number:,} parameter{'' if number == 1 else 's'}" if number else "no parameters"
    lines.append(f"{amount} · {parameter.dtype}" if parameter is not None else amount)
    if number:
        lines.append(why(rows, row, design, members))
    if parameter is not None:
        lines += _ties(rows, parameter)
    if number and not rows.trainable[row]:
        lines.append("frozen: requires_grad is False")
    return "\n".join(lines)


def why(rows: Rows, row: int, design: Design, members: Membership) -> str:
    """The group of a row and what put it there: `in backbone: pinned by features`."""
    found = shares(rows, row, members)
    if len(found) > 1:
        parts = [f"{group.name} {count(found[group.id])}" for group in design.groups if group.id in found]
        return f"in {len(found)} groups: {', '.join(parts)}"
    name = design.group(next(iter(found))).name
    inside = rows.parameters[row : rows.ends[row]]
    reasons = {members.placements[p.name].pinned_by for p in inside if p is not None}
    if len(reasons) > 1:
        return f"in {name}: by several pins"
    reason = next(iter(reasons))
    if reason is None:
        return f"in {name}: the remainder takes what no pin reaches"
    if reason == rows.paths[row]:
        return f"in {name}: pinned here"
    return f"in {name}: pinned by {reason or rows.names[0]}"


def _ties(rows: Rows, parameter: ParameterInfo) -> list[str]:
    if parameter.tied_to is not None:
        return [f"tied to {parameter.tied_to}: one tensor, always in one group"]
    others = [p.name for p in rows.parameters if p is not None and p.tied_to == parameter.name]
    return [f"tied to {name}: one tensor, always in one group" for name in others]
