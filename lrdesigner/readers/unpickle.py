"""Unpickling without running anything: every global is a stand-in."""

from __future__ import annotations

import contextlib
import io
import pickle
import threading
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Iterator
from typing import Any

from lrdesigner.readers.contents import Limits, ReadError
from lrdesigner.readers.opcodes import end_of_pickle, most_nested_tuples
from lrdesigner.readers.rebuilders import stand_in, storage_dtype
from lrdesigner.readers.records import Inert, Storage
from lrdesigner.readers.rows import plain_text

_SAFE_TUPLES = 20_000
_STACK_PER_TUPLE = 160
_LEAST_STACK = 1 << 20


class Unpickled:
    """One object of a pickle, and where the pickle ended."""

    def __init__(self, value: Any, end: int) -> None:
        self.value = value
        self.end = end


class InertUnpickler(pickle.Unpickler):
    """CPython's own unpickler, in which a name is never looked up anywhere."""

    def __init__(self, data: bytes, imports: set[str], limits: Limits) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")
        self._imports = imports
        self._limits = limits
        self._made: dict[tuple[str, str], Any] = {}
        self._dtypes: dict[object, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in; the same one each time."""
        found = self._made.get((module, name))
        if found is None:
            asked = module, name
            # As unpickling does with the names of Python 2, which old protocols keep using.
            module, name = NAME_MAPPING.get(asked) or (IMPORT_MAPPING.get(module, module), name)
            if len(self._made) >= self._limits.globals:
                raise ReadError(f"Its pickle names more than {self._limits.globals:,} classes, which no model does.")
            module, name = plain_text(module), plain_text(name)
            self._imports.add(f"{module}.{name}")
            found = self._made[asked] = stand_in(module, name)
        return found

    def persistent_load(self, pid: Any) -> Any:
        """A storage, from ("storage", class, key, device, size, ...); old files keep modules so, with their source."""
        if type(pid) is not tuple or len(pid) < 2:
            return Storage(id(pid), "")
        kind = pid[1]
        if pid[0] == "module" and isinstance(kind, Inert):
            return kind
        dtype = self._dtypes.get(kind) if isinstance(kind, Inert) else ""
        if dtype is None:
            dtype = self._dtypes[kind] = storage_dtype(kind)
        return Storage(pid[2] if len(pid) > 2 else id(pid), dtype)


def unpickle(data: bytes, imports: set[str], limits: Limits, start: int = 0) -> Unpickled:
    """The object of the pickle at `start` in `data` (bytes or a memory map); what it names is added to `imports`."""
    end = end_of_pickle(data, start)
    if end - start > limits.pickle:
        raise ReadError(f"Its pickle has {end - start:,} bytes; more than {limits.pickle:,} are not read.")
    own = data[start:end]
    depth = most_nested_tuples(own)
    if depth > limits.tuples:
        raise ReadError(f"Its pickle may nest {depth:,} tuples, more than any checkpoint does.")

    def load() -> Any:
        with _plain_errors():
            return InertUnpickler(own, imports, limits).load()

    return Unpickled(load() if depth < _SAFE_TUPLES else _with_stack(load, depth), end)


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except ReadError:
        raise
    except MemoryError:
        raise ReadError("Its pickle needs more memory than it may have: it is damaged or made to exhaust it.") from None
    except RecursionError:
        raise ReadError("Its pickle is nested too deeply.") from None
    except Exception as error:  # whatever the opcodes did to the stand-ins
        raise ReadError(f"Its pickle is damaged ({type(error).__name__}).") from error


def _with_stack(load: Callable[[], Any], depth: int) -> Any:
    """Run `load` on a stack for the hash of tuples this deep: CPython computes it by recursion, unchecked."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append((load(), None))
        except ReadError as error:
            results.append((None, error))

    before = threading.stack_size(_LEAST_STACK + -(-depth * _STACK_PER_TUPLE // 4096) * 4096)
    try:
        thread = threading.Thread(target=run, name="lrdesigner-unpickle", daemon=True)
        thread.start()
    except RuntimeError:
        raise ReadError("There is not enough memory to read its pickle.") from None
    finally:
        threading.stack_size(before)
    thread.join()
    value, error = results[0]
    if error is not None:
        raise error
    return value
