"""The plain-PyTorch target: one optimizer, explicit param groups, one LambdaLR with a plain function per shape."""

from __future__ import annotations

import itertools
import keyword
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lrdesigner
from lrdesigner.curves import ParamGroup, breakpoints, lane_values, param_groups
from lrdesigner.document import Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export.factor_functions import factor_functions
from lrdesigner.export.python_text import entry, literal, prose, quoted, statement, wrapped
from lrdesigner.membership import ancestors, membership
from lrdesigner.models.source import DEMOS, parse_source
from lrdesigner.numbers import rate
from lrdesigner.optimizers import optimizer_of, torch_options
from lrdesigner.schedules import shape_of
from lrdesigner.tracks import lane_of

if TYPE_CHECKING:
    import jinja2

WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module")
"""Path components that DataParallel/DDP, torch.compile and FSDP1 put into parameter names."""

MOST_KNOTS = 12

_UNTYPED_POWER = re.compile(r"\*\*(?! ?(\(step // [\d_]+\)|bisect\.|\d+\b(?!\.)))")
"""Powers whose exponent may be a fraction: type checkers give them the type Any, since they may be complex."""


def torch_file(design: Design) -> str:
    """Text of the exported file."""
    optimizers = param_groups(design)
    if not optimizers:
        raise UserError("There is nothing to train: no group holds a trainable parameter. Open a model first.")
    groups = list(itertools.chain.from_iterable(optimizers))
    functions, function_of = factor_functions(groups, design.plan)
    used = "\n".join(function.source for function in functions)
    context = {
        "version": lrdesigner.__version__,
        "plan": design.plan,
        "model": _model_context(design),
        "several": len(optimizers) > 1,
        "optimizers": [_optimizer_context(found, len(optimizers) > 1) for found in optimizers],
        "groups": [_group_context(group, design.plan) for group in groups],
        "functions": functions,
        "function_of": {name: function for (name, slot), function in function_of.items() if slot == "lr"},
        "modules": [name for name in ("bisect", "math") if f"{name}." in used],
        "untyped_powers": bool(_UNTYPED_POWER.search(used)),
        **_membership_context(design, groups),
    }
    return _template().render(context)


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
    }
    return environment.get_template("torch_file.py.jinja")


def _model_context(design: Design) -> dict[str, Any]:
    """How the script at the end of the file gets its model: from the person's file, or written out for a demo."""
    name = design.model.source.rpartition(":")[2]
    kwargs = ", ".join(f"{key}={literal(value)}" for key, value in design.model.kwargs.items())
    found: dict[str, Any] = {
        "class": design.model.inventory.modules[0].type,
        "call": f"{name}({kwargs})",
        "demo": None,
        "module": None,
    }
    if design.model.source.startswith("demo:") and name in DEMOS:
        demo = DEMOS[name]
        source = parse_source(design.model.source)
        text = source.file.read_text(encoding="utf-8")
        found |= {
            "call": f"{demo.name}({kwargs})",
            "demo": demo,
            "demo_source": text[text.index(f"class {demo.name}(") :],
        }
        return found
    file = Path(design.model.source.rpartition(":")[0])
    importable = all(part.isidentifier() and not keyword.iskeyword(part) for part in (file.stem, *name.split(".")))
    found |= {"file": prose(file.name), "module": file.stem if importable else None, "name": name}
    return found


def _optimizer_context(groups: tuple[ParamGroup, ...], several: bool) -> dict[str, Any]:
    name = optimizer_of(groups[0].group.options).name
    return {
        "name": name,
        "constant": f"{name.upper()}_GROUPS" if several else "GROUPS",
        "groups": [
            {"name": group.name, "lr": group.group.lr.base, "options": torch_options(group.group.options)}
            for group in groups
        ],
    }


def _group_context(group: ParamGroup, plan: Plan) -> dict[str, Any]:
    lane = lane_of(group.group, "lr", plan)
    track = lane.track
    inner = [int(step) for step in breakpoints(track, plan)]
    if len(inner) > MOST_KNOTS:
        inner = [inner[len(inner) * k // MOST_KNOTS] for k in range(MOST_KNOTS)]
    last = plan.total_steps
    knots = sorted({0, *(s for s in inner if s < last - 1), last - 1, last, last + 1})
    return {
        "name": group.name,
        "tensors": len(group.parameters),
        "scalars": group.numel,
        "words": prose(shape_of(track.schedule).describe(track.schedule, plan.span_for(track.base))),
        "lr": track.base,
        "optimizer": optimizer_of(group.group.options).name,
        # 14 digits: far within what the file allows, and free of the noise of binary fractions.
        "knots": [(s, float(f"{v:.14g}")) for s, v in zip(knots, lane_values(lane, plan, knots).tolist(), strict=True)],
    }


def _membership_context(design: Design, groups: list[ParamGroup]) -> dict[str, Any]:
    exported = {group.group.id: group.name for group in groups}
    pins = [(pin.path, exported[pin.group]) for pin in design.pins if pin.group in exported]
    components = {part for p in design.model.inventory.parameters for part in p.name.split(".")}
    reached = membership(design).placements
    if any(exported.get(placement.group) is None for placement in reached.values()):
        pins = _without_unreached(design, pins)
    left_out = [group.name for group in design.groups if group.id not in exported]
    return {
        "pins": pins,
        "remainder": exported.get(design.remainder),
        "wrappers": tuple(wrapper for wrapper in WRAPPERS if wrapper not in components),
        "left_out": left_out,
    }


def _without_unreached(design: Design, pins: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without pins that no trainable parameter lies under; they only matter to frozen ones."""
    trainable = {path for p in design.model.inventory.parameters if p.trainable for path in ancestors(p.name)}
    return [(path, group) for path, group in pins if path in trainable]
