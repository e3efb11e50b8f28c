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
        "While dragging a handle, a key or a boundary",
        (
            ("Ctrl", "snap, or do not if snapping is on"),
            ("Shift", "along the main direction"),
            ("X, Y", "time alone, value alone"),
            ("Ctrl+Shift", "ten times finer"),
            ("Alt", "a key stays between its neighbours; a boundary moves the next segment's start"),
            ("Esc, right button", "as it was before"),
        ),
    ),
    Gestures(
        "Keys of a curve",
        (
            ("click, Shift+click, Ctrl+click", "select one, more, one more or less"),
            ("drag on empty ground", "select those in the box; with Shift more, with Ctrl turn round"),
            ("Ctrl+click on the curve", "add a key; drag on to place it"),
            ("middle click", "remove a key"),
            ("drag the grips of the box", "scale; with Ctrl or Alt from the centre"),
            ("drag a small round control point", "bend a bezier; with Alt one side alone"),
            ("double click on a control point", "make it automatic again"),
        ),
    ),
    Gestures(
        "Plot",
        (
            ("wheel", "zoom; over an axis, or with Ctrl or Shift, one axis"),
            ("middle drag, two fingers", "move the view"),
            ("arrows, + and −", "move and zoom the view; arrows on a handle move it"),
            ("Tab", "from handle to handle"),
            ("double click", "show everything"),
            ("right click", "menu of what is under the pointer"),
            ("press on the strip above", "read every group's value at a step"),
        ),
    ),
    Gestures(
        "Segments and freezing",
        (
            ("drag a segment", "another place in the row"),
            ("drag between two", "make one longer; Alt: the next one keeps its end"),
            ("double click", "show it alone"),
            ("Alt+←, Alt+→", "earlier, later"),
            ("Shift+←, Shift+→", "move its end; with Ctrl by epochs"),
            ("Ctrl+C, Ctrl+V", "copy it to another group or track"),
            ("Enter, Esc", "into a composition, out of it"),
            ("+, Delete", "add, remove"),
            ("drag in the lane below", "freeze the group for that time"),
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
        "History of trials",
        (
            ("Enter, double click", "show the trial"),
            ("F2, double click on a title", "rename it"),
            ("Delete, twice", "delete what is selected"),
            ("Esc in the filter", "list everything again"),
        ),
    ),
    Gestures(
        "Fields",
        (
            ("3e-4*2, 1/1024", "expressions count"),
            ("↑, ↓", "the digit at the caret; with Shift ten times as much"),
            ("Alt+↑, Alt+↓", "twice, half"),
            ("Page up, Page down", "ten times, a tenth"),
            ("drag the name", "scrub the value; with Shift finer"),
            ("F4", "the unit of a length"),
            ("Esc", "as it was before"),
        ),
    ),
)
