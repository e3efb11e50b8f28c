"""Schedules read off live schedulers of torch: equal to the real thing at every step, or as far off as is told."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from live_cases import captured, largest_difference, made, net, real_values, two_groups

from lrdesigner.schedules import (
    Absolute,
    Anneal,
    Constant,
    Cosine,
    CosineRestarts,
    CosineWaves,
    Cyclic,
    Exponential,
    Greedy,
    Keyframes,
    Length,
    Linear,
    Multiplicative,
    MultiStep,
    OneCycle,
    OneCycleMomentum,
    Plateau,
    Polynomial,
    Product,
    Sequence,
    StepDecay,
    WarmupStableDecay,
)
from lrdesigner.schedules.registry import COVERS

pytestmark = pytest.mark.torch

counts = st.integers(1, 60)
gammas = st.sampled_from([0.3, 0.9, 0.999, 1.0, 1.02])
rates = st.sampled_from([0.0, 1e-4, 0.01, 0.3])
two_rates = st.one_of(rates, st.lists(st.sampled_from([0.01, 0.2, 0.5]), min_size=2, max_size=2))


def arguments(**kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(kinds)


starts, ends = st.sampled_from([0.01, 0.5, 1.0]), st.sampled_from([0.0, 0.7, 1.0])
curves, powers = st.sampled_from(["cos", "linear"]), st.sampled_from([0.5, 1.0, 2.0])
SIMPLE: dict[str, tuple[Any, st.SearchStrategy[dict[str, Any]]]] = {
    "StepLR": (StepDecay, arguments(step_size=counts, gamma=gammas)),
    "MultiStepLR": (MultiStep, arguments(milestones=st.lists(counts, min_size=1, max_size=4), gamma=gammas)),
    "ConstantLR": (None, arguments(factor=st.sampled_from([0.1, 1 / 3, 1.0]), total_iters=counts)),
    "LinearLR": (None, arguments(start_factor=starts, end_factor=ends, total_iters=st.integers(0, 60))),
    "ExponentialLR": (Exponential, arguments(gamma=gammas)),
    "PolynomialLR": (Polynomial, arguments(total_iters=counts, power=powers)),
    "CosineAnnealingLR": (None, arguments(T_max=counts, eta_min=rates)),
    "CosineAnnealingWarmRestarts": (CosineRestarts, arguments(T_0=counts, T_mult=st.integers(1, 3), eta_min=rates)),
    "SWALR": (Anneal, arguments(swa_lr=two_rates, anneal_epochs=counts, anneal_strategy=curves)),
}


@settings(deadline=None, max_examples=15)
@pytest.mark.parametrize("name", SIMPLE)
@given(data=st.data(), steps=st.integers(2, 90))
def test_a_scheduler_of_torch_is_recognised_and_equal_at_every_step(name: str, data: Any, steps: int) -> None:
    import torch

    shape, kinds = SIMPLE[name]
    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    given = data.draw(kinds)
    scheduler = made(name, optimizer, **given)
    found = captured(optimizer, scheduler, model, steps=steps)
    assert found.notes == ()
    assert largest_difference(found.design, real_values(optimizer, [scheduler], steps)) < 1e-9
    for group in found.design.groups:
        assert not isinstance(group.lr.schedule, Keyframes)
        assert shape is None or isinstance(group.lr.schedule, shape)


def test_a_cosine_that_climbs_back_is_waves_and_an_absolute_floor_stays_absolute() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made("CosineAnnealingLR", optimizer, T_max=30, eta_min=0.001)
    down = captured(optimizer, scheduler, model).design
    assert [g.lr.schedule for g in down.groups] == [Cosine(Absolute(0.001), down.groups[0].lr.schedule.length)] * 2
    assert (down.plan.total_steps, [group.lr.base for group in down.groups]) == (30, [0.1, 0.02])
    up = captured(optimizer, scheduler, model, steps=75).design
    assert isinstance(up.groups[0].lr.schedule, CosineWaves)
    assert largest_difference(up, real_values(optimizer, [scheduler], 75)) < 1e-9


@settings(deadline=None, max_examples=25)
@given(
    up=st.integers(1, 20),
    down=st.one_of(st.none(), st.integers(1, 20)),
    mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
    adam=st.booleans(),
    steps=st.integers(2, 80),
    momenta=st.sampled_from([(0.8, 0.9), (0.85, 0.95), (0.9, 0.9), ([0.5, 0.6], [0.7, 0.9])]),
)
def test_cyclic_is_recognised_with_its_momentum(
    up: int, down: int | None, mode: str, adam: bool, steps: int, momenta: Any
) -> None:
    import torch

    model = net()
    kind = torch.optim.AdamW if adam else torch.optim.SGD
    optimizer = kind(two_groups(model), lr=0.1, **({} if adam else {"momentum": 0.9}))
    scheduler = made(
        "CyclicLR", optimizer, base_lr=[0.01, 0.02], max_lr=[0.3, 0.1], step_size_up=up, step_size_down=down,
        mode=mode, gamma=0.99, base_momentum=momenta[0], max_momentum=momenta[1],
    )  # fmt: skip
    found = captured(optimizer, scheduler, model, steps=steps)
    assert found.notes == ()
    assert all(isinstance(group.lr.schedule, Cyclic) for group in found.design.groups)
    assert all(isinstance(group.momentum, Cyclic | None) for group in found.design.groups)
    assert largest_difference(found.design, real_values(optimizer, [scheduler], steps)) < 1e-9


@settings(deadline=None, max_examples=25)
@given(
    total=st.integers(5, 80),
    share=st.sampled_from([0.1, 0.25, 0.3, 0.45]),
    linear=st.booleans(),
    three=st.booleans(),
    cycle=st.booleans(),
    adam=st.booleans(),
)
def test_one_cycle_is_recognised_with_its_momentum_and_its_length(
    total: int, share: float, linear: bool, three: bool, cycle: bool, adam: bool
) -> None:
    import torch

    assume(share * total >= 2)
    model = net()
    optimizer = (torch.optim.AdamW if adam else torch.optim.SGD)(two_groups(model), lr=0.1)
    scheduler = made(
        "OneCycleLR", optimizer, max_lr=[0.5, 0.1], total_steps=total, pct_start=share, three_phase=three,
        anneal_strategy="linear" if linear else "cos", cycle_momentum=cycle,
    )  # fmt: skip
    found = captured(optimizer, scheduler, model)
    assert found.notes == ()
    assert found.design.plan.total_steps == total
    assert [group.lr.base for group in found.design.groups] == [0.5, 0.1]
    assert all(isinstance(group.lr.schedule, OneCycle) for group in found.design.groups)
    assert all(isinstance(group.momentum, OneCycleMomentum) == cycle for group in found.design.groups)
    assert largest_difference(found.design, real_values(optimizer, [scheduler], total)) < 1e-9


def test_a_number_that_multiplies_each_step_is_recognised_and_a_function_is_sampled() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made("MultiplicativeLR", optimizer, lr_lambda=[lambda step: 0.97, lambda step: 1 - 1 / (step + 5)])
    found = captured(optimizer, scheduler, model, steps=200)
    first, second = [group.lr.schedule for group in found.design.groups]
    assert (first, type(second)) == (Multiplicative("0.97"), Keyframes)
    assert len(found.notes) == 1
    assert largest_difference(found.design, real_values(optimizer, [scheduler], 200)) < 1.1e-4


def warmup_then(name: str, optimizer: Any, **given: Any) -> Any:
    import torch

    warmup = made("LinearLR", optimizer, start_factor=0.1, total_iters=10)
    rest = made(name, optimizer, **given)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, rest], milestones=[10])


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("CosineAnnealingLR", {"T_max": 40, "eta_min": 0.001}),
        ("CosineAnnealingLR", {"T_max": 15}),
        ("PolynomialLR", {"total_iters": 30, "power": 2.0}),
        ("ExponentialLR", {"gamma": 0.95}),
        ("StepLR", {"step_size": 7}),
        ("MultiStepLR", {"milestones": [5, 9]}),
        ("ConstantLR", {"factor": 0.5, "total_iters": 12}),
        ("CosineAnnealingWarmRestarts", {"T_0": 9, "T_mult": 2, "eta_min": 0.002}),
        ("CyclicLR", {"base_lr": 0.001, "max_lr": 0.2, "step_size_up": 6, "cycle_momentum": False}),
        ("OneCycleLR", {"max_lr": 0.4, "total_steps": 60}),
    ],
)
def test_a_sequence_is_recognised_whatever_its_parts_do_to_one_another(name: str, given: dict[str, Any]) -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1, momentum=0.9)
    scheduler = warmup_then(name, optimizer, **given)
    found = captured(optimizer, scheduler, model, steps=50)
    assert all(isinstance(group.lr.schedule, Sequence) for group in found.design.groups)
    assert largest_difference(found.design, real_values(optimizer, [scheduler], 50)) < (
        1e-9 if name != "OneCycleLR" else 1.1e-4  # its momentum, of the part alone, is sampled
    )


def test_a_sequence_whose_part_goes_on_from_the_warm_up_is_sampled() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = warmup_then("MultiplicativeLR", optimizer, lr_lambda=lambda step: 0.9)
    found = captured(optimizer, scheduler, model, steps=50)
    assert isinstance(found.design.groups[0].lr.schedule, Keyframes)
    assert largest_difference(found.design, real_values(optimizer, [scheduler], 50)) < 1.1e-4


def test_a_chain_is_a_product_where_it_is_one_and_the_last_part_where_that_overwrites_the_others() -> None:
    import torch

    def chain(*rows: tuple[str, dict[str, Any]]) -> Any:
        model = net()
        optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
        parts = [made(name, optimizer, **given) for name, given in rows]
        scheduler = torch.optim.lr_scheduler.ChainedScheduler(parts)
        found = captured(optimizer, scheduler, model, steps=60)
        assert largest_difference(found.design, real_values(optimizer, [scheduler], 60)) < 1.1e-4
        return found.design.groups[0].lr.schedule

    warmup = ("LinearLR", {"start_factor": 0.1, "total_iters": 10})
    assert isinstance(chain(warmup, ("ExponentialLR", {"gamma": 0.97})), Product)
    assert isinstance(chain(warmup, ("CosineAnnealingLR", {"T_max": 60})), Product)
    assert isinstance(chain(warmup, ("CosineAnnealingWarmRestarts", {"T_0": 20})), CosineRestarts)
    assert isinstance(chain(warmup, ("CosineAnnealingLR", {"T_max": 60, "eta_min": 0.01})), Keyframes)


def test_a_chain_of_chains_is_recognised_and_a_sequence_in_a_sequence_is_what_torch_makes_of_it() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    chained = torch.optim.lr_scheduler.ChainedScheduler
    inner = chained([made("LinearLR", optimizer), made("ExponentialLR", optimizer, gamma=0.98)])
    outer = chained([inner, made("StepLR", optimizer, step_size=20)])
    found = captured(optimizer, outer, model, steps=60)
    assert largest_difference(found.design, real_values(optimizer, [outer], 60)) < 1e-9
    assert isinstance(found.design.groups[0].lr.schedule.factors[0], Product)

    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    inner = warmup_then("CosineAnnealingLR", optimizer, T_max=20)
    rest = made("ConstantLR", optimizer, factor=0.1, total_iters=100)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        nested = torch.optim.lr_scheduler.SequentialLR(optimizer, [inner, rest], milestones=[30])
    found = captured(optimizer, nested, model, steps=60)
    assert isinstance(found.design.groups[0].lr.schedule, Keyframes)  # the inner one runs a step early
    assert largest_difference(found.design, real_values(optimizer, [nested], 60)) < 1.1e-4


FUNCTIONS = {
    "a curve": lambda step: 0.5 + 0.4 * math.sin(step / 200),
    "a warm-up and a decay": lambda step: min((step + 1) / 50, (50 / (step + 1)) ** 0.5),
    "stairs": lambda step: 0.5 ** (step // 100),
    "odd stairs": lambda step: 1 / (1 + step // 100),
    "noise": lambda step: (step * 7919 % 101) / 101,
    "a constant": lambda step: 0.25,
    "nothing": lambda step: 0.0,
    "below zero": lambda step: math.cos(step / 100),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_function_is_sampled_with_the_error_that_is_told(name: str) -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = made("LambdaLR", optimizer, lr_lambda=FUNCTIONS[name])
    found = captured(optimizer, scheduler, model, steps=1000)
    off = largest_difference(found.design, real_values(optimizer, [scheduler], 1000))
    schedule = found.design.groups[0].lr.schedule
    told = re.search(r"off by ([\d.e-]+) of the peak at most", " ".join(found.notes))
    assert off <= (float(told[1]) * 1.01 if told else 1e-12)
    if name in ("a curve", "a warm-up and a decay"):
        assert off < 1.01e-4
        assert len(schedule.keys) < 120
    if name == "stairs":
        assert schedule == StepDecay(Length(100, "steps"), 0.5)
    if name == "odd stairs":
        assert [key.then for key in schedule.keys] == ["hold"] * 10
    if name in ("a constant", "nothing"):
        assert isinstance(schedule, Constant)


def test_a_scheduler_of_ones_own_is_sampled_with_all_that_it_moves() -> None:
    import torch

    class Warm(torch.optim.lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            for group in self.optimizer.param_groups:
                group["weight_decay"] = 0.01 * (1 + self.last_epoch)
                group["betas"] = (0.9 - 0.001 * self.last_epoch, 0.99)
            return [base * min(1.0, (1 + self.last_epoch) / 20) for base in self.base_lrs]

    model = net()
    optimizer = torch.optim.AdamW(two_groups(model), lr=0.1)
    found = captured(optimizer, Warm(optimizer), model, steps=100)
    group = found.design.groups[1]
    assert all(isinstance(s, Keyframes) for s in (group.lr.schedule, group.weight_decay, group.momentum))
    assert (group.beta2, group.lr.base, group.options.beta2) == (None, 0.02, 0.99)
    assert group.options.weight_decay == pytest.approx(1.0)
    optimizer = torch.optim.AdamW(two_groups(model), lr=0.1)
    assert largest_difference(found.design, real_values(optimizer, [Warm(optimizer)], 100)) < 1e-9


def test_a_metric_that_steers_the_rate_stays_one_with_each_groups_floor() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made("ReduceLROnPlateau", optimizer, patience=3, factor=0.5, mode="max", min_lr=[0.001, 0.0])
    found = captured(optimizer, scheduler, model, steps=100, steps_per_epoch=20)
    first, second = [group.lr.schedule for group in found.design.groups]
    assert first == Plateau(factor=0.5, patience=3, mode="max", floor=Absolute(0.001))
    assert second == Plateau(factor=0.5, patience=3, mode="max")
    assert (found.design.plan.epochs, found.design.plan.steps_per_epoch, found.notes) == (5, 20, ())


def test_transformers_greedy_scheduler_stays_one_that_a_metric_steers_from_where_it_began() -> None:
    import torch

    class GreedyLR:
        def __init__(self, optimizer: Any) -> None:
            plain = {"mode": "max", "factor": 0.9, "patience": 2, "threshold": 0.0, "threshold_mode": "rel", "eps": 0.0}
            waits = {"cooldown": 1, "warmup": 2, "smooth": True, "window_size": 5, "reset_start": 3}
            vars(self).update(plain | waits, optimizer=optimizer, reset_start_original=40)
            self.min_lrs, self.max_lrs, self._init_lrs = [0.01, 0.0], [1.0, 0.5], [0.1, 0.02]

        def step(self, metrics: float) -> None: ...

    GreedyLR.__module__, GreedyLR.__qualname__ = "transformers.optimization", "GreedyLR"
    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = GreedyLR(optimizer)
    optimizer.param_groups[0]["lr"] = 0.7
    found = captured(optimizer, scheduler, model, steps=100, steps_per_epoch=20)
    first, second = [group.lr for group in found.design.groups]
    assert first.schedule == Greedy(
        factor=0.9, patience=2, mode="max", threshold=0.0, threshold_mode="rel", cooldown=1, warmup=2, eps=0.0,
        floor=Absolute(0.01), ceiling=Absolute(1.0), smooth=True, window=5, reset_start=40,
    )  # fmt: skip
    assert (first.base, second.base, second.schedule.ceiling, found.notes) == (0.1, 0.02, Absolute(0.5), ())


@pytest.mark.parametrize("config", [{"interval": "epoch"}, {"interval": "step", "frequency": 10}])
@pytest.mark.parametrize(
    ("name", "given", "shape"),
    [
        ("StepLR", {"step_size": 3, "gamma": 0.5}, StepDecay),
        ("MultiStepLR", {"milestones": [2, 5], "gamma": 0.5}, MultiStep),
        ("ExponentialLR", {"gamma": 0.8}, Exponential),
        ("CosineAnnealingLR", {"T_max": 8}, Keyframes),
        ("LinearLR", {"total_iters": 4}, Keyframes),
    ],
)
def test_a_scheduler_that_is_stepped_at_every_tenth_update_is_exact_too(
    name: str, given: dict[str, Any], shape: Any, config: dict[str, Any]
) -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made(name, optimizer, **given)
    found = captured(optimizer, {"scheduler": scheduler, **config}, model, steps=80, steps_per_epoch=10)
    assert isinstance(found.design.groups[0].lr.schedule, shape)
    real = {track: np.repeat(values, 10) for track, values in real_values(optimizer, [scheduler], 8).items()}
    assert largest_difference(found.design, real) < 1e-9


EPOCHS = {
    "one drop": (lambda epoch: 0.1 if epoch >= 6 else 1.0, MultiStep((Length(6, "epochs"),), 0.1)),
    "every third": (lambda epoch: 0.5 ** (epoch // 3), StepDecay(Length(3, "epochs"), 0.5)),
    "each": (lambda epoch: 0.9**epoch, Exponential(0.9, Length(1, "epochs"), stairs=True)),
    "milestones": (lambda epoch: 0.3 ** ((epoch >= 2) + (epoch >= 7)), None),
    "none": (lambda epoch: 1.0, Constant(1.0)),
    "a curve": (lambda epoch: 1 / (1 + epoch), None),
}


@pytest.mark.parametrize("name", EPOCHS)
def test_a_function_of_the_epoch_is_the_plain_shape_it_is_in_epochs_or_holds_at_whole_epochs(name: str) -> None:
    import torch

    function, shape = EPOCHS[name]
    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made("LambdaLR", optimizer, lr_lambda=function)
    given = {"scheduler": scheduler, "interval": "epoch"}
    schedule = captured(optimizer, given, model, steps=100, steps_per_epoch=10).design.groups[0].lr.schedule
    if shape is not None:
        assert schedule == shape
    elif name == "milestones":
        assert [str(step) for step in schedule.milestones] == ["2 epochs", "7 epochs"]
    else:
        assert [str(key.at) for key in schedule.keys][:3] == ["0 epochs", "1 epoch", "2 epochs"]


@pytest.mark.parametrize("done", [1, 17])
@pytest.mark.parametrize("kind", ["StepLR", "CosineAnnealingLR", "sequence", "chain", "function", "multiplied"])
def test_in_the_middle_of_a_run_the_schedule_is_followed_from_its_start(kind: str, done: int) -> None:
    import torch

    def both() -> tuple[Any, Any, Any]:
        model = net()
        optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
        match kind:
            case "StepLR":
                return model, optimizer, made("StepLR", optimizer, step_size=9)
            case "CosineAnnealingLR":
                return model, optimizer, made("CosineAnnealingLR", optimizer, T_max=60)
            case "sequence":
                return model, optimizer, warmup_then("CosineAnnealingLR", optimizer, T_max=60)
            case "chain":
                parts = [made("LinearLR", optimizer), made("ExponentialLR", optimizer, gamma=0.9)]
                return model, optimizer, torch.optim.lr_scheduler.ChainedScheduler(parts)
            case "multiplied":
                return model, optimizer, made("MultiplicativeLR", optimizer, lr_lambda=lambda step: 1 - 1 / (step + 9))
        return model, optimizer, made("LambdaLR", optimizer, lr_lambda=lambda step: 1 / (1 + step / 10))

    model, optimizer, scheduler = both()
    real_values(optimizer, [scheduler], done + 1)
    found = captured(optimizer, scheduler, model, steps=60)
    assert f"The run is at step {done}" in found.notes[-1]
    assert "from step 0 on" in found.notes[-1]
    _, fresh, again = both()
    assert largest_difference(found.design, real_values(fresh, [again], 60)) < 1.1e-4


def test_what_cannot_be_followed_from_its_start_is_sampled_from_the_present_on() -> None:
    import torch

    class Walk(torch.optim.lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            self.walked = getattr(self, "walked", 0) + 1
            return [base / self.walked for base in self.base_lrs]

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = Walk(optimizer)
    real_values(optimizer, [scheduler], 11)
    found = captured(optimizer, scheduler, model, steps=60)
    assert "could not be followed again" in found.notes[-1]
    assert largest_difference(found.design, real_values(optimizer, [scheduler], 50), first=10) < 1.1e-4


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda optimizer: made("LambdaLR", optimizer, lr_lambda=lambda step: 1.0), 1000),
        (lambda optimizer: made("PolynomialLR", optimizer, total_iters=70), 70),
        (lambda optimizer: warmup_then("CosineAnnealingLR", optimizer, T_max=90), 100),
        (lambda optimizer: None, 1000),
    ],
    ids=["a function", "a polynomial", "a sequence", "no scheduler"],
)
def test_the_length_of_the_run_is_what_the_scheduler_was_made_for_or_a_guess_that_is_told(
    make: Any, steps: int
) -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    found = captured(optimizer, make(optimizer), model)
    assert found.design.plan.total_steps == steps
    assert any("is not known" in note for note in found.notes) == (steps == 1000)


def test_functions_tell_the_length_that_they_were_given() -> None:
    import functools

    import torch

    def decay(step: int, num_training_steps: int) -> float:
        return max(1 - step / num_training_steps, 0.0)

    def closure(total_steps: int) -> Any:
        return lambda step: 1 - step / total_steps

    for function in (functools.partial(decay, num_training_steps=300), closure(300)):
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        found = captured(optimizer, made("LambdaLR", optimizer, lr_lambda=function), model)
        assert found.design.plan.total_steps == 300
        assert len(found.design.groups[0].lr.schedule.keys) == 2


def named(name: str, factor: Any, **keywords: Any) -> Any:
    """A function with the name of one of transformers, and what it was given."""
    import functools

    def function(step: int, **_: Any) -> float:
        return float(factor(step))

    function.__name__ = name
    return functools.partial(function, **keywords)


def test_a_function_of_transformers_is_recognised_by_its_name_and_keywords() -> None:
    import torch

    def linear(step: int) -> float:
        return step / 10 if step < 10 else max(0.0, (60 - step) / 50)

    name, given = "_get_linear_schedule_with_warmup_lr_lambda", {"num_warmup_steps": 10, "num_training_steps": 60}
    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made("LambdaLR", optimizer, lr_lambda=named(name, linear, **given))
    found = captured(optimizer, scheduler, model)
    up, down = found.design.groups[0].lr.schedule.segments
    assert (up.schedule, down.schedule) == (
        Linear(0.0, 1.0, Length(10, "steps")),
        Linear(1.0, 0.0, Length(50, "steps")),
    )
    assert (found.design.plan.total_steps, found.notes) == (60, ())
    assert largest_difference(found.design, real_values(optimizer, [scheduler], 60)) < 1e-9


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("_get_linear_schedule_with_warmup_lr_lambda", {"num_warmup_steps": 10, "num_training_steps": 60}),
        ("_get_linear_schedule_with_warmup_lr_lambda", {"num_training_steps": 60}),
        ("_get_linear_schedule_with_warmup_lr_lambda", {"num_warmup_steps": "ten", "num_training_steps": 60}),
        ("_get_cosine_schedule_with_warmup_lr_lambda", {"surprise": 1}),
        ("_get_wsd_scheduler_lambda", {"num_warmup_steps": 1, "num_stable_steps": 1, "num_decay_steps": 1}),
        ("_get_wsd_scheduler_lambda", {"num_decay_steps": 10**400}),
    ],
)
def test_what_only_has_the_name_of_such_a_function_is_sampled(name: str, keywords: dict[str, Any]) -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    scheduler = made("LambdaLR", optimizer, lr_lambda=named(name, lambda step: 1 / (1 + step), **keywords))
    found = captured(optimizer, scheduler, model, steps=60)
    assert isinstance(found.design.groups[0].lr.schedule, Keyframes)


def test_the_length_of_warm_up_stable_decay_is_the_sum_of_its_phases() -> None:
    import torch

    def trapezoid(step: int) -> float:
        return min(1.0, step / 10, max(0.0, (100 - step) / 20))

    phases = {"num_warmup_steps": 10, "num_stable_steps": 70, "num_decay_steps": 20, "decay_type": "linear"}
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = made("LambdaLR", optimizer, lr_lambda=named("_get_wsd_scheduler_lambda", trapezoid, **phases))
    found = captured(optimizer, scheduler, model)
    assert isinstance(found.design.groups[0].lr.schedule, WarmupStableDecay)
    assert (found.design.plan.total_steps, found.notes) == (100, ())


def test_several_schedulers_of_one_optimizer_act_together() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(two_groups(model), lr=0.1)
    both = [made("LinearLR", optimizer, total_iters=10), made("ExponentialLR", optimizer, gamma=0.97)]
    found = captured(optimizer, both, model, steps=60)
    assert isinstance(found.design.groups[0].lr.schedule, Product)
    assert largest_difference(found.design, real_values(optimizer, both, 60)) < 1e-9


def test_every_scheduler_that_a_shape_covers_is_looked_at_here() -> None:
    here = {*SIMPLE, "CyclicLR", "OneCycleLR", "MultiplicativeLR", "LambdaLR", "ReduceLROnPlateau"}
    assert {*here, "SequentialLR", "ChainedScheduler"} == set(COVERS)


def test_a_rate_of_few_digits_is_still_recognised_and_how_far_it_is_off_is_told() -> None:
    import torch

    model = net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=torch.tensor(0.1))
    found = captured(optimizer, made("ExponentialLR", optimizer, gamma=0.99), model, steps=500)
    assert isinstance(found.design.groups[0].lr.schedule, Exponential)
    assert "a tensor of few digits, off by" in found.notes[0]


def test_many_groups_of_one_function_share_one_schedule_and_one_note() -> None:
    import torch

    model = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(12)])
    rows = [{"params": layer.parameters(), "lr": 0.1 * 0.9**n} for n, layer in enumerate(model)]
    optimizer = torch.optim.SGD(rows)
    scheduler = made("LambdaLR", optimizer, lr_lambda=lambda step: (1 + step / 100) ** -0.5)
    found = captured(optimizer, scheduler, model, steps=300)
    assert len({group.lr.schedule for group in found.design.groups}) == 1
    assert len(found.notes) == 1
    assert found.notes[0].startswith("0, 1, 2 and 9 more: The lr was sampled")


def test_a_rate_that_becomes_no_number_ends_there_and_is_told() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = made("LambdaLR", optimizer, lr_lambda=lambda step: math.nan if step > 20 else 1 - step / 100)
    found = captured(optimizer, scheduler, model, steps=40)
    assert any("no finite number at step 21" in note for note in found.notes)
    assert found.design.groups[0].lr.schedule.keys[-1].value == pytest.approx(0.8)


def test_a_line_is_a_line() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = made("LinearLR", optimizer, start_factor=0.25, total_iters=40)
    schedule = captured(optimizer, scheduler, model).design.groups[0].lr.schedule
    assert schedule == Linear(0.25, 1.0, schedule.length)
