"""Options of the optimizers of torch that follow the gradient, its sign or its orthogonal part."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from lrdesigner.errors import InvalidValueError
from lrdesigner.optimizers.options import (
    Capturable,
    Differentiable,
    Epsilon,
    Foreach,
    Fused,
    Maximize,
    Momentum,
    Nesterov,
    Options,
    WeightDecay,
)


class SGDOptions(Options, frozen=True, tag="SGD"):
    """Options of `torch.optim.SGD`."""

    momentum: Momentum = 0.9
    weight_decay: WeightDecay = 0.0
    dampening: Annotated[
        float, Meta(ge=0, le=1, title="Dampening", description="Weakens the gradient within momentum.")
    ] = 0.0
    nesterov: Annotated[
        bool, Meta(title="Nesterov", description="Look ahead; needs momentum above 0 and no dampening.")
    ] = False
    maximize: Maximize = False
    foreach: Foreach = None
    fused: Fused = None
    differentiable: Differentiable = False

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise InvalidValueError("Nesterov needs a momentum above 0 and a dampening of 0.")


class MuonOptions(Options, frozen=True, tag="Muon"):
    """Options of `torch.optim.Muon`, for the hidden matrices of a model; its weight decay is decoupled."""

    momentum: Momentum = 0.95
    weight_decay: WeightDecay = 0.1
    nesterov: Nesterov = True
    eps: Epsilon = 1e-7
    ns_steps: Annotated[
        int, Meta(ge=1, lt=100, title="Newton-Schulz steps", description="Steps that make the update orthogonal.")
    ] = 5
    ns_a: Annotated[
        float, Meta(ge=-100, le=100, title="Coefficient a", description="Of the polynomial a x + b x³ + c x⁵.")
    ] = 3.4445
    ns_b: Annotated[
        float, Meta(ge=-100, le=100, title="Coefficient b", description="Of the polynomial a x + b x³ + c x⁵.")
    ] = -4.775
    ns_c: Annotated[
        float, Meta(ge=-100, le=100, title="Coefficient c", description="Of the polynomial a x + b x³ + c x⁵.")
    ] = 2.0315
    adjust_lr_fn: Annotated[
        Literal["original", "match_rms_adamw"] | None,
        Meta(
            title="Adjust lr",
            description="How the rate follows the shape of a matrix: by √max(1, rows/columns), which automatic means "
            "too, or so that updates are as large as AdamW's and its rates can be used.",
        ),
    ] = None


class RMSpropOptions(Options, frozen=True, tag="RMSprop"):
    """Options of `torch.optim.RMSprop`; its weight decay is L2, added to the gradient."""

    momentum: Momentum = 0.0
    weight_decay: WeightDecay = 0.0
    # torch takes any alpha that is not negative; from 1 on the mean of squares would not be one.
    alpha: Annotated[float, Meta(ge=0, le=1, title="Alpha", description="Decay of the mean of squared gradients.")] = (
        0.99
    )
    eps: Epsilon = 1e-8
    centered: Annotated[
        bool, Meta(title="Centered", description="Divide by the deviation from the mean of gradients.")
    ] = False
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class RpropOptions(Options, frozen=True, tag="Rprop"):
    """Options of `torch.optim.Rprop`, which follows signs alone; for full batches."""

    eta_minus: Annotated[
        float, Meta(gt=0, lt=1, title="Eta minus", description="Shrinks a weight's step where the sign turned.")
    ] = 0.5
    eta_plus: Annotated[
        float, Meta(gt=1, le=1e3, title="Eta plus", description="Grows a weight's step while the sign stays.")
    ] = 1.2
    step_min: Annotated[float, Meta(ge=0, le=1e6, title="Smallest step", description="Of any weight.")] = 1e-6
    step_max: Annotated[float, Meta(ge=0, le=1e6, title="Largest step", description="Of any weight.")] = 50.0
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        if self.step_min > self.step_max:
            raise InvalidValueError("The smallest step must not be above the largest step.")


class ASGDOptions(Options, frozen=True, tag="ASGD"):
    """Options of `torch.optim.ASGD`, averaged descent; its weight decay is L2, added to the gradient."""

    lambd: Annotated[float, Meta(ge=0, le=1e3, title="Lambda", description="How fast the rate decays.")] = 1e-4
    alpha: Annotated[float, Meta(ge=0, le=1e3, title="Alpha", description="Power of the decay of the rate.")] = 0.75
    t0: Annotated[float, Meta(ge=0, le=1e12, title="Average from", description="Step from which it averages.")] = 1e6
    weight_decay: WeightDecay = 0.0
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class LBFGSOptions(Options, frozen=True, tag="LBFGS"):
    """Options of `torch.optim.LBFGS`, a quasi-Newton method: one group only, and a closure for each step."""

    max_iter: Annotated[
        int, Meta(ge=1, le=10**6, title="Iterations", description="Most iterations within one step.")
    ] = 20
    max_eval: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=10**7,
                title="Evaluations",
                description="Most calls of the closure within one step; automatic: a quarter more than iterations.",
            ),
        ]
        | None
    ) = None
    tolerance_grad: Annotated[
        float, Meta(ge=0, le=1e3, title="Gradient tolerance", description="A smaller gradient ends the step.")
    ] = 1e-7
    tolerance_change: Annotated[
        float, Meta(ge=0, le=1e3, title="Change tolerance", description="A smaller change ends the step.")
    ] = 1e-9
    history_size: Annotated[
        int, Meta(ge=1, le=10**5, title="History", description="Updates remembered, each as large as the group.")
    ] = 100
    line_search_fn: Annotated[
        Literal["strong_wolfe"] | None,
        Meta(title="Line search", description="Search for the length of each iteration, or take the rate."),
    ] = None
