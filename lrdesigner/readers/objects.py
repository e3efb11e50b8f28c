"""From the object that a checkpoint holds to the rows of the model in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lrdesigner.readers.contents import Contents, Limits, ReadError, Row, counted
from lrdesigner.readers.module_tree import Tree, look_into, walk, without_wrappers
from lrdesigner.readers.names import looks_like_buffer, unwrapped
from lrdesigner.readers.parts import Part, choose, find_parts, mapping
from lrdesigner.readers.records import Tensor
from lrdesigner.readers.rows import Budget, Named, buffer_rows, is_name, left_out, module_rows, parameter_rows, short

_KEYS_SHOWN = 12
NO_MODULES = "The file has names only, no module types, and does not say which parameters are frozen."


def contents_of_object(
    root: object, form: str, wanted: str, imports: Iterable[str], limits: Limits, notes: tuple[str, ...] = ()
) -> Contents:
    """The model in an unpickled object: its part `wanted`, or the likeliest one."""
    parts = find_parts(root)
    part = choose(parts, wanted)
    others = tuple(other.name for other in parts if other is not part)
    taken = _module(part, limits) if part.is_module else _state_dict(part, limits)
    modules, parameters, buffers, own_notes = taken
    return Contents(
        modules=modules,
        parameters=parameters,
        buffers=buffers,
        format=f"{form}, whole module" if part.is_module else form,
        part=part.name,
        parts=others,
        imports=tuple(sorted(imports)),
        notes=(*notes, *_lightning(root), *own_notes),
    )


Rows = tuple[list[Row], list[Row], list[Row], list[str]]
"""Modules, parameters, buffers, notes."""


def _module(part: Part, limits: Limits) -> Rows:
    module, note = without_wrappers(part.value)
    return tree_rows(walk(module, look_into, Budget(limits)), [note] if note else [])


def tree_rows(tree: Tree, notes: list[str]) -> Rows:
    """The rows of a tree whose tensors say whether they are trained."""
    parameters, impossible = parameter_rows(tree.parameters)
    buffers, others = buffer_rows(tree.buffers)
    if impossible or others:
        notes = [*notes, left_out(impossible + others, "whose shapes no tensor has")]
    return tree.modules, parameters, buffers, notes


def _state_dict(part: Part, limits: Limits) -> Rows:
    named, notes = _tensors(part.value)
    if len(named) > limits.tensors:
        raise ReadError(f"It holds {len(named):,} tensors; more than {limits.tensors:,} are not read.")
    names, note = unwrapped([name for name, _ in named])
    if note:
        notes.append(note)
    return named_rows(list(zip(names, (tensor for _, tensor in named), strict=True)), limits, notes)


def named_rows(named: list[Named], limits: Limits, notes: list[str]) -> Rows:
    """The rows of tensors that have names only: modules from the names, parameters told from buffers where possible."""
    budget = Budget(limits)
    for name, _ in named:
        budget.take(name)
    modules = module_rows([name for name, _ in named], {}, budget)
    named, clashing = _without_clashes(named, modules)
    if clashing:
        notes = [*notes, left_out(clashing, "which are names of modules too")]
    trained, fixed, trainable, told = _parameters_and_buffers(named)
    parameters, impossible = parameter_rows(trained, trainable)
    buffers, others = buffer_rows(fixed)
    if impossible or others:
        notes = [*notes, left_out(impossible + others, "whose shapes no tensor has")]
    return modules, parameters, buffers, [*notes, *told]


def _without_clashes(named: list[Named], modules: list[Row]) -> tuple[list[Named], list[str]]:
    paths = {row["path"] for row in modules}
    clashing = [name for name, _ in named if name in paths]
    return ([pair for pair in named if pair[0] not in paths], clashing) if clashing else (named, [])


def _parameters_and_buffers(named: list[Named]) -> tuple[list[Named], list[Named], bool | None, list[str]]:
    """Parameters, buffers, whether all train (None: each tensor knows), and what to say about it.

    A `state_dict()` holds plain tensors without gradients. If anything in it is a parameter or says that it needs a
    gradient, somebody kept what they are, and it is taken at its word.
    """
    if any(tensor.is_parameter for _, tensor in named):
        others = [pair for pair in named if not pair[1].is_parameter]
        return [pair for pair in named if pair[1].is_parameter], others, None, []
    says = any(tensor.requires_grad is True for _, tensor in named)
    is_buffer = looks_like_buffer([name for name, _ in named])
    trained: list[Named] = []
    fixed: list[Named] = []
    for pair in named:
        name, tensor = pair
        buffer = is_buffer(name, tensor.dtype_name) and tensor.requires_grad is not True
        (fixed if buffer else trained).append(pair)
    return trained, fixed, None if says else True, [] if says else [NO_MODULES]


def _tensors(value: Any) -> tuple[list[Named], list[str]]:
    named: list[Named] = []
    unnamed: list[Any] = []
    plain: list[str] = []
    for name, tensor in dict.items(mapping(value) or {}):
        if not is_name(name):
            unnamed.append(name)
        elif isinstance(tensor, Tensor):
            named.append((name, tensor))
        elif not name.endswith("_extra_state"):
            plain.append(name)
    notes = []
    if unnamed:
        notes.append(f"{counted(len(unnamed), 'entry', 'entries')} left out, whose keys are no names.")
    if plain:
        notes.append(left_out(plain, "which are no tensors"))
    return named, notes


def _lightning(root: object) -> list[str]:
    found = mapping(root) or {}
    version = dict.get(found, "pytorch-lightning_version")
    if not isinstance(version, str):
        return []
    settings = mapping(dict.get(found, "hyper_parameters"))
    notes = [f"A checkpoint of Lightning {short(version)}."]
    if settings:
        keys = [short(key) for key in dict.keys(settings) if isinstance(key, str)]
        more = ", ..." if len(keys) > _KEYS_SHOWN else ""
        notes.append(f"Its hyper-parameters: {', '.join(keys[:_KEYS_SHOWN])}{more}.")
    return notes
