"""`lrdesigner` without a command: what opens a window, and what is refused before one opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdesigner_app.window_command import is_for_window, open_window


@pytest.mark.parametrize("arguments", [[], ["net.py:Net"], ["mine.lrd.json"], ["demo:lenet"], ["anything"]])
def test_what_names_no_command_is_for_the_window(arguments: list[str]) -> None:
    assert is_for_window(arguments)


@pytest.mark.parametrize("arguments", [["inspect"], ["plot", "x"], ["--help"], ["--version"]])
def test_commands_and_options_open_no_window(arguments: list[str]) -> None:
    assert not is_for_window(arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.lrd.json"], "cannot be read"),
        (["missing.py:Net"], "There is no file"),
        (["demo:nothing"], "the demos are demo:lenet"),
        (["inspct"], "is not a model source"),
        (["a.py:A", "b.py:B"], "only one thing"),
    ],
)
def test_what_cannot_be_opened_is_one_line_and_status_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_window(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err


def test_without_a_display_the_commands_are_pointed_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert open_window([]) == 2
    assert "There is no display" in capsys.readouterr().err
