"""Groups read off live optimizers: members by identity, options, names, and nothing live changed."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest
from live_cases import captured, made, net, real_values, two_groups
from msgspec.structs import replace

import lrdesigner
from lrdesigner.capturing.design import Captured
from lrdesigner.curves import track_values, values_at
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design, Pin
from lrdesigner.errors import UserError
from lrdesigner.expansion import ParamGroup
from lrdesigner.membership import membership
from lrdesigner.optimizers import AdamWOptions, CustomOptions, SGDOptions
from lrdesigner.schedules import Constant, Cosine, Linear
from lrdesigner.tracks import always_frozen

pytestmark = pytest.mark.torch


def members(design: Design) -> dict[str, set[str]]:
    return {group.name: {p.name for p in membership(design).members(group.id)} for group in design.groups}


def live_members(model: Any, optimizer: Any) -> list[set[str]]:
    names = {id(parameter): name for name, parameter in reversed(list(model.named_parameters(remove_duplicate=False)))}
    return [{names[id(parameter)] for parameter in group["params"]} for group in optimizer.param_groups]


def decayed(model: Any) -> list[dict[str, Any]]:
    weights = [p for p in model.parameters() if p.ndim > 1]
    return [{"params": weights, "weight_decay": 0.1}, {"params": [p for p in model.parameters() if p.ndim <= 1]}]


def test_each_param_group_is_a_group_with_its_members_and_options() -> None:
    import torch

    model = net()
    rows = [
        {"params": list(model["body"].parameters()), "lr": 0.1, "weight_decay": 0.3, "betas": (0.8, 0.95)},
        {"params": list(model["head"].parameters()), "lr": 0.02, "name": "top", "eps": 1e-6, "amsgrad": True},
    ]
    optimizer = torch.optim.AdamW(rows, lr=1.0)
    design = lrdesigner.capture(model, optimizer, steps=50)
    assert members(design) == dict(zip(("body", "top"), live_members(model, optimizer), strict=True))
    assert [group.options for group in design.groups] == [
        AdamWOptions(beta1=0.8, beta2=0.95, weight_decay=0.3),
        AdamWOptions(eps=1e-6, amsgrad=True),
    ]
    assert (design.pins, design.remainder) == ((Pin("head", 2),), 1)
    assert decode(encode(design), "it") == design


def test_names_tell_where_parameters_lie_and_that_they_have_no_decay() -> None:
    import torch

    model = net()
    optimizer = torch.optim.AdamW(decayed(model), weight_decay=0.0)
    assert list(members(lrdesigner.capture(model, optimizer, steps=5))) == ["everything"]
    assert list(members(lrdesigner.capture(model, optimizer, steps=5, fold=False))) == ["group 1", "no decay"]
    assert list(members(lrdesigner.capture(model, torch.optim.SGD(model.parameters()), steps=5))) == ["everything"]
    rows = [*decayed(model["body"]), {"params": list(model["head"].parameters()), "name": " body\n, no decay "}]
    optimizer = torch.optim.AdamW(rows, weight_decay=0.0)
    names = ["body", "body, no decay", "body , no decay"]
    assert list(members(lrdesigner.capture(model, optimizer, steps=5, fold=False))) == names
    same = [{"params": [p], "name": "x" * 70} for p in model["head"].parameters()]
    names = list(members(lrdesigner.capture(model["head"], torch.optim.SGD(same), steps=5)))
    assert names == ["x" * 60, "x" * 58 + " 2"]


def test_what_no_optimizer_has_is_a_frozen_group_of_its_own_and_what_needs_no_gradient_is_told() -> None:
    import torch

    model = net()
    model["body"][0].bias.requires_grad_(False)
    optimizer = torch.optim.SGD([*model["body"][0].parameters(), *model["body"][2].parameters()])
    found = captured(optimizer, None, model, steps=5)
    alone = found.design.groups[-1]
    assert alone.name == "not trained"
    assert always_frozen(alone, found.design.plan)
    outside = {"body.1.weight", "body.1.bias", "head.weight", "head.bias"}
    assert members(found.design)["not trained"] == outside
    assert any("body.0.bias need no gradient" in note for note in found.notes)
    assert any("No optimizer has body.1.weight, body.1.bias, head.weight and 1 more" in note for note in found.notes)
    exported, _ = found.design.build(model)
    assert len(exported.param_groups) == 1


def test_tied_parameters_are_one_by_object_and_by_storage() -> None:
    import torch

    model = torch.nn.ModuleDict({name: torch.nn.Linear(4, 4, bias=False) for name in ("a", "b", "c")})
    model["b"].weight = model["a"].weight
    model["c"].weight.data = model["a"].weight.data
    optimizer = torch.optim.SGD([{"params": [model["c"].weight], "name": "tied"}], lr=0.1)
    design = lrdesigner.capture(model, optimizer, steps=5)
    assert members(design) == {"tied": {"a.weight"}}


def test_several_optimizers_give_the_groups_of_each() -> None:
    import torch

    model = net()
    body = torch.optim.SGD(model["body"].parameters(), lr=0.1, momentum=0.9)
    head = torch.optim.AdamW(model["head"].parameters(), lr=0.01)
    schedulers = [made("StepLR", head, step_size=3), made("CosineAnnealingLR", body, T_max=20)]
    found = captured([body, head], schedulers, model)
    assert [type(group.options) for group in found.design.groups] == [SGDOptions, AdamWOptions]
    optimizers, again = found.design.build(model)
    for real, scheduler, planned, other in zip((body, head), reversed(schedulers), optimizers, again, strict=True):
        ours, theirs = real_values(planned, [other], 20), real_values(real, [scheduler], 20)
        assert np.abs(ours["lr 0"] - theirs["lr 0"]).max() < 1e-10
    twins = [torch.optim.SGD(model[part].parameters(), lr=0.1) for part in ("body", "head")]
    assert any("2 optimizers of type SGD are one" in note for note in captured(twins, None, model, steps=5).notes)


def every_optimizer() -> dict[str, dict[str, Any]]:
    return {
        "SGD": {"momentum": 0.8, "nesterov": True, "weight_decay": 1e-3},
        "Adam": {"betas": (0.7, 0.9), "maximize": True},
        "AdamW": {"amsgrad": True, "foreach": False},
        "NAdam": {"momentum_decay": 0.01},
        "RAdam": {"weight_decay": 0.1, "decoupled_weight_decay": True},
        "Adamax": {"eps": 1e-6},
        "Adagrad": {"lr_decay": 0.1},
        "Adadelta": {"rho": 0.5},
        "Adafactor": {"d": 2.0},
        "RMSprop": {"alpha": 0.5, "centered": True, "momentum": 0.1},
        "Rprop": {"etas": (0.4, 1.3), "step_sizes": (1e-5, 10)},
        "ASGD": {"lambd": 1e-3},
    }


@pytest.mark.parametrize("name", every_optimizer())
def test_options_and_members_come_back_from_the_exported_code(name: str) -> None:
    import torch

    model = net()
    optimizer = getattr(torch.optim, name)(two_groups(model), **every_optimizer()[name])
    scheduler = made("LinearLR", optimizer, total_iters=15)
    found = captured(optimizer, scheduler, model, steps=30)
    assert found.notes == ()
    assert decode(encode(found.design), "it") == found.design
    again, other = found.design.build(model)
    assert type(again) is type(optimizer)
    for mine, theirs in zip(again.param_groups, optimizer.param_groups, strict=True):
        assert [id(p) for p in mine["params"]] == [id(p) for p in theirs["params"]]
        assert {key: mine[key] for key in theirs if key not in ("params", "lr")} == {
            key: value for key, value in theirs.items() if key not in ("params", "lr")
        }
    ours, real = real_values(again, [other], 30), real_values(optimizer, [scheduler], 30)
    assert max(float(np.abs(ours[track] - real[track]).max()) for track in real) < 1e-10


def test_an_optimizer_of_ones_own_is_custom_with_the_options_that_it_takes() -> None:
    import torch

    class Lion(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 1e-4, betas: Any = (0.9, 0.99), weight_decay: float = 0.0) -> None:
            super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "inner": object()})

    model = net()
    Lion.__module__, Lion.__qualname__ = "lion_pytorch", "Lion"
    optimizer = Lion(two_groups(model), weight_decay=0.1)
    scheduler = made("CyclicLR", optimizer, base_lr=0.01, max_lr=0.1, step_size_up=5)
    group = captured(optimizer, scheduler, model, steps=30).design.groups[0]
    assert group.options == CustomOptions("lion_pytorch.Lion", {"betas": [0.9, 0.99], "weight_decay": 0.1})
    assert group.momentum is not None


def test_values_that_are_tensors_are_numbers() -> None:
    import torch

    model = net()
    rates = [torch.tensor(0.5), torch.tensor(0.25)]
    rows = [{**row, "lr": rate} for row, rate in zip(two_groups(model), rates, strict=True)]
    optimizer = torch.optim.AdamW(rows, betas=(torch.tensor(0.5), torch.tensor(0.75)))
    scheduler = made("ExponentialLR", optimizer, gamma=0.5)
    design = lrdesigner.capture(model, optimizer, scheduler, steps=9)
    assert [group.lr.base for group in design.groups] == [0.5, 0.25]
    assert (design.groups[0].options.beta1, design.groups[0].options.beta2) == (0.5, 0.75)
    assert [float(rate) for rate in rates] == [0.5, 0.25]


def test_a_rate_that_an_optimizer_finds_itself_is_told() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.param_groups[0]["lr"] = None
    found = captured(optimizer, None, model, steps=5)
    assert found.design.groups[0].lr.schedule == Constant()
    assert any("Its lr is no number" in note for note in found.notes)


@pytest.mark.parametrize("wrap", ["DataParallel", "OptimizedModule"])
def test_wrappers_around_the_model_are_looked_through(wrap: str) -> None:
    import torch

    model = net()
    outer: Any
    if wrap == "DataParallel":
        outer = torch.nn.DataParallel(model)
    else:
        outer = type("OptimizedModule", (torch.nn.Module,), {})()
        outer._orig_mod = model
    optimizer = torch.optim.SGD(outer.parameters())
    assert "head.weight" in members(lrdesigner.capture(outer, optimizer, steps=5))["everything"]


def test_tensors_that_the_model_does_not_have_are_told() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD([*model.parameters(), torch.nn.Parameter(torch.zeros(2))])
    found = captured(optimizer, None, model, steps=5)
    assert any("1 tensors that are no parameters" in note for note in found.notes)


# Nothing live is changed.


def trained(model: Any, optimizer: Any, schedulers: list[Any], steps: int) -> list[float]:
    import torch

    rates = []
    for _ in range(steps):
        loss = model["head"](model["body"](torch.rand(5, 3))).pow(2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        for scheduler in schedulers:
            scheduler.step()
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


def live_run(kind: str) -> tuple[Any, Any, Any]:
    import torch

    torch.manual_seed(3)
    random.seed(1)
    model = net()
    optimizer = torch.optim.AdamW(two_groups(model), lr=0.1)
    match kind:
        case "one cycle":
            scheduler = made("OneCycleLR", optimizer, max_lr=0.1, total_steps=60)
        case "random":
            scheduler = made("LambdaLR", optimizer, lr_lambda=lambda step: random.random() + float(torch.rand(1)))
        case "restarts":
            scheduler = made("CosineAnnealingWarmRestarts", optimizer, T_0=5, T_mult=2)
        case _:
            warm = made("LinearLR", optimizer, total_iters=4)
            rest = made("CosineAnnealingLR", optimizer, T_max=30)
            scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, rest], milestones=[4])
    return model, optimizer, scheduler


@pytest.mark.parametrize("kind", ["one cycle", "random", "restarts", "sequence"])
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_training_goes_on_as_if_nobody_had_looked(kind: str) -> None:
    import torch

    runs: list[Any] = []
    for look in (False, True):
        model, optimizer, scheduler = live_run(kind)
        trained(model, optimizer, [scheduler], 10)
        if look:
            before = copy.deepcopy((model.state_dict(), optimizer.state_dict(), scheduler.state_dict()))
            held = [id(value) for value in vars(scheduler).values()]
            attributes = set(vars(optimizer))
            assert isinstance(captured(optimizer, scheduler, model, steps=60), Captured)
            assert str(before) == str((model.state_dict(), optimizer.state_dict(), scheduler.state_dict()))
            assert held == [id(value) for value in vars(scheduler).values()]
            assert attributes == set(vars(optimizer))
        rates = trained(model, optimizer, [scheduler], 20)
        runs.append((rates, [p.detach().clone() for p in model.parameters()], torch.rand(3).tolist(), random.random()))
    assert runs[0][0] == runs[1][0]
    assert all(torch.equal(a, b) for a, b in zip(runs[0][1], runs[1][1], strict=True))
    assert runs[0][2:] == runs[1][2:]


def test_a_function_that_writes_into_the_live_optimizer_is_undone_and_told() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def meddling(step: int) -> float:
        optimizer.param_groups[0]["momentum"] = 0.1 * step
        return 1.0

    scheduler = made("LambdaLR", optimizer, lr_lambda=meddling)
    optimizer.param_groups[0]["momentum"] = 0.7
    found = captured(optimizer, scheduler, model, steps=5)
    assert optimizer.param_groups[0]["momentum"] == 0.7
    assert any("wrote momentum; that was put back" in note for note in found.notes)


def test_a_scheduler_with_parts_that_cannot_be_copied_is_stepped_on_a_copy_of_the_others() -> None:
    import threading

    import torch

    class Locked(torch.optim.lr_scheduler.LRScheduler):
        def __init__(self, optimizer: Any) -> None:
            self.lock, self.seen = threading.Lock(), list[int]()
            super().__init__(optimizer)

        def get_lr(self) -> list[float]:
            with self.lock:
                self.seen.append(self.last_epoch)
            return [base / len(self.seen) for base in self.base_lrs]

    class Drawn(torch.optim.lr_scheduler.LRScheduler):
        def __init__(self, optimizer: Any) -> None:
            self.rates = (1 / n for n in range(1, 100))
            super().__init__(optimizer)

        def get_lr(self) -> list[float]:
            return [next(self.rates) for _ in self.base_lrs]

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = Locked(optimizer)
    design = captured(optimizer, scheduler, model, steps=20).design
    assert scheduler.seen == [0]
    (group,) = design.groups
    steps = np.arange(20)
    assert track_values(group.lr, design.plan, steps) == pytest.approx(0.1 / (steps + 1), abs=1e-5)
    drawn = Drawn(optimizer)
    found = captured(optimizer, drawn, model, steps=20)
    assert any("could not be copied" in note for note in found.notes)
    assert next(drawn.rates) == 1 / 2


# An exported file of ours, read back.


def test_what_our_own_exported_code_makes_is_captured() -> None:
    import torch

    model = net()
    optimizer = torch.optim.AdamW(two_groups(model), lr=0.1, weight_decay=0.1)
    design = lrdesigner.capture(model, optimizer, made("CosineAnnealingLR", optimizer, T_max=200))
    groups = tuple(replace(group, weight_decay=Linear(0.0, 1.0), momentum=Cosine(0.5)) for group in design.groups)
    moving = replace(design, groups=groups)
    found = captured(*moving.build(model), model, steps=200)
    again = found.design
    assert members(again) == members(moving)
    steps = np.arange(200)
    for before, after in zip(moving.groups, again.groups, strict=True):
        planned = values_at(ParamGroup(before.name, before, ()), moving.plan, steps)
        real = values_at(ParamGroup(after.name, after, ()), again.plan, steps)
        for name, values in planned.items():
            assert np.abs(values - real[name]).max() <= 1.01e-4 * values.max(), name


# What is refused.


def test_what_cannot_be_captured_is_one_sentence() -> None:
    import torch

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = made("StepLR", optimizer, step_size=2)
    stranger = made("StepLR", torch.optim.SGD(net().parameters(), lr=0.1), step_size=2)
    cases: list[tuple[Any, Any, dict[str, Any], str]] = [
        (None, None, {}, "There is no optimizer"),
        (3, None, {}, "type int, not a torch.optim.Optimizer"),
        (optimizer, 3, {}, "type int, which has no step"),
        (optimizer, stranger, {}, "does not belong to an optimizer"),
        (optimizer, {"interval": "step"}, {}, 'needs the key "scheduler"'),
        (optimizer, {"scheduler": step}, {}, "say how many steps an epoch has"),
        (optimizer, {"scheduler": step, "interval": "hour"}, {}, '"step" or "epoch"'),
        (optimizer, step, {"steps": 0}, "whole number from 1 on"),
        (optimizer, step, {"steps": 10**14}, "cannot be planned"),
        ([optimizer, torch.optim.SGD(model.parameters())], None, {"steps": 3}, "is in two param groups"),
    ]
    for live, scheduler, lengths, words in cases:
        with pytest.raises(UserError, match=words):
            captured(live, scheduler, model, **lengths)
    with pytest.raises(UserError, match=r"not a torch\.nn\.Module"):
        captured(optimizer, step, "model", steps=3)
    wild = torch.optim.SGD(model.parameters(), lr=0.1)
    wild.param_groups[0]["weight_decay"] = -1.0
    with pytest.raises(UserError, match=r"group of SGD cannot be in a design.*weight_decay"):
        captured(wild, None, model, steps=3)
