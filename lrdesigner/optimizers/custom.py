"""Options of an optimizer that is no part of torch: where to import it from, and what to call it with."""

from __future__ import annotations

import keyword
import math
from typing import Annotated, Any

from msgspec import Meta, field

from lrdesigner.errors import InvalidValueError
from lrdesigner.optimizers.options import TUPLES, Options

LONGEST_PATH = 200
MOST_OPTIONS = 50
MOST_ITEMS = 50

NOT_OPTIONS = ("params", "lr", "name", "param_names", "initial_lr", "self")
"""Names that are taken: what a param group has besides its options."""

Scalar = bool | int | float | str | None


class CustomOptions(Options, frozen=True, tag="custom"):
    """An optimizer by its import path, `package.module.Class`, with the options that its constructor knows.

    Nothing is imported here: the path and the names are checked as text. Weight decay, momentum and two betas among
    the options can have schedules, like those of torch's own optimizers.
    """

    path: Annotated[
        str,
        Meta(
            max_length=LONGEST_PATH,
            title="Import path",
            description="Where the class is: package.module.Class, such as lion_pytorch.Lion.",
            extra={"kind": "text"},
        ),
    ]
    options: Annotated[
        dict[str, Scalar | Annotated[list[Scalar], Meta(max_length=MOST_ITEMS)]],
        Meta(
            max_length=MOST_OPTIONS,
            title="Options",
            description="Arguments of the class but params and lr: numbers, true or false, text, null, flat lists.",
            extra={"kind": "options"},
        ),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        parts = self.path.split(".")
        if len(parts) < 2 or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
            raise InvalidValueError(
                f"{self.path!r} is no import path; write package.module.Class, such as lion_pytorch.Lion."
            )
        for name, value in self.options.items():
            _check_option(name, value)

    def __hash__(self) -> int:
        return hash((self.path, frozenset(self.options)))

    @property
    def module(self) -> str:
        """The module to import."""
        return self.path.rpartition(".")[0]

    @property
    def class_name(self) -> str:
        """The class in it."""
        return self.path.rpartition(".")[2]

    @property
    def movable(self) -> dict[str, float]:
        """Weight decay, momentum and both betas, as far as the options have them as numbers."""
        found: dict[str, Any] = {
            name: self.options[name] for name in ("weight_decay", "momentum") if name in self.options
        }
        betas = self.options.get("betas")
        if isinstance(betas, list) and len(betas) == 2:
            found |= dict(zip(TUPLES["betas"], betas, strict=True))
        return {name: float(value) for name, value in found.items() if _is_number(value)}


def _check_option(name: str, value: Any) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InvalidValueError(f"{name!r} cannot be the name of an option.")
    if name in NOT_OPTIONS:
        words = "is the base lr of the group" if name == "lr" else "is what the group itself says"
        raise InvalidValueError(f"{name!r} cannot be an option: it {words}.")
    for number in value if isinstance(value, list) else [value]:
        if isinstance(number, float) and not math.isfinite(number):
            raise InvalidValueError(f"The option {name!r} must be a finite number, not {number}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
