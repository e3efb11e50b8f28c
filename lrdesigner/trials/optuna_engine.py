"""Sweeps by any number of workers on any machines, with Optuna to hand out the runs; it is imported late.

A study holds the runs as trials whose user attributes tell the variant; each worker makes the same runs of them from
the same design. Where the storage is a database, the heartbeats of `Study.optimize` (ask and tell have none) show
which workers died, and their runs are handed out again.
"""

from __future__ import annotations

import importlib
import os
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.history.log import new_id
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.sweep_results import RunResult
from lrdesigner.trials.variants import Run, label_of, run_of, varied

HEARTBEAT_SECONDS = 30
GRACE_SECONDS = 120
MOST_RETRIES = 3
JOURNAL = "journal:"
_ATTRIBUTE = "lrdesigner"
_RESULT = "lrdesigner result"
_SWEEP = "lrdesigner sweep"
_POLL_SECONDS = 1.0
_HIDDEN = re.compile(r"//[^/@]*@")


class _Handed(msgspec.Struct, frozen=True):
    """What a trial of the study tells a worker; `design` is the name of the design that the changes are made to."""

    id: str
    design: str
    changes: dict[str, str]
    options: TrialOptions


class NotFinishedError(Exception):
    """A run failed or was stopped: its trial in the study has failed."""


@dataclass(frozen=True, slots=True)
class Heart:
    """How often workers with a database say that they live, and after how long without they count as dead."""

    seconds: int = HEARTBEAT_SECONDS
    grace: int = GRACE_SECONDS


