"""How a child process is started: the same command and environment from the window and the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import lrdesigner
from lrdesigner.child.environment import child_variables
from lrdesigner.jobs.protocol import AnyRequest, ReadRequest
from lrdesigner_resources import path as resource_path


def child_command(python: str | None = None, *, torch: bool = True) -> list[str]:
    """Program and arguments of a child; `python` is the interpreter of the user's model, by default ours.

    Without `torch` the child does not import it, which is enough, and quicker, for reading files.
    """
    main_file = Path(lrdesigner.__file__).resolve().parent / "child" / "__main__.py"
    return [python or sys.executable, "-u", str(main_file), *(() if torch else ("--without-torch",))]


def command_for(request: AnyRequest, python: str = "") -> list[str]:
    """The command of the child that does this job; files are read by our own interpreter, whatever `python` says."""
    return child_command(torch=False) if isinstance(request, ReadRequest) else child_command(python or None)


def child_environment() -> dict[str, str]:
    """Every environment variable of a child; one marks the processes of this job, so call it once for each."""
    return child_variables(os.environ, str(resource_path("demo/digits.bin.gz")))
