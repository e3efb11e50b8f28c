"""Random values of the core's types for property tests, and real models and training runs for them."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.document import Design, Group, Model, Pin, Plan, Track
from lrdesigner.export import export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.optimizers import AdamOptions, AdamWOptions, SGDOptions
from lrdesigner.schedules import (
    REST,
    Absolute,
    Anneal,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    CosineWaves,
    Cyclic,
    Exponential,
    Expression,
    FlatCosine,
    HardRestarts,
    InverseSqrt,
    InverseTime,
    Length,
    Linear,
    LogWarmup,
    MultiStep,
    Noam,
    OneCycle,
    OneCycleMomentum,
    OneMinusSqrt,
    Polynomial,
    Product,
    Repeat,
    Rex,
    Segment,
    Sequence,
    Sigmoid,
    SlantedTriangular,
    StepDecay,
    Tanh,
    WarmupStableDecay,
)
from lrdesigner.schedules.composites import NOTHING

if TYPE_CHECKING:
    import torch

# Finite and not negative at every step, also past the end of their segment.
FORMULAS = (
    "0.95 ** epoch",
    "1 / (1 + step)",
    "max(0, 1 - progress)",
    "1 if step < 10 else 0.5",
    "0.5 * (1 + cos(pi * min(progress, 1)))",
    "step % 7 / 7 + 0.1",
    "(epoch + 1) ** -0.5",
    "exp(-progress) if epoch >= 2 and step != 30 else sqrt(2)",
)
NASTY_NAMES = (
    '"',
    "it's",
    "a\"b'c",
    '"""',
    "'''\n",
    "\\",
    "x\\n",
    "{{ x }}",
    "%s{0}",
    "class",
    "日本",
    "head",
    "Head!",
    "1",
)


@cache
def plans() -> st.SearchStrategy[Plan]:
    return st.builds(Plan, epoch=st.integers(1, 40), epochs=st.integers(1, 8))


@cache
def lengths() -> st.SearchStrategy[Length]:
    return st.one_of(
        st.just(REST),
        st.integers(0, 400).map(lambda n: Length(float(n), "steps")),
        st.floats(0, 10, width=16).map(lambda n: Length(n, "epochs")),
        st.floats(0, 120, width=16).map(lambda n: Length(n, "percent")),
    )


