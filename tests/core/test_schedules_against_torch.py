"""Schedules against torch itself, stepped on a real optimizer: torch is the truth."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import designs, fractions, lengths, plans, run_export, torch_model

from lrdesigner.curves import param_groups, values_at
from lrdesigner.document import Design, Plan
from lrdesigner.export import export
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Constant,
    Cosine,
    Exponential,
    Length,
    Linear,
    MultiStep,
    Segment,
    Sequence,
    StepDecay,
    default_node,
    factors,
    shape_of,
)
from lrdesigner.schedules.registry import COVERS

pytestmark = pytest.mark.torch

PAST_THE_END = 25
COMPOSED = {"SequentialLR", "ChainedScheduler"}


def optimizer_with(base_lr: float) -> Any:
    import torch

    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base_lr)


def torch_rates(optimizer: Any, scheduler: Any, count: int) -> list[float]:
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SequentialLR warns of itself
            scheduler.step()
    return rates


def assert_same_rates(real: list[float], factor: Any, base_lr: float) -> None:
    designed = base_lr * factor
    allowed = 1e-9 * np.maximum(base_lr, designed)
    assert (np.abs(np.array(real) - designed) <= allowed).all()


def shapes_of_torch() -> st.SearchStrategy[Any]:
    gammas = fractions(0.1, 1.05)
    return st.one_of(
        st.builds(Constant, factor=fractions(0.001, 1)),
        st.builds(StepDecay, every=lengths(), gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(lengths(), min_size=1, max_size=5).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=lengths(), stairs=st.booleans()),
        st.builds(Linear, start=fractions(0.001, 1), end=fractions(0, 1), length=lengths()),
        st.builds(Cosine, floor=fractions(0, 1), length=lengths()),
    )


def test_every_scheduler_of_fixed_form_is_the_torch_form_of_its_shape() -> None:
    span = Plan(10, 10).span
    forms = {shape.tag: shape.torch_form(default_node(shape), span) for shape in SHAPES}
    named = {form.name: tag for tag, form in forms.items() if form is not None}
    of_functions_metrics_and_others = {"LambdaLR", "MultiplicativeLR", "ReduceLROnPlateau"}
    fixed = {name: tag for name, tag in COVERS.items() if name not in of_functions_metrics_and_others | COMPOSED}
    assert {name: tag for name, tag in named.items() if name in fixed} == fixed
    assert set(named) <= set(COVERS)


@settings(max_examples=200, deadline=None)
@given(shapes_of_torch(), plans(), st.sampled_from([1.0, 0.1, 3e-4]))
def test_the_torch_form_gives_the_same_rate_at_every_step(shape: Any, plan: Plan, base_lr: float) -> None:
    import torch

    form = shape_of(shape).torch_form(shape, plan.span_for(base_lr))
    if form is None:
        assert isinstance(shape, MultiStep)
        return
    count = plan.total_steps + PAST_THE_END if form.until is None else min(form.until, plan.total_steps) + 1
    optimizer = optimizer_with(base_lr)
    scheduler = getattr(torch.optim.lr_scheduler, form.name)(optimizer, **form.arguments)
    real = torch_rates(optimizer, scheduler, count)
    assert_same_rates(real, factors(shape, np.arange(count), plan.span), base_lr)


@pytest.mark.parametrize(
    "shape",
    [Constant(0.0), Constant(2.0), Linear(0.0, 1.0), Linear(1.5, 1.0), Linear(0.5, 2.0)],
    ids=str,
)
def test_what_torch_refuses_has_no_torch_form(shape: Any) -> None:
    assert shape_of(shape).torch_form(shape, Plan(10, 10).span_for(0.1)) is None


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60),
    st.one_of(
        st.builds(Cosine, floor=fractions(0, 1)),
        st.builds(Exponential, gamma=fractions(0.3, 1), every=lengths(), stairs=st.booleans()),
        st.builds(StepDecay, every=lengths(), gamma=fractions(0.3, 1)),
    ),
    st.integers(61, 160),
)
def test_a_warm_up_then_a_decay_is_torchs_sequential_of_the_two(warm_up: int, decay: Any, total: int) -> None:
    import torch

    plan, base_lr = Plan(total, 1), 0.1
    span = plan.span_for(base_lr)
    schedule = Sequence((Segment(Linear(), Length(float(warm_up), "steps")), Segment(decay, REST)))
    optimizer = optimizer_with(base_lr)
    parts = []
    for shape, part in ((Linear(), span.part(warm_up)), (decay, span.part(total - warm_up))):
        form = shape_of(shape).torch_form(shape, part)
        assert form is not None
        parts.append(getattr(torch.optim.lr_scheduler, form.name)(optimizer, **form.arguments))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, parts, milestones=[warm_up])
    real = torch_rates(optimizer, scheduler, total + 1)
    if isinstance(decay, Cosine) and decay.length == REST:
        assert real[-1] == pytest.approx(base_lr * decay.floor, abs=1e-10)
    assert_same_rates(real, factors(schedule, np.arange(total + 1), plan.span), base_lr)


@settings(max_examples=40, deadline=None)
@given(designs())
def test_the_exported_schedulers_give_the_designs_values_at_every_step(design: Design) -> None:
    exported = run_export(export(design))
    model = torch_model(design.model.inventory)
    if "build_optimizers" in exported:
        optimizers = exported["build_optimizers"](model)
        schedulers = exported["build_schedulers"](optimizers)
    else:
        optimizers = (exported["build_optimizer"](model),)
        schedulers = (exported["build_scheduler"](optimizers[0]),)
    real: dict[str, list[float]] = {}
    count = design.plan.total_steps + 5
    for _ in range(count):
        for optimizer, scheduler in zip(optimizers, schedulers, strict=True):
            for group in optimizer.param_groups:
                real.setdefault(group["name"], []).append(group["lr"])
            optimizer.step()
            scheduler.step()
    planned = [group for found in param_groups(design) for group in found]
    assert list(real) == [group.name for group in planned]
    for group in planned:
        designed = values_at(group, design.plan, np.arange(count))["lr"]
        allowed = 1e-12 * np.maximum(group.group.lr.base, designed)
        assert (np.abs(np.array(real[group.name]) - designed) <= allowed).all()
