"""Presets: known ways to group a model, each applied as one edit.

>>> from lrdesigner.presets import preset_named
>>> preset_named("layers-vit").title
'Layer-wise decay, as for ViT and BEiT'
"""

from __future__ import annotations

from difflib import get_close_matches

from lrdesigner.errors import UserError
from lrdesigner.presets.decay_presets import EMBEDDINGS, NO_DECAY
from lrdesigner.presets.head_presets import DISCRIMINATIVE, HEAD
from lrdesigner.presets.layer_presets import BERT, VIT
from lrdesigner.presets.matrix_presets import MUON, MUP
from lrdesigner.presets.other_presets import BY_TYPE, LORA
from lrdesigner.presets.preset import Preset as Preset

PRESETS = (NO_DECAY, HEAD, BERT, VIT, DISCRIMINATIVE, MUON, EMBEDDINGS, LORA, MUP, BY_TYPE)
"""In the order of use."""


def preset_named(name: str) -> Preset:
    """The preset with this id; raises `UserError` with the nearest one."""
    for preset in PRESETS:
        if preset.id == name:
            return preset
    near = get_close_matches(name, [preset.id for preset in PRESETS], 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(preset.id for preset in PRESETS)}."
    raise UserError(f"There is no preset {name!r}; {hint}")
