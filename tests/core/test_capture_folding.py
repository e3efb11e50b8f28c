"""Param groups of a live optimizer that mean one group of a design, and groups that follow another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_cases import captured, made
from msgspec.structs import replace

from lrdesigner.capturing.followers import plain_ratio
from lrdesigner.curves import track_values
from lrdesigner.document import DecayExemption, Design, Follow, Group, LayerDecay, Pin
from lrdesigner.param_groups import trained_groups
from lrdesigner.schedules import Absolute, Cosine

pytestmark = pytest.mark.torch

Scale = Callable[[str], float]


def vit(blocks: int = 4) -> Any:
    """Named as a ViT, as small as can be."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attn = nn.LayerNorm(2), nn.ModuleDict({"qkv": nn.Linear(2, 6)})

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cls_token, self.pos_embed = nn.Parameter(torch.zeros(1, 1, 2)), nn.Parameter(torch.zeros(1, 5, 2))
            self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, 2, 2)})
            self.blocks = nn.ModuleList(Block() for _ in range(blocks))
            self.norm, self.head = nn.LayerNorm(2), nn.Linear(2, 3)

    return Net()


def rows(model: Any, scale: Scale, without: Callable[[str, Any], bool], decay: float = 0.05) -> list[dict[str, Any]]:
    """Param groups by layer scale and decay, as BEiT's and timm's code makes them."""
    found: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in model.named_parameters():
        key = scale(name), 0.0 if without(name, parameter) else decay
        found.setdefault(key, []).append(parameter)
    return [{"params": held, "lr": 1e-3 * s, "weight_decay": w} for (s, w), held in found.items()]


def layer(name: str, last: int = 4) -> int:
    """0: what is before the blocks; the last norm is with the head, as BEiT has it."""
    if name.startswith("blocks."):
        return int(name.split(".")[1]) + 1
    return last + 1 if name.startswith(("head", "norm")) else 0


def by_layer(factor: float, least: float = 0.0) -> Scale:
    return lambda name: max(factor ** (5 - layer(name)), least)


def timms(factor: float) -> Scale:
    """With the last norm in the last block."""
    return lambda name: factor if name.startswith("norm") else factor ** (5 - layer(name))


def level(name: str) -> float:
    return 1.0


def small_or_table(name: str, parameter: Any) -> bool:
    return parameter.ndim <= 1 or name in ("cls_token", "pos_embed")


def never(name: str, parameter: Any) -> bool:
    return False


def seen(design: Design) -> dict[str, tuple[Any, ...]]:
    """What torch sees of each tensor."""
    return {
        info.name: (round(one.group.lr.base, 15), one.group.lr.schedule, one.group.options, one.group.weight_decay)
        for one in trained_groups(design)
        for info in one.parameters
    }


def folded(groups: list[dict[str, Any]], model: Any, scheduler: Any = None) -> tuple[Group, ...]:
    """The groups of the design, which is held against the one with a group for each param group."""
    import torch

    optimizer = torch.optim.AdamW(groups, lr=1e-3)
    steps = scheduler(optimizer) if scheduler else None
    found = captured(optimizer, steps, model, steps=40)
    apart = captured(optimizer, steps, model, steps=40, fold=False)
    assert len(apart.design.groups) == len(groups)
    assert all(not (one.follow or one.exempt or one.layer_decay) for one in apart.design.groups)
    assert seen(found.design) == seen(apart.design)
    return found.design.groups


def test_decay_and_no_decay_are_one_group_with_what_is_exempt() -> None:
    model = vit()
    (group,) = folded(rows(model, level, lambda name, p: p.ndim <= 1), model)
    assert group.exempt == DecayExemption()
    (group,) = folded(rows(model, level, small_or_table), model)
    assert group.exempt == DecayExemption(where="*cls_token|*pos_embed")
    (group,) = folded(rows(model, level, lambda name, p: name.endswith("bias")), model)
    assert group.exempt == DecayExemption(norm=False, one_dimensional=False)
    (group,) = folded(rows(model, level, lambda name, p: "norm" in name), model)
    assert group.exempt == DecayExemption(bias=False, one_dimensional=False)
    (group,) = folded(rows(model, level, lambda name, p: name.startswith("head")), model)
    assert group.exempt == DecayExemption(False, False, False, where=r"/^head(\.|$)/")


def test_what_a_person_would_not_have_said_in_a_few_names_stays_two_groups() -> None:
    model = vit(24)
    several = folded(rows(model, level, lambda name, p: name.endswith("qkv.weight") and layer(name) % 2 == 0), model)
    assert [group.exempt for group in several] == [None, None]


