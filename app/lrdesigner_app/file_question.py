"""Where to save something."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_where_to_save(
    parent: QWidget, title: str, proposal: Path, kinds: str, suffix: str, suffixes: tuple[str, ...] = ()
) -> Path | None:
    """The chosen file; None when the person changed their mind. No file is replaced unasked.

    It ends in `suffix` or one of `suffixes`; a name without gets that of the kind that was chosen in the dialog.
    """
    name, kind = QFileDialog.getSaveFileName(parent, title, str(proposal), kinds)
    if not name:
        return None
    if name.lower().endswith((suffix, *suffixes)):
        return Path(name)
    suffix = next((other for other in suffixes if f"*{other})" in kind), suffix)
    file = Path(f"{name}{suffix}")  # another name than the dialog has asked about
    if file.exists() and not _may_replace(parent, title, file):
        return None
    return file


def _may_replace(parent: QWidget, title: str, file: Path) -> bool:
    buttons = QMessageBox.StandardButton
    text = f"{file.name} exists. Replace it?"
    return QMessageBox.question(parent, title, text, buttons.Yes | buttons.No, buttons.No) == buttons.Yes
