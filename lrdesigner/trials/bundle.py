"""A sweep as a folder that runs on machines without this program: exported files, data, and a worker."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

import lrdesigner
from lrdesigner.child.worker import DEMO_DATA, HERE, VARIANTS
from lrdesigner.errors import UserError
from lrdesigner.models.python_source import python_file
from lrdesigner.models.source import parse_source
from lrdesigner.optimizers import optimizer_imports
from lrdesigner.trials.bundle_texts import RUN, readme_text, submit_text
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.own_files import copy_with_imports
from lrdesigner.trials.sweep_files import EXPORTS, PlannedRun, SweepFacts, planned_runs, run_header, write_facts
from lrdesigner.trials.variants import Run
from lrdesigner_resources import path as resource_path

PACKAGE = ("__init__.py", "plain_files.py", "child", "readers")
"""What of this program a worker and its children import; all of it needs the standard library and torch alone."""


def write_bundle(folder: Path, runs: Sequence[Run], facts: SweepFacts) -> tuple[str, ...]:
    """Write a bundle into a new folder, whole or not at all; the notes of its README. Raises `UserError`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is not empty; give a new folder for the bundle.")
    building = folder.absolute().with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        building.mkdir(parents=True)
        notes = _fill(building, folder.name, runs, facts)
        if folder.exists():
            folder.rmdir()
        os.replace(building, folder)
    except OSError as error:
        raise UserError(f"The bundle {folder} cannot be written: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return notes


def _fill(folder: Path, name: str, runs: Sequence[Run], facts: SweepFacts) -> tuple[str, ...]:
    packer = _Packer(folder)
    lines = [msgspec.json.encode(packer.packed(planned)) for planned in planned_runs(runs, folder)]
    (folder / VARIANTS).write_bytes(b"".join(line + b"\n" for line in lines))
    write_facts(folder, facts)
    _copy_package(folder / "lrdesigner")
    shutil.copyfile(resource_path("demo/digits.bin.gz"), folder / DEMO_DATA)
    labels = {run.variant.label for run in runs}
    (folder / "run.py").write_text(RUN, encoding="utf-8")
    (folder / "submit.py").write_text(submit_text(len(runs)), encoding="utf-8")
    notes = tuple(dict.fromkeys(packer.notes))
    (folder / "README.txt").write_text(readme_text(name, len(runs), len(labels), notes), encoding="utf-8")
    return notes


def _copy_package(target: Path) -> None:
    source = Path(lrdesigner.__file__).parent
    target.mkdir()
    for name in PACKAGE:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source / name, target / name)


@dataclass(slots=True)
class _Packer:
    """Copies what requests name into the folder, each thing once, and notes what it cannot copy."""

    folder: Path
    notes: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def packed(self, planned: PlannedRun) -> dict[str, Any]:
        """The line of a run: who it is, and the request with paths that begin at the folder."""
        request = msgspec.to_builtins(planned.request)
        request["source"] = self._source(planned.run.variant.design.model.source)
        request["exported_file"] = f"{HERE}{EXPORTS}/{Path(planned.request.exported_file).name}"
        options = planned.request.options
        request["options"] |= {"data": self._data(options), "weights": self._weights(options)}
        for path in optimizer_imports(planned.run.variant.design):
            self.notes.append(f"The optimizer {path} must be installed where the runs are done.")
        return {"kind": "run", **run_header(self.folder, planned), "request": request}

    def _source(self, text: str) -> str:
        if text not in self.places:
            self.places[text] = self._copied_source(text)
        return self.places[text]

    def _copied_source(self, text: str) -> str:
        source, target = parse_source(text), f"model{len(self.places) or ''}"
        file = source.file
        if file is not None and python_file(source.child_source):
            self._copy_code(file, target)
            return f"{HERE}{target}/{file.name}:{source.name}"
        library = text.partition(":")[0]
        if file is not None:  # a configuration of transformers
            (self.folder / target).mkdir()
            shutil.copyfile(file, self.folder / target / file.name)
            self.notes.append(f"{library} must be installed where the runs are done.")
            return f"{library}:{HERE}{target}/{file.name}"
        package = library.partition(".")[0]
        self.notes.append(f"{package} must be installed where the runs are done, for the model {text}.")
        return source.child_source

    def _data(self, options: TrialOptions) -> str:
        file = python_file(options.data)
        if not file:
            return options.data
        if options.data not in self.places:
            target = f"data{len(self.places)}"
            self._copy_code(Path(file), target)
            self.places[options.data] = f"{HERE}{target}/{Path(file).name}{options.data[len(file) :]}"
            self.notes.append(f"Files that {Path(file).name} reads are not copied: it must find them there too.")
        return self.places[options.data]

    def _weights(self, options: TrialOptions) -> str:
        weights = options.weights
        if weights and weights not in self.places:
            target = f"weights{len(self.places)}"
            (self.folder / target).mkdir()
            shutil.copyfile(weights, self.folder / target / Path(weights).name)
            self.places[weights] = f"{HERE}{target}/{Path(weights).name}"
        return self.places.get(weights, "")

    def _copy_code(self, file: Path, target: str) -> None:
        names = copy_with_imports(file, self.folder / target)
        beside = ", ".join(names[1:]) or "nothing"
        self.notes.append(
            f"{target}/ holds {file.name} and what it imports from its own folder: {beside}. Its other imports must "
            "be installed where the runs are done."
        )
