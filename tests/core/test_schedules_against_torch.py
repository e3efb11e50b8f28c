"""Schedules against torch itself, stepped on a real optimizer: torch is the truth."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import (
    FUNCTIONS,
    designs,
    fractions,
    lengths,
    levels,
    moving_designs,
    plans,
    run_export,
    torch_model,
    with_something_to_train,
)
from torch_runs import optimizer_with, scheduler_of, torch_rates

from lrdesigner.curves import values_at
from lrdesigner.document import Design, Plan
from lrdesigner.export import export
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import (
    SHAPES,
    Anneal,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    Length,
    Linear,
    MultiStep,
    OneCycle,
    OneCycleMomentum,
    Polynomial,
    Product,
    Segment,
    Sequence,
    StepDecay,
    default_node,
    factor_of,
    factors,
    shape_of,
)
from lrdesigner.schedules.registry import COVERS

pytestmark = pytest.mark.torch

PAST_THE_END = 25
COMPOSED = {"SequentialLR", "ChainedScheduler"}


def assert_same_rates(real: list[float], factor: Any, base_lr: float) -> None:
    designed = base_lr * factor
    allowed = 1e-9 * np.maximum(base_lr, designed)
    assert (np.abs(np.array(real) - designed) <= allowed).all()


def shapes_of_torch() -> st.SearchStrategy[Any]:
    """The shapes that have a torch form, with the parameters at which they do, and some at which they do not."""
    gammas, curves = fractions(0.1, 1.05), st.sampled_from(["cosine", "linear"])
    return st.one_of(
        st.builds(Constant, factor=fractions(0.001, 1)),
        st.builds(StepDecay, every=lengths(), gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(lengths(), min_size=1, max_size=5).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=lengths(), stairs=st.booleans()),
        st.builds(Linear, start=levels(0.001, 1), end=levels(0, 1), length=lengths()),
        st.builds(Polynomial, power=st.sampled_from([1.0, 0.5, 2.0, 3.7]), length=lengths()),
        st.builds(Cosine, floor=levels(0, 2), length=lengths()),
        st.builds(Anneal, start=st.just(1.0), end=levels(0, 2), curve=curves, length=lengths()),
        st.builds(CosineRestarts, first=lengths(), growth=st.sampled_from([1.0, 2.0, 3.0, 10.0]), floor=levels(0, 2)),
        cyclics(),
        st.builds(OneCycle, start=levels(0.01, 1), end=levels(1e-6, 1), **one_cycles()),
    )


def relative_shapes() -> st.SearchStrategy[Any]:
    gammas = fractions(0.3, 1.05)
    return st.one_of(
        st.builds(Constant, factor=fractions(0.001, 1)),
        st.builds(StepDecay, every=lengths(), gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(lengths(), min_size=1, max_size=5).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=lengths(), stairs=st.booleans()),
        st.builds(Linear, start=fractions(0.001, 1), end=fractions(0, 1), length=lengths()),
        st.builds(Polynomial, power=st.sampled_from([1.0, 2.0]), length=lengths()),
        st.builds(Cosine, length=lengths()),
    )


def sequential_shapes() -> st.SearchStrategy[Any]:
    """Those that torch's `SequentialLR` starts from the base value and that have no other effect."""
    growths = st.sampled_from([1.0, 2.0, 3.0])
    return st.one_of(
        relative_shapes(),
        st.builds(Cosine, floor=levels(0, 1)),
        st.builds(CosineRestarts, first=lengths(), growth=growths, floor=levels(0, 1)),
    )


def cyclics(**given: Any) -> st.SearchStrategy[Cyclic]:
    modes = st.sampled_from(["triangular", "triangular2", "exp_range"])
    gammas = st.sampled_from([1.0, 0.999, 0.9])
    return st.builds(Cyclic, low=levels(0, 2), up=lengths(), down=lengths(), mode=modes, gamma=gammas, **given)


