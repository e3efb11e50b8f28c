"""The fields of a range test: from which to which multiple of the rates, in how many updates, with how many seeds."""

from __future__ import annotations

from lrdesigner.numbers import exact
from lrdesigner.trials.options import RangeOptions
from lrdesigner_app.trial.fields import checked, line, mark, named
from lrdesigner_app.trial.typed import multiplier_typed, whole_typed
from lrdesigner_app.widgets import label

_FIELD_PX = 64
_MOST_UPDATES, _MOST_SEEDS = 2_000, 20
"""So many the window draws while they come, without a halt; `lrdesigner range-test` takes more."""
_USUAL = RangeOptions()


class RangeFields:
    """Typed fields in named cells, which stand in a row of others."""

    def __init__(self) -> None:
        self.low = line("Lowest multiplier", "The multiple of the planned rates to begin with", _FIELD_PX)
        self.high = line("Highest multiplier", "The multiple of the planned rates to end with", _FIELD_PX)
        self.updates = line("Updates", "Updates of each copy, from the lowest to the highest multiple", _FIELD_PX)
        self.seeds = line("Seeds", "Copies, each with its own weights and batches: one seed shows no spread", _FIELD_PX)
        self.all = (self.low, self.high, self.updates, self.seeds)
        for field, usual in zip(self.all, (_USUAL.low, _USUAL.high, _USUAL.updates, _USUAL.seeds), strict=True):
            field.setText(exact(usual))
        self.cells = (
            named("Rates ×", self.low, label("to", "secondary"), self.high),
            named("Updates", self.updates),
            named("Seeds", self.seeds),
        )

    def typed(self, group: str) -> RangeOptions:
        """What they ask for, of a group or of all (""); raises `UserError` after marking the field that is wrong."""
        low = checked(self.low, lambda text: multiplier_typed(text, "The lowest multiplier"))
        high = checked(self.high, lambda text: multiplier_typed(text, "The highest multiplier"))
        updates = checked(self.updates, lambda text: whole_typed(text, "The number of updates", 10, _MOST_UPDATES))
        seeds = checked(self.seeds, lambda text: whole_typed(text, "The number of seeds", 1, _MOST_SEEDS))
        if low >= high:  # which the options then refuse
            mark(self.high, invalid=True)
            self.high.setFocus()
        return RangeOptions(low, high, updates, seeds, group)
