"""What the chart of the range test says where it is read."""

from __future__ import annotations

import html
import math

from lrdesigner.document import Design
from lrdesigner.numbers import rate
from lrdesigner.trials.range_result import slope_text
from lrdesigner.trials.range_view import Reading
from lrdesigner.trials.rate_scaling import multiplied_rates

_MOST_RATES = 8


def reading_text(found: Reading, design: Design, group: str) -> str:
    """As markup: multiplier, loss, band and slope, and beneath them the base lr that each group would have."""
    rates = multiplied_rates(design, found.multiplier, group)
    cells = [
        f'<td>{html.escape(name)}&nbsp;&nbsp;</td><td align="right">{rate(lr)}&nbsp;&nbsp;&nbsp;</td>'
        for name, lr in rates[:_MOST_RATES]
    ]
    pairs = ["".join(cells[i : i + 2]) for i in range(0, len(cells), 2)]  # a chart is lower than many groups
    if len(rates) > _MOST_RATES:
        pairs.append(f'<td colspan="4">and {len(rates) - _MOST_RATES} more</td>')
    rows = "".join(f"<tr>{pair}</tr>" for pair in pairs)
    head = f"<b>× {_short(found.multiplier)}</b> · {_loss_text(found)}"
    return f'{head}<table cellspacing="0" cellpadding="0">{rows}</table>'


def _loss_text(found: Reading) -> str:
    if not math.isfinite(found.median):
        return "the loss exploded"
    band = f" ({_short(found.low)}–{_short(found.high)})" if found.low < found.high else ""
    return f"loss {_short(found.median)}{band}<br>{slope_text(found.slope)}"


def _short(value: float) -> str:
    return rate(float(f"{value:.3g}"))
