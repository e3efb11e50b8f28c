"""The environment variables of a child process, the same wherever one is started."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from lrdesigner.child.digits import DATA_VARIABLE
from lrdesigner.child.leftovers import MARK

# Ours to decide: with it set, torch.load would run code from files that asked for data only.
STRIPPED = ("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",)


def child_variables(own: Mapping[str, str], demo_data: str) -> dict[str, str]:
    """Every variable of a child, from those of this process; one marks its processes, so call it once for each."""
    # With torch's threads spinning while they wait, a trial on busy cores took five times as long.
    defaults = {"OMP_WAIT_POLICY": "PASSIVE"}
    kept = {key: value for key, value in own.items() if key not in STRIPPED}
    return {**defaults, **kept} | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ in the user's folders
        MARK: secrets.token_hex(16),
        DATA_VARIABLE: demo_data,
    }
