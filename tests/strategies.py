"""Random values of the core's types for property tests, and real models and training runs for them."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from msgspec.structs import replace
from schedule_strategies import FORMULAS as FORMULAS
from schedule_strategies import fractions as fractions
from schedule_strategies import keyframes as keyframes
from schedule_strategies import lengths as lengths
from schedule_strategies import levels as levels
from schedule_strategies import schedules as schedules
from schedule_strategies import shapes as shapes

from lrdesigner.document import (
    DecayExemption,
    Design,
    Follow,
    Freeze,
    Group,
    LayerDecay,
    Model,
    Pin,
    Plan,
    Rule,
    Track,
)
from lrdesigner.export import ExportOptions, export
from lrdesigner.following import followed
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.optimizers import AdamOptions, AdamWOptions, MuonOptions, SGDOptions
from lrdesigner.param_groups import trained_groups
from lrdesigner.schedules import Constant, Cosine, Linear
from lrdesigner.tracks import slots_of

if TYPE_CHECKING:
    import torch

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


BASES = {"MyNorm": ("LayerNorm",), "Scaled": ("MyNorm", "LayerNorm"), "LoraLinear": ("Linear",)}
"""What the random types derive from, besides those that derive from nothing."""

KINDS = ("Block", "LayerNorm", "Linear", "Embedding", *BASES)


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
                shape = ((size,), (size,), (size, 1), (1, size, 1), ())[chance // 5 % 5]
                size = size if shape else 1
                parameters.append(ParameterInfo(full_name, shape, "float32", size, chance % 5 > 0))
    typed = draw(st.integers(0, 4)) > 0  # of a checkpoint only names are known
    modules = [
        ModuleInfo(path, KINDS[choice // 7 % len(KINDS)] if typed else "")
        for path, choice in zip(paths, choices, strict=True)
    ]
    if not any(p.trainable for p in parameters):
        parameters.append(ParameterInfo("last.weight", (2,), "float32", 2, True))
        modules.append(ModuleInfo("last", "Block" if typed else ""))
    return Inventory(modules=tuple(modules), parameters=tuple(parameters), bases=BASES if typed else {})


@st.composite
def queries(draw: st.DrawFn) -> str:
    """One or two terms of any kind, for the names, types and sizes of `inventories`."""
    words = ("enc", "head", "0", "1", "weight", "bias", "module", "last", "Enc", "enc.0", "w")
    word = st.sampled_from(words)
    term = st.one_of(
        word,
        st.builds("*.{}".format, word),
        st.builds("*{}*".format, word),
        st.builds("{}*".format, word),
        st.builds("{}|*.{}".format, word, word),
        st.builds("*.{}|*.{}".format, word, word),
        st.sampled_from(("/enc\\.\\d/", "/^head/", "/weight$/", "/(?i)ENC|0$/", "*[01]", "?.weight", "e*.*d")),
        st.sampled_from(
            ("type:norm", "type=LayerNorm", "type:*Norm", "type:/^L/", "type:Block|Linear", "type=Embedding")
        ),
        st.sampled_from(("ndim:1", "ndim>1", "ndim:2", "size<4", "size>=2", "size:0.003k", "depth<3", "depth:1")),
    )
    terms = draw(st.lists(st.builds("{}{}".format, st.sampled_from(("", "", "!")), term), min_size=1, max_size=2))
    return " ".join(terms)


@cache
def options() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(SGDOptions, momentum=fractions(0.1, 0.9), nesterov=st.booleans()),
        st.builds(AdamOptions, beta2=fractions(0.9, 0.99)),
        st.builds(AdamWOptions, weight_decay=fractions()),
    )


@st.composite
def moving_designs(draw: st.DrawFn) -> Design:
    """A design whose groups also move weight decay, momentum or beta1, and beta2, and are frozen for stretches."""
    design = draw(designs())
    groups = []
    for group in design.groups:
        # Below their option, so that no beta reaches 1.
        below = st.one_of(st.none(), st.builds(Cosine, length=lengths()), st.builds(Linear, length=lengths()))
        changes: dict[str, Any] = {
            slot: draw(st.one_of(st.none(), schedules()) if slot == "weight_decay" else below)
            for slot in slots_of(group)
            if slot != "lr"
        }
        freezes = st.builds(Freeze, lengths().filter(lambda length: length.unit != "rest"), lengths())
        groups.append(replace(group, freeze=tuple(draw(st.lists(freezes, max_size=3))), **changes))
    return replace(design, groups=tuple(groups))


def with_something_to_train(design: Design) -> Design:
    """The design, or without its freezes if every group of it is frozen from the first step to the last."""
    if trained_groups(design):
        return design
    return replace(design, groups=tuple(replace(group, freeze=()) for group in design.groups))


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


@st.composite
def ruled_designs(draw: st.DrawFn, *, only_members: bool = False) -> Design:
    """A design with rules, layer decay, exemptions from weight decay, a group on Muon and groups that follow another.

    Groups may be called like the param groups of others.
    """
    design = draw(designs(only_members=only_members))
    ids = [group.id for group in design.groups]
    wheres = draw(st.lists(queries(), max_size=3))
    rules = tuple(Rule(f"rule {n}", draw(st.sampled_from(ids)), where) for n, where in enumerate(wheres))
    layers = st.sampled_from(("", "#", "enc.#|head.#", "*.#", "head.*.#|#.enc.#"))
    decays = st.builds(LayerDecay, st.sampled_from((0.5, 0.75, 1.0)), st.sampled_from((0.0, 0.6)), layers)
    wheres_or_none = st.one_of(st.just(""), queries())
    exemptions = st.builds(DecayExemption, *[st.booleans()] * 4, wheres_or_none)
    groups = []
    for number, group in enumerate(design.groups):
        group = replace(
            group,
            layer_decay=draw(st.one_of(st.none(), decays)),
            exempt=draw(st.one_of(st.none(), exemptions)),
        )
        if group.id != design.remainder and draw(st.integers(0, 3)) == 0:
            group = replace(group, options=MuonOptions(), exempt=None)
        elif number and draw(st.integers(0, 3)) == 0:
            group = replace(group, follow=Follow(ids[0], draw(st.sampled_from((0.5, 1.0, 3.0)))))
        groups.append(group)
    if draw(st.booleans()) and len(groups) > 1:
        part = draw(st.sampled_from((".no_decay", ".layer0", ".layer1.no_decay")))
        groups[1] = replace(groups[1], name=groups[0].name + part)
    return followed(replace(design, groups=tuple(groups), rules=rules))


def torch_model(inventory: Inventory) -> torch.nn.Module:
    """A real model with this inventory, whose classes are called and derive as there."""
    import torch

    types: dict[str, type[torch.nn.Module]] = {"": torch.nn.Module}

    def kind(name: str) -> type[torch.nn.Module]:
        if name not in types:
            types[name] = type(name, (kind(next(iter(inventory.bases.get(name, ())), "")),), {})
        return types[name]

    made: dict[str, torch.nn.Module] = {"": kind(inventory.modules[0].type)()}
    for module in inventory.modules[1:]:
        made[module.path] = kind(module.type)()
        parent, _, name = module.path.rpartition(".")
        made[parent].add_module(name, made[module.path])
    tensors: dict[str, torch.nn.Parameter] = {}
    for info in inventory.parameters:
        fresh = torch.nn.Parameter(torch.ones(info.shape), requires_grad=info.trainable)
        tensors[info.name] = tensors[info.tied_to] if info.tied_to else fresh
        parent, _, name = info.name.rpartition(".")
        made[parent].register_parameter(name, tensors[info.name])
    return made[""]


FUNCTIONS = ExportOptions(schedule_form="functions")
"""What agrees to 1e-12; torch's own classes agree to 1e-9."""


def run_export(text: str) -> dict[str, Any]:
    """The names that an exported file defines."""
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), scope)
    return scope


class Training:
    """A model of few numbers, trained through an exported file."""

    def __init__(self, design: Design, options: ExportOptions | None = None) -> None:
        self.exported = run_export(export(design, FUNCTIONS if options is None else options))
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
