"""Torch's own launcher, which starts the processes of a trial and ends all of them when one fails."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from typing import NoReturn

FAILURES = "failures.json"
"""In the trial's folder: exit codes by rank of the processes that failed, negative for signals."""


def main() -> NoReturn:
    """`--torchrun FOLDER COUNT`: run so many of `lrdesigner.child.rank`, until our stdin is closed."""
    folder, count = sys.argv[2:4]
    threading.Thread(target=_end_with, args=(_own_stdin(), folder), daemon=True).start()
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    try:
        torchrun(["--standalone", "--nproc-per-node", count, script, "--rank", folder])
    except ChildFailedError as error:
        codes = {rank: failure.exitcode for rank, failure in error.failures.items()}
        with open(os.path.join(folder, FAILURES), "w", encoding="utf-8") as file:
            json.dump(codes, file)
        os._exit(1)
    os._exit(0)


def _own_stdin() -> int:
    """Our stdin under another number; under its own number the others find an empty one."""
    kept = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return kept


def _end_with(pipe: int, folder: str) -> None:
    while os.read(pipe, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
