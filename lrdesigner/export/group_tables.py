"""The optimizers of a design and their groups, as the template of an exported file shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrdesigner.curves import breakpoints, lane_values
from lrdesigner.document import Group, Plan
from lrdesigner.errors import UserError
from lrdesigner.export.factor_functions import Names
from lrdesigner.export.freezing import frozen_words
from lrdesigner.export.optimizer_code import optimizer_code
from lrdesigner.export.python_text import prose
from lrdesigner.numbers import rate
from lrdesigner.optimizers import optimizer_name
from lrdesigner.param_groups import ParamGroup, steering
from lrdesigner.schedules import Greedy, Plateau, shape_of
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.metric_runs import bounds_of
from lrdesigner.tracks import Slot, frozen_stretches, lane_of, moves, option_of, slots_of, track_of

MOST_KNOTS = 12
# Of a node's fields those that torch and transformers have under the same name, in their order.
_SETTINGS = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "warmup")
_LATER_SETTINGS = {"eps": "eps", "smooth": "smooth", "window": "window_size", "reset_start": "reset_start"}


def optimizer_tables(optimizers: tuple[tuple[ParamGroup, ...], ...], plan: Plan) -> list[dict[str, Any]]:
    """For each optimizer: its class, the constant that lists its groups, and the metric that steers it, if one does."""
    taken: set[str] = set()
    return [_optimizer_table(groups, plan, taken, several=len(optimizers) > 1) for groups in optimizers]


def _optimizer_table(groups: tuple[ParamGroup, ...], plan: Plan, taken: set[str], *, several: bool) -> dict[str, Any]:
    node, code = steering(groups[0].group), optimizer_code(groups)
    label = code["label"] + ("" if node is None else "_GREEDY" if isinstance(node, Greedy) else "_ON_PLATEAU")
    constant, number = label, 2
    while constant in taken:
        constant, number = f"{label}_{number}", number + 1
    taken.add(constant)
    rows = [
        {
            "name": group.name,
            "lr": group.group.lr.base,
            "of": group.group.name,
            "owner": group.group.id,
            "options": options,
        }
        for group, options in zip(groups, code["options"], strict=True)
    ]
    return {
        **code,
        "constant": f"{constant}_GROUPS" if several else "GROUPS",
        "maker": f"_{constant.lower()}_scheduler" if several else "build_scheduler",
        "groups": rows,
        "metric": None if node is None else _metric_table(node, [group.group.lr for group in groups], plan),
    }


def check_once(tables: Sequence[dict[str, Any]], owners: Sequence[int]) -> bool:
    """Mark each track as `checked` but those of layers that follow the function of a layer above.

    `owners` are the ids of the groups that the param groups are of. Whether some lr is left out.
    """
    known: set[tuple[int, str, str]] = set()
    for table, owner in zip(reversed(tables), reversed(owners), strict=True):
        for track in table["tracks"]:
            key = (owner, track["option"], track["factor"])
            track["checked"] = key not in known
            known.add(key)
    return any(track["option"] == "lr" and not track["checked"] for table in tables for track in table["tracks"])


def _metric_table(node: Plateau | Greedy, tracks: list[Any], plan: Plan) -> dict[str, Any]:
    bounds = [bounds_of(track.schedule, plan.span_for(track.base)) for track in tracks]
    settings: dict[str, Any] = {name: getattr(node, name) for name in _SETTINGS if hasattr(node, name)}
    settings["min_lr"] = [bound.lowest for bound in bounds]
    if isinstance(node, Greedy):
        settings["max_lr"] = [bound.highest for bound in bounds]
    settings |= {theirs: getattr(node, ours) for ours, theirs in _LATER_SETTINGS.items() if hasattr(node, ours)}
    return {
        "class": "GreedyLR" if isinstance(node, Greedy) else "ReduceLROnPlateau",
        "every": steps_of(node, "every", plan.span),
        "better": {"min": "lower", "max": "higher"}[node.mode],
        "settings": settings,
    }


def group_table(group: ParamGroup, plan: Plan, functions: Names) -> dict[str, Any]:
    """One param group: what it holds, its tracks in words, the functions and the expected values of those that move."""
    steered = steering(group.group) is not None
    slots = [slot for slot in slots_of(group.group) if moves(group.group, slot)]
    if steered and len(slots) > 1:
        raise UserError(
            f"The lr of {group.name!r} follows a metric, its {_title(group, slots[1])} the steps; no scheduler does "
            "both. Give the lr a curve, or keep the other constant."
        )
    words = [_words(group, slot, plan) for slot in slots]
    stretches = frozen_stretches(group.group.freeze, plan)
    if stretches:
        words.append(frozen_words(stretches) + (", by apply_freeze alone" if steered else ""))
    return {
        "name": group.name,
        "owner": group.group.id,
        "tensors": len(group.parameters),
        "scalars": group.numel,
        "words": words,
        "lr": group.group.lr.base,
        "optimizer": optimizer_name(group.group.options),
        "steered": steered,
        "tracks": [
            {
                "option": option_of(group.group, slot),
                "factor": functions[group.name, slot],
                "knots": knots(group.group, slot, plan),
            }
            for slot in slots
            if (group.name, slot) in functions
        ],
    }


def _title(group: ParamGroup, slot: Slot) -> str:
    return (option_of(group.group, slot) or slot).replace("_", " ")


def _words(group: ParamGroup, slot: Slot, plan: Plan) -> str:
    track = track_of(group.group, slot)
    words = prose(shape_of(track.schedule).describe(track.schedule, plan.span_for(track.base)))
    return words if slot == "lr" else f"{_title(group, slot)} {rate(track.base)}: {words}"


def knots(group: Group, slot: Slot, plan: Plan) -> list[tuple[int, float]]:
    """Steps and values: at corners, at the ends of frozen stretches, and around the end of the run."""
    lane = lane_of(group, slot, plan)
    inner = [int(step) for step in breakpoints(lane.track, plan)]
    if len(inner) > MOST_KNOTS:
        inner = [inner[len(inner) * k // MOST_KNOTS] for k in range(MOST_KNOTS)]
    last = plan.total_steps
    turns = [side for stretch in lane.frozen for step in stretch if 0 < step < FOR_EVER for side in (step - 1, step)]
    steps = sorted({0, *(step for step in (*inner, *turns) if step < last - 1), last - 1, last, last + 1})
    # 14 digits: far within what the file allows, and free of the noise of binary fractions.
    values = [float(f"{value:.14g}") for value in lane_values(lane, plan, steps).tolist()]
    return list(zip(steps, values, strict=True))
