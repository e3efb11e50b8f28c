"""How a child process is started: the same command and environment from the window and the command line."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import lrdesigner
from lrdesigner.child.leftovers import MARK
from lrdesigner.jobs.protocol import AnyRequest, ReadRequest
from lrdesigner_resources import path as resource_path

# Ours to decide: with it set, torch.load would run code from files that asked for data only.
STRIPPED = ("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",)


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
    # With torch's threads spinning while they wait, a trial on busy cores took five times as long.
    defaults = {"OMP_WAIT_POLICY": "PASSIVE"}
    environment = {key: value for key, value in os.environ.items() if key not in STRIPPED}
    return {**defaults, **environment} | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ in the user's folders
        MARK: secrets.token_hex(16),
        "LRDESIGNER_DEMO_DATA": str(resource_path("demo/digits.bin.gz")),
    }
