"""What the box at the playhead says: every group's value."""

from __future__ import annotations

import html

import numpy as np

from lrdesigner.document import Design, Plan
from lrdesigner.numbers import rate
from lrdesigner_app.curve_display import Look
from lrdesigner_app.plot.curve_set import Near
from lrdesigner_app.plot.lines import Lines, lines_of
from lrdesigner_app.plot.views import KINDS, Drawn, View
from lrdesigner_app.theme import Theme

_MOST_ROWS = 12
_EVERYTHING = Look()


def playhead_text(
    design: Design,
    theme: Theme,
    step: int,
    selected: int,
    view: View = "lr",
    near: Near | None = None,
    look: Look = _EVERYTHING,
) -> str:
    """A small table: the step, then colour, name and value of every group that is shown; the selected one is bold.

    Of a layered group the lowest and the highest value; beneath it the layer whose line is near the pointer.
    """
    epoch = step / design.plan.steps_per_epoch
    head = f"step {step:,} · epoch {epoch:,.4g}" + ("" if view == "lr" else f" · {KINDS[view].title}")
    secondary = theme.tokens.secondary
    rows: list[str] = []
    shown = [group for group in design.groups if look.shows(group.id)]
    drawn = [(group, lines) for group in shown if (lines := lines_of(design, group, view))]
    kept = drawn[:_MOST_ROWS]
    kept += [(group, lines) for group, lines in drawn[_MOST_ROWS:] if group.id == selected]
    for group, lines in kept:
        name, value = html.escape(_short(group.name)), _values(lines, design.plan, step)
        if group.id == selected:
            name, value = f"<b>{name}</b>", f"<b>{value}</b>"
        colour = theme.group_colour(group.colour).name()
        rows.append(_row(f'<span style="color:{colour}">■</span>&nbsp;', name, value))
        if near is not None and near.group == group.id and near.part in lines.names:
            source = lines.scaled(lines.scales[lines.names.index(near.part)])
            rows.append(_row("", html.escape(near.part), rate(_at(source, design.plan, step))))
    if len(drawn) > len(kept):
        more = len(drawn) - len(kept)
        rows.append(f'<tr><td colspan="3" style="color:{secondary}">and {more} more</td></tr>')
    return (
        f'<span style="color:{secondary}">{head}</span><table cellspacing="0" cellpadding="1">{"".join(rows)}</table>'
    )


def _row(mark: str, name: str, value: str) -> str:
    return f'<tr><td>{mark}</td><td>{name}&nbsp;&nbsp;&nbsp;</td><td align="right">{value}</td></tr>'


def _values(lines: Lines, plan: Plan, step: int) -> str:
    """The value of a group: `5e-4`, of a layered one `3.2e-6 to 5e-4`."""
    highest = rate(_at(lines.source, plan, step))
    lowest = rate(_at(lines.scaled(lines.scales[-1]), plan, step)) if lines.scales else highest
    return highest if lowest == highest else f"{lowest} to {highest}"


def _at(source: Drawn, plan: Plan, step: int) -> float:
    return float(source.values(plan, np.array([step], dtype=np.int64))[0])


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"
