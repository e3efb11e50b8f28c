"""The quiet lines in the plot: what cannot be seen and why, and which curves are only assumed."""

from __future__ import annotations

from lrdesigner.document import Design, Group
from lrdesigner.optimizers import optimizer_name
from lrdesigner.param_groups import steering
from lrdesigner.schedules import RecordedTrace
from lrdesigner_app.plot.views import KINDS, View, has_view

_MOST_NAMES = 3


def hints(design: Design, view: View, selected: Group, undrawn: list[str], log: bool) -> str:
    """One line each; "" when there is nothing to say."""
    kind = KINDS[view]
    lines: list[str] = []
    if undrawn:
        none = f"no {kind.noun} above 0 to show on a log axis" if log else f"no finite {kind.noun} to show"
        lines.append(f"{_names(undrawn)}: {none}")
    if not has_view(selected, view):
        lines.append(f"{selected.name}: {optimizer_name(selected.options)} has no {kind.noun}")
    if "lr" in kind.slots:
        lines += _assumed(design)
    return "\n".join(lines)


def _assumed(design: Design) -> list[str]:
    """Of whom the curve is drawn for which metric."""
    by_metric: dict[str, list[str]] = {}
    for group in design.groups:
        steered = steering(group)
        if steered is not None:
            trace = steered.metric
            metric = "an assumed metric"
            if isinstance(trace, RecordedTrace):
                metric = trace.source or "a recorded metric"
            by_metric.setdefault(metric, []).append(group.name)
    return [
        f"{_names(names)}: drawn for {metric}; in training the real one decides" for metric, names in by_metric.items()
    ]


def _names(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
