"""The tables of the store of trials, as numbered steps from an empty file to the present version."""

from __future__ import annotations

import sqlite3

APPLICATION = 0x4C526454
"""What marks the file as ours ("LRdT"), in the place that SQLite keeps for it."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        f"PRAGMA application_id = {APPLICATION}",
        "CREATE TABLE designs (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL)",
        """CREATE TABLE trials (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            design_key TEXT NOT NULL,
            title TEXT NOT NULL,
            design TEXT NOT NULL REFERENCES designs (sha256),
            code_sha256 TEXT NOT NULL,
            options TEXT NOT NULL,
            environment TEXT NOT NULL,
            started REAL NOT NULL,
            ended REAL,
            state TEXT NOT NULL,
            message TEXT NOT NULL DEFAULT '',
            details TEXT NOT NULL DEFAULT '',
            summary TEXT NOT NULL DEFAULT '{}',
            sweep TEXT NOT NULL DEFAULT '',
            variant TEXT NOT NULL DEFAULT '',
            seed INTEGER,
            writer_pid INTEGER NOT NULL,
            writer_started TEXT NOT NULL
        )""",
        "CREATE INDEX trials_of_a_design ON trials (design_key, started)",
        "CREATE INDEX trials_with_a_snapshot ON trials (design)",
        """CREATE TABLE layouts (
            id INTEGER PRIMARY KEY,
            trial TEXT NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
            sheet TEXT NOT NULL,
            names TEXT NOT NULL,
            UNIQUE (trial, sheet, names)
        )""",
        """CREATE TABLE chunks (
            trial TEXT NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
            sheet TEXT NOT NULL,
            first INTEGER NOT NULL,
            layout INTEGER NOT NULL REFERENCES layouts (id) ON DELETE CASCADE,
            row_count INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (trial, sheet, first)
        )""",
        "CREATE INDEX chunks_of_a_layout ON chunks (layout)",
    ),
)
"""The statements that lead from version n to n + 1. A step that has been released is never changed, only followed."""


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps the store has behind it."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, steps: tuple[tuple[str, ...], ...] = STEPS) -> None:
    """Take the steps that the store lacks, each whole or not at all, also when another program does the same now."""
    while version_of(connection) < len(steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = version_of(connection)  # another program may have been quicker
            if done < len(steps):
                for statement in steps[done]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {done + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
