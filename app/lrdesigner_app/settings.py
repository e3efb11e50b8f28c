"""What is remembered between two starts: the window's place and how it was divided, last folders, view choices."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from lrdesigner.models.trust import config_folder


class Settings:
    """A thin layer over Qt's settings; whatever cannot be read counts as not set."""

    def __init__(self) -> None:
        self._settings = QSettings(str(config_folder() / "window.ini"), QSettings.Format.IniFormat)

    def bytes(self, key: str) -> QByteArray | None:
        """A stored state of Qt's."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def text(self, key: str, default: str = "") -> str:
        """A stored text."""
        value = self._settings.value(key, default)
        return value if isinstance(value, str) else default

    def switch(self, key: str, default: bool) -> bool:
        """A stored yes or no."""
        return self.text(key, "yes" if default else "no") == "yes"

    def put(self, key: str, value: QByteArray | str | bool) -> None:
        """Remember a value."""
        self._settings.setValue(key, ("yes" if value else "no") if isinstance(value, bool) else value)

    def write(self) -> None:
        """Bring everything to the disk now."""
        self._settings.sync()
