"""Who does which run: a file that only one can create, kept young by a heartbeat, so that dead workers are found.

Works on folders that several machines share, with the standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
from typing import Any

CLAIMS = "claims"
HEARTBEAT_SECONDS = 10.0
EXPIRY_SECONDS = 180.0
"""A claim of that age, by the clock that gives files their times, is a dead worker's; NFS shows them a minute late."""


class Claim:
    """A run that this process does; make it with `take`. `lost` is set when another has taken the run over."""

    def __init__(self, path: str, token: str, heartbeat: float) -> None:
        self.lost = threading.Event()
        self._path = path
        self._token = token
        self._heartbeat = heartbeat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lrdesigner-claim", daemon=True)
        self._thread.start()

    @classmethod
    def take(
        cls, folder: str, run: str, expiry: float = EXPIRY_SECONDS, heartbeat: float = HEARTBEAT_SECONDS
    ) -> Claim | None:
        """Claim a run; None where another has it. Raises `OSError` where the folder cannot be written."""
        claims = os.path.join(folder, CLAIMS)
        os.makedirs(claims, exist_ok=True)
        path, token = os.path.join(claims, f"{run}.claim"), secrets.token_hex(8)
        if _created(path, token) or _taken_over(claims, path, token, expiry):
            return cls(path, token, heartbeat)
        return None

    def release(self) -> None:
        """Let others have it."""
        self._over.set()
        self._thread.join()
        if _token_in(self._path) == self._token:
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def _beat(self) -> None:
        while not self._over.wait(self._heartbeat):
            if _token_in(self._path) not in (self._token, None):
                self.lost.set()
                return
            with contextlib.suppress(OSError):  # a folder that is away for a moment is no reason to give up
                os.utime(self._path)


def _created(path: str, token: str) -> bool:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"token": token, "pid": os.getpid(), **_machine()}, file)
    return True


def _taken_over(claims: str, path: str, token: str, expiry: float) -> bool:
    """Replace a dead worker's claim; of several who try only one can, for each claim is replaced once."""
    dead = _token_in(path)
    if dead == "" or not (_is_stale(claims, path, token, expiry) or _is_of_the_dead(path)):
        return False
    number = 0
    while os.path.exists(over := f"{path}.{dead}.{number}.over") and _is_stale(claims, over, token, expiry):
        number += 1  # whoever began to replace it has died too
    if not _created(over, token):
        return False
    try:
        if _token_in(path) != dead:  # another has replaced it since, and is done
            return False
        fresh = f"{path}.{token}.new"
        _created(fresh, token)
        os.replace(fresh, path)
        return True
    finally:
        os.unlink(over)


def _is_stale(claims: str, path: str, token: str, expiry: float) -> bool:
    """Whether a file was not touched for so long, by the clock that gives files their times."""
    probe = os.path.join(claims, f"{token}.now")
    with open(probe, "wb"):
        pass
    try:
        return os.stat(probe).st_mtime - os.stat(path).st_mtime > expiry
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            os.unlink(probe)


def _is_of_the_dead(path: str) -> bool:
    """Whether its process was one of this machine and is no more, so that nobody needs to wait."""
    try:
        found = _read(path)
    except FileNotFoundError:
        return False
    pid = found.get("pid")
    if os.name == "nt" or not isinstance(pid, int) or pid < 1:
        return False
    if {key: found.get(key) for key in _machine()} != _machine():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def _machine() -> dict[str, str]:
    """Where numbers of processes mean the same: containers may share a name, but not these."""
    try:
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        numbers = ""
    return {"host": socket.gethostname(), "numbers": numbers}


def _token_in(path: str) -> Any:
    """Whose claim it is; None where that cannot be read now, "" where there is none."""
    try:
        return _read(path).get("token")
    except FileNotFoundError:
        return ""


def _read(path: str) -> dict[str, Any]:
    """What a claim says; {} where that cannot be read now. Raises `FileNotFoundError`."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        raise
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
