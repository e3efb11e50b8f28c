"""The verify job: step the real optimizers through an exported file and report every value that they hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.exported import (
    Groups,
    PlannedMetrics,
    Schedulers,
    build_optimizers,
    check_finite,
    freeze_function,
    import_exported,
    refuse_missing,
)
from lrdesigner.child.failures import user_code
from lrdesigner.child.model_walk import refuse_lazy, walk
from lrdesigner.child.resumed_run import ResumeCheck
from lrdesigner.child.skeleton import build_skeleton
from lrdesigner.child.stand_ins import StandIns
from lrdesigner.child.training_step import step_without_gradients

if TYPE_CHECKING:
    from torch import nn

STEPS_PER_MESSAGE = 5000
VALUES_PER_MESSAGE = 200_000
PROGRESS_SECONDS = 0.1


def verify(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Report the param groups as `build_optimizer` left them, the values that each step would use, and resumed runs.

    The model has no weights and gets no gradients: the optimizers are stepped, but have nothing to change.
    """
    refuse_missing(request.get("packages", ()))
    channel.send("progress", {"stage": "building the model"})
    model = _model(request)
    stand_ins = StandIns(model)
    exported = import_exported(request["exported_file"])
    optimizers = build_optimizers(exported, model)
    groups = Groups(optimizers)
    channel.send("param_groups", {"groups": groups.report(model)})
    schedulers, metrics = Schedulers(exported, optimizers), PlannedMetrics(request.get("metrics", ()))
    freeze, turns = freeze_function(exported), frozenset(request.get("freeze_steps", ()))
    collector = _Collector(groups, channel, int(request["steps"]))
    for step in range(collector.total):
        if channel.stop.is_set():
            break
        if step in turns:
            freeze(model, step)
            trainable, others = groups.trainable(model)
            channel.send("freezing", {"step": step, "trainable": trainable, "others": others})
        collector.read(step)
        with user_code(f"Stepping the optimizer at step {step}"):
            for optimizer in optimizers:
                step_without_gradients(optimizer)
            schedulers.step(collector.done, metrics.at(collector.done))
    collector.flush()
    finished = collector.done == collector.total
    finished = finished and ResumeCheck(exported, model, stand_ins, metrics, channel).check(request)
    return ("finished" if finished else "stopped"), {"steps": collector.done}


def _model(request: Mapping[str, Any]) -> nn.Module:
    """The model of a source, or what names and shapes alone tell of it; torch can walk it, however deep it is."""
    if request.get("inventory"):
        model = build_skeleton(str(request["inventory"]))
    else:
        rung = str(request.get("rung", "meta"))
        model = build_model(request["source"], request.get("kwargs", {}), rung, memory=0)
        refuse_lazy(model)
    depth = max(path.count(".") for path, _ in walk(model))
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000 + 4 * depth))
    return model


class _Collector:
    """Gathers the values of consecutive steps and sends them in chunks."""

    def __init__(self, groups: Groups, channel: Channel, total: int) -> None:
        self.total = total
        self.done = 0
        self._groups = groups
        self._channel = channel
        self._start = 0
        self._told = 0.0
        self._columns = self._empty()
        self._width = sum(len(columns) for columns in self._columns)

    def read(self, step: int) -> None:
        """Take the values that step number `step` is about to use."""
        for name, columns, values in zip(self._groups.names, self._columns, self._groups.tracks(), strict=True):
            for track, value in values.items():
                check_finite(value, track, name, step)
                columns[track].append(value)
        self.done = self._channel.step = step + 1
        steps = self.done - self._start
        if steps >= STEPS_PER_MESSAGE or steps * self._width >= VALUES_PER_MESSAGE:
            self.flush()
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS:
            self._told = now
            self._channel.send("progress", {"stage": "stepping", "done": self.done, "total": self.total})

    def flush(self) -> None:
        """Send what was gathered since the last time."""
        if self.done == self._start:
            return
        values = dict(zip(self._groups.names, self._columns, strict=True))
        self._channel.send("values", {"start": self._start, "groups": values})
        self._start = self.done
        self._columns = self._empty()

    def _empty(self) -> list[dict[str, list[float]]]:
        return [{track: [] for track in tracks} for tracks in self._groups.tracks()]
