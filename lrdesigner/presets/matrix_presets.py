"""Presets that treat hidden matrices differently from the rest: Muon and muP."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.expansion import weight_decay_of
from lrdesigner.following import follow, unfollow, with_group
from lrdesigner.inventory import Inventory
from lrdesigner.numbers import scaled
from lrdesigner.optimizers import MuonOptions, optimizer_name
from lrdesigner.presets.building import at_rate, grouped, with_options
from lrdesigner.presets.parts import hidden_query, hidden_weights
from lrdesigner.presets.preset import Preset

ADAM_LIKE = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "RMSprop", "Adadelta")
"""Optimizers that divide by the size of gradients, which is what muP's rule for them rests on."""


class MuonAndAdamW(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of Muon's author."""

    lr: Annotated[float, Meta(gt=0, le=1e6, title="Muon lr", description="Of hidden matrices.")] = 0.02
    weight_decay: Annotated[float, Meta(ge=0, le=1e3, title="Muon decay", description="Of hidden matrices.")] = 0.01
    rest_lr: (
        Annotated[float, Meta(gt=0, le=1e6, title="AdamW lr", description="Of the rest; empty: as it is.")] | None
    ) = 3e-4
    rest_decay: (
        Annotated[float, Meta(ge=0, le=1e3, title="AdamW decay", description="Of the rest; empty: as it is.")] | None
    ) = 0.01


def _no_matrices(inventory: Inventory) -> str | None:
    if (hidden_weights(inventory) & _trainable(inventory)).any():
        return None
    return "It has no hidden matrices: weights of two dimensions that are neither embedding nor head."


def _trainable(inventory: Inventory) -> np.ndarray:
    return np.array([info.trainable for info in inventory.parameters], dtype=np.bool_)


def _muon(design: Design, chosen: MuonAndAdamW) -> Design:
    rest = design.remainder
    design = edits.set_optimizer(design, rest, "AdamW")
    design, group = grouped(design, hidden_query(design.model.inventory), "hidden matrices", layered=True)
    muon = replace(MuonOptions(), weight_decay=chosen.weight_decay)
    design = unfollow(design, group)
    design = with_group(design, replace(design.group(group), options=muon, beta2=None, exempt=None))
    design = at_rate(design, group, chosen.lr)
    design = at_rate(design, rest, chosen.rest_lr)
    return with_options(design, rest, beta1=0.9, beta2=0.95, weight_decay=chosen.rest_decay)


class WidthMultipliers(Struct, frozen=True, forbid_unknown_fields=True):
    """The width at which the rate was found."""

    base_width: Annotated[
        int, Meta(ge=1, le=10**7, title="Base width", description="Width of the small model whose rate this is.")
    ] = 256
    width: (
        Annotated[
            int,
            Meta(ge=1, le=10**7, title="Width", description="Of this model; empty: what most hidden weights take in."),
        ]
        | None
    ) = None
    scale_decay: Annotated[
        bool, Meta(title="Scale decay", description="Weight decay times the ratio, so that lr x decay stays.")
    ] = True


def _no_width(inventory: Inventory) -> str | None:
    if width_of(inventory) is None:
        return "It has no hidden weights to read a width from."
    return None


def width_of(inventory: Inventory) -> int | None:
    """What most hidden weights take in, the second dimension of a Linear or convolution; of equal ones the smaller."""
    wanted = hidden_weights(inventory, None) & _trainable(inventory)
    sizes = Counter(inventory.parameters[place].shape[1] for place in np.flatnonzero(wanted).tolist())
    return min(sizes, key=lambda size: (-sizes[size], size)) if sizes else None


def _widths(design: Design, chosen: WidthMultipliers) -> Design:
    rest, inventory = design.group(design.remainder), design.model.inventory
    if optimizer_name(rest.options) not in ADAM_LIKE:
        raise UserError(
            f"muP's rule for Adam does not hold for {optimizer_name(rest.options)}; put {rest.name!r} on AdamW."
        )
    ratio = (chosen.width or width_of(inventory) or chosen.base_width) / chosen.base_width
    design, group = grouped(design, hidden_query(inventory, None), "hidden weights", layered=True)
    decay = weight_decay_of(rest)
    if chosen.scale_decay and decay:
        design = with_options(design, group, weight_decay=scaled(decay, ratio))
    return follow(design, group, design.remainder, 1 / ratio)


MUON = Preset(
    id="muon",
    title="Muon and AdamW",
    summary="Hidden matrices are trained by Muon; embeddings, head, norms, biases and convolutions by AdamW.",
    source="Keller Jordan, kellerjordan.github.io/posts/muon, and the example of his repository: Muon at lr 0.02 with "
    "weight decay 0.01, AdamW at 3e-4 with betas 0.9 and 0.95 and weight decay 0.01.",
    notes="torch's Muon takes matrices only: convolutions, which his flattens, stay on AdamW. The group that takes the "
    "rest is put on AdamW; other groups, pins and rules are left alone.",
    parameters=MuonAndAdamW,
    misfit=_no_matrices,
    edit=_muon,
)

MUP = Preset(
    id="mup",
    title="muP width multipliers",
    summary="The rate of hidden weights is divided by how many times wider the model is than the one it was tuned on.",
    source="arXiv 2203.03466, table 8 for Adam, as in MuAdamW of microsoft/mup: matrix-like weights at lr / width "
    "ratio with weight decay x width ratio, all others at the lr itself.",
    notes="Names and shapes say rates only: the initial values, the output's multiplier 1 / width ratio and attention "
    "by 1 / d, which the table also asks for, must be in the model. One ratio serves all widths, as if every layer is "
    "scaled alike; without an Embedding, exclude the first layer from the rule by hand if its input does not grow.",
    parameters=WidthMultipliers,
    misfit=_no_width,
    edit=_widths,
)
