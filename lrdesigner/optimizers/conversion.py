"""From options to what torch has, and from one optimizer to another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

from msgspec.structs import fields

from lrdesigner.checked import replaced
from lrdesigner.errors import UserError
from lrdesigner.optimizers.custom import CustomOptions
from lrdesigner.optimizers.options import SWITCHES, TUPLES
from lrdesigner.optimizers.table import AnyOptions, Optimizer, optimizer_name, optimizer_of

if TYPE_CHECKING:
    from lrdesigner.document import Design


def torch_options(options: AnyOptions) -> dict[str, Any]:
    """The options as keys of a torch param group: numbers that torch has in a tuple make one, in its order.

    Switches of the implementation are left out while they are as torch has them.

    >>> from lrdesigner.optimizers import AdamWOptions
    >>> torch_options(AdamWOptions())["betas"]
    (0.9, 0.999)
    """
    if isinstance(options, CustomOptions):
        return {k: tuple(value) if isinstance(value, list) else value for k, value in options.options.items()}
    found: dict[str, Any] = {}
    for name in options.__struct_fields__:
        value, whole = getattr(options, name), _tuple_with(name, options)
        if whole is not None:
            found.setdefault(whole, tuple(getattr(options, part) for part in TUPLES[whole]))
        elif name not in SWITCHES or value:
            found[name] = value
        elif value is False and name in ("foreach", "fused"):
            found[name] = value  # None is torch's default
    if found.get("max_eval", 0) is None:
        found["max_eval"] = options.max_iter * 5 // 4  # type: ignore[union-attr]  # as torch's constructor has it
    return found


def _tuple_with(name: str, options: AnyOptions) -> str | None:
    known = options.__struct_fields__
    return next((whole for whole, parts in TUPLES.items() if name in parts and set(parts) <= set(known)), None)


def constructor_options(groups: Iterable[AnyOptions]) -> dict[str, Any]:
    """Those of `torch_options` that belong to the constructor, for the options of all groups of one optimizer.

    Switches that all groups share: a GradScaler looks there for `fused`. What all groups of an optimizer by its
    import path share, but for what may move: such a class may have arguments that are no options of a group.
    """
    groups = tuple(groups)
    found, first = [torch_options(options) for options in groups], groups[0]
    if isinstance(first, CustomOptions):
        wanted = [name for name in found[0] if name not in ("weight_decay", "momentum", "betas")]
    else:
        wanted = [*optimizer_of(first).fixed, *SWITCHES]
    return {
        name: found[0][name]
        for name in wanted
        if name in found[0] and all(name in other and _same(other[name], found[0][name]) for other in found)
    }


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def sharing_key(options: AnyOptions) -> Hashable:
    """Equal for groups that one optimizer can hold: of one class, and alike in what its constructor sets for all."""
    name = options.path if isinstance(options, CustomOptions) else optimizer_of(options).name
    return name, *(getattr(options, option) for option in optimizer_of(options).fixed)


def movable_options(options: AnyOptions) -> tuple[str, ...]:
    """The names that options can be read by as numbers, so that a schedule may multiply them."""
    return tuple(options.movable) if isinstance(options, CustomOptions) else options.__struct_fields__


def option_value(options: AnyOptions, name: str) -> Any:
    """An option by its name; of one by its import path, weight_decay, momentum, beta1 and beta2."""
    return options.movable[name] if isinstance(options, CustomOptions) else getattr(options, name)


def with_option(options: AnyOptions, name: str, value: Any) -> AnyOptions:
    """The options with one changed; the same object if it was so already. Raises `UserError` out of bounds."""
    if not isinstance(options, CustomOptions) or name in options.__struct_fields__:
        return replaced(options, **{name: value})
    if name in TUPLES["betas"]:
        betas = [value if part == name else options.movable[part] for part in TUPLES["betas"]]
        return replaced(options, options={**options.options, "betas": betas})
    return replaced(options, options={**options.options, name: value})


def carry_over(options: AnyOptions, to: Optimizer) -> AnyOptions:
    """Options for another optimizer: what was set and both know, but for weight decay, whose meaning differs.

    An optimizer by its import path begins as the one it was.
    """
    if to.options is CustomOptions:
        plain = {k: list(value) if isinstance(value, tuple) else value for k, value in torch_options(options).items()}
        return CustomOptions(f"torch.optim.{optimizer_name(options)}", plain)
    made: Any = to.options()
    for name, value in _set_by_hand(options).items():
        if name in made.__struct_fields__ and name != "weight_decay":
            try:
                made = replaced(made, **{name: value})
            except UserError:  # beyond what the other allows
                continue
    return made  # type: ignore[no-any-return]


def _set_by_hand(options: AnyOptions) -> dict[str, Any]:
    if isinstance(options, CustomOptions):
        return {**options.options, **options.movable}
    return {f.name: v for f in fields(options) if (v := getattr(options, f.name)) != f.default}


def optimizer_imports(design: Design) -> tuple[str, ...]:
    """The import paths of the optimizers that are no part of torch, sorted: code that a job of this design runs."""
    custom = {group.options for group in design.groups if isinstance(group.options, CustomOptions)}
    return tuple(sorted({options.path for options in custom if not options.path.startswith("torch.")}))
