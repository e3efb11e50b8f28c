"""Running a trial, pausing and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class TrialCommands:
    """The Trial menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("run_trial", "Trial", "&Run", "F5", "Train for a short while with the exported code", "can_run"),
        ActionSpec("pause_trial", "Trial", "&Pause or continue", "F6", "Let the trial wait, or go on", "can_stop"),
        ActionSpec("stop_trial", "Trial", "&Stop", "Shift+F5", "Stop the trial and keep its results", "can_stop"),
        ActionSpec(
            "cancel_trial", "Trial", "&Cancel", "Ctrl+F5", "End the trial and forget what it measured", "can_stop"
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    @property
    def can_run(self) -> bool:
        """Whether no trial runs."""
        return not self._window.runner.running

    @property
    def can_stop(self) -> bool:
        """Whether a trial runs."""
        return self._window.runner.running

    def run_trial(self) -> None:
        """Run a trial with what its tab says."""
        self._window.tabs.setCurrentWidget(self._window.trial_tab)
        self._window.notices.hide()  # what an earlier attempt said
        self._window.trial_tab.show_page(0)
        self._window.trial_tab.panel.run()

    def pause_trial(self) -> None:
        """Let the trial wait, or one that waits go on."""
        self._window.runner.pause_or_go_on()

    def stop_trial(self) -> None:
        """Stop the trial; its results stay."""
        self._window.runner.stop()

    def cancel_trial(self) -> None:
        """End the trial at once; what was shown before comes back."""
        self._window.runner.cancel()