def fractions(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    """Factors as people choose them: not so small that their logarithm matters."""
    return st.one_of(
        st.sampled_from([float(low), float(high)]), st.integers(0, 1000).map(lambda n: low + (high - low) * n / 1000)
    )


def levels(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[Any]:
    """Fractions of the peak, and absolute values around and far from any base value."""
    absolute = st.sampled_from([0.0, 1e-6, 1e-4, 0.02, 0.5]).map(Absolute)
    return st.one_of(fractions(low, high), fractions(low, high), absolute)


@cache
def shapes() -> st.SearchStrategy[Any]:
    """Every shape that is no composite and follows no metric, with edge values."""
    return st.one_of(decays(), ramps(), whole_runs(), cycles(), free_shapes())


@cache
def decays() -> st.SearchStrategy[Any]:
    gammas = fractions(0.05, 1.1)
    return st.one_of(
        st.builds(Constant, factor=fractions(0, 3)),
        st.builds(StepDecay, every=lengths(), gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(lengths(), min_size=1, max_size=5).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=lengths(), stairs=st.booleans()),
        st.builds(
            InverseTime,
            rate=st.sampled_from([1e-9, 0.5, 1.0, 3.0, 1e6]),
            every=lengths(),
            stairs=st.booleans(),
            power=st.sampled_from([1.0, 0.5, 0.75, 0.01, 10.0]),
        ),
        st.builds(InverseSqrt, timescale=lengths()),
        st.builds(Noam, warmup=lengths()),
    )


@cache
def ramps() -> st.SearchStrategy[Any]:
    ks = st.sampled_from([1.0, 0.5, 1.5, 2.0, 3.7, 100.0])
    ends = {"start": levels(0, 2), "end": levels(0, 2), "length": lengths()}
    down: dict[str, Any] = {"floor": levels(0, 2), "length": lengths()}
    curves = st.sampled_from(["cosine", "linear", "1-sqrt"])
    reach = st.sampled_from([-50.0, -7.0, -1.0, 0.0, 0.5, 3.0, 50.0])
    return st.one_of(
        st.builds(Linear, **ends),
        st.builds(Anneal, curve=curves, **ends),
        st.builds(Polynomial, power=st.sampled_from([1.0, 0.5, 2.0, 0.01, 100.0]), k=ks, **down),
        st.builds(Cosine, k=ks, **down),
        st.builds(CosineWaves, waves=st.sampled_from([0.5, 1e-3, 0.3, 1.0, 1.5, 2.25, 7.0, 50.0]), **down),
        st.builds(OneMinusSqrt, **down),
        st.builds(Rex, **down),
        st.builds(Tanh, lower=reach, upper=reach, **down),
        st.builds(Sigmoid, centre=lengths(), width=lengths(), floor=levels(0, 2), rising=st.booleans()),
        st.builds(LogWarmup, start=levels(0, 2), length=lengths()),
    )


@cache
def whole_runs() -> st.SearchStrategy[Any]:
    curves = st.sampled_from(["linear", "cosine", "1-sqrt"])
    return st.one_of(
        st.builds(FlatCosine, flat=lengths(), floor=levels(0, 2), length=lengths()),
        st.builds(SlantedTriangular, cut=lengths(), ratio=st.sampled_from([1.0, 1.5, 32.0, 1e6]), length=lengths()),
        st.builds(
            WarmupStableDecay,
            warmup=lengths(),
            start=levels(0, 2),
            warmup_curve=curves,
            decay=lengths(),
            decay_curve=curves,
            floor=levels(0, 2),
            length=lengths(),
        ),
    )


@cache
def cycles() -> st.SearchStrategy[Any]:
    heights = st.sampled_from([1.0, 0.5, 0.9, 1.1, 0.001])
    growths = st.sampled_from([1.0, 1.05, 1.5, 2.0, 3.0, 100.0])
    one_cycle: dict[str, Any] = {
        "pct_start": st.sampled_from([0.3, 1e-6, 0.02, 0.1, 0.25, 0.5, 0.6, 0.99, 1.0]),
        "anneal": st.sampled_from(["cosine", "linear"]),
        "three_phase": st.booleans(),
        "length": lengths(),
    }
    return st.one_of(
        st.builds(
            Cyclic,
            low=levels(0, 2),
            up=lengths(),
            down=lengths(),
            mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
            gamma=st.sampled_from([1.0, 0.999, 0.9, 1e-3]),
            inverted=st.booleans(),
        ),
        st.builds(
            CosineRestarts,
            first=lengths(),
            growth=growths,
            decay=heights,
            cycles=st.sampled_from([0, 1, 2, 3, 1_000_000]),
            floor=levels(0, 2),
            k=st.sampled_from([1.0, 0.5, 2.0]),
        ),
        st.builds(
            HardRestarts,
            cycles=st.sampled_from([1, 2, 3, 7, 400]),
            decay=st.sampled_from([1.0, 0.5, 0.9, 1.01]),
            floor=levels(0, 2),
            length=lengths(),
        ),
        st.builds(OneCycle, start=levels(0, 1), end=levels(0, 1), **one_cycle),
        st.builds(OneCycleMomentum, low=levels(0, 1), **one_cycle),
    )


@cache
def free_shapes() -> st.SearchStrategy[Any]:
    return st.builds(Expression, formula=st.sampled_from(FORMULAS))


def sequences(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Sequence]:
    skips = st.one_of(st.just(NOTHING), lengths().filter(lambda length: length != REST))
    segments = st.lists(st.builds(Segment, inner, lengths(), skips), min_size=1, max_size=4)
    return segments.map(lambda row: Sequence(segments=tuple(row)))


def clamps(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Clamp]:
    bounds = st.tuples(fractions(0, 2), fractions(0, 2)).map(sorted)
    lowest = st.one_of(bounds.map(lambda pair: tuple(pair)), st.tuples(levels(), levels()).filter(_in_order))
    return st.builds(lambda schedule, pair: Clamp(schedule, *pair), inner, lowest)


def _in_order(pair: tuple[Any, Any]) -> bool:
    low, high = pair
    return isinstance(low, Absolute) or isinstance(high, Absolute) or low <= high


def composites(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Sequences, products, repeats and clamps of `inner`."""
    return st.one_of(
        sequences(inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Product(tuple(parts))),
        st.builds(
            Repeat,
            inner,
            cycle=lengths(),
            growth=st.sampled_from([1.0, 1.0, 1.05, 1.5, 2.0, 3.0]),
            decay=st.sampled_from([1.0, 0.5, 0.9, 1.01]),
            cycles=st.sampled_from([0, 0, 1, 2, 5, 1_000_000]),
            floor=levels(0, 2),
        ),
        clamps(inner),
    )


@cache
def schedules() -> st.SearchStrategy[Any]:
    return st.recursive(shapes(), composites, max_leaves=6)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """A random tree of modules, with frozen parameters and ties, in torch's order."""
    words = st.sampled_from(["0", "1", "enc", "head", "module"])
    drawn = draw(st.lists(st.lists(words, min_size=1, max_size=3).map(tuple), max_size=5))
    tree = sorted({path[:depth] for path in drawn for depth in range(len(path))} | set(drawn) | {()})
    paths = [".".join(path) for path in tree]
    parameters: list[ParameterInfo] = []
    choices = draw(st.lists(st.integers(0, 999), min_size=len(paths), max_size=len(paths)))
    for path, choice in zip(paths, choices, strict=True):
        for name in ((), ("weight",), ("weight", "bias"))[choice % 3]:
            full_name, chance = f"{path}.{name}".lstrip("."), choice // 3 + len(name)
            originals = [p for p in parameters if p.tied_to is None]
            if originals and chance % 4 == 0:
                first = originals[chance % len(originals)]
                parameters.append(replace(first, name=full_name, tied_to=first.name))
            else:
                size = 1 + chance % 7
                parameters.append(ParameterInfo(full_name, (size,), "float32", size, chance % 5 > 0))
    modules = [ModuleInfo(path, "Block") for path in paths]
    if not any(p.trainable for p in parameters):
        parameters.append(ParameterInfo("last.weight", (2,), "float32", 2, True))
        modules.append(ModuleInfo("last", "Block"))
    return Inventory(modules=tuple(modules), parameters=tuple(parameters))


@cache
def options() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(SGDOptions, momentum=fractions(0.1, 0.9), nesterov=st.booleans()),
        st.builds(AdamOptions, beta2=fractions(0.9, 0.99)),
        st.builds(AdamWOptions, weight_decay=fractions()),
    )


@st.composite
def designs(draw: st.DrawFn, *, only_members: bool = False) -> Design:
    """A design with up to four groups and random pins on modules, parameters, the model and second names.

    With `only_members` every group has the default options and schedule, which takes less time.
    """
    inventory = draw(inventories())
    names = draw(st.lists(st.sampled_from(NASTY_NAMES), min_size=1, max_size=4, unique=True))
    groups = tuple(
        Group(
            id=3 * number + 1,
            name=name,
            colour=number,
            options=AdamWOptions() if only_members else draw(options()),
            lr=Track(
                base=draw(st.sampled_from([0.1, 3e-4, 1.0, 1e-5])),
                schedule=Constant() if only_members else draw(schedules()),
            ),
        )
        for number, name in enumerate(names)
    )
    ids = st.sampled_from([group.id for group in groups])
    places = sorted({m.path for m in inventory.modules} | {p.name for p in inventory.parameters})
    pins = draw(st.dictionaries(st.sampled_from(places), ids, max_size=6))
    return Design(
        model=Model("", {}, inventory),
        plan=draw(plans()),
        groups=groups,
        remainder=draw(ids),
        pins=tuple(Pin(path, group) for path, group in sorted(pins.items())),
    )


def torch_model(inventory: Inventory) -> torch.nn.Module:
    """A real model with this inventory."""
    import torch

    made: dict[str, torch.nn.Module] = {"": torch.nn.Module()}
    for module in inventory.modules[1:]:
        made[module.path] = torch.nn.Module()
        parent, _, name = module.path.rpartition(".")
        made[parent].add_module(name, made[module.path])
    tensors: dict[str, torch.nn.Parameter] = {}
    for info in inventory.parameters:
        fresh = torch.nn.Parameter(torch.ones(info.shape), requires_grad=info.trainable)
        tensors[info.name] = tensors[info.tied_to] if info.tied_to else fresh
        parent, _, name = info.name.rpartition(".")
        made[parent].register_parameter(name, tensors[info.name])
    return made[""]


def run_export(text: str) -> dict[str, Any]:
    """The names that an exported file defines."""
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), scope)
    return scope


