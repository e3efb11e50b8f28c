"""Opening the model of the design once more, after its file has changed: pins, rules and the history stay."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from lrdesigner import model_edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.model_changes import Renaming, changes, lost_pins, renamings
from lrdesigner.models.source import ModelSource, parse_source
from lrdesigner.models.trust import question_for_source
from lrdesigner.store import Change
from lrdesigner_app.model_loader import ModelLoader
from lrdesigner_app.model_watch import ModelWatch
from lrdesigner_app.notices import Notice
from lrdesigner_app.trust_question import allowed
from lrdesigner_app.waiting import LARGE_TENSORS, waiting
from lrdesigner_app.workspace import Workspace


class ModelReload(QObject):
    """Watches the files of the open model and offers to reload; tells what has changed, and maps what was renamed."""

    def __init__(self, workspace: Workspace, loader: ModelLoader, window: QWidget) -> None:
        super().__init__(window)
        self._workspace = workspace
        self._loader = loader
        self._window = window
        self.watch = ModelWatch(self)
        self.watch.changed.connect(self._offer)
        workspace.signals.design_changed.connect(self._on_design_changed)
        self._watch()

    def reload(self) -> None:
        """Open the model of the design again; asks whether its code may run, if that is another than before."""
        model = self._workspace.design.model
        if not model.source:
            self._workspace.post(Notice("There is no model to reload; open one first."))
            return
        try:
            source = parse_source(model.source)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        if allowed(question_for_source(source, model.python), self._window):
            self.watch.watch(_files(source))
            take = partial(self._take, source, model.source)
            self._loader.load(source, model.kwargs, take, model.python, model.inputs)

    def _take(self, source: ModelSource, opened: str, inventory: Inventory) -> None:
        before = self._workspace.store.committed
        if before.model.source != opened:  # another design was opened while the model was built
            return
        self._workspace.mark_model("")
        with waiting(len(inventory.parameters) > LARGE_TENSORS):
            notice = self._taken(before, f"Reload {source.text}", inventory)
        self._workspace.post(notice)

    def _taken(self, before: Design, label: str, inventory: Inventory) -> Notice:
        if not self._workspace.commit(label, model_edits.reload_model, inventory):
            return Notice("The model was reloaded: nothing has changed.", "good")
        found = renamings(before.model.inventory, inventory, before.pins)
        return reload_notice(before, inventory, found, partial(self._map, found))

    def _map(self, found: tuple[Renaming, ...]) -> None:
        self._workspace.commit(_mapping_words(found), model_edits.apply_renamings, found)

    def _offer(self, file: Path) -> None:
        self._workspace.mark_model(file.name)
        action = ("Reload model", self.reload)
        self._workspace.post(Notice(f"{file.name} has changed.", action=action, stays=True))

    def _on_design_changed(self, change: Change) -> None:
        if change.before.model.source != change.after.model.source or change.kind == "open":
            self._workspace.mark_model("")
            self._watch()

    def _watch(self) -> None:
        text = self._workspace.design.model.source
        try:
            source = parse_source(text) if text and not text.startswith("demo:") else None
        except UserError:  # it is not there; whoever reloads or tries it is told so
            source = None
        self.watch.watch(() if source is None else _files(source))


def reload_notice(before: Design, inventory: Inventory, found: tuple[Renaming, ...], act: partial[None]) -> Notice:
    """What a reload has changed, in a sentence or two; the button maps names, where that is clear."""
    told = changes(before.model.inventory, inventory)
    known = {pin.path for pin in lost_pins(before.model.inventory, before.pins)}
    lost = [pin.path for pin in lost_pins(inventory, before.pins) if pin.path not in known]
    text = told.summary
    if lost:
        text += f" {len(lost)} pin{' is' if len(lost) == 1 else 's are'} on names that are gone."
    details = [f"gone: {path}" for path in told.removed] + [f"new: {path}" for path in told.added]
    details += [f"other shape: {path}" for path in told.reshaped] + [f"other type: {path}" for path in told.retyped]
    details += [f"requires_grad changed: {path}" for path in told.refrozen]
    listed = "\n".join([renaming.why for renaming in found] + details[:MOST_DETAILS])
    action = (_mapping_words(found), act) if found else None
    return Notice(text, "bad" if lost and not found else "plain", listed, action, stays=bool(found))


MOST_DETAILS = 500


def _mapping_words(found: tuple[Renaming, ...]) -> str:
    if len(found) == 1:
        return f"Map {found[0].old} → {found[0].new}"
    return f"Map {len(found):,} renamed parts"


def _files(source: ModelSource) -> tuple[Path, ...]:
    return () if source.is_demo else source.watched
