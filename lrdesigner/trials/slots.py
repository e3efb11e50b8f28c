"""Where the trials of a sweep run: one at a time on each GPU, or side by side on the cores."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lrdesigner.errors import UserError

_GPU_LIST = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one trial at a time runs; `variables` are the environment variables that lead it there."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)


def slots_for(
    device: str, jobs: int | None = None, gpus: Sequence[str] | None = None, processes: int = 1
) -> tuple[Slot, ...]:
    """One slot for each GPU that is there, and one where none is used; `jobs` says otherwise.

    A trial of several processes has all GPUs, so that one runs at a time. On CPUs the slots share the cores, and all
    have as many threads: figures of one and of two threads differ.
    """
    if jobs is not None and jobs < 1:
        raise UserError(f"A sweep needs at least 1 job at a time, not {jobs}.")
    if processes > 1 and jobs is None:
        return (Slot("all devices"),)
    if processes > 1 and jobs != 1:
        raise UserError("Trials of several processes run one at a time: leave out --jobs.")
    found = (visible_gpus(os.environ) if gpus is None else tuple(gpus)) if device in ("auto", "cuda") else ()
    if found:
        count = jobs or len(found)
        taken = [found[number % len(found)] for number in range(count)]
        return tuple(Slot(f"GPU {gpu}", {"CUDA_VISIBLE_DEVICES": gpu}) for gpu in taken)
    if jobs is None or jobs == 1 or "OMP_NUM_THREADS" in os.environ:
        return tuple(Slot(f"slot {number + 1}") for number in range(jobs or 1))
    threads = str(max((os.cpu_count() or 1) // jobs, 1))
    return tuple(Slot(f"slot {number + 1}", {"OMP_NUM_THREADS": threads}) for number in range(jobs))


def visible_gpus(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The CUDA devices that a child may use, as `CUDA_VISIBLE_DEVICES` names them; () where there are none."""
    told = environment.get("CUDA_VISIBLE_DEVICES")
    if told is not None:
        return tuple(name.strip() for name in told.split(",") if name.strip() not in ("", "-1"))
    if shutil.which(_GPU_LIST[0]) is None:
        return ()
    try:
        answer = subprocess.run(_GPU_LIST, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in answer.splitlines() if line.strip().isdigit())
