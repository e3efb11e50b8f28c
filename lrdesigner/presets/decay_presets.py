"""Presets about weight decay: what has none, and embeddings apart."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from lrdesigner.document import Design
from lrdesigner.expansion import weight_decay_of
from lrdesigner.following import follow
from lrdesigner.inventory import Inventory
from lrdesigner.optimizers import movable_options
from lrdesigner.presets.building import exempted, grouped, with_options
from lrdesigner.presets.parts import embedding_query, embeddings
from lrdesigner.presets.preset import Preset

WeightDecay = Annotated[
    float, Meta(ge=0, le=1e3, title="Weight decay", description="Of what is not exempt; empty: as it is.")
]


class NoDecay(Struct, frozen=True, forbid_unknown_fields=True):
    """What to free, and the decay of the rest."""

    weight_decay: WeightDecay | None = None
    norm: Annotated[bool, Meta(title="Norms", description="Everything in layers whose type is a norm.")] = True
    one_dimensional: Annotated[bool, Meta(title="1-D", description="Parameters with at most one dimension.")] = True
    embeddings: Annotated[bool, Meta(title="Embeddings", description="Everything in embedding layers.")] = False


def _nothing_to_free(inventory: Inventory) -> str | None:
    exempt = any(len(info.shape) <= 1 or info.name.endswith("bias") for info in inventory.parameters)
    return None if exempt else "The model has no biases, norms or other 1-D parameters."


def _free(design: Design, chosen: NoDecay) -> Design:
    for group in design.groups:
        if "weight_decay" not in movable_options(group.options):
            continue
        if weight_decay_of(group) or group.id == design.remainder:  # elsewhere 0 may be on purpose
            design = with_options(design, group.id, weight_decay=chosen.weight_decay)
        design = exempted(
            design,
            group.id,
            norm=chosen.norm,
            one_dimensional=chosen.one_dimensional,
            embeddings=chosen.embeddings,
        )
    return design


class EmbeddingsApart(Struct, frozen=True, forbid_unknown_fields=True):
    """Rate and decay of the embeddings."""

    scale: Annotated[float, Meta(gt=0, le=1e6, title="Rate", description="Times that of the rest.")] = 1.0
    weight_decay: (
        Annotated[float, Meta(ge=0, le=1e3, title="Weight decay", description="Of the embeddings; empty: as the rest.")]
        | None
    ) = 0.0


def _no_embeddings(inventory: Inventory) -> str | None:
    if not embeddings(inventory).any():
        return "The model has no Embedding, or none that its names tell of."
    return None


def _apart(design: Design, chosen: EmbeddingsApart) -> Design:
    design, group = grouped(design, embedding_query(design.model.inventory), "embeddings")
    design = follow(design, group, design.remainder, chosen.scale)
    return with_options(design, group, weight_decay=chosen.weight_decay)


NO_DECAY = Preset(
    id="no-decay",
    title="No decay on biases and norms",
    summary="Biases, norms and other 1-D parameters of every group are free from weight decay.",
    source="timm's param_groups_weight_decay (1-D and names ending in .bias) and the Trainer of transformers "
    "(LayerNorm and names with bias or norm).",
    notes="Applies to every group whose optimizer has weight decay; what was exempt stays so. What a model class of "
    "timm names in no_weight_decay() cannot be read from names: add it under And.",
    parameters=NoDecay,
    misfit=_nothing_to_free,
    edit=_free,
)

EMBEDDINGS = Preset(
    id="embeddings",
    title="Embeddings apart",
    summary="Embeddings are a group of their own, without weight decay, and follow the rate of the rest.",
    source="OLMo 2, arXiv 2501.00656: no weight decay on embeddings; the rate is that of the rest.",
    notes="A tensor that the head shares with the embeddings counts as an embedding. Tables that are parameters of a "
    "module by themselves, as position embeddings of ViTs, are not in it.",
    parameters=EmbeddingsApart,
    misfit=_no_embeddings,
    edit=_apart,
)
