"""The forms that the schedules of a design can be written in: torch's own class, or functions of the step; and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lrdesigner import schedules
from lrdesigner.document import Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.optimizers import optimizer_name
from lrdesigner.param_groups import ParamGroup, param_groups, steering
from lrdesigner.schedules import TorchForm, shape_of
from lrdesigner.schedules.composites import NOTHING
from lrdesigner.tracks import TRACK_KINDS, frozen_stretches, moves, slots_of

FormName = Literal["native", "functions"]
ScheduleForm = Literal["auto", "native", "functions"]

SCHEDULE_FORMS: tuple[ScheduleForm, ...] = ("auto", "native", "functions")

MOST_NATIVE_STEPS = 200_000
"""torch's classes know a step only from the one before; beyond this, going there again after an edit takes too long."""

_TAKES_LISTS = {"OneCycleLR": ("max_lr",), "CyclicLR": ("base_lr", "max_lr")}
_GOES_ON = {
    "CosineAnnealingLR": "rises again",
    "OneCycleLR": "raises an error",
    "ConstantLR": "jumps to the base lr",
}
"""What a class does after the run, where that is not to stay or to go on as drawn."""


@dataclass(frozen=True, slots=True)
class FormChoice:
    """One form of the schedules: whether it draws what was designed, and why it does or does not."""

    name: FormName
    title: str
    possible: bool
    reason: str


@dataclass(frozen=True, slots=True)
class NativeScheduler:
    """The scheduler of torch for one optimizer; `afterwards` is what it does beyond the run, "" for nothing odd."""

    name: str
    module: str
    settings: dict[str, Any]
    afterwards: str


class _NotNativeError(Exception):
    """Says why torch has no class for it."""


def forms_of(design: Design, *, tensor_lr: bool = False) -> tuple[FormChoice, ...]:
    """The forms, the one that is taken unless another is asked for first."""
    optimizers = param_groups(design)
    functions = _functions(optimizers)
    try:
        made = _native(optimizers, design.plan, tensor_lr)
    except _NotNativeError as error:
        return functions, FormChoice("native", "A class of torch", False, str(error))
    names = " and ".join(dict.fromkeys(one.name for one in made))
    draws = "draw" if len(made) > 1 else "draws"
    reason = f"{names} of torch {draws} what all groups share over all {design.plan.total_steps:,} steps."
    return FormChoice("native", names, True, reason), functions


def chosen_form(design: Design, wanted: ScheduleForm, *, tensor_lr: bool = False) -> FormChoice:
    """The form that is written. Raises `UserError` where the wanted one would not draw what was designed."""
    forms = forms_of(design, tensor_lr=tensor_lr)
    if wanted == "auto":
        return forms[0]
    found = next((form for form in forms if form.name == wanted), None)
    if found is None:
        raise UserError(f"There is no schedule form {wanted!r}; known: {', '.join(SCHEDULE_FORMS)}.")
    if not found.possible:
        raise UserError(f"torch has no class for these schedules: {found.reason}")
    return found


def native_schedulers(design: Design, form: FormChoice) -> tuple[NativeScheduler, ...]:
    """One for each optimizer; none where the form is another."""
    return _native(param_groups(design), design.plan, tensor_lr=False) if form.name == "native" else ()


def _functions(optimizers: Sequence[tuple[ParamGroup, ...]]) -> FormChoice:
    groups = [group.group for found in optimizers for group in found]
    curves = [group for group in groups if steering(group) is None]
    moving = sorted({TRACK_KINDS[slot].title.lower() for g in curves for slot in slots_of(g)[1:] if moves(g, slot)})
    title = "GroupSchedule" if moving else "LambdaLR" if curves else "A scheduler by metric"
    reason = (
        f"GroupSchedule is a LambdaLR that moves {' and '.join(moving)} too; it calls one function per shape."
        if moving
        else "A metric steers every group."
        if not curves
        else "LambdaLR calls one function per shape."
    )
    return FormChoice("functions", title, True, reason)


def _native(optimizers: Sequence[tuple[ParamGroup, ...]], plan: Plan, tensor_lr: bool) -> tuple[NativeScheduler, ...]:
    if tensor_lr:
        raise _NotNativeError("each rate is a tensor, and torch's classes work themselves forward in it.")
    if plan.total_steps > MOST_NATIVE_STEPS:
        raise _NotNativeError(f"the run is longer than {MOST_NATIVE_STEPS:,} steps.")
    for group in (group for found in optimizers for group in found):
        _refuse_tracks(group, plan)
    return tuple(_native_of(found, plan) for found in optimizers)


def _refuse_tracks(group: ParamGroup, plan: Plan) -> None:
    if steering(group.group) is not None:
        raise _NotNativeError(f"a metric steers {group.group.name}.")
    for slot in slots_of(group.group)[1:]:
        if moves(group.group, slot):
            raise _NotNativeError(f"{TRACK_KINDS[slot].title.lower()} of {group.group.name} moves.")
    if frozen_stretches(group.group.freeze, plan):
        raise _NotNativeError(f"{group.group.name} is frozen for a while.")


def _native_of(groups: tuple[ParamGroup, ...], plan: Plan) -> NativeScheduler:
    forms = [_form_of(group, plan) for group in groups]
    first = groups[0].group.name
    for group, form in zip(groups, forms, strict=True):
        if form.name != forms[0].name:
            raise _NotNativeError(f"{first} and {group.group.name} have different shapes.")
    settings = {key: _setting(key, groups, forms) for key in forms[0].arguments}
    afterwards = "" if settings.get("factor") == 1 else _GOES_ON.get(forms[0].name, "")
    return NativeScheduler(forms[0].name, forms[0].module, settings, afterwards)


def _form_of(group: ParamGroup, plan: Plan) -> TorchForm:
    node, base = group.group.lr.schedule, group.group.lr.base
    while isinstance(node, schedules.Sequence) and len(node.segments) == 1:
        (segment,) = node.segments
        if segment.length.unit != "rest" or segment.skip != NOTHING:
            break
        node = segment.schedule
    form = shape_of(node).torch_form(node, plan.span_for(base))
    title = shape_of(node).title.lower()
    if form is None or form.name == "MultiplicativeLR":
        raise _NotNativeError(f"none draws the {title} of {group.group.name}.")
    if form.until is not None and form.until < plan.total_steps - 1:
        raise _NotNativeError(f"{form.name} goes on differently after step {form.until:,}.")
    if base <= 0:
        raise _NotNativeError(f"the lr of {group.group.name} is 0.")
    return form


def _setting(key: str, groups: Sequence[ParamGroup], forms: Sequence[TorchForm]) -> Any:
    values = [form.arguments[key] for form in forms]
    if all(value == values[0] for value in values):
        return values[0]
    if key in _TAKES_LISTS.get(forms[0].name, ()):
        return values
    other = next(group for group, value in zip(groups, values, strict=True) if value != values[0])
    optimizer = optimizer_name(groups[0].group.options)
    raise _NotNativeError(
        f"{forms[0].name} has one {key} for all groups of {optimizer}, and {groups[0].group.name} and "
        f"{other.group.name} want different ones."
    )
