"""Reading, renaming and deleting what the history holds."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from lrdesigner.design_file import decode
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.process_identity import process_lives
from lrdesigner.trials.history.connection import (
    connect_to_read,
    default_store,
    drop_unused_designs,
    told,
    transaction,
)
from lrdesigner.trials.history.entries import KeptTrial, Kind, storable
from lrdesigner.trials.history.sheets import Columns, DamagedChunkError, joined, unpacked

Sheets = dict[str, dict[str, NDArray[np.float64]]]
"""The numbers of a trial: by sheet, and in it by column."""

CRASHED = "The program that ran it ended without a word; what it had measured until about a second before is here."

_COLUMNS = (
    "id, kind, design_key, title, design, code_sha256, options, environment, started, ended, state, message, details, "
    "summary, sweep, variant, seed, writer_pid, writer_started"
)
_UPDATES = "(SELECT coalesce(sum(row_count), 0) FROM chunks WHERE trial = trials.id AND sheet = 'metrics')"
_JSON = ("options", "environment", "summary")


class TrialHistory:
    """The kept trials; to be used in one thread. Every method raises `UserError` where the file refuses or is damaged.

    A file that is not there holds no trials, and is not made by looking into it.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or default_store()
        self._opened: sqlite3.Connection | None = None
        self._of_a_file = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def trials(self, design_key: str | None = None, kind: Kind | None = None, sweep: str = "") -> list[KeptTrial]:
        """The trials, newest first: of one design, of one kind, of one sweep, or all."""
        asked: dict[str, str | None] = {"design_key": design_key, "kind": kind, "sweep": sweep or None}
        given = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join(f"{name} = :{name}" for name in given) or "1"
        return self._trials(f"WHERE {where}", given)

    def trial(self, beginning: str) -> KeptTrial:
        """The trial whose id begins so; raises `UserError` when none does, or several do."""
        plain = beginning.strip().lower()
        # By comparison and not by LIKE: what is typed may hold its wildcards.
        found = self._trials("WHERE substr(id, 1, length(:plain)) = :plain", {"plain": plain}) if plain else []
        if not found:
            raise UserError(f"The history {self.file} has no trial {beginning!r}; `lrdesigner history` lists them.")
        if len(found) > 1:
            raise UserError(f"{len(found)} trials have ids that begin with {beginning!r}: give more of it.")
        return found[0]

    def design(self, trial_id: str) -> Design:
        """The design as it was when the trial ran."""
        with _damage_told(self.file, trial_id):
            statement = "SELECT content FROM designs WHERE sha256 = (SELECT design FROM trials WHERE id = ?)"
            text = b"".join(zlib.decompress(content) for (content,) in self._rows(statement, (trial_id,)))
        return decode(text, f"The design of trial {trial_id}")

    def sheets(self, trial_id: str, only: str = "") -> Sheets:
        """All numbers of a trial, or those of one sheet; of a running one those that are kept by now."""
        parts: dict[str, list[Columns]] = {}
        with _damage_told(self.file, trial_id):
            for sheet, names, row_count, content in self._rows(
                "SELECT chunks.sheet, names, row_count, content FROM chunks JOIN layouts ON layouts.id = layout "
                "WHERE chunks.trial = ? AND (chunks.sheet = ? OR ? = '') ORDER BY chunks.sheet, first",
                (trial_id, only, only),
            ):
                titles = msgspec.json.decode(names, type=list[str])
                values = unpacked(content, len(titles), row_count)
                parts.setdefault(sheet, []).append(dict(zip(titles, values, strict=True)))
        return {sheet: joined(found) for sheet, found in parts.items()}

    def delete(self, trial_ids: Iterable[str]) -> None:
        """Delete trials, all of them or none; the file gets smaller. One that still runs is refused."""
        ids = list(trial_ids)
        for one in ids:
            if self._runs(one):
                raise UserError(f"Trial {one} still runs: stop it before it is deleted.")
        connection = self._connection
        with told(self.file):
            with transaction(connection):
                connection.executemany("DELETE FROM trials WHERE id = ?", [(one,) for one in ids])
                drop_unused_designs(connection)
            connection.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page only
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def rename(self, trial_id: str, title: str) -> None:
        """Give a trial another title, in one line; raises `UserError` for an empty one, and when it is deleted."""
        plain = storable(" ".join(title.split()))
        if not plain:
            raise UserError("A trial needs a title: give a word or two.")
        if not self._rows("UPDATE trials SET title = ? WHERE id = ? RETURNING id", (plain, trial_id)):
            raise UserError(f"The history {self.file} has no trial {trial_id!r} any more: it was deleted.")

    def size(self) -> int:
        """Bytes that the history takes on the disk."""
        files = (self.file, self.file.with_name(f"{self.file.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is not None and not self._of_a_file and self.file.exists():
            self.close()
        if self._opened is None:
            self._of_a_file = self.file.exists()
            self._opened = connect_to_read(self.file)
        return self._opened

    def _rows(self, statement: str, values: Any = ()) -> list[Any]:
        connection = self._connection
        with told(self.file):
            return connection.execute(statement, values).fetchall()

    def _runs(self, trial_id: str) -> bool:
        statement = "SELECT writer_pid, writer_started FROM trials WHERE id = ? AND state = 'running'"
        return any(process_lives(pid, started) for pid, started in self._rows(statement, (trial_id,)))

    def _trials(self, where: str, values: dict[str, str]) -> list[KeptTrial]:
        order = "ORDER BY started DESC, rowid DESC"
        statement = f"SELECT {_COLUMNS}, {_UPDATES} FROM trials {where} {order}"
        return [self._kept(row) for row in self._rows(statement, values)]

    def _kept(self, row: tuple[Any, ...]) -> KeptTrial:
        values = dict(zip((*_COLUMNS.split(", "), "updates"), row, strict=True))
        pid, started = values.pop("writer_pid"), values.pop("writer_started")
        if values["state"] == "running" and not process_lives(pid, started):
            values |= {"state": "crashed", "message": CRASHED}
        values["design_sha256"] = values.pop("design")
        with _damage_told(self.file, values["id"]):
            values |= {name: msgspec.json.decode(values[name]) for name in _JSON}
            return msgspec.convert(values, KeptTrial)


@contextmanager
def _damage_told(file: Path, trial_id: str) -> Iterator[None]:
    try:
        yield
    except (zlib.error, DamagedChunkError, msgspec.MsgspecError) as error:
        raise UserError(
            f"Trial {trial_id} is damaged in the history {file} ({error}): delete it there by "
            f"`lrdesigner history delete {trial_id}`."
        ) from None
