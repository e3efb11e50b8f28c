"""Presets by what a parameter is: LoRA's factors, and the types of modules."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from lrdesigner.document import DecayExemption, Design
from lrdesigner.expansion_edits import use_exemption
from lrdesigner.following import follow
from lrdesigner.inventory import Inventory
from lrdesigner.model_rows import rows_of
from lrdesigner.numbers import scaled
from lrdesigner.presets.building import grouped
from lrdesigner.presets.preset import Preset
from lrdesigner.queries import matching_parameters

LORA_EMBEDDINGS = "/lora_embedding_[AB]/"
LORA_B = "/lora_B(\\.|$)/"
LORA_VECTORS = "ndim:1"


class LoraPlus(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of the paper."""

    ratio: Annotated[float, Meta(gt=0, le=1e6, title="Ratio", description="The rate of B over that of A.")] = 16.0
    embedding_lr: Annotated[
        float, Meta(gt=0, le=1e6, title="Embedding lr", description="Of factors of embeddings.")
    ] = 1e-6


def _no_factors(inventory: Inventory) -> str | None:
    names = [info.name for info in inventory.parameters if info.trainable]
    if any("lora_A" in name for name in names) and any("lora_B" in name for name in names):
        return None
    return "No trainable parameter is called lora_A and lora_B."


def _lora(design: Design, chosen: LoraPlus) -> Design:
    inventory = design.model.inventory
    leader = design.group(design.remainder)
    if matching_parameters(inventory, LORA_EMBEDDINGS).any():
        design, group = grouped(design, LORA_EMBEDDINGS, "LoRA embeddings", layered=True)
        design = follow(design, group, leader.id, scaled(chosen.embedding_lr, 1 / leader.lr.base))
    for where, name in ((LORA_B, "LoRA B"), (LORA_VECTORS, "vectors")):
        if not matching_parameters(inventory, where).any():
            continue
        design, group = grouped(design, where, name, layered=True)
        design = follow(design, group, leader.id, chosen.ratio)
        design = use_exemption(design, group, DecayExemption(bias=True, norm=True, one_dimensional=False))
    return design


class ByType(Struct, frozen=True, forbid_unknown_fields=True):
    """How many groups to make."""

    most_groups: Annotated[
        int, Meta(ge=1, le=30, title="Most groups", description="For the types with the most parameters.")
    ] = 5


def _one_type(inventory: Inventory) -> str | None:
    known = [kind for kind in _types(inventory) if kind]
    if not known:
        return "The types of its modules are unknown."
    return None if len(known) > 1 else f"All its parameters are in modules of one type, {known[0]}."


def _types(inventory: Inventory) -> dict[str, int]:
    """The types of modules with trainable parameters of their own, and how many scalars these have."""
    rows, found = rows_of(inventory), Counter[str]()
    for info, row in zip(inventory.parameters, rows.parameter_rows.tolist(), strict=True):
        if info.trainable and info.tied_to is None:
            found[rows.types[rows.parents[row]]] += info.numel
    return dict(found)


def _by_type(design: Design, chosen: ByType) -> Design:
    """The rule of a type fits what derives from it too, so those that derive come first."""
    inventory = design.model.inventory
    known = _types(inventory)
    main = sorted((kind for kind in known if kind), key=lambda kind: -known[kind])[: chosen.most_groups]
    for kind in sorted(main, key=lambda kind: -len(inventory.bases.get(kind, ()))):
        if not np.any(matching_parameters(inventory, f"type={kind}")):
            continue
        design, _ = grouped(design, f"type={kind}", kind, layered=True)
    return design


LORA = Preset(
    id="lora-plus",
    title="LoRA+",
    summary="The factor B of LoRA learns at 16 times the rate of the factor A.",
    source="arXiv 2402.12354 (ratio 16), with the groups of create_loraplus_optimizer in peft: B and 1-D parameters "
    "at the ratio, biases and norms of them without decay, factors of embeddings at 1e-6.",
    notes="The rest of what trains, A among it, stays where it is. The lr of embeddings is kept as a ratio, so it "
    "moves with the schedule and with the rate of the rest.",
    parameters=LoraPlus,
    misfit=_no_factors,
    edit=_lora,
)

BY_TYPE = Preset(
    id="by-type",
    title="By module type",
    summary="A group for each of the types of modules that hold most parameters, with the same settings to begin with.",
    source="Customary; MMEngine's paramwise_cfg has multipliers of rate and decay by kind of layer.",
    notes="A type holds for whatever lies in such a module, and for types that derive from it unless they have "
    "a group.",
    parameters=ByType,
    misfit=_one_type,
    edit=_by_type,
)
