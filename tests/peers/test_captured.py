"""Live schedulers and param groups of timm and transformers, captured as a person would have drawn them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live_cases import captured, largest_difference, net, real_values, two_groups

from lrdesigner.curves import track_values
from lrdesigner.document import DecayExemption, Follow, LayerDecay
from lrdesigner.schedules import Absolute, Constant, Cosine, Greedy, Plateau, Sequence, WarmupStableDecay
from lrdesigner.schedules.composites import Segment

pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


TYPES: dict[str, tuple[type, dict[str, Any]]] = {
    "linear": (Sequence, {}),
    "cosine": (Sequence, {}),
    "cosine_with_restarts": (Sequence, {"num_cycles": 3}),
    "polynomial": (Sequence, {"lr_end": 1e-4, "power": 2.0}),
    "constant": (Constant, {}),
    "constant_with_warmup": (Sequence, {}),
    "inverse_sqrt": (Sequence, {}),
    "cosine_with_min_lr": (Sequence, {"min_lr_rate": 0.1}),
    "cosine_warmup_with_min_lr": (Sequence, {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2}),
    "warmup_stable_decay": (WarmupStableDecay, {"num_decay_steps": 20, "min_lr_ratio": 0.1}),
}


def scheduled(name: str, specific: dict[str, Any]) -> tuple[Any, Any, Any]:
    transformers = pytest.importorskip("transformers")
    import torch

    model = net()
    optimizer = torch.optim.AdamW(two_groups(model), lr=0.1)
    steps = {"num_warmup_steps": 10, "num_training_steps": 80}
    return model, optimizer, transformers.get_scheduler(name, optimizer, **steps, scheduler_specific_kwargs=specific)


@pytest.mark.parametrize("name", TYPES)
def test_schedules_of_transformers_are_shapes_that_agree_at_every_step(name: str) -> None:
    shape, specific = TYPES[name]
    model, optimizer, scheduler = scheduled(name, specific)
    found = captured(optimizer, scheduler, model)
    lasting = name not in ("constant", "constant_with_warmup", "inverse_sqrt")
    assert found.design.plan.total_steps == (80 if lasting else 1000)
    assert found.notes == (() if lasting else ("The length of the run is not known; 1,000 steps are assumed.",))
    assert [type(group.lr.schedule) for group in found.design.groups] == [shape] * 2
    assert found.design.groups[1].follow == Follow(1, 0.2)
    assert largest_difference(found.design, real_values(optimizer, [scheduler], 80)) < 1e-9


def test_the_cosine_of_transformers_is_a_line_and_half_a_cosine() -> None:
    model, optimizer, scheduler = scheduled("cosine", {})
    schedule = captured(optimizer, scheduler, model).design.groups[0].lr.schedule
    assert isinstance(schedule.segments[-1], Segment)
    assert isinstance(schedule.segments[-1].schedule, Cosine)


def test_schedulers_that_a_metric_steers_stay_such() -> None:
    model, optimizer, scheduler = scheduled("reduce_lr_on_plateau", {"patience": 3, "min_lr": 1e-4})
    first = captured(optimizer, scheduler, model, steps=50).design.groups[0]
    assert isinstance(first.lr.schedule, Plateau)
    assert (first.lr.schedule.patience, first.lr.schedule.floor) == (3, Absolute(1e-4))

    given = {"patience": 3, "min_lr": 1e-4, "max_lr": 0.5, "smooth": True, "window_size": 7, "reset_start": 9}
    model, optimizer, scheduler = scheduled("greedy", given)
    for loss in (3.0, 2.0, 1.0, 0.5, 0.4, 0.3, 0.2):  # the rate has moved, the design has where it began
        scheduler.step(loss)
    assert optimizer.param_groups[0]["lr"] != 0.1
    first = captured(optimizer, scheduler, model, steps=50).design.groups[0]
    node = first.lr.schedule
    assert isinstance(node, Greedy)
    assert (first.lr.base, node.patience, node.floor, node.ceiling) == (0.1, 3, Absolute(1e-4), Absolute(0.5))
    assert (node.smooth, node.window, node.reset_start) == (True, 7, 9)


def test_timms_layer_decay_of_a_vit_is_one_layered_group_and_the_last_norm() -> None:
    pytest.importorskip("torchvision")
    timm = pytest.importorskip("timm")
    import torch
    from timm.optim import param_groups_layer_decay

    model = timm.create_model("vit_tiny_patch16_224")
    groups = param_groups_layer_decay(model, 0.05, model.no_weight_decay(), layer_decay=0.75)
    assert len(groups) == 28
    first, norm = captured(torch.optim.AdamW(groups, lr=1e-3), None, model, steps=100).design.groups
    assert (first.name, first.lr.base, first.layer_decay) == ("model", 1e-3, LayerDecay(0.75))
    assert first.exempt == DecayExemption(where="*cls_token|*pos_embed")
    assert (norm.name, norm.follow) == ("norm, no decay", Follow(1, 0.75))


@pytest.mark.parametrize("in_epochs", [True, False])
def test_timms_schedulers_are_told_the_time_and_scale_the_rates_of_layers_themselves(in_epochs: bool) -> None:
    timm = pytest.importorskip("timm")
    import torch
    from timm.optim import param_groups_layer_decay
    from timm.scheduler import CosineLRScheduler

    model = timm.create_model("beit_base_patch16_224", depth=3, embed_dim=24, num_heads=2)
    groups = param_groups_layer_decay(model, 0.05, model.no_weight_decay(), layer_decay=0.75)
    optimizer = torch.optim.AdamW(groups, lr=1e-3)
    length, warmup = (10, 2) if in_epochs else (100, 20)
    scheduler = CosineLRScheduler(
        optimizer, length, lr_min=1e-5, warmup_t=warmup, warmup_lr_init=1e-6, t_in_epochs=in_epochs
    )
    before = [group["lr"] for group in optimizer.param_groups]
    found = captured(optimizer, scheduler, model, steps_per_epoch=10)
    assert [group["lr"] for group in optimizer.param_groups] == before
    (group,) = found.design.groups
    assert (group.lr.base, group.layer_decay, found.design.plan.total_steps) == (1e-3, LayerDecay(0.75), 100)
    planned = track_values(group.lr, found.design.plan, np.arange(100))
    top = optimizer.param_groups[-1]
    for step in range(100):
        assert planned[step] == pytest.approx(top["lr"], abs=1e-7)
        if not in_epochs:
            scheduler.step_update(step + 1)
        elif (step + 1) % 10 == 0:
            scheduler.step((step + 1) // 10)


@pytest.mark.parametrize("kind", ["bert", "vit"])
def test_the_two_groups_of_transformers_trainer_are_one_with_an_exemption(kind: str) -> None:
    transformers = pytest.importorskip("transformers")
    import torch

    sizes = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 48}
    model = {
        "bert": lambda: transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=50, **sizes)),
        "vit": lambda: transformers.ViTForImageClassification(transformers.ViTConfig(**sizes)),
    }[kind]()
    decaying = set(transformers.Trainer.get_decay_parameter_names(None, model))
    named = dict(model.named_parameters())
    groups = [
        {"params": [p for name, p in named.items() if name in decaying], "weight_decay": 0.01},
        {"params": [p for name, p in named.items() if name not in decaying], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=5e-5)
    scheduler = transformers.get_linear_schedule_with_warmup(optimizer, 10, 100)
    (group,) = captured(optimizer, scheduler, model).design.groups
    assert group.exempt == DecayExemption()
    assert isinstance(group.lr.schedule, Sequence)
