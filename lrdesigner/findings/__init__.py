"""Findings: what is wrong, or worth a look, before training. One table of small functions.

>>> from lrdesigner.findings import check
>>> check(design)                                          # doctest: +SKIP
(Finding(code='group-empty', severity='warning', ...),)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec.structs import replace

from lrdesigner.document import Design, Group, Plan
from lrdesigner.faults import Fault
from lrdesigner.findings.decay_findings import DECAY_CHECKS
from lrdesigner.findings.feedback_findings import FEEDBACK_CHECKS
from lrdesigner.findings.file_findings import file_findings
from lrdesigner.findings.finding import Finding as Finding
from lrdesigner.findings.finding import Severity as Severity
from lrdesigner.findings.freeze_findings import FREEZE_CHECKS, stretches_without_effect
from lrdesigner.findings.group_findings import GROUP_CHECKS
from lrdesigner.findings.layer_findings import LAYER_CHECKS
from lrdesigner.findings.level_findings import LEVEL_CHECKS, absolute_levels
from lrdesigner.findings.model_findings import MODEL_CHECKS
from lrdesigner.findings.moving import Alone
from lrdesigner.findings.optimizer_findings import OPTIMIZER_CHECKS
from lrdesigner.findings.rate_findings import RATE_CHECKS, zero_for_the_whole_run
from lrdesigner.findings.rule_findings import RULE_CHECKS
from lrdesigner.findings.segment_findings import SEGMENT_CHECKS
from lrdesigner.findings.shape_findings import SHAPE_CHECKS
from lrdesigner.findings.torch_findings import TORCH_CHECKS
from lrdesigner.findings.track_findings import TRACK_CHECKS
from lrdesigner.identity import Same

OF_SCHEDULES = (*RATE_CHECKS, *SEGMENT_CHECKS, *SHAPE_CHECKS, *TORCH_CHECKS)
"""What is said of a schedule, whatever its base value is."""

OF_GROUPS = (*LEVEL_CHECKS, *TRACK_CHECKS, stretches_without_effect, *FEEDBACK_CHECKS)
"""What else is said of a group that depends on nothing but the group and the run."""

CHECKS = (
    *MODEL_CHECKS,
    *GROUP_CHECKS,
    *RULE_CHECKS,
    *LAYER_CHECKS,
    *DECAY_CHECKS,
    absolute_levels,
    *FREEZE_CHECKS,
    *OPTIMIZER_CHECKS,
)
"""What is said of the design as a whole."""

_ORDER = ("error", "warning", "info")


def check(design: Design, faults: Iterable[Fault] = ()) -> tuple[Finding, ...]:
    """All findings, errors first; `faults` are those of its file that nobody has mended yet."""
    alone = [_alone(Same(group), design.plan) for group in design.groups]
    of_schedules = [*_in_order(alone, 0, len(OF_SCHEDULES)), *zero_for_the_whole_run(design)]
    of_groups = _in_order(alone, len(OF_SCHEDULES), len(OF_SCHEDULES) + len(OF_GROUPS))
    others = [finding for run in CHECKS for finding in run(design)]
    found = [*file_findings(design, faults), *_once(design, of_schedules), *of_groups, *others]
    return in_order(found)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings, errors first and what is only good to know last."""
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


@lru_cache(maxsize=512)
def _alone(same: Same[Group], plan: Plan) -> tuple[tuple[Finding, ...], ...]:
    """What each check of a single group says of one: an edit leaves most groups what they are."""
    alone = Alone((replace(same.value, follow=None),), plan)
    return tuple(tuple(run(alone)) for run in (*OF_SCHEDULES, *OF_GROUPS))


def _in_order(alone: list[tuple[tuple[Finding, ...], ...]], first: int, end: int) -> Iterator[Finding]:
    """Check by check and in each group by group."""
    for number in range(first, end):
        for found in alone:
            yield from found[number]


def _once(design: Design, found: list[Finding]) -> list[Finding]:
    """Without what is said of a group that follows another and of its leader alike: they have one schedule."""
    leaders = {group.id: group.follow.leader for group in design.groups if group.follow is not None}
    said = {(finding.group, finding.code, finding.message) for finding in found}
    return [f for f in found if f.group not in leaders or (leaders[f.group], f.code, f.message) not in said]
