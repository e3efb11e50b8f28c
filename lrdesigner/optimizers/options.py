"""What the options of all optimizers have in common, and how their names stand to those of torch.

A tuple of torch, such as `betas`, is one field for each of its numbers, so that each can be typed, checked and moved.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError

TUPLES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "betas": ("beta1", "beta2"),
        "etas": ("eta_minus", "eta_plus"),
        "step_sizes": ("step_min", "step_max"),
        "ns_coefficients": ("ns_a", "ns_b", "ns_c"),
        "eps": ("eps1", "eps2"),
    }
)
"""A tuple among torch's options -> the fields that it is here, where a struct has all of them."""

SWITCHES = ("maximize", "foreach", "fused", "capturable", "differentiable")
"""How torch computes the step, not what it is (but for `maximize`); code names them only where they are set."""

WeightDecay = Annotated[
    float, Meta(ge=0, le=1e3, title="Weight decay", description="How strongly weights are pulled to zero.")
]
Momentum = Annotated[float, Meta(ge=0, lt=1, title="Momentum", description="Share of the last update that is kept.")]
Beta = Annotated[float, Meta(ge=0, lt=1)]
Beta1 = Annotated[Beta, Meta(title="Beta 1", description="Decay of the mean of gradients.")]
Beta2 = Annotated[Beta, Meta(title="Beta 2", description="Decay of the mean of squared gradients.")]
Epsilon = Annotated[float, Meta(ge=0, le=1, title="Epsilon", description="Added to the denominator.")]
PositiveEpsilon = Annotated[float, Meta(gt=0, le=1, title="Epsilon", description="Added to the denominator.")]
Nesterov = Annotated[bool, Meta(title="Nesterov", description="Look ahead along the momentum.")]
Decoupled = Annotated[
    bool, Meta(title="Decoupled decay", description="Weights shrink by lr x weight decay, as with AdamW.")
]
Maximize = Annotated[bool, Meta(title="Maximize", description="Climb: make the objective larger, not smaller.")]
Foreach = Annotated[bool | None, Meta(title="Foreach", description="Treat many tensors at once; automatic: on CUDA.")]
Fused = Annotated[
    bool | None, Meta(title="Fused", description="The whole step in one kernel; automatic: not unless chosen.")
]
Capturable = Annotated[bool, Meta(title="Capturable", description="Fit for capture in a CUDA graph.")]
Differentiable = Annotated[
    bool, Meta(title="Differentiable", description="Let gradients flow through the step itself; slow.")
]


class Options(Struct, frozen=True, tag_field="optimizer", forbid_unknown_fields=True):
    """Base of one group's optimizer options."""

    def __post_init__(self) -> None:
        if not getattr(self, "fused", None):
            return
        if getattr(self, "foreach", None):
            raise InvalidValueError("Foreach and fused cannot both be on: each is a way to compute the step.")
        if getattr(self, "differentiable", False):
            raise InvalidValueError("A fused step is not differentiable; switch one of the two off.")
