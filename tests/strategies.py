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
    Constant,
    Cosine,
    Exponential,
    Expression,
    Length,
    Linear,
    MultiStep,
    Segment,
    Sequence,
    StepDecay,
)

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


@cache
def shapes() -> st.SearchStrategy[Any]:
    gammas = fractions(0.05, 1.1)
    return st.one_of(
        st.builds(Constant, factor=fractions(0, 3)),
        st.builds(StepDecay, every=lengths(), gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(lengths(), min_size=1, max_size=5).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=lengths(), stairs=st.booleans()),
        st.builds(Linear, start=fractions(0, 2), end=fractions(0, 2), length=lengths()),
        st.builds(Cosine, floor=fractions(0, 2), length=lengths()),
        st.builds(Expression, formula=st.sampled_from(FORMULAS)),
    )


def sequences(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Sequence]:
    segments = st.lists(st.builds(Segment, inner, lengths()), min_size=1, max_size=4)
    return segments.map(lambda row: Sequence(segments=tuple(row)))


@cache
def schedules() -> st.SearchStrategy[Any]:
    return st.recursive(shapes(), sequences, max_leaves=6)


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
