"""Below the variants: what may be said of them, and the folders that other machines share with this window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QWidget

from lrdesigner.errors import UserError
from lrdesigner.trials.variants import Run
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.bundle_writing import BundleWriting
from lrdesigner_app.trial.followed import FollowedSweep
from lrdesigner_app.widgets import button, label
from lrdesigner_app.workspace import Workspace


class FolderRow(QWidget):
    """Opens the results of a folder and follows them, and writes a bundle of what `typed` gives."""

    written = Signal(Path)
    """A bundle was written into this folder."""

    def __init__(self, workspace: Workspace, followed: FollowedSweep, typed: Callable[[], tuple[Run, ...]]) -> None:
        super().__init__()
        self._workspace, self._followed, self._typed = workspace, followed, typed
        self._writing = BundleWriting(workspace)
        self.words = label("", "secondary")
        self.words.setWordWrap(True)
        self.stop = button("Stop following", tip="Read no more; what was read stays, and the folder as it is")
        self.folders = button("Folders", tip="Results that lie in a folder, and bundles that run on other machines")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.results = menu.addAction("Open &results…", self._on_results)
        self.results.setToolTip("Show the folder of a bundle or a sweep, and follow it while it grows")
        self.bundle = menu.addAction("&Write bundle…", self._on_bundle)
        self.bundle.setToolTip("Write these variants as a folder that runs where only torch is installed")
        self.shut = menu.addAction("&Close folder", followed.close)
        self.shut.setToolTip("Show again what ran in this window")
        self.folders.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.words, 1)
        row.addWidget(self.stop)
        row.addWidget(self.folders)
        self.stop.clicked.connect(followed.stop)
        menu.aboutToShow.connect(lambda: self.bundle.setEnabled(not self._writing.running))
        self._writing.written.connect(self.written)
        self.show_state(busy=False)

    def show_state(self, *, busy: bool) -> None:
        """`busy`: variants run in this window, and what they show may not be replaced."""
        self.stop.setVisible(self._followed.running)
        self.results.setEnabled(not busy)
        self.shut.setEnabled(self._followed.shown)

    def _on_results(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of a sweep or a bundle")
        if folder:
            self._followed.open(Path(folder))

    def _on_bundle(self) -> None:
        try:
            runs = self._typed()
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        folder, _ = QFileDialog.getSaveFileName(self, "Name of the new folder", "bundle")
        if folder:
            self._writing.begin(Path(folder), runs)