def one_cycles() -> dict[str, Any]:
    return {
        "pct_start": st.sampled_from([0.3, 0.02, 0.1, 0.25, 0.5, 0.6, 0.99, 1.0]),
        "anneal": st.sampled_from(["cosine", "linear"]),
        "three_phase": st.booleans(),
        "length": lengths(),
    }


def test_every_scheduler_of_fixed_form_is_the_torch_form_of_its_shape() -> None:
    span = Plan(10, 10).span
    forms = {shape.tag: shape.torch_form(default_node(shape), span) for shape in SHAPES}
    named = {form.name: tag for tag, form in forms.items() if form is not None}
    of_functions_metrics_and_others = {"LambdaLR", "MultiplicativeLR", "ReduceLROnPlateau"}
    fixed = {name: tag for name, tag in COVERS.items() if name not in of_functions_metrics_and_others | COMPOSED}
    assert {name: tag for name, tag in named.items() if name in fixed} == fixed
    assert set(named) <= set(COVERS)


@settings(max_examples=300, deadline=None)
@given(shapes_of_torch(), plans(), st.sampled_from([1.0, 0.1, 3e-4]))
def test_the_torch_form_gives_the_same_rate_at_every_step(shape: Any, plan: Plan, base_lr: float) -> None:
    span = plan.span_for(base_lr)
    form = shape_of(shape).torch_form(shape, span)
    if form is None:
        assert isinstance(shape, (Linear, OneCycle, Anneal))
        return
    count = 3 * plan.total_steps + PAST_THE_END if form.until is None else form.until + 1
    count = min(count, 4000)
    optimizer = optimizer_with(base_lr)
    scheduler = scheduler_of(form, optimizer)
    real = torch_rates(optimizer, scheduler, count)
    assert_same_rates(real, factors(shape, np.arange(count), span), base_lr)


def torch_momenta(make: Any, count: int) -> list[float]:
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    scheduler, momenta = make(optimizer), []
    for step in range(count):
        momenta.append(optimizer.param_groups[0]["momentum"])
        if step < count - 1:
            optimizer.step()
            scheduler.step()
    return momenta


@settings(max_examples=100, deadline=None)
@given(cyclics(inverted=st.just(True)), plans())
def test_an_inverted_cycle_is_the_momentum_of_torchs(shape: Cyclic, plan: Plan) -> None:
    import torch

    highest, span = 0.95, plan.span_for(0.95)
    beside = shape_of(shape).torch_form(replace(shape, inverted=False), span)
    assert shape_of(shape).torch_form(shape, span) is None
    assert beside is not None
    momenta = {"base_momentum": beside.arguments["base_lr"], "max_momentum": highest, "cycle_momentum": True}
    arguments = beside.arguments | momenta
    count = 2 * plan.total_steps + PAST_THE_END
    real = torch_momenta(lambda optimizer: torch.optim.lr_scheduler.CyclicLR(optimizer, **arguments), count)
    assert_same_rates(real, factors(shape, np.arange(count), span), highest)


@settings(max_examples=100, deadline=None)
@given(st.builds(OneCycleMomentum, low=fractions(0, 1), **one_cycles()), plans())
def test_the_momentum_of_a_one_cycle_is_torchs(shape: OneCycleMomentum, plan: Plan) -> None:
    import torch

    highest, span = 0.95, plan.span_for(0.95)
    rate = OneCycle(pct_start=shape.pct_start, anneal=shape.anneal, three_phase=shape.three_phase, length=shape.length)
    beside = shape_of(rate).torch_form(rate, span)
    if beside is None:
        return
    momenta = {"base_momentum": factor_of(shape.low, span) * highest, "max_momentum": highest, "cycle_momentum": True}
    arguments = beside.arguments | momenta
    assert beside.until is not None
    count = min(beside.until + 1, 4000)
    real = torch_momenta(lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, **arguments), count)
    assert_same_rates(real, factors(shape, np.arange(count), span), highest)


