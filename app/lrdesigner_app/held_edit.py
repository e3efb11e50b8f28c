"""What every drag that changes the design has in common: previews on the way, then one edit, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrdesigner.document import Design
from lrdesigner_app.workspace import Workspace


class HeldEdit:
    """One gesture. `applying` tells whether a change of the design that is told just now is its own doing."""

    def __init__(self, workspace: Workspace, label: str = "") -> None:
        self._workspace = workspace
        self._fixed, self._label = label, label
        self.applying = False

    def finish(self) -> None:
        """Keep what is shown, as one edit: under the label it was given, else under that of the last preview."""
        self._apply(lambda: self._workspace.store.commit_preview(self._label))

    def cancel(self) -> None:
        """Back to how it was."""
        self._apply(self._workspace.store.cancel)

    def _preview(self, label: str, edit: Callable[..., Design], *arguments: Any) -> None:
        """Show an edit of the committed design."""
        self._label = self._fixed or label
        self._apply(lambda: self._workspace.preview(label, edit, *arguments))

    def _apply(self, change: Callable[[], object]) -> None:
        self.applying = True
        try:
            change()
        finally:
            self.applying = False
