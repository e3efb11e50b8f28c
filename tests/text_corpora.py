"""Designs whose exported files are held against ruff and mypy, with all that can go wrong in a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from export_cases import CASES, demo_with, small, steps
from msgspec.structs import replace
from optimizer_cases import OPTIMIZER_CASES
from placing_cases import CASES as PLACING_CASES
from strategies import NASTY_NAMES

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Model, Plan, Track, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import FORMS, ExportOptions, export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import (
    SHAPES,
    Absolute,
    Anneal,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    Expression,
    Length,
    Linear,
    MultiStep,
    OneCycle,
    Polynomial,
    StepDecay,
    default_node,
)

HEAD = 2
MILESTONES = MultiStep(tuple(Length(float(step), "steps") for step in range(1, 300)), 0.99)


def named(name: str) -> Design:
    demo = demo_design()
    return replace(demo, groups=(demo.groups[0], replace(demo.groups[1], name=name)))


def scheduled(schedule: Any) -> Design:
    return edits.set_schedule(demo_design(), HEAD, schedule)


def sourced(source: str, **kwargs: Any) -> Design:
    return replace(demo_design(), model=replace(demo_design().model, source=source, kwargs=kwargs))


def deep_model() -> Design:
    path = ".".join(["transformer_encoder_layer"] * 5)
    modules = tuple(ModuleInfo(".".join(path.split(".")[:n]), "Block") for n in range(6))
    parameters = (ParameterInfo(f"{path}.weight", (9,), "float32", 9, True),)
    return edits.assign(new_design(Model("", {}, Inventory(modules, parameters))), [path], 1)


def both(schedule: Any, bases: tuple[float, float] = (1e-3, 4e-3)) -> Design:
    """The demo, small, with one schedule for both groups."""
    return small(demo_with(*({"lr": Track(base, schedule)} for base in bases)))


def accumulated(design: Design, *, drop_last: bool = False) -> Design:
    return edits.set_plan(design, Plan(Batches(samples=70, batch_size=10, accumulation=3, drop_last=drop_last), 2))


def with_two_optimizers(design: Design) -> Design:
    return edits.set_optimizer(design, HEAD, "SGD")


CLASSES: dict[str, Any] = {
    "ConstantLR": Constant(0.5),
    "LinearLR": Linear(0.25, 1.0, steps(60)),
    "StepLR": StepDecay(steps(70), 0.5),
    "MultiStepLR": MultiStep((steps(100), steps(200)), 0.3),
    "ExponentialLR": Exponential(0.99, steps(1), stairs=False),
    "PolynomialLR": Polynomial(power=2.0),
    "CosineAnnealingLR": Cosine(),
    "CosineAnnealingWarmRestarts": CosineRestarts(first=steps(50), growth=2.0),
    "OneCycleLR": OneCycle(),
    "CyclicLR": Cyclic(low=0.1, up=steps(20), down=steps(30)),
    "SWALR": Anneal(start=1.0, end=Absolute(1e-4), curve="cosine", length=steps(100)),
}
"""Schedules that are one class of torch each."""

PLAIN: dict[str, Callable[[], Design]] = {
    "demo": demo_design,
    "two_optimizers": lambda: edits.set_optimizer(demo_design(), HEAD, "SGD"),
    "no_pins": lambda: edits.unpin(demo_design(), ["classifier.5"]),
    "left_out": lambda: edits.assign(demo_design(), [""], HEAD),
    "deep": deep_model,
    "milestones": lambda: scheduled(MILESTONES),
    "long_formula": lambda: scheduled(Expression(" + ".join(["step / 3000"] * 50))),
    "long_words": lambda: scheduled(Expression("abs(" * 25 + "step" + ")" * 25)),
    "powers": lambda: scheduled(Expression("0.1 + progress ** epoch * 0.9 ** progress + step ** 2")),
    "exponential": lambda: scheduled(Exponential()),
    "growth": lambda: scheduled(StepDecay(Length(10.0, "steps"), 10.0)),
    "big_numbers": lambda: scheduled(Expression("1e20 * step + 1")),
    "truth": lambda: scheduled(Expression("not step or step > 3 and 0.5")),
    "long_run": lambda: edits.set_plan(demo_design(), Plan(12_345, 1_000)),
    "no_source": lambda: sourced(""),
    "user_file": lambda: sourced("/models/net.py:Net", depth=3),
    "long_call": lambda: sourced("/models/net.py:Net.make", first="x" * 60, second=[1, 2.5, None, True, "a\"b'c"]),
    "keyword_file": lambda: sourced("/models/class.py:Net"),
    "spaced_file": lambda: sourced("/models/my net.py:Net"),
    "code_as_source": lambda: sourced("/models/net.py:Net(); import os"),
    "nan_argument": lambda: sourced("/models/net.py:Net", dropout=float("nan")),
}  # fmt: skip
for _name, _case in CASES.items():
    PLAIN[f"case_{_name}"] = lambda case=_case: case  # type: ignore[misc]
for _name, _case in OPTIMIZER_CASES.items():
    PLAIN[f"optimizer_{_name}"] = lambda case=_case: case  # type: ignore[misc]
for _name, _case in PLACING_CASES.items():
    PLAIN[f"placing_{_name}"] = lambda case=_case: case  # type: ignore[misc]
for _shape in SHAPES:
    _tracks = {"lr": Track(0.1, default_node(_shape))}
    PLAIN[f"shape_{_shape.tag}"] = lambda tracks=_tracks: demo_with(tracks)  # type: ignore[misc]
for _number, _name in enumerate((*NASTY_NAMES, "\n", " lead", "trail ", "x" * 60, '"' * 60, "\x1b[31m", "\u2028")):
    PLAIN[f"name_{_number}"] = lambda name=_name: named(name)  # type: ignore[misc]


NATIVE_OF_TWO = edits.set_schedule(both(Cosine()), HEAD, OneCycle())
NATIVE: dict[str, Callable[[], Design]] = {
    **{name: lambda schedule=schedule: both(schedule) for name, schedule in CLASSES.items()},  # type: ignore[misc]
    "two": lambda: with_two_optimizers(NATIVE_OF_TWO),
}
FRAMEWORKS: dict[str, Callable[[], Design]] = {
    "plain": demo_design,
    "accumulated": lambda: accumulated(demo_design(), drop_last=True),
    "two": lambda: with_two_optimizers(demo_design()),
    "two_accumulated": lambda: accumulated(with_two_optimizers(demo_design())),
    **{name: lambda case=case: case for name, case in CASES.items()},  # type: ignore[misc]
}
REFUSALS = {"transformers": ("The Trainer takes one optimizer", "the Trainer must train something")}
"""What a target may say of a design that it cannot take."""


def texts(name: str) -> dict[str, str]:
    """The files of a corpus by name."""
    designs, options, forms = CORPORA[name]
    found = {}
    for case, make in designs.items():
        for form in forms:
            try:
                found[f"{case}_{form}"] = export(make(), dataclasses.replace(options, form=form))  # type: ignore[arg-type]
            except UserError as error:
                if not any(words in str(error) for words in REFUSALS.get(name, ())):
                    raise
    return found


CORPORA: dict[str, tuple[dict[str, Callable[[], Design]], ExportOptions, tuple[str, ...]]] = {
    "torch": (PLAIN, ExportOptions(), ("script",)),
    "native": (NATIVE, ExportOptions(schedule_form="native"), FORMS),
    "accelerate": (FRAMEWORKS, ExportOptions("accelerate"), FORMS),
    "transformers": (FRAMEWORKS, ExportOptions("transformers"), FORMS),
    "lightning": (FRAMEWORKS, ExportOptions("lightning"), FORMS),
}
