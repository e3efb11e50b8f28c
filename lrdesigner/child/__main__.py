"""Start of a child process: `python -u .../lrdesigner/child/__main__.py`, the request as first line on stdin.

A trial in several processes starts this file again as torchrun, and that once for each of them.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

ROLES = {"--torchrun": "lrdesigner.child.torchrun", "--rank": "lrdesigner.child.rank"}


def _import_role(name: str) -> ModuleType:
    """Import our package by its place, and leave no folder of ours where the user's imports would look."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        del sys.path[0]
    root = os.path.dirname(os.path.dirname(here))
    sys.path.insert(0, root)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(root)  # the first one, which is ours


if __name__ == "__main__":
    _import_role(ROLES.get("".join(sys.argv[1:2]), "lrdesigner.child.session")).main()
