"""The controls of variants: what varies, with how many seeds, on what and how each run trains."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.variants import Variant, variants_of, varied
from lrdesigner_app.flow import flowing
from lrdesigner_app.trial.at_a_time import AtATime
from lrdesigner_app.trial.data_field import DataField
from lrdesigner_app.trial.fields import checked, line, named
from lrdesigner_app.trial.options_fold import OptionsFold
from lrdesigner_app.trial.options_row import OptionsRow
from lrdesigner_app.trial.typed import budget_typed, whole_typed
from lrdesigner_app.widgets import button, restyle

_VARY_PX, _BUDGET_PX, _SEEDS_PX = 210, 104, 44
_MOST_SEEDS = 20


class VariantsControls(QWidget):
    """One row, and the options of each run under it when they are unfolded."""

    run_clicked, promote_clicked = Signal(), Signal()
    entered = Signal()
    """Return was pressed in a field."""
    folded = Signal()
    """The options were folded or unfolded."""

    def __init__(self) -> None:
        super().__init__()
        self.run = button("Run variants", "primary", "Run each variant with each seed")
        self.vary = line(
            "What varies",
            "Address of a field and its values: head.lr=1e-4,3e-4; *.lr multiplies every rate",
            _VARY_PX,
        )
        self.vary.setPlaceholderText("*.lr=0.5,1,2")
        self.seeds = line(
            "Seeds", "How many seeds: with each, every variant starts from the same weights and batches", _SEEDS_PX, "3"
        )
        self.budget = line(
            "Budget of each run", "How long each run trains: 200 steps, 2 epochs, 5% or 30 s", _BUDGET_PX
        )
        self.budget.setPlaceholderText("Whole plan")
        self.unfold = button("Options", tip="Data, how many at a time, device, precision, batch size and more")
        self.unfold.setCheckable(True)
        self.promote = button("Promote")
        self.data_field, self.at_a_time = DataField(), AtATime()
        self.whole = QCheckBox("Whole schedule, compressed")
        self.whole.setToolTip("Each run goes through the whole schedule in as many updates as the budget has")
        self.options = OptionsRow(before=(self.data_field, self.whole, named("At a time", self.at_a_time)))
        self._fold = OptionsFold(self.options, "Options of the variants")
        self._arrange()
        self._connect()

    def typed(self, design: Design) -> tuple[list[Variant], TrialOptions, int]:
        """The variants, how each run trains, and how many seeds; raises `UserError` after marking what is wrong."""
        texts = [text.strip() for text in self.vary.text().split(";") if text.strip()]
        if not texts:
            raise UserError("Say what varies, such as *.lr=0.5,1,2 for half and double rates.")
        steps, seconds = checked(self.budget, lambda text: budget_typed(text, design.plan.span))
        steps = min(steps, design.plan.total_steps) if steps else None
        seeds = checked(self.seeds, lambda text: whole_typed(text, "The number of seeds", 1, _MOST_SEEDS))
        found = variants_of({"design": design}, texts)
        try:
            values = {"data": self.data_field.typed(), **self.options.values()}
        except UserError:
            self.unfold.setChecked(True)
            raise
        options = TrialOptions(steps=steps, seconds=seconds, whole=self.whole.isChecked(), **values)
        return [varied(design, {}), *(variant for variant in found if variant.design != design)], options, seeds

    def show_running(self, running: bool) -> None:
        """Offer what can be done now: to run variants, or to stop them."""
        text, role = ("Stop", "") if running else ("Run variants", "primary")
        if self.run.text() != text:
            self.run.setText(text)
            self.run.setAccessibleName(text)
            self.run.setProperty("role", role)
            restyle(self.run)
        for made in (self.vary, self.seeds, self.budget, self.options):
            made.setEnabled(not running)

    def set_room(self, plenty: bool) -> None:
        """Whether there is room for all lines of the options; else they scroll."""
        self._fold.set_room(plenty)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        seeds = named("Seeds", self.seeds)
        column.addWidget(flowing(self.run, self.vary, seeds, self.budget, self.unfold, self.promote))
        column.addWidget(self._fold)

    def _connect(self) -> None:
        self.run.clicked.connect(self.run_clicked)
        self.promote.clicked.connect(self.promote_clicked)
        self.data_field.entered.connect(self.entered)
        for field in (self.vary, self.seeds, self.budget, self.at_a_time):
            field.returnPressed.connect(self.entered)
        self.unfold.toggled.connect(self._fold.setVisible)
        self.unfold.toggled.connect(self.folded)
