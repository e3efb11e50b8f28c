"""Opening the store of trials: where it lies, how it is set up, and what is said when the disk or the file refuses."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.trials.history.schema import APPLICATION, STEPS, migrate, version_of

FILE_NAME = "trials.sqlite3"
BUSY_SECONDS = 5.0
"""How long another program may hold the store before ours gives up; it holds it for milliseconds."""

_PRIMARY = 0xFF
"""The bits of an error's code that tell its kind; the rest tell details."""

_ELSEWHERE = "the variable LRDESIGNER_DATA_DIR names another folder for it"


def data_folder() -> Path:
    """Where this program keeps what it has measured; the variable LRDESIGNER_DATA_DIR names another place."""
    chosen = os.environ.get("LRDESIGNER_DATA_DIR")
    import platformdirs  # not needed to open the window

    return Path(chosen) if chosen else platformdirs.user_data_path("lrdesigner", appauthor=False)


def default_store() -> Path:
    """The file with the history of this person's trials, which need not exist."""
    return data_folder() / FILE_NAME


def connect_to_write(file: Path) -> sqlite3.Connection:
    """Open the store, made or brought to the present version where needed.

    Raises `UserError` for a store of a newer version, of which nothing is changed, and where file or folder refuse.
    """
    with told(file):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The folder of the history {file} cannot be made: {error}; {_ELSEWHERE}.") from None
        if file.exists() and file.stat().st_size:
            _look(file)
        return _set_up(_opened(str(file)))


def connect_to_read(file: Path) -> sqlite3.Connection:
    """As `connect_to_write`, but where there is no file none is made: what is read then is an empty store."""
    return connect_to_write(file) if file.exists() else _set_up(_opened(":memory:"))


@contextmanager
def told(file: Path) -> Iterator[None]:
    """What SQLite raises in this context as a `UserError` that names the file and says how to mend it."""
    try:
        yield
    except (sqlite3.DatabaseError, sqlite3.InterfaceError) as error:
        raise UserError(_sentence(error, file)) from None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is written in this context or nothing; the lock for writing is waited for at its beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise


def drop_unused_designs(connection: sqlite3.Connection) -> None:
    """Delete the snapshots that no trial has any more; to be called in the transaction that deleted the trials."""
    connection.execute("DELETE FROM designs WHERE sha256 NOT IN (SELECT design FROM trials)")


def _opened(place: str, uri: bool = False) -> sqlite3.Connection:
    # Without isolation_level no statement begins a transaction by itself.
    return sqlite3.connect(place, timeout=BUSY_SECONDS, isolation_level=None, uri=uri)


def _look(file: Path) -> None:
    """Refuse what is not to be touched, by looking only: opened to write, SQLite would tidy the file up."""
    connection = _opened(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        _refuse_foreign(connection, file)
    finally:
        connection.close()


def _refuse_foreign(connection: sqlite3.Connection, file: Path) -> None:
    connection.execute("BEGIN")  # one view of a store that another program may just be beginning
    version = version_of(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    connection.execute("COMMIT")
    if application != APPLICATION and (tables or version):
        raise UserError(f"{file} is a database of another program and not a history of trials; {_ELSEWHERE}.")
    if version > len(STEPS):
        raise UserError(
            f"The history {file} was written by a newer version of this program (format {version}, known up to "
            f"{len(STEPS)}): use that version, or {_ELSEWHERE}."
        )


def _set_up(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        if version_of(connection) == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # can only be chosen before the first table
        _to_write_ahead(connection)
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _to_write_ahead(connection: sqlite3.Connection) -> None:
    """Choose the journal that lets others read meanwhile.

    For this one statement SQLite does not wait for programs that begin the same store, but refuses at once.
    """
    given_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() > given_up:
                raise
            time.sleep(0.01)
        else:
            return


def _sentence(error: sqlite3.Error, file: Path) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return (
            f"The history {file} is damaged ({error}): move that file away and a new history is begun; the program "
            "sqlite3 may save what is in it by its command .recover."
        )
    if code == sqlite3.SQLITE_FULL:
        return f"The disk of the history {file} is full: make room on it; {_ELSEWHERE}."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"The history {file} has been in use by another program for {BUSY_SECONDS:g} seconds: try again."
    if code == sqlite3.SQLITE_CONSTRAINT:
        return f"The trial was deleted from the history {file} while it ran."
    return f"The history {file} cannot be opened or written ({error}): let this user write there; {_ELSEWHERE}."
