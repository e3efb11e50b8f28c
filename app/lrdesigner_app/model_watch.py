"""Telling when the files of the open model change, however editors save them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from lrdesigner.models.trust import content_hash
from lrdesigner_app.debounce import Debounce

DELAY_MS = 300
"""Editors write in several steps, or move a new file over the old one."""
MOST_HASHED = 16 * 2**20
"""Bytes up to which the content tells whether a file is another; of larger ones its size and time do."""

State = tuple[int, int] | str | None


class ModelWatch(QObject):
    """Watches some files, and their folders, so that a file that is replaced or comes back is not lost."""

    changed = Signal(object)
    """The `Path` of a file whose content is another than when it was last looked at."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._watcher: QFileSystemWatcher | None = None
        self._states: dict[Path, State] = {}
        self._debounce = Debounce(DELAY_MS, self._look, self)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is watched."""
        return tuple(self._states)

    def watch(self, files: tuple[Path, ...]) -> None:
        """Watch these files and no others, from how they are now."""
        self._debounce.forget()
        self._states = {file: state_of(file) for file in files}
        if self._watcher is not None:
            self._watcher.removePaths([*self._watcher.files(), *self._watcher.directories()])
        self._add_paths()

    def _add_paths(self) -> None:
        wanted = {str(file) for file in self._states} | {str(file.parent) for file in self._states}
        if self._watcher is None:
            if not wanted:
                return
            self._watcher = QFileSystemWatcher(self)
            self._watcher.fileChanged.connect(self._debounce.request)
            self._watcher.directoryChanged.connect(self._debounce.request)
        missing = wanted - {*self._watcher.files(), *self._watcher.directories()}
        there = [path for path in sorted(missing) if Path(path).exists()]
        if there:
            self._watcher.addPaths(there)

    def _look(self) -> None:
        self._add_paths()  # Qt lets go of a file that was replaced
        for file, known in self._states.items():
            state = state_of(file)
            if state is not None and state != known:
                self._states[file] = state
                self.changed.emit(file)


def state_of(file: Path) -> State:
    """What tells two contents of a file apart; None when it cannot be read."""
    try:
        found = file.stat()
    except OSError:
        return None
    return content_hash(file) if found.st_size <= MOST_HASHED else (found.st_mtime_ns, found.st_size)
