"""What a child process says and how it ends, as a state machine without any input or output of its own."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from lrdesigner.jobs.protocol import (
    PROTOCOL_VERSION,
    AnyReport,
    End,
    Failure,
    Hello,
    decode_report,
)

LONGEST_LINE = 64 * 1024 * 1024
KEPT_ERRORS = 8 * 1024
_A_PYTHON = "check that the interpreter is a Python of version 3.10 or newer"

GiveUp = Literal["timed_out", "cancelled", "killed"]
State = Literal["finished", "stopped", "diverged", "failed", "crashed", "killed", "timed_out", "cancelled", "garbled"]

_FAULTS = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"}


class Outcome(Struct, frozen=True):
    """How a job ended.

    finished, stopped, diverged and failed are the child's own words. crashed: it died or left without a last message.
    killed: something from outside ended it. timed_out, cancelled: we ended it. garbled: it broke the protocol.
    `message` is one sentence for a person, with the place in the user's file; `where` is that place alone
    (`FILE:LINE`, or ""); `details` is what a report should hold: traceback and last lines of stderr. `failure` is what
    the child said of it.
    """

    state: State
    message: str
    details: str = ""
    where: str = ""
    metrics: dict[str, Any] = {}
    failure: Failure | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the job did all that it was asked."""
        return self.state == "finished"


