"""Where a form sends what a person enters, and how it hears that something cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Outlet:
    """The other end of one editor.

    `send(value, keep)` applies a value, for good or as a preview, and raises `UserError` for one that cannot be;
    `cancel` ends the preview; `refuse` tells a fault that has no place beside the editor.
    """

    send: Callable[[Any, bool], None]
    cancel: Callable[[], None]
    refuse: Callable[[str], None]

    def keep(self, value: Any) -> bool:
        """Send a value for good; False when it was refused, which then is told."""
        try:
            self.send(value, True)
        except UserError as error:
            self.refuse(str(error))
            return False
        return True


@dataclass(frozen=True, slots=True)
class FormOutlet:
    """The other end of a form: `send(name, value, keep)`, else as an `Outlet`."""

    send: Callable[[str, Any, bool], None]
    cancel: Callable[[], None]
    refuse: Callable[[str], None]

    def of(self, name: str) -> Outlet:
        """The outlet of one field."""
        return Outlet(lambda value, keep: self.send(name, value, keep), self.cancel, self.refuse)


def form_outlet(workspace: Workspace, send: Callable[[str, Any, bool], None]) -> FormOutlet:
    """The outlet of a form whose values go into the workspace's design."""
    return FormOutlet(send, workspace.store.cancel, lambda text: workspace.post(Notice(text, "bad")))


def apply(workspace: Workspace, keep: bool, label: str, edit: Callable[..., Design], *arguments: Any) -> None:
    """Commit an edit, or preview it; raises `UserError`, unlike the workspace's own methods."""
    (workspace.store.commit if keep else workspace.store.preview)(label, edit, *arguments)
