"""Presets for fine-tuning: head and backbone, and layer after layer from the head down."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from lrdesigner import edits
from lrdesigner.document import Design, Freeze
from lrdesigner.following import follow, unfollow
from lrdesigner.inventory import Inventory
from lrdesigner.layers import layers_of
from lrdesigner.model_rows import Ints, rows_of
from lrdesigner.presets.building import at_rate, grouped, named_remainder, no_layers, tensors
from lrdesigner.presets.parts import head_query, heads_of, query_for
from lrdesigner.presets.preset import Preset
from lrdesigner.schedules import Length, Linear, Segment, Sequence


class HeadApart(Struct, frozen=True, forbid_unknown_fields=True):
    """How much faster the head learns."""

    scale: Annotated[float, Meta(gt=0, le=1e6, title="Head", description="Times the rate of the backbone.")] = 10.0


def _no_head(inventory: Inventory) -> str | None:
    if heads_of(inventory):
        return None
    return "No head of its own was found: it shares its weights with the embeddings, or the model is a single module."


def _head(design: Design, chosen: HeadApart) -> Design:
    design, group = grouped(design, head_query(design.model.inventory), "head")
    return named_remainder(follow(design, group, design.remainder, chosen.scale), "backbone")


class Discriminative(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of ULMFiT."""

    factor: Annotated[float, Meta(ge=1, le=1e3, title="Factor", description="A layer's rate over the one below.")] = 2.6
    lr: Annotated[float, Meta(gt=0, le=1e6, title="Base lr", description="Of the head; empty: as it is.")] | None = None
    unfreeze: Annotated[
        bool, Meta(title="Unfreeze gradually", description="The head first, then one group after another.")
    ] = True
    epochs: Annotated[
        float, Meta(gt=0, le=1e6, title="Epochs each", description="From one group's start to that of the next.")
    ] = 1.0
    most_groups: Annotated[
        int, Meta(ge=2, le=60, title="Most groups", description="Neighbouring layers share one where there are more.")
    ] = 12
    schedule: Annotated[
        bool, Meta(title="Schedule too", description="Slanted triangle: up over 10 % of the run, then down.")
    ] = True


def _discriminative(design: Design, chosen: Discriminative) -> Design:
    """From the top down, each bundle of layers a group; the lowest stays with the remainder."""
    inventory = design.model.inventory
    numbers = _layer_numbers(inventory)
    bundles = _bundles(int(numbers.max()) + 1, _most(design, chosen))
    leader = None
    for rank, bundle in enumerate(bundles[:-1]):
        wanted = (numbers >= bundle.start) & (numbers < bundle.stop)
        design, group = grouped(design, query_for(inventory, wanted), _name(bundle, int(numbers.max())))
        if leader is None:
            leader = group
            design = at_rate(unfollow(design, group), group, chosen.lr)
            design = edits.set_schedule(design, group, SLANTED) if chosen.schedule else design
        design = _placed(design, group, leader, rank, chosen)
    assert leader is not None
    return named_remainder(_placed(design, design.remainder, leader, len(bundles) - 1, chosen), _name(bundles[-1], -1))


def _placed(design: Design, group: int, leader: int, rank: int, chosen: Discriminative) -> Design:
    if group != leader:
        design = follow(design, group, leader, chosen.factor**-rank)
    waits = chosen.unfreeze and rank > 0
    freeze = (Freeze(length=Length(rank * chosen.epochs, "epochs")),) if waits else ()
    return edits.set_freeze(design, group, freeze)


def _layer_numbers(inventory: Inventory) -> Ints:
    """The layer of each parameter, 0 next to the input; second names have that of the tensor."""
    own = dict(zip((info.name for info in tensors(inventory)), layers_of(tensors(inventory)).of, strict=True))
    found = np.array([own.get(info.name, -1) for info in inventory.parameters], dtype=np.int64)
    result: Ints = found[rows_of(inventory).firsts]
    return result


def _most(design: Design, chosen: Discriminative) -> int:
    """As many groups as the run has time to unfreeze, and at least two."""
    if not chosen.unfreeze:
        return chosen.most_groups
    return max(2, min(chosen.most_groups, int(design.plan.epochs / chosen.epochs)))


def _bundles(layers: int, most: int) -> list[range]:
    """The layers from the top: the top one by itself, the others in neighbours of equal number."""
    if layers <= most:
        return [range(layer, layer + 1) for layer in reversed(range(layers))]
    edges = np.linspace(0, layers - 1, most).round().astype(int).tolist()
    return [range(layers - 1, layers), *(range(a, b) for a, b in reversed(list(pairwise(edges))))]


def _name(bundle: range, top: int) -> str:
    if bundle.start == top:
        return "top"
    return f"layer {bundle.start}" if len(bundle) == 1 else f"layers {bundle.start}-{bundle.stop - 1}"


SLANTED = Sequence(
    (Segment(Linear(start=1 / 32, end=1.0), Length(10, "percent")), Segment(Linear(start=1.0, end=1 / 32)))
)
"""ULMFiT's slanted triangle: cut_frac 0.1, ratio 32."""

HEAD = Preset(
    id="backbone-head",
    title="Backbone and head",
    summary="The head is a group of its own and follows the backbone at ten times its rate.",
    source="Customary in fine-tuning; detectron2 and torchvision's segmentation references have a factor of 10 for new "
    "layers.",
    notes="The head is found by its usual names, else it is the last module with weights; look at the rule. The rest "
    "stays where it is.",
    parameters=HeadApart,
    misfit=_no_head,
    edit=_head,
)

DISCRIMINATIVE = Preset(
    id="ulmfit",
    title="Discriminative fine-tuning with gradual unfreezing",
    summary="A group for each layer, each at 1/2.6 of the rate above it, unfrozen from the top, one each epoch.",
    source="ULMFiT, arXiv 1801.06146: factor 2.6, one more layer each epoch, slanted triangular schedule with cut_frac "
    "0.1 and ratio 32.",
    notes="Applies to the whole model: a rule for each layer, the lowest is the rest. Where the run has fewer "
    "epochs than the model layers, neighbours share a group.",
    parameters=Discriminative,
    misfit=no_layers,
    edit=_discriminative,
)
