"""What no one foresaw: told in the window, with a report to copy; the program goes on."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable
from types import TracebackType

from lrdesigner_app.notices import Notice


def install_exception_hook(post: Callable[[Notice], None]) -> None:
    """Show exceptions that reach no handler as a notice; they still go to stderr."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, Exception):
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        text = f"Something went wrong inside the program: {error}. Your design is unharmed."
        with contextlib.suppress(RuntimeError):  # the window may be gone already
            post(Notice(text, "bad", report))

    sys.excepthook = hook