@settings(deadline=None, max_examples=8)
@given(st.sampled_from([0.5, 0.65, 0.75, 0.95]), st.sampled_from([0.0, 0.3]), st.booleans(), st.booleans())
def test_rates_that_fall_from_layer_to_layer_are_one_group(
    factor: float, least: float, decays: bool, moves: bool
) -> None:
    model = vit()
    given = rows(model, by_layer(factor, least), small_or_table if decays else never)
    schedule = (lambda optimizer: made("CosineAnnealingLR", optimizer, T_max=40, eta_min=1e-6)) if moves else None
    (group,) = folded(given, model, schedule)
    assert group.lr.base == 1e-3
    assert group.layer_decay == LayerDecay(factor, least if factor**5 < least else 0.0)
    assert (group.exempt is not None) == decays
    if moves:
        assert isinstance(group.lr.schedule, Cosine)
        assert group.lr.schedule.floor == Absolute(1e-6)


def test_what_lies_outside_the_layers_is_a_group_that_follows() -> None:
    import torch

    model = vit()
    groups = rows(model, timms(0.75), small_or_table)
    found = captured(torch.optim.AdamW(groups), None, model, steps=10)
    first, norm = found.design.groups
    assert (first.name, first.layer_decay) == ("model", LayerDecay(0.75))
    assert (norm.name, norm.follow, norm.options.weight_decay) == ("norm, no decay", Follow(1, 0.75), 0.0)
    assert found.design.pins == (Pin("norm", 2),)
    assert found.notes == (
        f"model: {len(groups)} param groups are one layered group here, with a layer decay of 0.75, "
        "part of it without weight decay.",
    )
    folded(groups, model)


def test_layers_are_found_by_the_numbers_in_names() -> None:
    import torch

    model = torch.nn.ModuleDict({f"fc{n}": torch.nn.Linear(2, 2) for n in range(6)})
    given = [{"params": list(part.parameters()), "lr": 0.1 * 0.5 ** (5 - n)} for n, part in enumerate(model.values())]
    (group,) = folded(given, model)
    assert group.layer_decay == LayerDecay(0.5, layers="fc#")


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.sampled_from([1.0, 0.5, 0.25, 0.3, 2.0]), min_size=6, max_size=6), st.lists(st.booleans(), min_size=6)
)
def test_whatever_is_folded_torch_sees_the_same(scales: list[float], free: list[bool]) -> None:
    model = vit()
    folded(rows(model, lambda name: scales[layer(name)], lambda name, p: p.ndim <= 1 and free[layer(name)]), model)


def test_names_of_groups_and_what_moves_apart_keep_them_apart() -> None:
    import torch

    model = vit()
    groups = rows(model, level, lambda name, p: p.ndim <= 1)
    optimizer = torch.optim.AdamW(groups)
    functions = [lambda step: 1 / (1 + step), lambda step: 1 / (2 + step)]
    several = captured(optimizer, made("LambdaLR", optimizer, lr_lambda=functions), model, steps=40).design.groups
    assert [(group.exempt, group.follow) for group in several] == [(None, None)] * 2
    groups = rows(model, level, lambda name, p: p.ndim <= 1)
    decays = [{**group, "weight_decay": 0.1 * place} for place, group in enumerate(groups, 1)]
    several = folded(decays, model)
    assert [(group.exempt, group.follow) for group in several] == [(None, None), (None, Follow(1, 1.0))]


def test_a_head_with_ten_times_the_rate_follows_and_an_odd_ratio_does_not() -> None:
    model = vit()
    ten = folded(rows(model, lambda name: 10.0 if name.startswith("head") else 1.0, never), model)
    assert [group.follow for group in ten] == [None, Follow(1, 10.0)]
    odd = folded(rows(model, lambda name: 2 / 3 if name.startswith("head") else 1.0, never), model)
    assert [group.follow for group in odd] == [None, None]
    assert (plain_ratio(0.1234, 1.0), plain_ratio(0.123, 1.0), plain_ratio(3e-3, 1e-3)) == (None, 0.123, 3.0)


def test_a_group_for_each_parameter_is_one_group_again() -> None:
    model = vit(6)
    given = [
        {"params": [p], "weight_decay": 0.05 if p.ndim > 1 or "blocks.3" in name else 0.0}
        for name, p in model.named_parameters()
    ]
    groups = folded(given, model)
    assert len(groups) <= 2


