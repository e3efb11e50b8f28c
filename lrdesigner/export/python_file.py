"""The file that every target shares: explicit param groups, one LambdaLR per optimizer, a plain function per shape."""

from __future__ import annotations

import itertools
import keyword
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lrdesigner
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export.code_places import CodePlace, closed, opened, separated
from lrdesigner.export.factor_functions import MODULES, Names, factor_functions
from lrdesigner.export.freezing import freeze_context, frozen_groups
from lrdesigner.export.group_rows import shared_options
from lrdesigner.export.group_tables import check_once, group_table, optimizer_tables
from lrdesigner.export.header import header_groups
from lrdesigner.export.imports import import_lines
from lrdesigner.export.membership_code import is_by_pins_alone, membership_code
from lrdesigner.export.python_text import (
    argument,
    entry,
    frozen_set,
    literal,
    prose,
    quoted,
    signature,
    statement,
    wrapped,
)
from lrdesigner.export.targets import Form, Target
from lrdesigner.membership import ancestors, membership
from lrdesigner.models.python_source import Demo
from lrdesigner.models.source import DEMOS
from lrdesigner.numbers import rate
from lrdesigner.param_groups import ParamGroup, param_groups
from lrdesigner_resources import path as resource_path

if TYPE_CHECKING:
    import jinja2

WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module")
"""Path components that DataParallel/DDP, torch.compile and FSDP1 put into parameter names."""

_UNTYPED_POWER = re.compile(r"\*\*(?! ?(\(step // [\d_]+\)|bisect\.|\d+\b(?!\.)))")
"""Powers whose exponent may be a fraction: type checkers give them the type Any, since they may be complex."""


def python_file(design: Design, target: Target, form: Form = "script") -> tuple[str, tuple[CodePlace, ...]]:
    """Text of the exported file, and which of its lines are about which groups."""
    optimizers = param_groups(design)
    if not optimizers and frozen_groups(design):
        raise UserError("There is nothing to train: every group is frozen for the whole run.")
    if not optimizers:
        raise UserError("There is nothing to train: no group holds a trainable parameter. Open a model first.")
    _refuse_lazy(design)
    groups = list(itertools.chain.from_iterable(optimizers))
    functions, function_of = factor_functions(groups, design.plan)
    used = "\n".join(function.source for function in functions)
    tables = [group_table(group, design.plan, function_of) for group in groups]
    listed = optimizer_tables(optimizers, design.plan)
    shared = shared_options(listed)
    context = {
        "target": target,
        "script": form == "script",
        "version": lrdesigner.__version__,
        "plan": design.plan,
        "model": _model_context(design),
        "several": len(optimizers) > 1,
        "optimizers": [
            {**table, "held": list(dict.fromkeys(part.group.name for part in parts))}
            for table, parts in zip(listed, optimizers, strict=True)
        ],
        "shared": shared,
        "groups": tables,
        "layers_checked_once": check_once(tables, [group.group.id for group in groups]),
        "header_groups": header_groups(design, groups, tables),
        "moving": {track["option"] for table in tables for track in table["tracks"]} - {"lr"},
        "functions": functions,
        "users": _users(groups, function_of),
        "owner_of": {group.name: group.id for group in design.groups},
        "modules": [name for name in MODULES if f"{name}." in used],
        "untyped_powers": bool(_UNTYPED_POWER.search(used)),
        **freeze_context(design),
        **_membership_context(design, groups),
    }
    return separated(_template().render(context))


def _users(groups: list[ParamGroup], function_of: Names) -> dict[str, list[int]]:
    """The groups whose tracks a function draws, by its name."""
    found: dict[str, dict[int, None]] = {}
    for group in groups:
        for (name, _), function in function_of.items():
            if name == group.name:
                found.setdefault(function, {})[group.group.id] = None
    return {function: list(ids) for function, ids in found.items()}


def _refuse_lazy(design: Design) -> None:
    """The file checks sizes, and which group takes a parameter can hang on its shape."""
    lazy = [info.name for info in design.model.inventory.parameters if info.lazy and info.trainable]
    if lazy:
        raise UserError(
            f"{lazy[0]} has no size before a first forward pass; run one where the model is made, then reload it."
        )


