"""The table of optimizers: what each is, what it takes, and what it asks of a training loop."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from lrdesigner.optimizers.adaptive import (
    AdadeltaOptions,
    AdafactorOptions,
    AdagradOptions,
    AdamaxOptions,
    AdamOptions,
    AdamWOptions,
    NAdamOptions,
    RAdamOptions,
    SparseAdamOptions,
)
from lrdesigner.optimizers.custom import CustomOptions
from lrdesigner.optimizers.descent import (
    ASGDOptions,
    LBFGSOptions,
    MuonOptions,
    RMSpropOptions,
    RpropOptions,
    SGDOptions,
)
from lrdesigner.optimizers.options import Options

AnyOptions = (
    SGDOptions
    | AdamOptions
    | AdamWOptions
    | MuonOptions
    | NAdamOptions
    | RAdamOptions
    | AdamaxOptions
    | SparseAdamOptions
    | AdagradOptions
    | AdadeltaOptions
    | AdafactorOptions
    | RMSpropOptions
    | RpropOptions
    | ASGDOptions
    | LBFGSOptions
    | CustomOptions
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """One entry of the table: an optimizer is known by the type of its options.

    `lr` is torch's default, `decay` what weight decay means ("decoupled": weights shrink by lr x weight decay, "L2":
    it is added to the gradient, "": there is none, "either": an option says which). `fixed` are options that a
    constructor takes for all its param groups alike.
    """

    options: type[Options]
    doc: str
    source: str
    lr: float
    decay: str = "L2"
    matrices_only: bool = False
    needs_closure: bool = False
    single_group: bool = False
    fixed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The class in `torch.optim`; "custom" for one by its import path."""
        return str(self.options.__struct_config__.tag)

    @property
    def title(self) -> str:
        """What a menu calls it."""
        return "By import path…" if self.options is CustomOptions else self.name

    def accepts(self, ndim: int, module_types: tuple[str, ...]) -> bool:
        """Whether it can, and is meant to, train a parameter of so many dimensions in such a module."""
        return _refusal(self, ndim, module_types) is None


_ENTRIES = (
    Optimizer(options=SGDOptions, lr=1e-3, doc="Gradient descent with momentum.", source="Sutskever et al., ICML 2013"),
    Optimizer(options=AdamOptions, lr=1e-3, doc="A rate for each weight.", source="arXiv:1412.6980"),
    Optimizer(
        options=AdamWOptions,
        lr=1e-3,
        decay="decoupled",
        doc="Adam with decoupled weight decay.",
        source="arXiv:1711.05101",
    ),
    Optimizer(
        options=MuonOptions,
        lr=1e-3,
        decay="decoupled",
        matrices_only=True,
        doc="Orthogonal updates, for hidden matrices only.",
        source="Jordan et al., kellerjordan.github.io/posts/muon",
    ),
    Optimizer(
        options=NAdamOptions, lr=2e-3, decay="either", doc="Adam with Nesterov's momentum.", source="Dozat, ICLR 2016"
    ),
    Optimizer(
        options=RAdamOptions,
        lr=1e-3,
        decay="either",
        doc="Adam that waits for a reliable second moment.",
        source="arXiv:1908.03265",
    ),
    Optimizer(options=AdamaxOptions, lr=2e-3, doc="Adam with the largest gradient as scale.", source="arXiv:1412.6980"),
    Optimizer(
        options=SparseAdamOptions,
        lr=1e-3,
        decay="",
        doc="Adam for embeddings with sparse gradients.",
        source="arXiv:1412.6980",
    ),
    Optimizer(
        options=AdagradOptions,
        lr=1e-2,
        fixed=("initial_accumulator_value",),
        doc="Rates that fall as squared gradients add up.",
        source="Duchi et al., JMLR 2011",
    ),
    Optimizer(options=AdadeltaOptions, lr=1.0, doc="Steps in the units of the weights.", source="arXiv:1212.5701"),
    Optimizer(
        options=AdafactorOptions,
        lr=1e-2,
        decay="decoupled",
        doc="A second moment of rows and columns, to save memory.",
        source="arXiv:1804.04235",
    ),
    Optimizer(
        options=RMSpropOptions, lr=1e-2, doc="Divides by the mean of squared gradients.", source="Hinton, lecture 6e"
    ),
    Optimizer(
        options=RpropOptions,
        lr=1e-2,
        decay="",
        doc="Steps by the sign of the gradient, for full batches.",
        source="Riedmiller and Braun, ICNN 1993",
    ),
    Optimizer(
        options=ASGDOptions,
        lr=1e-2,
        doc="Descent that averages the weights.",
        source="Polyak and Juditsky, SIAM J. Control Optim. 1992",
    ),
    Optimizer(
        options=LBFGSOptions,
        lr=1.0,
        decay="",
        needs_closure=True,
        single_group=True,
        doc="A quasi-Newton method: one group, and a closure for each step.",
        source="Liu and Nocedal, Math. Prog. 1989",
    ),
    Optimizer(
        options=CustomOptions,
        lr=1e-3,
        decay="either",
        doc="An optimizer of another package, with options of its own.",
        source="the package",
    ),
)

OPTIMIZERS = MappingProxyType({entry.name: entry for entry in _ENTRIES})

COMMON = ("AdamW", "SGD", "Adam", "Muon")
"""What menus put first."""


def optimizer_of(options: AnyOptions) -> Optimizer:
    """The entry that these options belong to."""
    return OPTIMIZERS[str(options.__struct_config__.tag)]


def optimizer_name(options: AnyOptions) -> str:
    """The name of the class, as sentences and param groups have it."""
    return options.class_name if isinstance(options, CustomOptions) else optimizer_of(options).name


def refuses(options: AnyOptions, ndim: int, module_types: tuple[str, ...]) -> str | None:
    """Why this optimizer is not for a parameter of so many dimensions; None: it takes it.

    `module_types` are the type of the module that owns the parameter and those it derives from.

    >>> refuses(MuonOptions(), 1, ("Linear",)), refuses(MuonOptions(), 2, ("Linear",))
    ('1-D: Muon takes matrices only', None)
    """
    return _refusal(optimizer_of(options), ndim, module_types)


def _refusal(entry: Optimizer, ndim: int, module_types: tuple[str, ...]) -> str | None:
    if not entry.matrices_only:
        return None
    if ndim != 2:
        return f"{ndim}-D: {entry.name} takes matrices only"
    if any(kind.endswith(("Embedding", "EmbeddingBag")) for kind in module_types):
        return f"an embedding: {entry.name} is for hidden matrices"
    return None
