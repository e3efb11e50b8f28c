"""The tree of a whole pickled module, from the stubs of its objects; nothing here recurses, however deep it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lrdesigner.readers.contents import ReadError, Row
from lrdesigner.readers.names import WRAPPERS
from lrdesigner.readers.parts import attributes, mapping, module_state
from lrdesigner.readers.records import Stub, Tensor
from lrdesigner.readers.rows import Budget, Named, is_name, plain_text, short


@dataclass(frozen=True, slots=True)
class Inside:
    """What one module holds itself."""

    type: str
    children: list[tuple[str, object]] = field(default_factory=list)
    parameters: list[tuple[str, Tensor]] = field(default_factory=list)
    buffers: list[tuple[str, Tensor]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tree:
    """The modules in the order of `named_modules`, and their tensors in the order of `named_parameters`."""

    modules: list[Row] = field(default_factory=list)
    parameters: list[Named] = field(default_factory=list)
    buffers: list[Named] = field(default_factory=list)


def walk(root: object, look: Callable[[object], Inside | None], budget: Budget) -> Tree:
    """Every module under every name that it has; `look` tells what is in one, None where it is no module."""
    tree = Tree()
    known: dict[int, Inside | None] = {}

    def enter(path: str, module: object) -> Iterator[tuple[str, object]] | None:
        inside = known.get(id(module))
        if inside is None:
            inside = known[id(module)] = look(module)
        if inside is None:
            return None
        budget.take(path)
        tree.modules.append({"path": path, "type": inside.type})
        prefix = f"{path}." if path else ""
        taken = {name for name, _ in inside.children}
        for target, own in ((tree.parameters, inside.parameters), (tree.buffers, inside.buffers)):
            for name, tensor in own:
                if name not in taken:  # torch itself registers no name twice
                    taken.add(name)
                    budget.take(prefix + name)
                    target.append((prefix + name, tensor))
        return iter([(prefix + name, child) for name, child in inside.children])

    above = {id(root)}
    stack = [(root, enter("", root) or iter(()))]
    while stack:
        module, children = stack[-1]
        path, child = next(children, ("", None))
        if child is None:
            above.discard(id(module))
            stack.pop()
            continue
        if id(child) in above:
            raise ReadError(f"The model contains itself: {short(path)} is a module that lies above it.")
        inner = enter(path, child)
        if inner is not None:
            above.add(id(child))
            stack.append((child, inner))
    return tree


def look_into(module: object) -> Inside | None:
    """What a pickled `nn.Module` holds."""
    state = module_state(module)
    if state is None:
        return None
    assert isinstance(module, Stub)
    children = [(name, child) for name, child in _named(state.get("_modules")) if child is not None]
    return Inside(
        class_name(module),
        children,
        tensors_of(_named(state.get("_parameters"))),
        tensors_of(_named(state.get("_buffers"))),
    )


def class_name(module: Stub) -> str:
    """The name of its class, as `type(module).__name__` would give it."""
    name = type(module).last_name
    if name != "reduce_graph_module":  # with which torch.fx makes its modules again
        return name
    traced = (attributes(module) or {}).get("_graphmodule_cls_name")
    return plain_text(traced) if isinstance(traced, str) else "GraphModule"


def tensors_of(named: Iterable[tuple[str, object]]) -> list[tuple[str, Tensor]]:
    """Those that are tensors."""
    return [(name, value) for name, value in named if isinstance(value, Tensor)]


def without_wrappers(module: object) -> tuple[object, str]:
    """The model inside DataParallel, DDP, torch.compile and FSDP1 wrappers, and a sentence saying so."""
    removed = []
    seen: set[int] = set()
    while (inside := look_into(module)) is not None and id(module) not in seen:
        seen.add(id(module))
        if len(inside.children) != 1 or inside.parameters or inside.buffers or inside.children[0][0] not in WRAPPERS:
            break
        removed.append(inside.type)
        module = inside.children[0][1]
    return module, f"The model was taken out of what wraps it: {', '.join(removed)}." if removed else ""


def _named(value: Any) -> list[tuple[str, Any]]:
    """The entries whose name torch could have registered."""
    items = dict.items(mapping(value) or {})
    return [(name, inner) for name, inner in items if is_name(name) and "." not in name]
