"""Opening the window: `lrdesigner`, `lrdesigner DESIGN`, `lrdesigner MODEL`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrdesigner.design_file import SUFFIX, holds_design, load_with_faults
from lrdesigner.errors import UserError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from lrdesigner.models.source import ModelSource
    from lrdesigner_app.main_window import MainWindow

COMMANDS = frozenset(
    (
        *("inspect", "new", "capture", "show", "curves", "plot", "check", "export", "shapes", "presets", "verify"),
        *("trial", "range-test", "sweep", "sweep-results", "fields", "history"),
    )
)


def is_for_window(arguments: Sequence[str]) -> bool:
    """Whether these arguments name no command: nothing, or something to open."""
    return not arguments or (arguments[0] not in COMMANDS and not arguments[0].startswith("-"))


def open_window(arguments: Sequence[str]) -> int:
    """Open the window and stay until it is closed. Status 2, with one line on stderr, when there is nothing to open."""
    if len(arguments) > 1:
        return _fail(f"only one thing can be opened at a time, not {' '.join(arguments)}")
    try:
        return _open(arguments[0] if arguments else "")
    except UserError as error:
        return _fail(str(error))


def _open(what: str) -> int:
    application, window, source = start(what)
    if not what and not window.settings.switch("tour/seen", False):
        window.settings.put("tour/seen", True)
        window.do("begin_tour")
    if source is not None:
        window.load_model(source, {})  # naming a file on the command line is consent to run it
    return int(application.exec())


def start(what: str) -> tuple[QApplication, MainWindow, ModelSource | None]:
    """The application and its window, shown, on a design file, or on the demo; and the model that is to be loaded.

    Raises `UserError` when `what` names nothing that can be opened.
    """
    from lrdesigner.demos import demo_design
    from lrdesigner.models.source import parse_source

    held = holds_design(what) if what else None
    is_file = what.endswith(SUFFIX) or (what.endswith(".json") and not _is_model(what))
    is_design = is_file or held is not None
    design = load_with_faults(what) if is_file else demo_design()
    source = parse_source(what) if what and not is_design else None
    if not _has_display():
        raise UserError("There is no display; set DISPLAY or WAYLAND_DISPLAY, or use the commands (lrdesigner --help).")
    gc.disable()  # nothing made here becomes garbage, and looking for some costs a tenth of the start
    from lrdesigner_app.application import make_application, make_window

    application = make_application()
    window = make_window(application, design, Path(what) if is_file else None)
    if held is not None:
        window.files.open(Path(what))
    window.show()
    window.windows.recovery.look_soon()
    gc.freeze()
    gc.enable()
    return application, window, None if source is None or source.is_demo else source


def _is_model(what: str) -> bool:
    """Whether a JSON file is a model's and no design: a configuration, or the index of a checkpoint."""
    return what.startswith("transformers:") or what.endswith(".index.json")


def _has_display() -> bool:
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _fail(message: str) -> int:
    sys.stderr.write(f"lrdesigner: {' '.join(message.split())}\n")
    return 2
