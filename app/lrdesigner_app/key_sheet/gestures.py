"""What is done by mouse, or by keys that belong to one panel: what the table of actions does not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gestures:
    """Of one part of the window: (how, what) each."""

    title: str
    rows: tuple[tuple[str, str], ...]


GESTURES: tuple[Gestures, ...] = (
    Gestures(
        "Plot",
        (
            ("drag a handle", "change what it stands for"),
            ("Ctrl while dragging", "snap, or do not if snapping is on"),
            ("Shift", "along one axis"),
            ("X, Y", "time alone, value alone"),
            ("Ctrl+Shift", "ten times finer"),
            ("Alt", "a key stays between its neighbours"),
            ("Esc, right button", "as it was before"),
            ("Ctrl+click", "add a key to the curve"),
            ("middle click on a key", "remove it"),
            ("drag on empty ground", "select keys; without any, move the view"),
            ("middle drag", "move the view"),
            ("wheel", "zoom; over an axis, or with Ctrl or Shift, one axis"),
            ("double click", "show everything"),
            ("arrows on a handle", "a step or a notch; with Ctrl to the next line"),
        ),
    ),
    Gestures(
        "Segments",
        (
            ("drag a segment", "another place in the row"),
            ("drag between two", "make one longer"),
            ("Alt+←, Alt+→", "earlier, later"),
            ("Enter, Esc", "into a composition, out of it"),
            ("+, Delete", "add, remove"),
        ),
    ),
    Gestures(
        "Model and groups",
        (
            ("drag onto a card", "pin to that group"),
            ("1 to 9", "pin the selection to a group"),
            ("0", "take the pins away"),
            ("N", "new group of the selection"),
            ("W", "why it is where it is"),
            ("Ctrl+Enter in the filter", "make a rule of it"),
            ("F2", "rename a group"),
            ("Alt+↑, Alt+↓", "order of groups and rules"),
        ),
    ),
    Gestures(
        "Fields",
        (
            ("3e-4*2, 1/1024", "expressions count"),
            ("↑, ↓", "the digit at the caret; with Shift ten times as much"),
            ("Alt+↑, Alt+↓", "twice, half"),
            ("Page up, Page down", "ten times, a tenth"),
            ("drag the name", "scrub the value"),
            ("Esc", "as it was before"),
        ),
    ),
)
