"""Findings about the freeze lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from lrdesigner import edits
from lrdesigner.document import Batches, Design, Freeze, Group, Plan
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.findings.moving import Grouped
from lrdesigner.membership import membership
from lrdesigner.places import Place
from lrdesigner.schedules import resolve
from lrdesigner.tracks import always_frozen, frozen_stretches

MOST_TOLD = 3
"""Groups that are told of one by one."""

_WITH_STATISTICS = ("BatchNorm", "InstanceNorm")
"""In the names of layers that learn from the data they see, whatever their gradients are."""


def frozen_for_the_whole_run(design: Design) -> Iterator[Finding]:
    """Such a group is not in the optimizer at all."""
    members = membership(design)
    for group in design.groups:
        if always_frozen(group, design.plan) and members.trainable(group.id):
            yield Finding(
                code="frozen-whole-run",
                severity="info",
                where=group.name,
                message="is frozen for the whole run, so the exported optimizer leaves it out.",
                group=group.id,
                place=Place(group=group.id, field="freeze"),
            )


def stretches_without_effect(design: Grouped) -> Iterator[Finding]:
    """A frozen stretch that begins when the run is over, or lasts no step."""
    for group in design.groups:
        idle = [part for part in group.freeze if not frozen_stretches((part,), design.plan)]
        if idle:
            kept = tuple(part for part in group.freeze if part not in idle)
            yield Finding(
                code="freeze-without-effect",
                severity="warning",
                where=group.name,
                message=_idle_words(idle[0], design.plan),
                group=group.id,
                fix=Fix("Remove what has no effect", partial(edits.set_freeze, group=group.id, freeze=kept)),
                place=Place(group=group.id, field="freeze"),
            )


def _idle_words(freeze: Freeze, plan: Plan) -> str:
    start = resolve(freeze.start, plan.span)
    if start >= plan.total_steps:
        return f"A frozen stretch would begin at step {start:,}; the run ends at {plan.total_steps:,}."
    return f"The frozen stretch at step {start:,} lasts no step."


def statistics_while_frozen(design: Design) -> Iterator[Finding]:
    """Norm layers with running statistics go on collecting them without any gradient."""
    freezing = [group for group in design.groups if frozen_stretches(group.freeze, design.plan)]
    types = {module.path: module.type for module in design.model.inventory.modules} if freezing else {}
    found: list[tuple[Group, Counter[str]]] = []
    everywhere = ""
    for group in freezing:
        owners = {p.name.rpartition(".")[0] for p in membership(design).members(group.id)}
        norms = Counter(kind for path in owners if (kind := types.get(path, "")) and _keeps_statistics(kind))
        if norms:
            found.append((group, norms))
    if len(found) > MOST_TOLD:
        found = [(found[0][0], sum((norms for _, norms in found), Counter[str]()))]
        everywhere = f"{found[0][0].name} and others"
    for group, norms in found:
        words = " and ".join(f"{count} {kind}" for kind, count in sorted(norms.items()))
        yield Finding(
            code="frozen-norm-statistics",
            severity="info",
            where=everywhere or group.name,
            message=f"{words} in {'them' if everywhere else 'it'} still collect statistics while frozen; only eval() "
            "stops that.",
            group=None if everywhere else group.id,
            place=Place(group=group.id, field="freeze"),
        )


def thaws_on_several_devices(design: Design) -> Iterator[Finding]:
    """DistributedDataParallel sorts the parameters that need gradients once, when it wraps the model."""
    epoch = design.plan.epoch
    if not isinstance(epoch, Batches) or epoch.devices == 1:
        return
    thawing = [
        group
        for group in design.groups
        if any(end < design.plan.total_steps for _, end in frozen_stretches(group.freeze, design.plan))
    ]
    if thawing:
        yield Finding(
            code="thaw-distributed",
            severity="info",
            where=thawing[0].name if len(thawing) == 1 else f"{thawing[0].name} and {len(thawing) - 1} more",
            message="It is unfrozen during the run: wrap the model in DistributedDataParallel while all of it is "
            "trainable, with find_unused_parameters=True.",
            group=thawing[0].id if len(thawing) == 1 else None,
            place=Place(area="plan", field="devices"),
        )


def _keeps_statistics(kind: str) -> bool:
    return any(name in kind for name in _WITH_STATISTICS) and "Frozen" not in kind


FREEZE_CHECKS = (
    frozen_for_the_whole_run,
    statistics_while_frozen,
    thaws_on_several_devices,
)
