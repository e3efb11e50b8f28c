"""Where in the object of a checkpoint the model is: state_dicts and modules, nested or not, the likeliest first."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from lrdesigner.readers.contents import ReadError
from lrdesigner.readers.records import Stub, Tensor
from lrdesigner.readers.rows import plain_text, short

USUAL = ("state_dict", "model_state_dict", "model", "module", "model_state", "net", "network", "weights", "params")
_AVERAGED = re.compile(r"(^|[._\-])(ema|swa|shadow|averaged?)(\d|[._\-]|$)|^ema|ema$", re.IGNORECASE)
_NO_MODEL = re.compile(r"(^|_)optim(izer)?s?(_|$)|scheduler|scaler|(^|_)rng|^loops$|^callbacks$", re.IGNORECASE)
_DEEPEST = 6
_LONGEST_LIST = 64
_HOLDERS = (dict, Stub, list, tuple)


@dataclass(frozen=True, slots=True)
class Part:
    """A state_dict (`value` maps names to tensors) or a pickled module (`value` is its stub) at `path`."""

    path: tuple[str, ...]
    value: Any
    tensors: int
    is_module: bool

    @property
    def name(self) -> str:
        """As a person gives it."""
        return ".".join(self.path)


def module_state(value: object) -> dict[Any, Any] | None:
    """The attributes of a pickled `nn.Module`; None when it is no such thing."""
    state = attributes(value)
    if (
        state is not None
        and mapping(state.get("_parameters")) is not None
        and mapping(state.get("_modules")) is not None
    ):
        return state
    return None


def attributes(value: object) -> dict[Any, Any] | None:
    """The attributes of a pickled object, which a few classes (`GraphModule`) give as their first argument."""
    if not isinstance(value, Stub):
        return None
    state: object = value.state
    if type(state) is tuple and len(state) == 2:  # of a class with slots
        state = state[0]
    if state is None and value.args:
        state = value.args[0]
    return state if isinstance(state, dict) else None


def mapping(value: object) -> dict[Any, Any] | None:
    """The items of a dictionary or of an object of a class derived from it; None when it is neither."""
    if isinstance(value, dict):
        return value
    return value.items if isinstance(value, Stub) else None


def find_parts(root: object) -> list[Part]:
    """All that could be the model, the likeliest first."""
    parts: list[Part] = []
    seen: set[int] = set()
    queue: deque[tuple[tuple[str, ...], object]] = deque([((), root)])
    while queue:
        path, value = queue.popleft()
        if id(value) in seen or len(path) > _DEEPEST:
            continue
        seen.add(id(value))
        state = module_state(value)
        if state is not None:
            parts.append(Part(path, value, 0, True))
            continue
        items = _items(value)
        if "param_groups" in items and "state" in items:  # an optimizer
            continue
        tensors = 0
        for key, inner in items.items():
            if isinstance(inner, Tensor):
                tensors += isinstance(key, str)
            elif isinstance(inner, _HOLDERS) and type(key) in (str, int) and not _NO_MODEL.search(str(key)):
                queue.append(((*path, plain_text(str(key))), inner))
        if tensors and mapping(value) is not None:
            parts.append(Part(path, mapping(value), tensors, False))
    return sorted(parts, key=_rank(max((part.tensors for part in parts), default=0)))


def choose(parts: list[Part], wanted: str) -> Part:
    """The part of that name, or the likeliest one where none is named."""
    if not wanted and parts:
        return parts[0]
    for part in parts:
        if part.name == wanted:
            return part
    if not parts:
        raise ReadError("It holds no model: neither a state_dict (names with tensors) nor a module was found in it.")
    known = ", ".join(short(part.name or '""') for part in parts[:8])
    raise ReadError(f"It has no part {short(wanted)!r}; parts that can be taken: {known}.")


def _items(value: object) -> dict[Any, Any]:
    found = mapping(value)
    if found is None:
        found = attributes(value)
    if found is None and isinstance(value, list | tuple) and len(value) <= _LONGEST_LIST:
        found = dict(enumerate(value))
    return found if found is not None else {}


def _rank(most_tensors: int) -> Any:
    def rank(part: Part) -> tuple[bool, int, bool, int, int]:
        averaged = any(_AVERAGED.search(name) for name in part.path)
        if not part.path:
            # At the top a few loose tensors (a step, a seed) may stand beside the state_dict.
            place = -1 if part.is_module or part.tensors * 2 >= most_tensors else len(USUAL) + 1
        else:
            place = USUAL.index(part.path[-1]) if part.path[-1] in USUAL else len(USUAL)
        return averaged, place, not part.is_module, -part.tensors, len(part.path)

    return rank
