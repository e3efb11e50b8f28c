"""Writing one trial into the store: its facts at the beginning, its rows as they come, its end.

Everything happens in the calling thread and may wait for the disk; `TrialWriter` does it beside a running trial.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from uuid import uuid4

import msgspec

from lrdesigner.design_file import encode_compact
from lrdesigner.process_identity import process_start
from lrdesigner.trials.history.connection import connect_to_write, drop_unused_designs, told, transaction
from lrdesigner.trials.history.entries import Ending, Environment, NewTrial, storable
from lrdesigner.trials.history.sheets import OpenChunk, packed

Row = tuple[str, tuple[str, ...], tuple[float, ...]]
"""The sheet, the names of its columns, and a value for each."""


def new_id() -> str:
    """An id that no other trial has."""
    return str(uuid4())


class TrialLog:
    """One trial being written; of its numbers what `commit` was called after is kept, whatever happens then."""

    def __init__(self, file: Path, trial_id: str) -> None:
        """Open the store; raises `UserError` where that cannot be."""
        self.file = file
        self.id = trial_id
        self._connection = connect_to_write(file)
        self._chunks: dict[str, OpenChunk] = {}
        self._layouts: dict[tuple[str, tuple[str, ...]], int] = {}

    def begin(self, trial: NewTrial, environment: Environment, started: float) -> None:
        """Enter the trial as a running one of this process; raises `UserError`."""
        content = encode_compact(trial.design)
        sha256 = hashlib.sha256(content).hexdigest()
        values = {
            "id": self.id,
            "kind": trial.kind,
            "design_key": trial.design_key,
            "title": storable(trial.title),
            "design": sha256,
            "code_sha256": hashlib.sha256(trial.code.encode()).hexdigest(),
            "options": msgspec.json.encode(trial.options).decode(),
            "environment": msgspec.json.encode(environment).decode(),
            "started": started,
            "state": "running",
            "sweep": trial.sweep,
            "variant": storable(trial.variant),
            "seed": trial.seed,
            "writer_pid": os.getpid(),
            "writer_started": process_start(os.getpid()),
        }
        with told(self.file), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO designs VALUES (?, ?) ON CONFLICT DO NOTHING", (sha256, zlib.compress(content, 6))
            )
            places = ", ".join(f":{name}" for name in values)
            self._connection.execute(f"INSERT INTO trials ({', '.join(values)}) VALUES ({places})", values)

    def commit(self, rows: list[Row]) -> None:
        """Keep these rows after those before; raises `UserError`, and then has kept none and can be tried again."""
        if not rows:
            return
        chunks = {sheet: chunk.copy() for sheet, chunk in self._chunks.items()}
        layouts = dict(self._layouts)
        try:
            with told(self.file), transaction(self._connection):
                for row in rows:
                    self._add(row)
                for sheet in self._chunks:
                    self._write(sheet)
        except BaseException:
            self._chunks, self._layouts = chunks, layouts
            raise

    def learn(self, environment: Environment) -> None:
        """Enter what is known of the environment by now; raises `UserError`."""
        text = msgspec.json.encode(environment).decode()
        with told(self.file), transaction(self._connection):
            self._connection.execute("UPDATE trials SET environment = ? WHERE id = ?", (text, self.id))

    def end(self, ending: Ending, environment: Environment, ended: float) -> None:
        """Enter how the trial ended; raises `UserError`."""
        values = (
            ending.state,
            storable(ending.message),
            storable(ending.details),
            msgspec.json.encode(ending.summary).decode(),
            msgspec.json.encode(environment).decode(),
            ended,
            self.id,
        )
        with told(self.file), transaction(self._connection):
            self._connection.execute(
                "UPDATE trials SET state = ?, message = ?, details = ?, summary = ?, environment = ?, ended = ? "
                "WHERE id = ?",
                values,
            )

    def discard(self) -> None:
        """Take the trial out of the store again; raises `UserError`."""
        with told(self.file), transaction(self._connection):
            self._connection.execute("DELETE FROM trials WHERE id = ?", (self.id,))
            drop_unused_designs(self._connection)

    def close(self) -> None:
        """Let go of the store."""
        self._connection.close()

    def _add(self, row: Row) -> None:
        sheet, names, values = row
        chunk = self._chunks.get(sheet)
        if chunk is None:
            chunk = self._chunks[sheet] = OpenChunk(names)
        elif chunk.full or chunk.names != names:
            self._write(sheet)
            chunk = self._chunks[sheet] = chunk.next(names)
        chunk.rows.append(values)

    def _write(self, sheet: str) -> None:
        chunk = self._chunks[sheet]
        if chunk.written == len(chunk.rows):
            return
        self._connection.execute(
            "INSERT INTO chunks (trial, sheet, first, layout, row_count, content) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (trial, sheet, first) "
            "DO UPDATE SET row_count = excluded.row_count, content = excluded.content",
            (self.id, sheet, chunk.first, self._layout(sheet, chunk.names), len(chunk.rows), packed(chunk.rows)),
        )
        chunk.written = len(chunk.rows)

    def _layout(self, sheet: str, names: tuple[str, ...]) -> int:
        known = self._layouts.get((sheet, names))
        if known is None:
            text = msgspec.json.encode(names).decode()
            found = self._connection.execute(
                "INSERT INTO layouts (trial, sheet, names) VALUES (?, ?, ?) RETURNING id", (self.id, sheet, text)
            ).fetchone()
            known = self._layouts[sheet, names] = int(found[0])
        return known