def test_a_decay_that_moves_is_exempt_with_its_schedule() -> None:
    import torch

    class Decaying(torch.optim.lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            for group in self.optimizer.param_groups:
                if group["weight_decay"]:
                    group["weight_decay"] = 0.04 + 0.01 * self.last_epoch
            return list(self.base_lrs)

    model = vit()
    (group,) = folded(rows(model, level, lambda name, p: p.ndim <= 1), model, Decaying)
    assert group.exempt == DecayExemption()
    assert group.weight_decay is not None


def test_several_optimizers_are_folded_each_by_itself_and_follow_each_other() -> None:
    import torch

    model = vit()
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "blocks" in name]
    others = [p for name, p in model.named_parameters() if not (p.ndim == 2 and "blocks" in name)]
    small = [p for p in others if p.ndim <= 1]
    rest = [p for p in others if p.ndim > 1]
    optimizers = [
        torch.optim.Muon(matrices, lr=0.02),
        torch.optim.AdamW([{"params": rest, "weight_decay": 0.1}, {"params": small, "weight_decay": 0.0}], lr=0.002),
    ]
    design = captured(optimizers, None, model, steps=9).design
    assert [(g.exempt, g.follow) for g in design.groups] == [(None, None), (DecayExemption(), Follow(1, 0.1))]


def scaled_rows(model: Any) -> list[dict[str, Any]]:
    """As timm leaves them: one rate for all, and its share in a key of its own."""
    given = rows(model, by_layer(0.75), small_or_table)
    return [{**row, "lr": 1e-3, "lr_scale": row["lr"] / 1e-3} for row in given]


def test_a_scale_that_a_training_loop_applies_is_in_the_rates_and_told() -> None:
    import torch

    model = vit()
    found = captured(torch.optim.AdamW(scaled_rows(model)), None, model, steps=9)
    (group,) = found.design.groups
    assert (group.lr.base, group.layer_decay) == (1e-3, LayerDecay(0.75))
    assert any("multiplied by its lr_scale" in note for note in found.notes)


def test_a_scale_that_torchs_schedulers_ignore_is_not_in_the_rates_and_told() -> None:
    import torch

    model = vit()
    optimizer = torch.optim.AdamW(scaled_rows(model))
    found = captured(optimizer, made("CosineAnnealingLR", optimizer, T_max=9), model)
    (group,) = found.design.groups
    assert (group.lr.base, group.layer_decay) == (1e-3, None)
    assert any("lr_scale is ignored, as torch's schedulers do" in note for note in found.notes)


@pytest.mark.parametrize("in_epochs", [True, False])
def test_a_scheduler_that_is_told_the_time_and_scales_rates_itself_is_followed_from_its_start(in_epochs: bool) -> None:
    import torch

    class Timed:
        """As timm's are made."""

        def __init__(self, optimizer: Any) -> None:
            self.optimizer, self.t_in_epochs, self.t_initial = optimizer, in_epochs, 8
            self.warmup_t, self.warmup_prefix = 2, True
            for group in optimizer.param_groups:
                group["initial_lr"] = group["lr"]
            self.update(0)

        def update(self, time: int) -> None:
            for group in self.optimizer.param_groups:
                group["lr"] = group["initial_lr"] * (1 - time / 20) * group["lr_scale"]

        def step(self, epoch: int) -> None:
            assert self.t_in_epochs
            self.update(epoch)

        def step_update(self, num_updates: int) -> None:
            assert not self.t_in_epochs
            self.update(num_updates)

    model = vit()
    optimizer = torch.optim.AdamW(scaled_rows(model))
    scheduler = Timed(optimizer)
    scheduler.update(5)
    before = [row["lr"] for row in optimizer.param_groups]
    found = captured(optimizer, scheduler, model, steps_per_epoch=10)
    assert [row["lr"] for row in optimizer.param_groups] == before
    (group,) = found.design.groups
    assert (group.lr.base, group.layer_decay) == (1e-3, LayerDecay(0.75))
    assert found.design.plan.total_steps == (100 if in_epochs else 10)
    steps = np.arange(found.design.plan.total_steps)
    times = steps // 10 if in_epochs else steps
    assert track_values(group.lr, found.design.plan, steps) == pytest.approx(1e-3 * (1 - times / 20), rel=1e-9)
    assert not any("lr_scale" in note for note in found.notes)


def test_a_layered_design_comes_back_from_what_it_builds() -> None:
    import torch

    model = vit()
    design = captured(torch.optim.AdamW(rows(model, by_layer(0.75), small_or_table)), None, model, steps=40).design
    design = replace(design, groups=tuple(replace(group, name="backbone") for group in design.groups))
    again = captured(*design.build(model), model, steps=40).design
    assert [group.name for group in again.groups] == ["backbone"]
    assert [(g.layer_decay, g.exempt) for g in again.groups] == [(g.layer_decay, g.exempt) for g in design.groups]
    assert seen(again) == seen(design)