class Training:
    """A model of few numbers, trained through an exported file."""

    def __init__(self, design: Design) -> None:
        self.exported = run_export(export(design))
        self.model = torch_model(design.model.inventory)
        several = "build_optimizers" in self.exported
        built = self.exported["build_optimizers" if several else "build_optimizer"](self.model)
        made = self.exported["build_schedulers" if several else "build_scheduler"](built)
        self.pairs = list(zip(built, made, strict=True)) if several else [(built, made)]
        self.rates: list[list[float]] = []

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.rates.append([group["lr"] for optimizer, _ in self.pairs for group in optimizer.param_groups])
            sum(p.sin().sum() for p in self.model.parameters() if p.requires_grad).backward()
            for optimizer, scheduler in self.pairs:
                optimizer.step()
                optimizer.zero_grad()
                scheduler.step()

    def checkpoint(self) -> Any:
        """Written and read again as torch does it safely."""
        import torch

        states = [self.exported["save_state"](*pair) for pair in self.pairs]
        file = io.BytesIO()
        torch.save({"weights": self.model.state_dict(), "states": states}, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    def resume(self, saved: Any, **options: Any) -> None:
        self.model.load_state_dict(saved["weights"])
        for state, pair in zip(saved["states"], self.pairs, strict=True):
            self.exported["load_state"](state, *pair, **options)
