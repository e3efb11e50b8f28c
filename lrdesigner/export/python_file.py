"""The file that every target shares: explicit param groups, one LambdaLR per optimizer, a plain function per shape."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lrdesigner
from lrdesigner.document import Design
from lrdesigner.embedded import digest_of, with_design
from lrdesigner.errors import UserError
from lrdesigner.export.code_places import CodePlace, closed, opened, separated
from lrdesigner.export.embedding import design_data, too_large
from lrdesigner.export.factor_functions import MODULES, Names, factor_functions, refuse_impossible
from lrdesigner.export.freezing import freeze_context, frozen_groups
from lrdesigner.export.group_rows import shared_options
from lrdesigner.export.group_tables import check_once, group_table, knots, optimizer_tables
from lrdesigner.export.header import header_groups
from lrdesigner.export.imports import import_lines, used
from lrdesigner.export.membership_code import is_by_pins_alone, membership_code
from lrdesigner.export.options import ExportOptions
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
from lrdesigner.export.schedule_forms import NativeScheduler, chosen_form, native_schedulers
from lrdesigner.export.script_code import data_context, model_context
from lrdesigner.export.sharding import block_lists
from lrdesigner.export.targets import TARGETS
from lrdesigner.membership import ancestors, membership
from lrdesigner.numbers import rate
from lrdesigner.param_groups import ParamGroup, param_groups
from lrdesigner.tracks import lane_of

if TYPE_CHECKING:
    import jinja2

WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module")
"""Path components that DataParallel/DDP, torch.compile and FSDP1 put into parameter names."""

MOST_CHECKED_STEPS = 10_000
"""Steps over which a file with a scheduler of torch's own checks it: it has to step there."""

_UNTYPED_POWER = re.compile(r"\*\*(?! ?(\(step // [\d_]+\)|bisect\.|\d+\b(?!\.)))")
"""Powers whose exponent may be a fraction: type checkers give them the type Any, since they may be complex."""


def python_file(design: Design, options: ExportOptions) -> tuple[str, tuple[CodePlace, ...]]:
    """Text of the exported file, and which of its lines are about which groups."""
    optimizers = param_groups(design)
    _refuse(design, optimizers, options)
    groups = list(itertools.chain.from_iterable(optimizers))
    data = design_data(design)
    form = chosen_form(design, options.schedule_form, tensor_lr=options.tensor_lr)
    native = native_schedulers(design, form)
    context = {
        "target": TARGETS[options.target],
        "script": options.form == "script",
        "version": lrdesigner.__version__,
        "digest": digest_of(data)[:16],
        "plan": design.plan,
        "in_spite_of": options.in_spite_of,
        "model": model_context(design),
        "data": data_context(design, options.data),
        "owner_of": {group.name: group.id for group in design.groups},
        "tensor_lr": options.tensor_lr,
        "block_lists": block_lists(design.model.inventory),
        "running_statistics": any(b.name.endswith("running_mean") for b in design.model.inventory.buffers),
        **_optimizers_context(design, optimizers, native),
        **(_native_context(design, groups) if native else _schedules_context(design, groups)),
        **freeze_context(design),
        **_membership_context(design, groups),
    }
    text, places = separated(_template().render(context))
    if too_large(design):
        return f"{text}\n\n# This file does not hold its design, which is too large for that.\n", places
    return with_design(text, data), places


def _refuse(design: Design, optimizers: tuple[tuple[ParamGroup, ...], ...], options: ExportOptions) -> None:
    if not optimizers and frozen_groups(design):
        raise UserError("There is nothing to train: every group is frozen for the whole run.")
    if not optimizers:
        raise UserError("There is nothing to train: no group holds a trainable parameter. Open a model first.")
    _refuse_lazy(design)
    if refusal := TARGETS[options.target].refusal(design):
        raise UserError(refusal)


def _optimizers_context(
    design: Design, optimizers: tuple[tuple[ParamGroup, ...], ...], native: tuple[NativeScheduler, ...]
) -> dict[str, Any]:
    """The optimizers with the rows of their groups, and with schedulers of torch's own where they have such."""
    listed = optimizer_tables(optimizers, design.plan)
    shared = shared_options(listed)
    return {
        "several": len(optimizers) > 1,
        "optimizers": [
            {**table, "held": list(dict.fromkeys(part.group.name for part in parts)), "native": scheduler}
            for table, parts, scheduler in itertools.zip_longest(listed, optimizers, native)
        ],
        "native": native,
        "shared": shared,
    }


def _native_context(design: Design, groups: list[ParamGroup]) -> dict[str, Any]:
    """The groups with values that torch's own classes are to have, as far as they are stepped to see them."""
    for group in groups:
        refuse_impossible(f"lr of {group.name!r}", lane_of(group.group, "lr", design.plan), design.plan)
    tables = [group_table(group, design.plan, {}) for group in groups]
    last = min(design.plan.total_steps, MOST_CHECKED_STEPS)
    for group, table in zip(groups, tables, strict=True):
        table["knots"] = [(step, value) for step, value in knots(group.group, "lr", design.plan) if step < last]
    return {
        "groups": tables,
        "layers_checked_once": False,
        "header_groups": header_groups(design, groups, tables),
        "moving": set(),
        "functions": [],
        "users": {},
        "modules": [],
        "untyped_powers": False,
    }


def _schedules_context(design: Design, groups: list[ParamGroup]) -> dict[str, Any]:
    """The functions of the step, and the groups with the values that they are to have."""
    functions, function_of = factor_functions(groups, design.plan)
    used = "\n".join(function.source for function in functions)
    tables = [group_table(group, design.plan, function_of) for group in groups]
    return {
        "groups": tables,
        "layers_checked_once": check_once(tables, [group.group.id for group in groups]),
        "header_groups": header_groups(design, groups, tables),
        "moving": {track["option"] for table in tables for track in table["tracks"]} - {"lr"},
        "functions": functions,
        "users": _users(groups, function_of),
        "modules": [name for name in MODULES if f"{name}." in used],
        "untyped_powers": bool(_UNTYPED_POWER.search(used)),
    }


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
    environment.globals |= {"import_lines": import_lines, "used": used}
    return environment.get_template("torch_file.py.jinja")


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