@settings(max_examples=80, deadline=None)
@given(st.lists(relative_shapes(), min_size=2, max_size=4), plans())
def test_a_product_of_purely_relative_shapes_is_torchs_chain_of_them(shapes: list[Any], plan: Plan) -> None:
    import torch

    product, span, base_lr = Product(tuple(shapes)), plan.span_for(0.1), 0.1
    assert shape_of(product).differs(product, span) == ()
    optimizer = optimizer_with(base_lr)
    forms = [shape_of(shape).torch_form(shape, span) for shape in shapes]
    chain = torch.optim.lr_scheduler.ChainedScheduler([scheduler_of(f, optimizer) for f in forms if f is not None])
    count = min([f.until + 1 for f in forms if f is not None and f.until is not None] + [2 * plan.total_steps])
    real = torch_rates(optimizer, chain, count)
    assert_same_rates(real, factors(product, np.arange(count), span), base_lr)


@pytest.mark.parametrize(
    "shape",
    [
        Constant(0.0),
        Constant(2.0),
        Linear(0.0, 1.0),
        Linear(1.5, 1.0),
        Linear(0.5, 2.0),
        Cosine(k=2.0),
        Polynomial(floor=0.1),
        Polynomial(k=2.0),
        CosineRestarts(growth=1.5),
        CosineRestarts(decay=0.5),
        CosineRestarts(cycles=3),
        OneCycle(pct_start=0.01),
        OneCycle(pct_start=1.0),
        OneCycle(pct_start=0.6, three_phase=True),
        OneCycle(start=0.0),
        OneCycle(end=0.0),
        Anneal(curve="1-sqrt"),
        Anneal(start=0.5),
    ],
    ids=str,
)
def test_what_torch_refuses_or_does_otherwise_has_no_torch_form(shape: Any) -> None:
    assert shape_of(shape).torch_form(shape, Plan(10, 10).span_for(0.1)) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(sequential_shapes(), st.integers(1, 60)), min_size=2, max_size=4))
def test_shapes_one_after_the_other_are_torchs_sequential_of_them(rows: list[tuple[Any, int]]) -> None:
    import torch

    ends = np.cumsum([length for _, length in rows]).tolist()
    base_lr, span = 0.1, Plan(ends[-1], 1).span_for(0.1)
    schedule = Sequence(tuple(Segment(shape, Length(float(length), "steps")) for shape, length in rows))
    assert shape_of(schedule).differs(schedule, span) == ()
    optimizer, parts = optimizer_with(base_lr), []
    for shape, length in rows:
        form = shape_of(shape).torch_form(shape, span.part(length))
        assert form is not None
        assume(form.until is None or form.until >= length)
        parts.append(scheduler_of(form, optimizer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, parts, milestones=ends[:-1])
    real = torch_rates(optimizer, scheduler, ends[-1] + 1)
    assert_same_rates(real, factors(schedule, np.arange(ends[-1] + 1), span), base_lr)


@settings(max_examples=40, deadline=None)
@given(st.one_of(designs(), moving_designs().map(with_something_to_train)))
def test_the_exported_schedulers_give_the_designs_values_at_every_step(design: Design) -> None:
    exported = run_export(export(design, FUNCTIONS))
    model = torch_model(design.model.inventory)
    if "build_optimizers" in exported:
        optimizers = exported["build_optimizers"](model)
        schedulers = exported["build_schedulers"](optimizers)
    else:
        optimizers = (exported["build_optimizer"](model),)
        schedulers = (exported["build_scheduler"](optimizers[0]),)
    real: dict[tuple[str, str], list[float]] = {}
    count = design.plan.total_steps + 5
    for _ in range(count):
        for optimizer, scheduler in zip(optimizers, schedulers, strict=True):
            for group in optimizer.param_groups:
                betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
                for name, value in (group | betas).items():
                    real.setdefault((group["name"], name), []).append(value)
            optimizer.step()
            scheduler.step()
    planned = [group for found in param_groups(design) for group in found]
    assert list(dict.fromkeys(name for name, _ in real)) == [group.name for group in planned]
    for group in planned:
        for name, designed in values_at(group, design.plan, np.arange(count)).items():
            allowed = 1e-12 * np.maximum(designed.max(), 1e-300)
            assert (np.abs(np.array(real[group.name, name]) - designed) <= allowed).all(), name
