"""Start of a child process: `python -u .../lrdesigner/child/__main__.py`, the request as first line on stdin."""

from __future__ import annotations

import importlib
import os
import sys


def _import_session() -> None:
    """Import our package by its place, and leave no folder of ours where the user's imports would look."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        del sys.path[0]
    root = os.path.dirname(os.path.dirname(here))
    sys.path.insert(0, root)
    try:
        importlib.import_module("lrdesigner.child.session")
    finally:
        sys.path.remove(root)  # the first one, which is ours


if __name__ == "__main__":
    _import_session()
    from lrdesigner.child.session import main

    main()