@cache
def _template() -> jinja2.Template:
    import jinja2  # costs a tenth of a second, which a window that only draws need not pay

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {
        "quoted": quoted,
        "literal": literal,
        "rate": rate,
        "statement": statement,
        "entry": entry,
        "prose": prose,
        "wrapped": wrapped,
        "argument": argument,
        "signature": signature,
        "frozen_set": frozen_set,
        "opened": opened,
        "closed": closed,
    }
    environment.globals["import_lines"] = import_lines
    return environment.get_template("torch_file.py.jinja")


def _model_context(design: Design) -> dict[str, Any]:
    """How the script at the end of the file gets its model: by an import, or written out for a demo."""
    before, _, name = design.model.source.rpartition(":")
    kwargs = ", ".join(f"{key}={literal(value)}" for key, value in design.model.kwargs.items())
    found: dict[str, Any] = {
        # A checkpoint tells names only; then the file says what it is about.
        "class": design.model.inventory.modules[0].type or Path(design.model.source).name,
        "call": f"{name}({kwargs})",
        "demo": None,
        "module": None,
        "is_function": False,
    }
    if design.model.source.startswith("demo:") and name in DEMOS:
        return found | _demo_context(DEMOS[name], kwargs)
    if before in _LIBRARY_CALLS:
        module, function, more = _LIBRARY_CALLS[before]
        arguments = ", ".join(part for part in (literal(name), more, kwargs) if part)
        hint = f"Install {before}."
        return found | {"module": module, "name": function, "call": f"{function}({arguments})", "hint": hint}
    file = Path(before)
    is_file = file.suffix.lower() == ".py"
    module = file.stem if is_file else before
    importable = all(
        part.isidentifier() and not keyword.iskeyword(part) for part in (*module.split("."), *name.split("."))
    )
    hint = (
        f"Run this file beside {prose(file.name)}." if is_file else f"Install {prose(module)}, or run this beside it."
    )
    is_function = name.rpartition(".")[2] != found["class"]  # which may give more than a model
    return found | {
        "hint": hint,
        "module": module if importable else None,
        "name": name,
        "is_function": is_function,
    }


_LIBRARY_CALLS = {
    "timm": ("timm", "create_model", "pretrained=False"),
    "torchvision": ("torchvision.models", "get_model", "weights=None"),
}


def _demo_context(demo: Demo, kwargs: str) -> dict[str, Any]:
    """The demo's model is written out, so that its file runs by itself."""
    text = resource_path(demo.resource).read_text(encoding="utf-8")
    return {
        "call": f"{demo.name}({kwargs})",
        "demo": demo,
        "demo_source": text[text.index(f"class {demo.name}(") :],
    }


def _membership_context(design: Design, groups: list[ParamGroup]) -> dict[str, Any]:
    frozen = frozen_groups(design)
    exported = {group.group.id: group.group.name for group in groups} | {group.id: group.name for group in frozen}
    pins = [(pin.path, exported[pin.group]) for pin in design.pins if pin.group in exported]
    inventory = design.model.inventory  # modules too: a rule may ask for the class of one that holds no parameter
    places = [*(p.name for p in inventory.parameters), *(module.path for module in inventory.modules)]
    components = {part for place in places for part in place.split(".")}
    reached = membership(design).placements
    # Pins of parameters without gradients are needed where these must be told from frozen ones.
    if not frozen and any(exported.get(placement.group) is None for placement in reached.values()):
        pins = _without_unreached(design, pins)
    by_pins = is_by_pins_alone(design, groups, exported)
    left_out = [group.name for group in design.groups if group.id not in exported]
    return {
        "pins": pins,
        "remainder": exported.get(design.remainder),
        "wrappers": tuple(wrapper for wrapper in WRAPPERS if wrapper not in components),
        "left_out": left_out,
        "placing": None if by_pins else membership_code(design, groups, exported),
    }


def _without_unreached(design: Design, pins: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without pins that no trainable parameter lies under; they only matter to frozen ones."""
    trainable = {path for p in design.model.inventory.parameters if p.trainable for path in ancestors(p.name)}
    return [(path, group) for path, group in pins if path in trainable]
