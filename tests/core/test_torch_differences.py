"""Where torch's schedulers do something else than they promise: what they do, what ours do, and that it is told."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from torch_runs import optimizer_with, scheduler_of, torch_rates

from lrdesigner.document import Plan
from lrdesigner.schedules import (
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
    Polynomial,
    Product,
    Segment,
    Sequence,
    factors,
    shape_of,
)

pytestmark = pytest.mark.torch


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


def test_what_hides_a_products_other_parts_in_torch_is_told() -> None:
    import torch

    lr_scheduler, optimizer = torch.optim.lr_scheduler, optimizer_with(0.1)
    decay, restarts = Exponential(0.9, Length(1, "steps")), CosineRestarts(first=Length(4, "steps"))
    parts = [lr_scheduler.ExponentialLR(optimizer, 0.9), lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4)]
    real = torch_rates(optimizer, lr_scheduler.ChainedScheduler(parts), 9)
    product, span = Product((decay, restarts)), Plan(9, 1).span
    assert real == pytest.approx((0.1 * factors(restarts, range(9), span)).tolist())  # without the decay
    assert 0.1 * factors(product, [8], span)[0] == pytest.approx(0.1 * 0.9**8)
    (sentence,) = shape_of(product).differs(product, span)
    assert "CosineAnnealingWarmRestarts overwrites" in sentence
    for child, word in ((Cosine(floor=0.2), "order"), (Cyclic(), "CyclicLR"), (Expression("1"), "LambdaLR")):
        other = Product((decay, child))
        assert word in shape_of(other).differs(other, span)[0]
