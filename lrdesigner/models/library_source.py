"""Models that installed libraries make by name or configuration: timm, torchvision, transformers.

They run nothing but what was installed on purpose, never fetch weights and never run the code that a configuration may
bring along (`auto_map`). So no question is asked before they are built.
"""

from __future__ import annotations

import re
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.models.base import ModelSource, absolute, check_readable

CONFIG = "config.json"
LIBRARIES = ("timm", "torchvision", "transformers")


class NamedSource(ModelSource, frozen=True):
    """`timm:NAME` or `torchvision:NAME`."""

    @property
    def what_happens(self) -> str:
        library, name = self.text.split(":", 1)
        return f"Builds {name} of the installed {library}, without pretrained weights"


class ConfigSource(ModelSource, frozen=True):
    """`transformers:CONFIG_DIR_OR_JSON`; `file` is the JSON file."""

    folder: bool = True

    @property
    def child_source(self) -> str:
        return f"transformers:{self.file}"

    @property
    def stored(self) -> str:
        assert self.file is not None
        return f"transformers:{self.file.parent if self.folder else self.file}"

    @property
    def what_happens(self) -> str:
        return f"Builds the model of {self.file} by the installed transformers, without weights"


def named_source(text: str, folder: Path | None) -> ModelSource | None:
    """The source, if the text names a model of timm or torchvision."""
    library, colon, name = text.partition(":")
    if not colon or library not in ("timm", "torchvision"):
        return None
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.]*", name) or name.lower().endswith(".py"):
        raise UserError(f"{name!r} is not the name of a model of {library}; write such as {library}:resnet50.")
    return NamedSource(text=text, name=name)


def config_source(text: str, folder: Path | None) -> ModelSource | None:
    """The source, if the text names a configuration for transformers."""
    if not text.startswith("transformers:"):
        return None
    path_text = text.removeprefix("transformers:").strip()
    if not path_text:
        raise UserError(f"No configuration is named: write transformers:FOLDER, with a {CONFIG} in it.")
    place = absolute(path_text, folder)
    is_folder = _is_folder(place)
    file = place / CONFIG if is_folder else place
    if is_folder and not file.is_file():
        raise UserError(f"{place} has no {CONFIG}; give the folder of a model for transformers, or a JSON file.")
    if not is_folder and place.suffix.lower() != ".json" and not place.exists():
        raise UserError(f"There is no folder {place}: give a folder with a {CONFIG}; models are not fetched.")
    check_readable(file, f"give a folder with a {CONFIG}", "*.json")
    return ConfigSource(text=text, file=file, name=file.parent.name if is_folder else file.stem, folder=is_folder)


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except (OSError, ValueError):
        return False
