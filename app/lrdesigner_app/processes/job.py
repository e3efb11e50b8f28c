"""One child process over QProcess, and the one job it does."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from lrdesigner.child.leftovers import MARK, end_leftovers
from lrdesigner.jobs.protocol import (
    PAUSE_LINE,
    RESUME_LINE,
    STOP_LINE,
    AnyReport,
    AnyRequest,
    Metrics,
    encode_request,
)
from lrdesigner.jobs.reader import GiveUp, JobReader, Outcome
from lrdesigner_app.throttle import Throttle

STOP_GRACE_MS = 3000
SILENCE_SECONDS = 20.0
_WATCH_MS = 1000
_METRICS_MS = 50
_SLICE_BYTES = 16 * 1024
_SLICE_SECONDS = 0.006


class Job(QObject):
    """Launched, given one request, and ended exactly once, whatever the child does."""

    report_received = Signal(object)
    """Any report but metrics."""
    metrics_received = Signal(list)
    """`Metrics` in order, at most 20 times a second."""
    responding_changed = Signal(bool)
    """False: no sign of life for 20 seconds. Nothing is killed for that."""
    ended = Signal(object)
    """`lrdesigner.jobs.reader.Outcome`, once, after every report."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.outcome: Outcome | None = None
        self.responding = True
        self.silence_seconds = SILENCE_SECONDS
        self.reader = JobReader()
        self._command = list(command)
        self._mark = environment.get(MARK, "")
        self._metrics: list[Metrics] = []
        self._returncode: int | None = None
        self._not_started = ""
        self._heard = monotonic()
        self._process = self._new_process(environment)
        self._pump = self._timer(self._on_pump, 0)
        self._grace = self._timer(self._on_grace_over, STOP_GRACE_MS)
        self._limit = self._timer(self._on_limit_reached, 0)
        self._watch = self._timer(self._on_watch, _WATCH_MS)
        self._watch.setSingleShot(False)
        self._telling = Throttle(self._tell_metrics, _METRICS_MS, self)

    @property
    def usable(self) -> bool:
        """Whether the child runs, or is starting, and can be given a request or a stop."""
        running = self._process.state() != QProcess.ProcessState.NotRunning
        return running and self._returncode is None and not self.reader.garbled

    @property
    def pid(self) -> int:
        """The id of the child process, 0 when there is none."""
        return self._process.processId()

    def launch(self) -> None:
        """Start the child; it gets ready and waits for the request."""
        self._process.start(self._command[0], self._command[1:])

    def submit(self, request: AnyRequest, time_limit: float | None = None) -> None:
        """Send the request, once; `time_limit` seconds from now the child is killed."""
        if self.usable:
            self._process.write(encode_request(request))
        self._heard = monotonic()
        self._watch.start()
        if time_limit is not None:
            self._limit.start(max(int(1000 * time_limit), 1))

    def stop(self) -> None:
        """Ask the child to end; it is killed if it has not after three seconds."""
        if self.usable and not self._grace.isActive():
            self._process.write(STOP_LINE)
            self._grace.start()

    def pause(self) -> None:
        """Ask the child to wait; jobs that cannot just go on."""
        if self.usable:
            self._process.write(PAUSE_LINE)

    def go_on(self) -> None:
        """Tell a child that waits to go on."""
        if self.usable:
            self._process.write(RESUME_LINE)

    def cancel(self) -> None:
        """End the child and what it started, now."""
        self._give_up("cancelled", "Cancelled.")

    def wait(self, milliseconds: int) -> None:
        """Wait for the end of the process at most so long, and deliver it."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.waitForFinished(milliseconds)
        while self.outcome is None and (self._returncode is not None or self._not_started):
            self._on_pump()

    def _new_process(self, environment: Mapping[str, str]) -> QProcess:
        process = QProcess(self)
        given = QProcessEnvironment()
        for name, value in environment.items():
            given.insert(name, value)
        process.setProcessEnvironment(given)
        if sys.platform != "win32":
            parameters = QProcess.UnixProcessParameters()
            parameters.flags = QProcess.UnixProcessFlag.CreateNewSession
            process.setUnixProcessParameters(parameters)
        process.readyReadStandardOutput.connect(self._pump_soon)
        process.readyReadStandardError.connect(self._pump_soon)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        return process

    def _timer(self, call: Callable[[], None], interval_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(call)
        return timer

    def _pump_soon(self) -> None:
        if not self._pump.isActive():
            self._pump.start()

    def _on_pump(self) -> None:
        """Read for a few milliseconds, then let the window breathe; a flood takes many turns."""
        if self.outcome is not None:
            return
        if self._not_started:
            self._finish(self.reader.not_started(self._not_started))
            return
        end = monotonic() + _SLICE_SECONDS
        self.reader.feed_errors(bytes(self._process.readAllStandardError().data()))
        while self._process.bytesAvailable() and monotonic() < end:
            for report in self.reader.feed_output(bytes(self._process.read(_SLICE_BYTES).data())):
                self._take(report)
        if self.reader.garbled:
            self._kill()
        elif self.reader.ended and not self._grace.isActive():
            self._grace.start()  # a child that has sent its last message must not live on
        if self._process.bytesAvailable():
            self._pump_soon()
        elif self._returncode is not None:
            self._finish(self.reader.exited(self._returncode))

    def _take(self, report: AnyReport) -> None:
        self._heard = monotonic()
        if isinstance(report, Metrics):
            self._metrics.append(report)
            self._telling.request()
            return
        self._telling.flush()
        self.report_received.emit(report)

    def _tell_metrics(self) -> None:
        batch, self._metrics = self._metrics, []
        if batch:
            self.metrics_received.emit(batch)

    def _on_watch(self) -> None:
        responding = monotonic() - self._heard < self.silence_seconds
        if responding != self.responding:
            self.responding = responding
            self.responding_changed.emit(responding)

    def _on_grace_over(self) -> None:
        self._give_up("cancelled", "Stopped; the process did not answer and was ended.")

    def _on_limit_reached(self) -> None:
        seconds = self._limit.interval() / 1000
        self._give_up("timed_out", f"It took longer than {seconds:g} s and was ended.")

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        crashed = status == QProcess.ExitStatus.CrashExit and sys.platform != "win32"
        self._returncode = -code if crashed else code
        end_leftovers(self._mark)
        self._pump_soon()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            # Not at once: this can happen within launch(), before anybody listens.
            self._not_started = self._process.errorString().rstrip(".") or "unknown reason"
            self._pump_soon()

    def _give_up(self, why: GiveUp, message: str) -> None:
        if self.outcome is None:
            self.reader.give_up(why, message)
            self._kill()

    def _kill(self) -> None:
        """The whole process group: what the child started must not outlive it."""
        if self._process.state() == QProcess.ProcessState.NotRunning:
            return
        if sys.platform != "win32" and self.pid > 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()

    def _finish(self, outcome: Outcome) -> None:
        if self.outcome is not None:
            return
        for timer in (self._pump, self._grace, self._limit, self._watch):
            timer.stop()
        self._telling.flush()
        self._telling.cancel()
        self.outcome = outcome
        self.ended.emit(outcome)
