"""Edits of how a group expands into param groups: layer decay and what is exempt from weight decay."""

from __future__ import annotations

from typing import Any

from lrdesigner.checked import replaced
from lrdesigner.document import DecayExemption, Design, LayerDecay
from lrdesigner.following import with_group


def use_layer_decay(design: Design, group: int, decay: LayerDecay | None) -> Design:
    """Let the rates of a group fall from layer to layer, or (None) be the same in all."""
    old = design.group(group)
    return with_group(design, replaced(old, layer_decay=decay))


def set_layer_decay(design: Design, group: int, **changes: Any) -> Design:
    """Change factor, minimum or layers of a group's layer decay, which begins with its defaults; raises `UserError`."""
    old = design.group(group)
    decay = old.layer_decay or LayerDecay()
    return with_group(design, replaced(old, layer_decay=replaced(decay, **changes)))


def use_exemption(design: Design, group: int, exemption: DecayExemption | None) -> Design:
    """Free parts of a group from weight decay, or (None) none."""
    old = design.group(group)
    return with_group(design, replaced(old, exempt=exemption))


def set_exemption(design: Design, group: int, **changes: Any) -> Design:
    """Change what of a group is free from weight decay; it begins with the defaults. Raises `UserError`."""
    old = design.group(group)
    exemption = old.exempt or DecayExemption()
    return with_group(design, replaced(old, exempt=replaced(exemption, **changes)))
