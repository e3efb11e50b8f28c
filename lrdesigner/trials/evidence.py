"""A trial beside the design as it is now: what of the trial still says something about the design, and repairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import HIGHEST_RATE, Design, Group
from lrdesigner.findings.finding import Finding, Fix, Severity
from lrdesigner.membership import membership
from lrdesigner.numbers import rate
from lrdesigner.places import Place
from lrdesigner.trials.record import TrialRecord


def rate_of(group: int) -> Place:
    """Where the base lr of a group is."""
    return Place(group=group, slot="lr", field="base")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a trial has shown, and the design that it is to be said of."""

    record: TrialRecord
    design: Design

    @property
    def updates(self) -> int:
        """How many updates the trial made."""
        return len(self.record.steps)

    @property
    def after(self) -> str:
        """ "after 450 steps", which belongs to whatever a short run shows."""
        return f"after {self.updates:,} step{'' if self.updates == 1 else 's'}"

    @property
    def trained(self) -> tuple[Group, ...]:
        """The groups that the trial trained, as they were."""
        return tuple({part.group.id: self.record.design.group(part.group.id) for part in self.record.parts}.values())

    def same_members(self, group: int) -> bool:
        """Whether a group holds the same parameters as in the trial, and is frozen when it was."""
        before = self.record.design
        if all(one.id != group for one in self.design.groups):
            return False
        if before.group(group).freeze != self.design.group(group).freeze:
            return False
        then, now = membership(before), membership(self.design)
        return then is now or then.trainable(group) == now.trainable(group)

    def unchanged(self, group: int) -> bool:
        """Whether a group trains now as it did in the trial."""
        if not self.same_plan or not self.same_members(group):
            return False
        return _without_looks(self.record.design.group(group)) == _without_looks(self.design.group(group))

    @property
    def same_plan(self) -> bool:
        """Whether a step of the plan is what it was."""
        return self.design.plan.span == self.record.design.plan.span

    @property
    def all_unchanged(self) -> bool:
        """Whether all groups train now as they did in the trial."""
        ids = {group.id for group in self.record.design.groups}
        return ids == {group.id for group in self.design.groups} and all(map(self.unchanged, ids))

    def figure(self, key: str) -> Any:
        """A number of the trial's last message; None where there is none."""
        found = self.record.summary.get(key)
        return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None

    def about_group(
        self, group: int, code: str, severity: Severity, message: str, fix: Fix | None, field: str = ""
    ) -> Finding:
        """A finding about a group that is in both designs: about its lr, or another field of it."""
        return Finding(
            code=f"trial-{code}",
            severity=severity,
            where=f"Trial: {self.design.group(group).name}",
            message=message,
            group=group,
            fix=fix,
            place=Place(group=group, field=field) if field else rate_of(group),
        )

    def scaled_rates(self, groups: Iterable[int], scale: float, words: str) -> Fix | None:
        """The repair that multiplies base rates, to three digits; `words` say by what, such as "to a third".

        Of these groups, followers go with a leader that is among them. None where a rate would be out of bounds.
        """
        wanted = [self.design.group(group) for group in groups]
        ids = {group.id for group in wanted}
        leading = [group for group in wanted if group.follow is None or group.follow.leader not in ids]
        changes = [Rate(group.id, group.lr.base, float(f"{group.lr.base * scale:.3g}")) for group in leading]
        if not changes or not all(0 < change.after <= HIGHEST_RATE for change in changes):
            return None
        label = f"All base rates {words}"
        if len(wanted) == 1:
            label = f"Base lr of {wanted[0].name} {words} ({rate(changes[0].after)})"
        return Fix(label, partial(with_rates, changes=changes))


@dataclass(frozen=True, slots=True)
class Rate:
    """A base rate that a group has, and the one that it is to have."""

    group: int
    before: float
    after: float


def with_rates(design: Design, changes: Iterable[Rate]) -> Design:
    """The design with these base rates, where they still are what they were: a second click changes nothing."""
    for change in changes:
        group = next((group for group in design.groups if group.id == change.group), None)
        if group is not None and group.lr.base == change.before:
            design = edits.set_base_lr(design, change.group, change.after)
    return design


def _without_looks(group: Group) -> Group:
    return replace(group, name="-", colour=0)
