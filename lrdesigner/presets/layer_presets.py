"""Presets of layer-wise decay for fine-tuning: BERT's and ViT's."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from lrdesigner import edits
from lrdesigner.document import Design, LayerDecay
from lrdesigner.expansion_edits import use_layer_decay
from lrdesigner.inventory import Inventory
from lrdesigner.layers import expressions_of, layer_key, layers_of
from lrdesigner.numbers import scaled
from lrdesigner.presets.building import at_rate, exempted, named_remainder, no_layers, tensors, with_options
from lrdesigner.presets.parts import embeddings, heads_of, inside, query_for
from lrdesigner.presets.preset import Preset
from lrdesigner.queries import matching_parameters
from lrdesigner.schedules import Cosine, Length, Linear, Segment, Sequence

Factor = Annotated[
    float, Meta(gt=0, le=1, title="Layer decay", description="A layer's rate over that of the layer above it.")
]
Rate = Annotated[float, Meta(gt=0, le=1e6, title="Base lr", description="Of the top layer; empty: as it is.")]
Decay = Annotated[float, Meta(ge=0, le=1e3, title="Weight decay", description="Empty: as it is.")]
Layers = Annotated[
    str,
    Meta(
        max_length=2000,
        title="Layers",
        description="As in blocks.#, with # for the number; empty: found out.",
        extra={"kind": "query"},
    ),
]
Scheduled = Annotated[
    bool, Meta(title="Schedule too", description="Also the schedule of the source: warm-up, then down.")
]

# What ViTs of timm, torchvision and transformers exempt by name, where it is there.
VIT_TABLES = (
    *("*pos_embed", "*cls_token", "*reg_token", "*dist_token", "*relative_position_bias_table"),
    *("*class_token", "*pos_embedding", "*position_embeddings"),
)


class BertLayers(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of the papers."""

    factor: Factor = 0.95
    lr: Rate | None = 2e-5
    weight_decay: Decay | None = 0.01
    head_decays: Annotated[
        bool, Meta(title="Head decays", description="Head and pooler have weight decay; in the source they have none.")
    ] = False
    schedule: Scheduled = False
    layers: Layers = ""


class VitLayers(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of BEiT and MAE."""

    factor: (
        Annotated[
            Factor, Meta(description="Empty: 0.65 up to 12 layers (ViT-B), 0.75 up to 24 (ViT-L), 0.8 above (ViT-H).")
        ]
        | None
    ) = None
    lr: Rate | None = None
    weight_decay: Decay | None = 0.05
    schedule: Scheduled = False
    layers: Layers = ""


def _no_bert(inventory: Inventory) -> str | None:
    if not embeddings(inventory).any():
        return "The model has no token embeddings; layer-wise decay as of ViTs is a preset of its own."
    return no_layers(inventory)


def _bert(design: Design, chosen: BertLayers) -> Design:
    group, inventory = design.remainder, design.model.inventory
    design = use_layer_decay(design, group, LayerDecay(chosen.factor, layers=chosen.layers))
    design = with_options(at_rate(design, group, chosen.lr), group, weight_decay=chosen.weight_decay)
    design = exempted(design, group, "" if chosen.head_decays else _top_query(inventory))
    if chosen.schedule:
        up, down = Linear(start=0.0, end=1.0), Linear(start=1.0, end=0.0)
        design = edits.set_schedule(design, group, _warmed_up(up, down, 10))
    return named_remainder(design, "model")


def _top_query(inventory: Inventory) -> str:
    """A query for pooler and head: by the ends of their paths, where nothing else is called so; "" without any."""
    poolers = [module.path for module in inventory.modules if module.path.rpartition(".")[2] == "pooler"]
    paths = (*poolers, *heads_of(inventory))
    ends = dict.fromkeys(path.rpartition(".")[2] for path in paths)
    return query_for(inventory, inside(inventory, paths), "|".join(f"*{end}" for end in ends)) if paths else ""


def _vit(design: Design, chosen: VitLayers) -> Design:
    group, inventory = design.remainder, design.model.inventory
    factor = _usual_factor(inventory, chosen.layers) if chosen.factor is None else chosen.factor
    design = use_layer_decay(design, group, LayerDecay(factor, layers=chosen.layers))
    design = with_options(at_rate(design, group, chosen.lr), group, weight_decay=chosen.weight_decay)
    tables = [name for name in VIT_TABLES if matching_parameters(inventory, name).any()]
    design = exempted(design, group, "|".join(tables))
    if chosen.schedule:
        # A share, since the floor of the source falls from layer to layer as the rate does.
        floor = min(scaled(1e-6, 1 / design.group(group).lr.base), 1.0)
        up, down = Linear(start=0.0, end=1.0), Cosine(floor=floor)
        design = edits.set_schedule(design, group, _warmed_up(up, down, 5))
    return named_remainder(design, "model")


def _usual_factor(inventory: Inventory, layers: str) -> float:
    infos = tensors(inventory)
    expressions = expressions_of(layers_of(infos, layers).pattern)
    count = len({key for info in infos if (key := layer_key(info.name, expressions)) is not None})
    return 0.65 if count <= 12 else 0.75 if count <= 24 else 0.8


def _warmed_up(up: Linear, down: Linear | Cosine, percent: float) -> Sequence:
    return Sequence((Segment(up, Length(percent, "percent")), Segment(down)))


BERT = Preset(
    id="layers-bert",
    title="Layer-wise decay, as for BERT",
    summary="Each layer learns at 0.95 of the rate of the one above it; biases and norms do not decay.",
    source="arXiv 1905.05583 (0.95, lr 2e-5) and arXiv 2006.05987, whose code has pooler and head at the full rate and "
    "without weight decay; its schedule: up over 10 % of the run, then linearly down to 0.",
    notes="Applies to the group that takes the rest. The embeddings are the lowest layer, pooler and head the top one.",
    parameters=BertLayers,
    misfit=_no_bert,
    edit=_bert,
)

VIT = Preset(
    id="layers-vit",
    title="Layer-wise decay, as for ViT and BEiT",
    summary="Each block learns at 0.65 to 0.8 of the rate of the one above it; tables, biases and norms do not decay.",
    source="BEiT, arXiv 2106.08254, and MAE, arXiv 2111.06377: 0.65 for ViT-B, 0.75 for ViT-L, 0.8 for ViT-H, weight "
    "decay 0.05; their schedule: up over the first 5 of 100 epochs, then half a cosine down to 1e-6.",
    notes="Applies to the group that takes the rest. As in BEiT's code the last norm is with the head in the top "
    "layer; timm has it in the last block. The base lr is theirs per batch of 256 and so is left as it is.",
    parameters=VitLayers,
    misfit=no_layers,
    edit=_vit,
)
