"""A small model with an embedding, and a design of it for each optimizer, alone and together."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.optimizers import (
    OPTIMIZERS,
    AdafactorOptions,
    AdagradOptions,
    AdamWOptions,
    AnyOptions,
    CustomOptions,
    MuonOptions,
    RpropOptions,
    SGDOptions,
    SparseAdamOptions,
)
from lrdesigner.schedules import Cosine, Linear

SECOND = 2

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, sparse=False):
        super().__init__()
        self.tokens = nn.Embedding(7, 4, sparse=sparse)
        self.hidden = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 3)

    def forward(self, tokens):
        return self.head(self.norm(torch.tanh(self.hidden(self.tokens(tokens)))))

def batches():
    numbers = torch.arange(7)
    while True:
        yield numbers, numbers % 3
"""

LION = """
import torch

class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0, mode="sign"):
        assert mode in ("sign", "tanh")
        self.mode = mode
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            first, second = group["betas"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                mean = state.setdefault("mean", torch.zeros_like(weight))
                update = getattr(torch, self.mode)(first * mean + (1 - first) * weight.grad)
                weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=group["lr"])
                mean.mul_(second).add_(weight.grad, alpha=1 - second)
"""


def _tensor(name: str, *shape: int) -> ParameterInfo:
    numel = 1
    for size in shape:
        numel *= size
    return ParameterInfo(name, shape, "float32", numel, trainable=True)


INVENTORY = Inventory(
    modules=(
        ModuleInfo("", "Net"),
        ModuleInfo("tokens", "Embedding"),
        ModuleInfo("hidden", "Linear"),
        ModuleInfo("norm", "LayerNorm"),
        ModuleInfo("head", "Linear"),
    ),
    parameters=(
        _tensor("tokens.weight", 7, 4),
        _tensor("hidden.weight", 4, 4),
        _tensor("hidden.bias", 4),
        _tensor("norm.weight", 4),
        _tensor("norm.bias", 4),
        _tensor("head.weight", 3, 4),
        _tensor("head.bias", 3),
    ),
)


_PATHS = {"SparseAdam": ("tokens",), "Muon": ("hidden.weight",)}
"""What an optimizer is for, where it is not for everything."""


def _design(second: AnyOptions, *paths: str, **fields: Any) -> Design:
    """AdamW for everything but these paths."""
    sparse = isinstance(second, SparseAdamOptions)
    model = Model("net.py:Net", {"sparse": True} if sparse else {}, INVENTORY)
    design = edits.add_group(new_design(model, Plan(epoch=5, epochs=2)), "second", paths)
    groups = (design.groups[0], replace(design.groups[1], options=second, **fields))
    return edits.set_schedule(replace(design, groups=groups), SECOND, Cosine())


def _lion(**options: Any) -> CustomOptions:
    return CustomOptions("lion_of_mine.Lion", options)


def _three() -> Design:
    design = _design(MuonOptions(), "hidden.weight", momentum=Linear(0.9, 1.0))
    design = edits.add_group(design, "head", ["head"])
    head = replace(design.groups[2], options=SGDOptions(), momentum=Linear(1.0, 0.5))
    return replace(design, groups=(*design.groups[:2], head))


def _cases() -> dict[str, Design]:
    found = {
        name: _design(entry.options(), *_PATHS.get(name, ("hidden", "head")))
        for name, entry in OPTIMIZERS.items()
        if name != "custom"
    }
    both = _design(AdamWOptions(fused=True, beta1=0.8), "hidden")
    fused = replace(both, groups=(replace(both.groups[0], options=AdamWOptions(fused=True)), both.groups[1]))
    lions = _design(_lion(betas=[0.8, 0.95], weight_decay=0.1, mode="tanh"), "hidden", momentum=Linear(1.0, 0.5))
    other = replace(lions.groups[0], options=_lion(betas=[0.9, 0.99], mode="tanh"))
    return {
        **found,
        "muon_adamw_sgd": _three(),
        "fused_everywhere": fused,
        "fused_in_part": both,
        "one_lion": _design(_lion(mode="tanh"), "hidden"),
        "two_lions": replace(lions, groups=(other, lions.groups[1])),
        "path_of_torch": _design(CustomOptions("torch.optim.RMSprop", {"momentum": 0.9}), "hidden", "norm"),
        "first_sums": _design(AdagradOptions(initial_accumulator_value=0.5, foreach=False), "hidden"),
        "with_numbers": _design(AdafactorOptions(eps1=1e-20, d=2.0), "hidden", weight_decay=None),
        "signs": _design(RpropOptions(eta_minus=0.25, step_max=2.0, maximize=True), "norm"),
        "muon_shapes": _design(MuonOptions(adjust_lr_fn="match_rms_adamw", ns_a=3.0, nesterov=False), "hidden.weight"),
    }


OPTIMIZER_CASES = _cases()
"""Each with the group "second" on the optimizer that it is named after."""