class JobReader:
    """Fed with the bytes of stdout and stderr and the exit of one child; gives its reports and exactly one outcome."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._scanned = 0
        self._errors = bytearray()
        self._hello: Hello | None = None
        self._failure: Failure | None = None
        self._end: End | None = None
        self._fault = ""
        self._given_up: tuple[GiveUp, str] | None = None
        self._outcome: Outcome | None = None

    @property
    def hello(self) -> Hello | None:
        """The child's first message, None until it came."""
        return self._hello

    @property
    def garbled(self) -> bool:
        """Whether the child broke the protocol: it should be killed, nothing more is read from it."""
        return bool(self._fault)

    @property
    def ended(self) -> bool:
        """Whether the child has sent its last message."""
        return self._end is not None

    def feed_output(self, data: bytes) -> list[AnyReport]:
        """Take bytes of stdout; the reports whose lines they complete, in order."""
        reports: list[AnyReport] = []
        self._pending += data
        while not self._fault and (newline := self._pending.find(b"\n", self._scanned)) >= 0:
            line = bytes(self._pending[:newline])
            del self._pending[: newline + 1]
            self._scanned = 0
            report = self._read(line)
            if report is not None:
                reports.append(report)
        self._scanned = len(self._pending)
        if self._scanned > LONGEST_LINE and not self._fault:
            self._fault = f"it sent more than {LONGEST_LINE >> 20} MiB without a line end"
        if self._fault:
            self._pending.clear()
            self._scanned = 0
        return reports

    def feed_errors(self, data: bytes) -> None:
        """Take bytes of stderr; only the last few thousand are kept."""
        self._errors += data
        del self._errors[:-KEPT_ERRORS]

    def give_up(self, why: GiveUp, message: str) -> None:
        """Say, before the child is killed by us, why; the outcome tells it unless the child had ended by itself."""
        self._given_up = self._given_up or (why, message)

    def exited(self, returncode: int) -> Outcome:
        """Take the exit of the child, after all of its output; always the same outcome when asked again.

        `returncode` is as `subprocess` has it: negative for a signal.
        """
        if self._outcome is None:
            if self._end is not None and self._pending and not self._fault:
                self._fault = "it went on writing after its last message"
            self._outcome = self._result(returncode)
        return self._outcome

    def not_started(self, reason: str) -> Outcome:
        """Take the news that there is no child: the interpreter is missing or may not be run."""
        if self._outcome is None:
            self._outcome = self._ending("crashed", f"The child process could not be started: {reason}.")
        return self._outcome

    def _read(self, line: bytes) -> AnyReport | None:
        try:
            report = decode_report(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            shown = line[:80].decode("utf-8", "replace")
            self._fault = f"it sent {shown!r}, which is no message of this version ({error})"
            return None
        self._fault = self._misplaced(report)
        if self._fault:
            return None
        match report:
            case Hello():
                self._hello = report
            case Failure():
                self._failure = report
            case End():
                self._end = report
        return report

    def _misplaced(self, report: AnyReport) -> str:
        if self._end is not None:
            return "it went on writing after its last message"
        if isinstance(report, Hello):
            if self._hello is not None:
                return "it said hello twice"
            if report.protocol != PROTOCOL_VERSION:
                return f"it speaks version {report.protocol} of the protocol and this program {PROTOCOL_VERSION}"
        elif self._hello is None and not isinstance(report, Failure | End):
            return "it did not say hello first"
        return ""

    def _result(self, returncode: int) -> Outcome:
        if self._fault:
            hint = f"; {_A_PYTHON}" if self._hello is None else ""
            return self._ending("garbled", f"The child process broke the protocol: {self._fault}{hint}.")
        if self._end is not None:
            return self._own_ending(self._end)
        if self._given_up is not None:
            return self._ending(*self._given_up)
        if self._failure is not None:
            return self._failed(self._failure)
        if returncode < 0:
            return self._signalled(-returncode)
        if self._hello is None:
            return self._never_ready(returncode)
        hint = "the model's code may have called os._exit, run another program in its place, or closed its files"
        return self._ending("crashed", f"The child process ended without an answer (exit code {returncode}); {hint}.")

    def _never_ready(self, returncode: int) -> Outcome:
        said = self._errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        told = f": {said[:200]}" if said else ""
        return self._ending(
            "crashed",
            f"The child process ended before it was ready (exit code {returncode}){told}; {_A_PYTHON}.",
        )

    def _own_ending(self, end: End) -> Outcome:
        steps = end.metrics.get("steps")
        count = f" after {steps} steps" if isinstance(steps, int) else ""
        match end.reason:
            case "failed":
                return self._failed(self._failure or Failure(message="The job failed without saying why."))
            case "diverged":
                return self._ending("diverged", _divergence(end.metrics))
            case "stopped":
                return self._ending("stopped", f"Stopped{count}.")
            case "finished":
                return self._ending("finished", f"Finished{count}.")

    def _failed(self, failure: Failure) -> Outcome:
        place = f" ({failure.where})" if failure.where else ""
        return self._ending("failed", f"{failure.message}{place}", failure.traceback, failure.where)

    def _signalled(self, number: int) -> Outcome:
        name = f"signal {number}"
        with contextlib.suppress(ValueError):
            name = f"signal {signal.Signals(number).name} ({number})"
        if any(fault in name for fault in _FAULTS):
            return self._ending("crashed", f"The child process crashed with {name}; see the details.")
        memory = "; the system may have been short of memory" if "SIGKILL" in name else ""
        return self._ending("killed", f"The child process was killed by {name} from outside{memory}.")

    def _ending(self, state: State, message: str, traceback: str = "", where: str = "") -> Outcome:
        tail = self._errors.decode("utf-8", "replace").strip()
        details = "\n\n".join(part for part in (traceback.strip(), tail) if part)
        metrics = self._end.metrics if self._end is not None else {}
        return Outcome(
            state=state, message=message, details=details, where=where, metrics=metrics, failure=self._failure
        )


def _divergence(metrics: Mapping[str, Any]) -> str:
    """What was not finite and where, as far as the child says so, and what to do about it."""
    step, tensor, group = (metrics.get(key) for key in ("diverged_at_step", "bad_tensor", "bad_group"))
    at = f" at step {step}" if isinstance(step, int) else ""
    what = {"gradient": "The gradient of", "weight": "The weight"}.get(str(metrics.get("bad_what")))
    subject = f"{what} {tensor} of group {group!r}" if what and tensor and group else "The loss"
    first = metrics.get("steps") == 0
    advice = "no update was made before, so look at the data and the weights" if first else "try a lower learning rate"
    return f"{subject} was not a finite number{at}; {advice}."
