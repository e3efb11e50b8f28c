"""A sweep whose results lie in a folder: shown beside those of this window, and followed while it grows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from lrdesigner.document import Design
from lrdesigner.trials.sweep_results import SweepTable, sweep_table
from lrdesigner.trials.sweep_watch import FoundDesign, LossCurve, SweepView, SweepWatch
from lrdesigner.trials.variants import Variant
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace

_TICK_MS = 100
_NOTHING = SweepView(sweep_table((), "", 0))


class FollowedSweep(QObject):
    """The folder is read in a thread; here only its news are taken."""

    changed = Signal()
    """Another folder is shown or none, there is news of it, or a design was found."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._watch: SweepWatch | None = None
        self._opening: SweepWatch | None = None
        self._folder = self._next_folder = Path()
        self._view: SweepView | None = None
        self._stopped = False
        self._found: dict[str, FoundDesign] = {}
        self._asked: set[str] = set()
        self._told = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        workspace.signals.window_closed.connect(self._drop_watches)

    @property
    def shown(self) -> bool:
        """Whether a folder is open."""
        return self._view is not None

    @property
    def running(self) -> bool:
        """Whether it is followed."""
        return self._watch is not None and not self._stopped and not (self._view or _NOTHING).over

    @property
    def table(self) -> SweepTable:
        """What has been read so far."""
        return (self._view or _NOTHING).table

    @property
    def records(self) -> dict[str, LossCurve]:
        """The losses of the best variants, by their labels."""
        return {curve.label: curve for curve in (self._view or _NOTHING).curves}

    @property
    def words(self) -> str:
        """What is shown, how far it is, and what cannot be read."""
        view = self._view
        if view is None:
            return ""
        of = view.planned or view.begun
        ended = f"{view.ended:,} of {of:,} runs have ended" if of else "no run has begun"
        state = "" if self.running else ", not followed any more" if not view.over else ""
        return " ".join(filter(None, (f"{self._folder.name}: {ended}{state}.", view.trouble)))

    def open(self, folder: Path) -> None:
        """Look into a folder; it takes the place of what is shown once it turns out to be a sweep's."""
        if self._opening is not None:
            self._opening.close()
        self._next_folder, self._opening = folder, SweepWatch(folder)
        self._timer.start()

    def stop(self) -> None:
        """Follow no more; what was read stays."""
        self._stopped = True
        if self._watch is not None:
            self._watch.stop()
        self.changed.emit()

    def close(self) -> None:
        """Show no folder any more."""
        self._drop_watches()
        self._view = None
        self.changed.emit()

    def promotion(self, label: str) -> tuple[Variant | None, str]:
        """The variant that may be taken over, or why not; what is not known yet is read, and `changed` tells."""
        present = self._workspace.store.committed
        found = self._found.get(label)
        if found is None or found.present.model is not present.model:
            self._ask(label, present)
            return None, f"Reading the design of {label}…"
        if found.design is None:
            return None, found.reason
        if found.design == present:
            return None, f"The design is {label} already."
        return Variant(label, (), found.design), ""

    def _ask(self, label: str, present: Design) -> None:
        if self._watch is not None and label not in self._asked:
            self._asked.add(label)
            self._watch.ask(label, present)

    def _drop_watches(self) -> None:
        self._timer.stop()
        for watch in (self._watch, self._opening):
            if watch is not None:
                watch.close()
        self._watch = self._opening = None

    def _on_tick(self) -> None:
        if self._opening is not None:
            self._take_first(self._opening, self._opening.news())
        if self._watch is not None:
            self._take(self._watch.news())

    def _take_first(self, watch: SweepWatch, news: list[SweepView | FoundDesign]) -> None:
        """What a folder that is being opened turned out to be."""
        first = next((one for one in news if isinstance(one, SweepView)), None)
        if first is None:
            return
        self._opening = None
        if first.foreign:
            watch.close()
            self._workspace.post(Notice(first.trouble, "bad"))
            return
        if self._watch is not None:
            self._watch.close()
        self._watch, self._folder, self._stopped, self._told = watch, self._next_folder, False, ""
        self._found, self._asked = {}, set()
        self._take(news)

    def _take(self, news: list[SweepView | FoundDesign]) -> None:
        for one in news:
            if isinstance(one, FoundDesign):
                self._found[one.label] = one
                self._asked.discard(one.label)
            elif not self._stopped:
                self._view = one
                self._tell(one.trouble)
        if news:
            self.changed.emit()

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._told:
            self._workspace.post(Notice(trouble, "bad"))
        self._told = trouble
