"""The optimizers a group can use, each with its options as torch names them, except the lr."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError

WeightDecay = Annotated[
    float, Meta(ge=0, le=1e3, title="Weight decay", description="How strongly weights are pulled to zero.")
]
Beta = Annotated[float, Meta(ge=0, lt=1)]


class Options(Struct, frozen=True, tag_field="optimizer", forbid_unknown_fields=True):
    """Base of one group's optimizer options."""


class SGDOptions(Options, frozen=True, tag="SGD"):
    """Options of `torch.optim.SGD`."""

    momentum: Annotated[
        float, Meta(ge=0, lt=1, title="Momentum", description="Share of the last update that is kept.")
    ] = 0.9
    weight_decay: WeightDecay = 0.0
    dampening: Annotated[
        float, Meta(ge=0, le=1, title="Dampening", description="Weakens the gradient within momentum.")
    ] = 0.0
    nesterov: Annotated[
        bool, Meta(title="Nesterov", description="Look ahead; needs momentum above 0 and no dampening.")
    ] = False

    def __post_init__(self) -> None:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise InvalidValueError("Nesterov needs a momentum above 0 and a dampening of 0.")


class AdamOptions(Options, frozen=True, tag="Adam"):
    """Options of `torch.optim.Adam`; its weight decay is L2, added to the gradient."""

    beta1: Annotated[Beta, Meta(title="Beta 1", description="Decay of the mean of gradients.")] = 0.9
    beta2: Annotated[Beta, Meta(title="Beta 2", description="Decay of the mean of squared gradients.")] = 0.999
    weight_decay: WeightDecay = 0.0
    eps: Annotated[float, Meta(gt=0, le=1, title="Epsilon", description="Added to the denominator.")] = 1e-8
    amsgrad: Annotated[bool, Meta(title="AMSGrad", description="Keep the largest second moment.")] = False


class AdamWOptions(Options, frozen=True, tag="AdamW"):
    """Options of `torch.optim.AdamW`; its weight decay is decoupled: weights shrink by lr x weight decay."""

    beta1: Annotated[Beta, Meta(title="Beta 1", description="Decay of the mean of gradients.")] = 0.9
    beta2: Annotated[Beta, Meta(title="Beta 2", description="Decay of the mean of squared gradients.")] = 0.999
    weight_decay: WeightDecay = 0.01
    eps: Annotated[float, Meta(gt=0, le=1, title="Epsilon", description="Added to the denominator.")] = 1e-8
    amsgrad: Annotated[bool, Meta(title="AMSGrad", description="Keep the largest second moment.")] = False


AnyOptions = SGDOptions | AdamOptions | AdamWOptions


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One entry of the table: an optimizer is known by the type of its options."""

    options: type[Options]

    @property
    def name(self) -> str:
        """The class in `torch.optim`."""
        return str(self.options.__struct_config__.tag)


OPTIMIZERS = MappingProxyType(
    {entry.name: entry for entry in (Optimizer(SGDOptions), Optimizer(AdamOptions), Optimizer(AdamWOptions))}
)


def optimizer_of(options: AnyOptions) -> Optimizer:
    """The entry that these options belong to."""
    return OPTIMIZERS[str(options.__struct_config__.tag)]


def torch_options(options: AnyOptions) -> dict[str, Any]:
    """The options as keys of a torch param group; both betas make one tuple.

    >>> torch_options(AdamWOptions())["betas"]
    (0.9, 0.999)
    """
    values = {name: getattr(options, name) for name in options.__struct_fields__}
    if "beta1" in values:
        betas = (values.pop("beta1"), values.pop("beta2"))
        values = {"betas": betas, **values}
    return values


def carry_over(options: AnyOptions, to: Optimizer) -> AnyOptions:
    """Options for another optimizer, keeping what both know, except weight decay, whose meaning differs."""
    shared = {
        n: getattr(options, n)
        for n in options.__struct_fields__
        if n in to.options.__struct_fields__ and n != "weight_decay"
    }
    return to.options(**shared)  # type: ignore[return-value]
