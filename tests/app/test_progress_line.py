"""The line that says how far something is."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from lrdesigner_app.trial import progress_line
from lrdesigner_app.trial.progress_line import ProgressLine


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is."""
    now = [100.0]
    monkeypatch.setattr(progress_line, "monotonic", lambda: now[0])
    return now


def test_the_time_left_follows_from_the_time_that_the_share_took(qtbot: QtBot, clock: list[float]) -> None:
    line = ProgressLine("Progress")
    qtbot.addWidget(line)
    assert line.isHidden()
    line.begin("Starting …")
    assert not line.isHidden()
    assert (line.bar.minimum(), line.bar.maximum(), line.words.text()) == (0, 0, "Starting …")
    clock[0] += 30
    line.show_share(0.25, "1 of 4 runs")
    assert line.bar.value() / line.bar.maximum() == 0.25
    assert line.words.text() == "1 of 4 runs · 1 min 30 s left"
    line.end()
    assert line.isHidden()


@pytest.mark.parametrize(("passed", "share"), [(0.5, 0.5), (30.0, 0.01), (30.0, 0.0)])
def test_what_would_be_a_guess_is_not_told(qtbot: QtBot, clock: list[float], passed: float, share: float) -> None:
    line = ProgressLine("Progress")
    qtbot.addWidget(line)
    line.begin()
    clock[0] += passed
    line.show_share(share, "1 of 4 runs")
    assert line.words.text() == "1 of 4 runs"
