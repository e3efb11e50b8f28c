"""Schedules that follow a metric: they have no curve of their own, only one for a trace of that metric."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from lrdesigner.schedules.length import Length
from lrdesigner.schedules.level import Level
from lrdesigner.schedules.shape import Node
from lrdesigner.schedules.traces import AssumedTrace, Trace


class Plateau(Node, frozen=True, tag="plateau"):
    """Multiplied by a factor whenever a metric has not improved for a number of evaluations.

    Drawn for a trace of the metric; in training the real one decides. Evaluation k (from 1) follows update k * every
    and changes the rate from step k * every on. In torch: `ReduceLROnPlateau`.
    """

    factor: Annotated[float, Meta(gt=0, lt=1, title="Factor", description="What the rate is multiplied by.")] = 0.1
    patience: Annotated[
        int, Meta(ge=0, le=10**6, title="Patience", description="Evaluations without improvement that are allowed.")
    ] = 10
    mode: Annotated[Literal["min", "max"], Meta(title="Better is", description="Lower or higher.")] = "min"
    threshold: Annotated[
        float, Meta(ge=0, le=1e9, title="Threshold", description="Smaller improvements do not count.")
    ] = 1e-4
    threshold_mode: Annotated[
        Literal["rel", "abs"], Meta(title="Threshold is", description="A share of the best value, or a difference.")
    ] = "rel"
    cooldown: Annotated[
        int, Meta(ge=0, le=10**6, title="Cool-down", description="Evaluations after a reduction that do not count.")
    ] = 0
    floor: Annotated[Level, Meta(title="Floor", description="It is never reduced below this.")] = 0.0
    eps: Annotated[
        float, Meta(ge=0, le=1, title="Epsilon", description="Reductions of the rate by less are left out.")
    ] = 1e-8
    every: Annotated[Length, Meta(title="Evaluated every", description="How often the metric is measured.")] = Length(
        1, "epochs"
    )
    metric: Annotated[
        Trace, Meta(title="Metric", description="The trace it is drawn for.", extra={"kind": "trace"})
    ] = AssumedTrace()


class Greedy(Node, frozen=True, tag="greedy"):
    """Raised while a metric improves and lowered while it does not.

    Divided by the factor after more than `patience` improvements in a row, multiplied by it after as many failures.
    Drawn for a trace of the metric, evaluated as for `Plateau`. In transformers: `GreedyLR`, arXiv 2512.14527.
    """

    factor: Annotated[float, Meta(gt=0, lt=1, title="Factor", description="What the rate is multiplied by.")] = 0.95
    patience: Annotated[
        int, Meta(ge=0, le=10**6, title="Patience", description="Evaluations in a row before the rate moves.")
    ] = 10
    mode: Annotated[Literal["min", "max"], Meta(title="Better is", description="Lower or higher.")] = "min"
    threshold: Annotated[
        float, Meta(ge=0, le=1e9, title="Threshold", description="Smaller improvements do not count.")
    ] = 1e-6
    threshold_mode: Annotated[
        Literal["rel", "abs"], Meta(title="Threshold is", description="A share of the best value, or a difference.")
    ] = "abs"
    cooldown: Annotated[
        int, Meta(ge=0, le=10**6, title="Cool-down", description="Evaluations after a reduction that do not count.")
    ] = 0
    warmup: Annotated[
        int, Meta(ge=0, le=10**6, title="Warm-up", description="Evaluations after a raise that do not count.")
    ] = 0
    floor: Annotated[Level, Meta(title="Floor", description="It is never reduced below this.")] = 0.001
    ceiling: Annotated[Level, Meta(title="Ceiling", description="It is never raised above this.")] = 10.0
    eps: Annotated[
        float, Meta(ge=0, le=1, title="Epsilon", description="Changes of the rate by less are left out.")
    ] = 1e-8
    smooth: Annotated[bool, Meta(title="Smoothed", description="Look at the mean of the last values.")] = False
    window: Annotated[int, Meta(ge=1, le=10**6, title="Window", description="Values in that mean.")] = 50
    reset_start: Annotated[
        int,
        Meta(ge=0, le=10**6, title="Reset after", description="Reductions at the floor after which it starts anew."),
    ] = 500
    every: Annotated[Length, Meta(title="Evaluated every", description="How often the metric is measured.")] = Length(
        1, "epochs"
    )
    metric: Annotated[
        Trace, Meta(title="Metric", description="The trace it is drawn for.", extra={"kind": "trace"})
    ] = AssumedTrace()


FEEDBACK_NODES = (Plateau, Greedy)

ONLY_WHOLE = "A schedule that is steered by a metric is the whole schedule of a learning rate."
"""Why one is refused as a part of another schedule, and on other tracks."""

FEEDBACK_TAGS = tuple(str(node.__struct_config__.tag) for node in FEEDBACK_NODES)