class OptunaSweep:
    """A study, and the runs in it; `designs` are those by name that its runs vary.

    Raises `UserError` where Optuna is missing, or the storage or the study cannot be opened; `create` makes a study.
    """

    def __init__(
        self, storage: str, study: str, designs: Mapping[str, Design], *, create: bool, heart: Heart | None = None
    ) -> None:
        self._optuna = _imported()
        self._designs = designs
        self.finds_dead = not storage.startswith(JOURNAL)
        self._study = _opened(self._optuna, storage, study, create, heart or Heart())

    @property
    def id(self) -> str:
        """Under what the histories of all workers know the sweep."""
        found = self._study.user_attrs.get(_SWEEP)
        if not found:
            self._study.set_user_attr(_SWEEP, found := new_id())
        return str(found)

    def enqueue(self, runs: Sequence[Run]) -> int:
        """Put those runs into the study that it does not hold yet; how many these are."""
        known = {handed.id for trial in self._trials() if (handed := _handed(trial)) is not None}
        fresh = [run for run in runs if run.id not in known]
        for run in fresh:
            self._hand_out(_Handed(run.id, self._name_of(run), dict(run.variant.changes), run.options))
        return len(fresh)

    def work(self, run: Callable[[Run], RunResult], poll: float = _POLL_SECONDS) -> None:
        """Do runs until none waits and, where dead workers are found, none is being done; stops after a stopped run."""
        stopped: list[RunResult] = []

        def objective(trial: Any) -> float:
            result = self._one(trial, run)
            if result.state in ("stopped", "cancelled"):
                stopped.append(result)
            return self._value(result)

        while not stopped:
            if self.waiting:
                self._study.optimize(objective, n_trials=1, catch=(NotFinishedError,))
            elif self.finds_dead and self._count("RUNNING"):
                time.sleep(poll)
                self._fail_stale()
            else:
                return

    def results(self) -> tuple[RunResult, ...]:
        """How each run stands; of one that was handed out again, how it ended last."""
        found: dict[str, RunResult] = {}
        for trial in self._trials():
            handed = _handed(trial)
            if handed is None:
                continue
            result = _told(trial) or self._begun(trial, handed)
            if handed.id not in found or found[handed.id].state != "finished":
                found[handed.id] = result
        return tuple(found.values())

    @property
    def waiting(self) -> int:
        """How many runs nobody has taken yet."""
        return self._count("WAITING")

    @property
    def left_running(self) -> int:
        """How many trials are marked as running: with a journal also those whose worker has died."""
        return self._count("RUNNING")

    def _one(self, trial: Any, run: Callable[[Run], RunResult]) -> RunResult:
        handed = _handed(trial)
        if handed is None:  # another worker was quicker, and Optuna has made a new trial in its place
            raise self._optuna.TrialPruned
        try:
            result = run(self._run_of(handed))
        except UserError:  # it lies with this worker, so another shall do it
            self._hand_out(handed)
            raise
        trial.set_user_attr(_RESULT, msgspec.to_builtins(result))
        if result.state in ("stopped", "cancelled"):
            self._hand_out(handed)
        return result

    def _hand_out(self, handed: _Handed) -> None:
        self._study.enqueue_trial({}, user_attrs={_ATTRIBUTE: msgspec.to_builtins(handed)})

    def _value(self, result: RunResult) -> float:
        if result.state == "diverged":
            raise self._optuna.TrialPruned
        value = result.figure("final_loss")
        if value is None:
            raise NotFinishedError(result.message or result.state)
        return value

    def _run_of(self, handed: _Handed) -> Run:
        design = self._designs.get(handed.design)
        if design is None:
            raise UserError(f"The study has runs of the design {handed.design!r}; give its file too.")
        run = run_of(varied(design, handed.changes, self._shown(handed.design)), handed.options)
        if run.id != handed.id:
            raise UserError(
                f"The design {handed.design!r} here is not the one that the sweep was begun with; copy that file, or "
                "begin a new study."
            )
        return run

    def _begun(self, trial: Any, handed: _Handed) -> RunResult:
        label = label_of(handed.changes, self._shown(handed.design))
        states = {"WAITING": "waiting", "RUNNING": "running"}
        state, options = states.get(trial.state.name, "failed"), handed.options
        return RunResult(handed.id, label, options.seed, state, whole=options.whole)

    def _name_of(self, run: Run) -> str:
        changes = dict(run.variant.changes)
        for name, design in self._designs.items():
            if varied(design, changes, self._shown(name)) == run.variant:
                return name
        raise KeyError(run.variant.label)

    def _shown(self, name: str) -> str:
        return name if len(self._designs) > 1 else ""

    def _trials(self) -> list[Any]:
        return list(self._study.get_trials(deepcopy=False))

    def _count(self, state: str) -> int:
        return sum(trial.state.name == state for trial in self._trials())

    def _fail_stale(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is called experimental
            self._optuna.storages.fail_stale_trials(self._study)


def _handed(trial: Any) -> _Handed | None:
    found = trial.user_attrs.get(_ATTRIBUTE)
    try:
        return None if found is None else msgspec.convert(found, _Handed)
    except msgspec.ValidationError as error:
        raise UserError(f"Trial {trial.number} of the study is of another version of this program: {error}.") from None


def _told(trial: Any) -> RunResult | None:
    found = trial.user_attrs.get(_RESULT)
    return None if found is None else msgspec.convert(found, RunResult)


def _imported() -> Any:
    try:
        optuna: Any = importlib.import_module("optuna")
    except ImportError:
        raise UserError(
            "Optuna is not installed here: pip install 'lrdesigner[sweep]', or use --engine pool."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _opened(optuna: Any, storage: str, name: str, create: bool, heart: Heart) -> Any:
    shown = _HIDDEN.sub("//...@", storage)
    try:
        opened = _storage(optuna, storage, heart)
        sampler = optuna.samplers.RandomSampler()  # nothing is sampled: the runs are given
        if not create:
            return optuna.load_study(study_name=name, storage=opened, sampler=sampler)
        return optuna.create_study(
            study_name=name, storage=opened, sampler=sampler, direction="minimize", load_if_exists=True
        )
    except UserError:
        raise
    except KeyError:
        raise UserError(f"{shown} holds no study {name!r}; begin the sweep without --worker first.") from None
    except Exception as error:  # of any database's driver
        told = _HIDDEN.sub("//...@", " ".join(str(error).split())[:200])
        raise UserError(f"The storage {shown} cannot be opened: {told}.") from None


def _storage(optuna: Any, text: str, heart: Heart) -> Any:
    if text.startswith(JOURNAL):
        journal, path = importlib.import_module("optuna.storages.journal"), text.removeprefix(JOURNAL)
        # Windows lets only administrators make the links that the other lock needs.
        lock = journal.JournalFileOpenLock(path) if os.name == "nt" else journal.JournalFileSymlinkLock(path)
        return optuna.storages.JournalStorage(journal.JournalFileBackend(path, lock_obj=lock))
    if "://" not in text:
        raise UserError(f"{text!r} is no storage; give journal:FILE, sqlite:///FILE or postgresql://USER@HOST/NAME.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heartbeats are called experimental
        return optuna.storages.RDBStorage(
            text,
            heartbeat_interval=heart.seconds,
            grace_period=heart.grace,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=MOST_RETRIES),
        )
