"""Schedules against torch itself, stepped on a real optimizer: torch is the truth."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import designs, fractions, lengths, levels, plans, run_export, torch_model

from lrdesigner.curves import param_groups, values_at
from lrdesigner.document import Design, Plan
from lrdesigner.export import export
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Anneal,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    Expression,
    Length,
    Linear,
    Multiplicative,
    MultiStep,
    OneCycle,
    OneCycleMomentum,
    Polynomial,
    Product,
    Segment,
    Sequence,
    StepDecay,
    TorchForm,
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


def scheduler_of(form: TorchForm, optimizer: Any) -> Any:
    return getattr(importlib.import_module(form.module), form.name)(optimizer, **form.arguments)


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
    momenta = {"base_momentum": shape.low * highest, "max_momentum": highest, "cycle_momentum": True}
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


def test_what_hides_a_products_other_parts_in_torch_is_told() -> None:
    import torch

    lr_scheduler, optimizer = torch.optim.lr_scheduler, optimizer_with(0.1)
    decay, restarts = Exponential(0.9, Length(1, "steps")), CosineRestarts(first=Length(4, "steps"))
    parts = [lr_scheduler.ExponentialLR(optimizer, 0.9), lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4)]
    real = torch_rates(optimizer, lr_scheduler.ChainedScheduler(parts), 9)
    product, span = Product((decay, restarts)), Plan(9, 1).span
    assert real == pytest.approx((0.1 * factors(restarts, np.arange(9), span)).tolist())  # without the decay
    assert 0.1 * factors(product, [8], span)[0] == pytest.approx(0.1 * 0.9**8)
    (sentence,) = shape_of(product).differs(product, span)
    assert "CosineAnnealingWarmRestarts overwrites" in sentence
    for child, word in ((Cosine(floor=0.2), "order"), (Cyclic(), "CyclicLR"), (Expression("1"), "LambdaLR")):
        other = Product((decay, child))
        assert word in shape_of(other).differs(other, span)[0]


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


def differs(shape: Any, plan: Plan) -> str:
    return " ".join(shape_of(shape).differs(shape, plan.span_for(0.1)))


def rates_of(name: str, count: int, **arguments: Any) -> list[float]:
    import torch

    optimizer = optimizer_with(0.1)
    return torch_rates(optimizer, getattr(torch.optim.lr_scheduler, name)(optimizer, **arguments), count)


def designed(shape: Any, plan: Plan, steps: list[int]) -> list[float]:
    rates: list[float] = (0.1 * factors(shape, steps, plan.span_for(0.1))).tolist()
    return rates


def test_past_its_end_torchs_cosine_climbs_back_and_ours_stays() -> None:
    shape, plan = Cosine(length=Length(50, "steps")), Plan(100, 1)
    assert rates_of("CosineAnnealingLR", 101, T_max=50)[100] == pytest.approx(0.1)
    assert designed(shape, plan, [50, 75, 100]) == [0.0, 0.0, 0.0]
    assert "climbs back after step 50" in differs(shape, plan)
    assert differs(Cosine(), plan) == ""


@pytest.mark.parametrize(("anneal", "word"), [("cosine", "turns up again"), ("linear", "below 0")])
def test_past_its_end_torchs_one_cycle_turns_or_falls_below_0_then_raises_and_ours_stays(
    anneal: Any, word: str
) -> None:
    shape, plan = OneCycle(anneal=anneal), Plan(100, 1)
    form = shape_of(shape).torch_form(shape, plan.span_for(0.1))
    assert form is not None
    real = rates_of("OneCycleLR", 100, **form.arguments)
    with pytest.raises(ValueError, match="Tried to step 101 times"):
        rates_of("OneCycleLR", 101, **form.arguments)
    optimizer = optimizer_with(0.1)
    scheduler = scheduler_of(form, optimizer)
    torch_rates(optimizer, scheduler, 100)
    beyond = optimizer.param_groups[0]["lr"]
    assert beyond < 0 if anneal == "linear" else beyond > real[99]
    assert designed(shape, plan, [99, 100, 150]) == pytest.approx([real[99]] * 3)
    assert word in differs(shape, plan)
    assert differs(OneCycle(length=Length(200, "steps")), plan) == ""


def test_after_its_end_torchs_constant_jumps_back_and_ours_holds() -> None:
    shape, plan = Constant(0.5), Plan(20, 1)
    assert rates_of("ConstantLR", 6, factor=0.5, total_iters=5)[4:] == [0.05, 0.1]
    assert designed(shape, plan, [4, 5, 20]) == [0.05, 0.05, 0.05]
    assert "jumps back" in differs(shape, plan)
    assert differs(Constant(), plan) == ""
    with pytest.raises(ZeroDivisionError):
        rates_of("ConstantLR", 6, factor=0.0, total_iters=5)
    assert "fails on a factor of 0" in differs(Constant(0.0), plan)


def test_a_milestone_at_step_0_acts_at_once_in_torch_and_here() -> None:
    shape, plan = MultiStep((Length(0, "steps"), Length(2, "steps")), gamma=0.5), Plan(5, 1)
    real = rates_of("MultiStepLR", 4, milestones=[0, 2], gamma=0.5)
    assert real == designed(shape, plan, [0, 1, 2, 3]) == [0.05, 0.05, 0.025, 0.025]
    assert differs(shape, plan) == ""


def test_a_line_from_0_or_above_1_is_refused_by_torch_and_drawn_here() -> None:
    plan = Plan(10, 1)
    for start, end, word in ((0.0, 1.0, "start at 0"), (1.0, 2.0, "above 1"), (1.5, 1.0, "above 1")):
        shape = Linear(start, end)
        with pytest.raises(ValueError, match="multiplicative factor"):
            rates_of("LinearLR", 1, start_factor=start, end_factor=end)
        assert designed(shape, plan, [0, 10]) == pytest.approx([0.1 * start, 0.1 * end])
        assert word in differs(shape, plan)
    assert differs(Linear(), plan) == ""


def test_past_its_end_torchs_polynomial_stays_at_0_as_ours() -> None:
    shape, plan = Polynomial(power=2.0, length=Length(5, "steps")), Plan(20, 1)
    assert rates_of("PolynomialLR", 9, total_iters=5, power=2.0)[5:] == designed(shape, plan, [5, 6, 7, 8]) == [0.0] * 4
    assert differs(shape, plan) == ""


def sequential(make: Any, milestone: int, count: int) -> list[float]:
    import torch

    optimizer = optimizer_with(0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = torch.optim.lr_scheduler.SequentialLR(
            optimizer, make(torch.optim.lr_scheduler, optimizer), milestones=[milestone]
        )
    return torch_rates(optimizer, scheduler, count)


def one_after_the_other(*schedules: Any) -> Sequence:
    return Sequence(tuple(Segment(schedule, Length(5, "steps")) for schedule in schedules))


def test_a_nested_sequence_raises_or_runs_early_in_torch_and_is_exact_here() -> None:
    def inner(torch: Any, optimizer: Any) -> Any:
        return torch.ChainedScheduler([torch.ConstantLR(optimizer, 0.5, 3), torch.ExponentialLR(optimizer, 0.9)])

    with pytest.raises(NotImplementedError):
        sequential(lambda torch, o: [torch.LinearLR(o, 0.1, total_iters=5), inner(torch, o)], 5, 8)
    assert sequential(lambda torch, o: [inner(torch, o), torch.ConstantLR(o, 1.0)], 5, 1) == [pytest.approx(0.045)]
    chain, plan = Product((Constant(0.5), Exponential(0.9, Length(1, "steps")))), Plan(10, 1)
    assert designed(one_after_the_other(chain, Constant()), plan, [0]) == [0.05]
    assert designed(one_after_the_other(Linear(), chain), plan, [5, 6]) == pytest.approx([0.05, 0.045])
    assert "ChainedScheduler runs one step early" in differs(one_after_the_other(chain, Constant()), plan)
    assert "ChainedScheduler raises" in differs(one_after_the_other(Linear(), chain), plan)
    nested = one_after_the_other(Linear(), one_after_the_other(Constant(), Cosine()))
    assert "SequentialLR raises" in differs(nested, plan)


def test_a_one_cycle_in_torchs_sequence_lowers_the_warm_up_before_it_and_ours_leaves_it() -> None:
    real = sequential(
        lambda torch, o: [torch.LinearLR(o, 0.1, total_iters=5), torch.OneCycleLR(o, 0.1, total_steps=12)], 5, 4
    )
    assert real[0] == pytest.approx(0.0004)
    shape, plan = one_after_the_other(Linear(), OneCycle()), Plan(17, 1)
    assert designed(shape, plan, [0]) == pytest.approx([0.01])
    assert "OneCycleLR overwrites the initial rate" in differs(shape, plan)
    assert "CyclicLR overwrites the initial rate" in differs(one_after_the_other(Linear(), Cyclic()), plan)


def test_a_multiplicative_in_torchs_sequence_goes_on_from_the_warm_up_and_ours_from_the_base() -> None:
    real = sequential(
        lambda torch, o: [torch.LinearLR(o, 0.1, total_iters=5), torch.MultiplicativeLR(o, lambda step: 0.9)], 5, 6
    )
    assert real[5] == pytest.approx(0.0738)
    shape, plan = one_after_the_other(Linear(), Multiplicative("0.9")), Plan(10, 1)
    assert designed(shape, plan, [5]) == [0.1]
    assert "MultiplicativeLR goes on" in differs(shape, plan)
    assert "SWALR goes on" in differs(one_after_the_other(Linear(), Anneal()), plan)
    assert differs(one_after_the_other(Linear(), Cosine()), plan) == ""


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
