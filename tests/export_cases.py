"""Designs in which more than the rate moves, and their exported files on real optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import Training, designs, lengths, with_something_to_train

from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Group, Track
from lrdesigner.export import ExportOptions
from lrdesigner.membership import membership
from lrdesigner.optimizers import SGDOptions
from lrdesigner.param_groups import param_groups, steering
from lrdesigner.proof import metrics_of
from lrdesigner.schedules import (
    REST,
    Absolute,
    AssumedTrace,
    Clamp,
    Constant,
    Cosine,
    Expression,
    Greedy,
    Length,
    Linear,
    OneCycleMomentum,
    Plateau,
    Product,
    RecordedTrace,
    Repeat,
    Segment,
    Sequence,
    StepDecay,
)
from lrdesigner.tracks import frozen_stretches


def steps(number: int) -> Length:
    return Length(float(number), "steps")


# Factors of at most 1, so that a momentum below 1 stays so.
MOVES: tuple[Any, ...] = (
    Constant(0.9),
    Linear(1.0, 0.25),
    Cosine(Absolute(1e-4), Length(60, "percent")),
    StepDecay(Length(1, "epochs"), 0.5),
    OneCycleMomentum(),
    Sequence((Segment(Constant(1.0), Length(80, "percent")), Segment(Linear(1.0, 0.5), REST))),
    Product((Linear(0.5, 1.0), Cosine(0.1))),
    Repeat(Linear(1.0, 0.5), steps(7)),
    Clamp(Linear(1.0, 0.0), 0.2, 0.8),
    Expression("1 if step < 10 else 0.5"),
)
RECORDED = RecordedTrace((2.0, 1.5, 1.6, 1.4, 1.4, 1.4, 1.3, 1.5, 1.5, 1.5, 1.5, 1.5))
PLATEAUS = tuple(
    Plateau(factor, patience, floor=floor, every=every, metric=metric)
    for factor, patience, floor, every, metric in (
        (0.1, 0, 0.05, steps(3), RECORDED),
        (0.5, 1, Absolute(1e-6), Length(1, "epochs"), RECORDED),
        (0.7, 0, 0.0, steps(1), AssumedTrace(1.0, 2.0)),
    )
)


@st.composite
def exportable_designs(draw: st.DrawFn) -> Design:
    """Random designs whose groups have other tracks, freeze lanes or a rate that a metric steers, or none of these."""
    design = draw(designs())
    groups = tuple(draw(_moving(group)) for group in design.groups)
    return with_something_to_train(
        replace(design, groups=groups, plan=replace(design.plan, epochs=min(design.plan.epochs, 3)))
    )


@st.composite
def _moving(draw: st.DrawFn, group: Group) -> Group:
    freezes = st.builds(Freeze, start=st.one_of(st.just(steps(0)), lengths()), length=lengths())
    freeze = tuple(draw(st.lists(freezes, max_size=3)))
    if draw(st.integers(0, 3)) == 0:
        return replace(group, lr=Track(group.lr.base, draw(st.sampled_from(PLATEAUS))), freeze=freeze)
    tracks = {
        slot: draw(st.one_of(st.none(), st.sampled_from(MOVES))) for slot in ("weight_decay", "momentum", "beta2")
    }
    return replace(group, freeze=freeze, **tracks)


def demo_with(backbone: dict[str, Any], head: dict[str, Any] | None = None) -> Design:
    """The demo with other fields in its two groups."""
    demo = demo_design()
    first, second = demo.groups
    return replace(demo, groups=(replace(first, **backbone), replace(second, **(head or {}))))


def _cases() -> dict[str, Design]:
    freezes = (Freeze(steps(0), Length(2, "epochs")), Freeze(steps(300), REST))
    plateau = Plateau(patience=0, threshold=0.1, floor=0.01)
    greedy = Greedy(patience=1, threshold=0.05, ceiling=Absolute(0.1))
    rising = Plateau(patience=0, threshold=0.1, mode="max", floor=Absolute(1e-6), metric=AssumedTrace(0.1, 0.9))
    reduced, raised = {"lr": Track(1e-2, plateau)}, {"lr": Track(1e-3, greedy)}
    many = tuple(Freeze(steps(20 * number), steps(7)) for number in range(20))
    return {
        "weight_decay": demo_with({"weight_decay": Linear(1.0, 0.1)}),
        "betas": demo_with({"beta2": MOVES[5]}, {"momentum": Linear(1.0, 0.9), "weight_decay": Cosine()}),
        "momentum_of_one": demo_with({"options": SGDOptions(), "momentum": OneCycleMomentum()}, {"beta2": Linear()}),
        "same_shape_twice": demo_with({"lr": Track(0.1, Cosine()), "weight_decay": Cosine()}),
        "thaw": demo_with({"freeze": freezes}),
        "many_freezes": demo_with({"freeze": many}, {"freeze": many[:1], "weight_decay": Cosine()}),
        "never_trains": demo_with({"freeze": (Freeze(),)}),
        "both_frozen_at_first": demo_with({"freeze": freezes}, {"freeze": freezes}),
        "plateau": demo_with({"lr": Track(1e-3, plateau)}, reduced),
        "plateau_of_one": demo_with({"lr": Track(1e-3, rising), "freeze": freezes}, {"weight_decay": Linear(1.0, 0.0)}),
        "two_plateaus": demo_with({"lr": Track(1e-3, rising)}, reduced),
        "greedy": demo_with(raised, {"lr": Track(1e-2, greedy)}),
        "greedy_of_one": demo_with(raised, {"freeze": freezes[1:], "beta2": Linear(1.0, 0.99)}),
        "greedy_and_plateau": demo_with(raised, {"options": SGDOptions(), "lr": Track(1, plateau)}),
    }


CASES = _cases()


def small(design: Design) -> Design:
    """The same design for a model whose parameters hold one number each, which trains fast."""
    inventory = design.model.inventory
    parameters = tuple(replace(parameter, shape=(1,), numel=1) for parameter in inventory.parameters)
    return replace(design, model=replace(design.model, inventory=replace(inventory, parameters=parameters)))


class MovingTraining(Training):
    """A training run that freezes and evaluates as the file says, and notes every track before each step."""

    def __init__(self, design: Design, options: ExportOptions | None = None) -> None:
        super().__init__(design, options)
        self.design, self.step = design, 0
        self.found: list[dict[str, dict[str, float]]] = []
        every = self.exported.get("METRIC_EVERY")
        self.every = every if isinstance(every, tuple) else (every,) * len(self.pairs)
        self.metrics = metrics_of(design)

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.freeze()
            self.found.append({g["name"]: _tracks(g) for o, _ in self.pairs for g in o.param_groups})
            needing = [p for p in self.model.parameters() if p.requires_grad]
            if needing:
                sum(p.sin().sum() for p in needing).backward()
            self.step += 1
            for place, (optimizer, scheduler) in enumerate(self.pairs):
                optimizer.step()
                optimizer.zero_grad()
                self._advance(place, scheduler)

    def freeze(self) -> None:
        if "apply_freeze" in self.exported:
            self.exported["apply_freeze"](self.model, self.step)

    def resume(self, saved: Any, **options: Any) -> None:
        super().resume(saved, **options)
        self.step = saved["step"]

    def checkpoint(self) -> Any:
        return {**super().checkpoint(), "step": self.step}

    def frozen_names(self) -> set[str]:
        """Trainable parameters of groups that are frozen at this step, by design."""
        members, plan = membership(self.design), self.design.plan
        frozen = [g for g in self.design.groups if any(a <= self.step < b for a, b in frozen_stretches(g.freeze, plan))]
        return {p.name for group in frozen for p in members.trainable(group.id)}

    def _advance(self, place: int, scheduler: Any) -> None:
        every, values = self.every[place], self.metrics[place]
        if every is None:
            scheduler.step()
        elif self.step % every == 0:
            scheduler.step(values[min(self.step // every, len(values)) - 1] if values else 1.0)


def _tracks(group: dict[str, Any]) -> dict[str, float]:
    betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
    return {key: float(group[key]) for key in ("lr", "weight_decay", "momentum") if key in group} | betas


def planned(design: Design, count: int) -> list[tuple[str, str, float, np.ndarray]]:
    """(group, track, how near a measured value must come, the values of the first `count` steps)."""
    found = []
    for group in (group for groups in param_groups(design) for group in groups):
        for track, values in values_at(group, design.plan, np.arange(count)).items():
            base = group.group.lr.base if track == "lr" else getattr(group.group.options, track)
            near = 1e-9 if track == "lr" and steering(group.group) else 1e-12
            found.append((group.name, track, near * max(base, float(values.max())), values))
    return found
