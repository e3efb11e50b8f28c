"""Findings about which optimizer trains what, and about options that no optimizer may know."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial

from lrdesigner import edits
from lrdesigner.document import Design, Group
from lrdesigner.findings.finding import MOST_SHOWN, Finding, Fix
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.model_rows import rows_of
from lrdesigner.optimizers import CustomOptions, MuonOptions, SparseAdamOptions, optimizer_name, optimizer_of, refuses
from lrdesigner.param_groups import param_groups, trained_groups
from lrdesigner.places import Place

USUAL_OPTIONS = (
    *("betas", "weight_decay", "momentum", "eps", "amsgrad", "nesterov", "dampening", "alpha", "rho", "foreach"),
    *("fused", "capturable", "differentiable", "maximize", "decoupled_weight_decay", "warmup_steps"),
    *("momentum_decay", "lr_decay", "centered", "weight_decay_type", "clip_threshold", "ns_steps"),
)
"""Names that options of optimizers often have."""

_ALSO_NAMES = ("beta", "weight_decouple", "weight_decay_rate", "warmup_step")
_NEAR = 0.85


def refused_by_the_remainder(design: Design) -> Iterator[Finding]:
    """The remainder takes everything, also what its optimizer cannot train."""
    for group in design.groups:
        found = _refused(design, group)
        if not found:
            continue
        info, why = found[0]
        more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
        yield Finding(
            code="optimizer-refuses",
            severity="error",
            where=group.name,
            message=f"{optimizer_name(group.options)} cannot train {info.name} ({why}){more}; move them to a group on "
            "another optimizer, or let another group be the remainder.",
            group=group.id,
            fix=Fix(f"Put {group.name} on AdamW", partial(edits.set_optimizer, group=group.id, name="AdamW")),
            place=Place(area="modules", group=group.id, modules=tuple(info.name for info, _ in found[:MOST_SHOWN])),
        )


def head_on_muon(design: Design) -> Iterator[Finding]:
    """Muon is for hidden matrices; the last one is the head, which its makers train with AdamW."""
    if not any(isinstance(group.options, MuonOptions) for group in design.groups):
        return
    head = _last_matrix(design.model.inventory)
    if head is None:
        return
    for part in trained_groups(design):
        if isinstance(part.group.options, MuonOptions) and any(info is head for info in part.parameters):
            other = design.group(design.remainder)
            taken = not isinstance(other.options, MuonOptions)
            name = f"Move it to {other.name}" if taken else "Give it a group on AdamW"
            yield Finding(
                code="muon-head",
                severity="warning",
                where=part.group.name,
                message=f"{head.name} is the last matrix of the model, probably its head; Muon is for hidden ones.",
                group=part.group.id,
                fix=Fix(name, partial(_moved, path=head.name, group=other.id if taken else None)),
                place=Place(area="modules", group=part.group.id, modules=(head.name,)),
            )


def dense_for_sparse_adam(design: Design) -> Iterator[Finding]:
    """SparseAdam fails on the first dense gradient."""
    for group in design.groups:
        if not isinstance(group.options, SparseAdamOptions):
            continue
        parameters = [info for part in trained_groups(design) if part.group.id == group.id for info in part.parameters]
        dense = [info for info in parameters if not _is_embedding(_types(design.model.inventory, info))]
        if dense:
            yield Finding(
                code="sparse-adam-dense",
                severity="warning",
                where=group.name,
                message=f"SparseAdam takes sparse gradients only; {dense[0].name} is in no Embedding or EmbeddingBag.",
                group=group.id,
                fix=Fix(f"Put {group.name} on Adam", partial(edits.set_optimizer, group=group.id, name="Adam")),
                place=Place(area="modules", group=group.id, modules=tuple(info.name for info in dense[:MOST_SHOWN])),
            )
        elif parameters:
            yield Finding(
                code="sparse-adam-needs-sparse",
                severity="info",
                where=group.name,
                message="SparseAdam takes sparse gradients only: make the embeddings with sparse=True.",
                group=group.id,
                place=Place(group=group.id, field="options"),
            )


def several_groups_on_lbfgs(design: Design) -> Iterator[Finding]:
    """LBFGS knows one param group; the export refuses more."""
    if not any(optimizer_of(group.options).single_group for group in design.groups):
        return
    for parts in param_groups(design):
        entry = optimizer_of(parts[0].group.options)
        if entry.single_group and len(parts) > 1:
            last = parts[-1].group
            names = " and ".join(dict.fromkeys(repr(part.group.name) for part in parts[:2]))
            yield Finding(
                code="single-group",
                severity="error",
                where=last.name,
                message=f"{entry.name} takes one param group only, but {len(parts)} are on it, of {names}.",
                group=last.id,
                fix=Fix(f"Put {last.name} on AdamW", partial(edits.set_optimizer, group=last.id, name="AdamW")),
                place=Place(group=last.id, field="options"),
            )


def misspelt_options(design: Design) -> Iterator[Finding]:
    """Optimizers take unknown options of param groups without a word, and train with the default."""
    for group in design.groups:
        if not isinstance(group.options, CustomOptions):
            continue
        for name in group.options.options:
            near = get_close_matches(name, USUAL_OPTIONS, 1, _NEAR)
            if name not in (*USUAL_OPTIONS, *_ALSO_NAMES) and near and near[0] not in group.options.options:
                yield Finding(
                    code="option-misspelt",
                    severity="warning",
                    where=group.name,
                    message=f"The option {name} looks misspelt; did you mean {near[0]}?",
                    group=group.id,
                    fix=Fix(f"Call it {near[0]}", partial(_renamed, group=group.id, name=name, to=near[0])),
                    place=Place(group=group.id, field="options"),
                )


def what_loops_need(design: Design) -> Iterator[Finding]:
    """What tools around a training loop make of several optimizers, and of closures."""
    optimizers = param_groups(design)
    if len(optimizers) > 1:
        names = ", ".join(dict.fromkeys(optimizer_name(parts[0].group.options) for parts in optimizers))
        yield Finding(
            code="several-optimizers",
            severity="info",
            where="optimizers",
            message=f"There are {len(optimizers)} ({names}): a GradScaler decides for each whether to skip a step, and "
            "Lightning needs manual optimization.",
            place=Place(group=optimizers[1][0].group.id, field="options"),
        )
    for parts in optimizers:
        if optimizer_of(parts[0].group.options).needs_closure:
            yield Finding(
                code="needs-closure",
                severity="info",
                where=parts[0].group.name,
                message=f"{optimizer_name(parts[0].group.options)} computes the loss several times in a step: the loop "
                "must give it a closure, and a GradScaler takes none.",
                group=parts[0].group.id,
                place=Place(group=parts[0].group.id, field="options"),
            )


def fused_here_and_there(design: Design) -> Iterator[Finding]:
    """A GradScaler asks the optimizer as a whole whether it is fused."""
    if not any(_is_fused(group) for group in design.groups):
        return
    for parts in param_groups(design):
        fused = [_is_fused(part.group) for part in parts]
        if any(fused) and not all(fused):
            group, plain = parts[fused.index(True)].group, parts[fused.index(False)].group
            ids = tuple(dict.fromkeys(part.group.id for part in parts if _is_fused(part.group)))
            value = getattr(plain.options, "fused", None)
            yield Finding(
                code="fused-in-part",
                severity="info",
                where=group.name,
                message="It is fused, others on the same optimizer are not; a GradScaler then treats it as not fused.",
                group=group.id,
                fix=Fix("Switch fused off", partial(_with_fused, groups=ids, value=value)),
                place=Place(group=group.id, field="fused"),
            )


def _refused(design: Design, group: Group) -> list[tuple[ParameterInfo, str]]:
    if not optimizer_of(group.options).matrices_only or group.id != design.remainder:
        return []  # what another group refuses goes elsewhere
    inventory = design.model.inventory
    found = []
    for part in trained_groups(design):
        for info in part.parameters if part.group.id == group.id else ():
            why = refuses(group.options, len(info.shape), _types(inventory, info))
            if why is not None:
                found.append((info, why))
    return found


def _types(inventory: Inventory, info: ParameterInfo) -> tuple[str, ...]:
    """The type of the module that owns a parameter, and those it derives from."""
    rows = rows_of(inventory)
    kind = rows.types[rows.parents[rows.ids[info.name]]]
    return (kind, *inventory.bases.get(kind, ()))


def _is_embedding(types: tuple[str, ...]) -> bool:
    return any(kind.endswith(("Embedding", "EmbeddingBag")) for kind in types)


def _last_matrix(inventory: Inventory) -> ParameterInfo | None:
    """The matrix that a forward pass comes to last, or, where its order is unknown, that is defined last.

    Where a head shares its weight with the embeddings, it is that one.
    """
    places = {path: place for place, path in enumerate(inventory.order)}
    matrices = [info for info in inventory.parameters if len(info.shape) == 2]
    reached = [info for info in matrices if info.name.rpartition(".")[0] in places]
    if not matrices:
        return None
    last = max(reached, key=lambda info: places[info.name.rpartition(".")[0]]) if reached else matrices[-1]
    return last if last.tied_to is None else next(info for info in matrices if info.name == last.tied_to)


def _moved(design: Design, path: str, group: int | None) -> Design:
    if group is not None:
        return edits.assign(design, [path], group)
    design = edits.add_group(design, "head")  # like the remainder, whose optimizer may refuse it
    head = design.groups[-1].id
    return edits.assign(edits.set_optimizer(design, head, "AdamW"), [path], head)


def _renamed(design: Design, group: int, name: str, to: str) -> Design:
    options = design.group(group).options
    if not isinstance(options, CustomOptions):
        return design
    renamed = {to if known == name else known: value for known, value in options.options.items()}
    return edits.set_option(design, group, "options", renamed)


def _with_fused(design: Design, groups: tuple[int, ...], value: bool | None) -> Design:
    for group in groups:
        design = edits.set_option(design, group, "fused", value)
    return design


def _is_fused(group: Group) -> bool:
    return bool(getattr(group.options, "fused", False))


OPTIMIZER_CHECKS = (
    refused_by_the_remainder,
    several_groups_on_lbfgs,
    dense_for_sparse_adam,
    head_on_muon,
    misspelt_options,
    what_loops_need,
    fused_here_and_there,
)
