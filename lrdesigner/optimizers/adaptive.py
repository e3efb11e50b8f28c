"""Options of the optimizers of torch that give each weight a rate of its own."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from lrdesigner.optimizers.options import (
    Beta1,
    Beta2,
    Capturable,
    Decoupled,
    Differentiable,
    Epsilon,
    Foreach,
    Fused,
    Maximize,
    Options,
    PositiveEpsilon,
    WeightDecay,
)

Amsgrad = Annotated[bool, Meta(title="AMSGrad", description="Keep the largest second moment.")]


class AdamOptions(Options, frozen=True, tag="Adam"):
    """Options of `torch.optim.Adam`; its weight decay is L2, added to the gradient."""

    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    weight_decay: WeightDecay = 0.0
    eps: PositiveEpsilon = 1e-8
    amsgrad: Amsgrad = False
    maximize: Maximize = False
    foreach: Foreach = None
    fused: Fused = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class AdamWOptions(Options, frozen=True, tag="AdamW"):
    """Options of `torch.optim.AdamW`; its weight decay is decoupled: weights shrink by lr x weight decay."""

    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    weight_decay: WeightDecay = 0.01
    eps: PositiveEpsilon = 1e-8
    amsgrad: Amsgrad = False
    maximize: Maximize = False
    foreach: Foreach = None
    fused: Fused = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class NAdamOptions(Options, frozen=True, tag="NAdam"):
    """Options of `torch.optim.NAdam`, Adam with Nesterov's momentum."""

    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    weight_decay: WeightDecay = 0.0
    eps: Epsilon = 1e-8
    momentum_decay: Annotated[
        float, Meta(ge=0, le=1e3, title="Momentum decay", description="How fast the momentum warms up.")
    ] = 4e-3
    decoupled_weight_decay: Decoupled = False
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class RAdamOptions(Options, frozen=True, tag="RAdam"):
    """Options of `torch.optim.RAdam`, Adam that waits until its second moment is reliable."""

    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    weight_decay: WeightDecay = 0.0
    eps: Epsilon = 1e-8
    decoupled_weight_decay: Decoupled = False
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class AdamaxOptions(Options, frozen=True, tag="Adamax"):
    """Options of `torch.optim.Adamax`, Adam with the largest gradient in place of the mean square."""

    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    weight_decay: WeightDecay = 0.0
    eps: Epsilon = 1e-8
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class SparseAdamOptions(Options, frozen=True, tag="SparseAdam"):
    """Options of `torch.optim.SparseAdam`, for embeddings with sparse gradients; it has no weight decay."""

    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    eps: PositiveEpsilon = 1e-8
    maximize: Maximize = False


class AdagradOptions(Options, frozen=True, tag="Adagrad"):
    """Options of `torch.optim.Adagrad`; its weight decay is L2, added to the gradient."""

    lr_decay: Annotated[
        float, Meta(ge=0, le=1e3, title="Rate decay", description="The rate is divided by 1 + steps x this.")
    ] = 0.0
    weight_decay: WeightDecay = 0.0
    initial_accumulator_value: Annotated[
        float, Meta(ge=0, le=1e6, title="First sum", description="What the sum of squared gradients begins with.")
    ] = 0.0
    eps: Epsilon = 1e-10
    maximize: Maximize = False
    foreach: Foreach = None
    fused: Fused = None
    differentiable: Differentiable = False


class AdadeltaOptions(Options, frozen=True, tag="Adadelta"):
    """Options of `torch.optim.Adadelta`; its weight decay is L2, added to the gradient."""

    rho: Annotated[float, Meta(ge=0, le=1, title="Rho", description="Decay of the mean of squared gradients.")] = 0.9
    eps: Epsilon = 1e-6
    weight_decay: WeightDecay = 0.0
    maximize: Maximize = False
    foreach: Foreach = None
    capturable: Capturable = False
    differentiable: Differentiable = False


class AdafactorOptions(Options, frozen=True, tag="Adafactor"):
    """Options of `torch.optim.Adafactor`, which keeps rows and columns of the second moment; decay is decoupled."""

    beta2_decay: Annotated[
        float, Meta(ge=-100, le=0, title="Beta 2 decay", description="Power of the step by which beta 2 nears 1.")
    ] = -0.8
    eps1: (
        Annotated[
            float,
            Meta(
                ge=0, le=1, title="Epsilon 1", description="Within the second moment; automatic: the type's precision."
            ),
        ]
        | None
    ) = None
    eps2: Annotated[
        float, Meta(ge=0, le=1e3, title="Epsilon 2", description="Smallest size of a weight that scales its step.")
    ] = 1e-3
    d: Annotated[float, Meta(ge=1, le=1e6, title="Clipping", description="Largest update, as a root mean square.")] = (
        1.0
    )
    weight_decay: WeightDecay = 0.0
    maximize: Maximize = False
    foreach: Foreach = None
