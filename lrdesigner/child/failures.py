"""What went wrong in the user's code, in one sentence with its place."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

LONGEST_MESSAGE = 600
LONGEST_TRACEBACK = 50_000
_OUR_FOLDER = os.path.dirname(os.path.abspath(__file__))


class JobError(Exception):
    """The job cannot go on; the text is one sentence for a person, `__cause__` is what the user's code raised.

    `metrics` is what the last message holds all the same.
    """

    metrics: Mapping[str, Any] = {}


class BuildError(JobError):
    """A constructor failed; the model may build in another way."""


@contextlib.contextmanager
def user_code(doing: str) -> Iterator[None]:
    """Turn whatever the user's code raises into a `JobError` that starts with `doing`, such as "Importing net.py"."""
    try:
        yield
    except JobError:
        raise
    except SystemExit as error:
        code = "" if error.code is None else repr(error.code)
        raise JobError(
            f'{doing} called exit({code}); remove that call, or move it under `if __name__ == "__main__":`.'
        ) from error
    except KeyboardInterrupt as error:
        raise JobError(f"{doing} was interrupted.") from error
    except BaseException as error:
        raise JobError(f"{doing} failed: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """One line: type and text of the error, and of the first cause when there is one."""
    text = _one_line(error)
    first = _first_cause(error)
    return text if first is error else f"{text} First cause: {_one_line(first)}"


def within(error: JobError) -> str:
    """Its text as a part of another sentence."""
    text = str(error)
    return text[:1].lower() + text[1:].rstrip(".")


def describe(error: BaseException, files: Iterable[str]) -> dict[str, Any]:
    """The fields of a Failure; `files` are the user's files, in which the place is looked for."""
    shown = error
    if isinstance(error, JobError):
        shown = error.__cause__ or error
        message = str(error)
    else:
        message = f"The child process failed: {reason(error)}"
    if isinstance(shown, JobError):
        return {"message": clean(message), "where": "", "traceback": ""}
    return {
        "message": clean(message),
        "where": clean(place(_first_cause(shown), files) or place(shown, files)),
        "traceback": clean(_traceback(shown))[-LONGEST_TRACEBACK:],
        "building": isinstance(error, BuildError),
        "error": clean(type(_first_cause(shown)).__name__),
    }


def place(error: BaseException, files: Iterable[str]) -> str:
    """`FILE:LINE` of the last frame in one of `files`, else in one of their folders, else ""."""
    wanted = {os.path.abspath(file) for file in files}
    folders = tuple({os.path.dirname(file) + os.sep for file in wanted})
    if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(folders):
        return f"{error.filename}:{error.lineno or 1}"
    exact = near = ""
    for name, line in _frames(error.__traceback__):
        if name in wanted:
            exact = f"{name}:{line}"
        elif name.startswith(folders) and "site-packages" not in name:
            near = f"{name}:{line}"
    return exact or near


def clean(text: str) -> str:
    """The text without lone surrogates, which JSON readers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield os.path.abspath(trace.tb_frame.f_code.co_filename), trace.tb_lineno
        trace = trace.tb_next


def _first_cause(error: BaseException) -> BaseException:
    seen = {id(error)}
    while True:
        earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if earlier is None or id(earlier) in seen:
            return error
        seen.add(id(earlier))
        error = earlier


def _one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except BaseException:  # somebody's broken __str__
        text = ""
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if len(text) > LONGEST_MESSAGE:
        text = text[: LONGEST_MESSAGE - 1] + "…"
    return text if text.endswith((".", "!", "?", "…")) else text + "."


def _traceback(error: BaseException) -> str:
    shown: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    told = shown
    while told is not None:
        told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if not _is_ours(frame.filename)])
        told = told.__cause__ or told.__context__
    return "".join(shown.format()) if shown else ""


def _is_ours(file: str) -> bool:
    return file.startswith((_OUR_FOLDER, contextlib.__file__, "<frozen importlib"))
