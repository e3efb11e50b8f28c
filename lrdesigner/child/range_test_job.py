"""The range test: copies of the model are trained with rates that grow, and the loss of each update is told."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError
from lrdesigner.child.training import NotFiniteError, Training
from lrdesigner.child.training_step import device_name

EXPLODED = 4.0
"""A loss of so many times the lowest smoothed one ends a copy: it only grows from there."""
SMOOTHING = 0.9
PLAIN = {"whole": False, "seconds": None, "probes": 0, "diagnose_every": 0, "processes": 1, "sharded": False}


def range_test(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Train a copy for each seed, with a multiplier that grows by the same ratio from update to update.

    It multiplies the planned rates of all param groups, so that these keep their ratios, or of one group of the design
    alone. Each point has the loss that the weights had before the update.
    """
    wanted, began = request["range"], time.perf_counter()
    seeds, total = int(wanted["seeds"]), int(wanted["updates"])
    ends: list[float | None] = []
    points, device = 0, ""
    for number in range(seeds):
        channel.send("progress", {"stage": "building the model"})
        training = _copy(request, channel, number)
        device = device_name(training.device)
        channel.send("progress", {"stage": "testing rates", "done": number * total, "total": seeds * total})
        made, end = _one(training, wanted, _scaled_groups(request, training), number, channel)
        points, ends = points + made, [*ends, end]
        if channel.stop.is_set():
            break
    metrics = {
        "points": points,
        "seeds": len(ends),
        "ended_at": ends,
        "device": device,
        "seconds": round(time.perf_counter() - began, 3),
    }
    return "stopped" if channel.stop.is_set() else "finished", metrics


def multiplier_of(update: int, updates: int, low: float, high: float) -> float:
    """What the rates are multiplied by at an update.

    >>> [round(multiplier_of(update, 3, 0.01, 100), 6) for update in range(3)]
    [0.01, 1.0, 100.0]
    """
    return float(low * (high / low) ** (update / max(updates - 1, 1)))


def _copy(request: Mapping[str, Any], channel: Channel, number: int) -> Training:
    options = request.get("options") or {}
    seed = int(options.get("seed", 0)) + number
    steps = {"steps": int(request["range"]["updates"])}
    return Training({**request, "options": {**options, **PLAIN, **steps}}, channel, seed=seed)


def _scaled_groups(request: Mapping[str, Any], training: Training) -> list[str]:
    group = request["range"].get("group", "")
    if not group:
        return list(training.groups.names)
    found = list(request.get("groups", {}).get(group, ()))
    if not found:
        raise JobError(f"Group {group!r} trains nothing, so that its rate cannot be tested.")
    return found


def _one(
    training: Training, wanted: Mapping[str, Any], groups: list[str], seed: int, channel: Channel
) -> tuple[int, float | None]:
    """The points of a copy, and the multiplier at which its loss exploded (None: it did not)."""
    updates, smooth, lowest = training.walk.updates, 0.0, math.inf
    for update in range(updates):
        channel.wait_while_paused()
        if channel.stop.is_set():
            return update, None
        multiplier = multiplier_of(update, updates, float(wanted["low"]), float(wanted["high"]))
        try:
            loss = training.update(dict.fromkeys(groups, multiplier)).loss
        except NotFiniteError:
            return update, multiplier
        channel.send("range", {"seed": seed, "update": update, "multiplier": multiplier, "loss": loss})
        smooth = SMOOTHING * smooth + (1 - SMOOTHING) * loss
        mean = smooth / (1 - SMOOTHING ** (update + 1))
        lowest = min(lowest, mean)
        if mean > EXPLODED * abs(lowest):
            return update + 1, multiplier
    return updates, None
