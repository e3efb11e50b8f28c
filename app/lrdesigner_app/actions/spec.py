"""One row of the table of actions: what the window can do, under which name, key and help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

Menu = Literal["File", "Edit", "Curve", "View", "Trial", "Help"]
Scope = Literal["window", "plot", "curves"]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `id` names the method that does it, of the object in whose `rows` it stands.

    `when` names a property of the same object: the action is enabled while it is true. `scope` says where its key is
    heard: everywhere; in the plot and the strip under it; there and in the list of groups ("curves").
    """

    id: str
    menu: Menu
    title: str
    key: str
    help: str
    when: str = ""
    scope: Scope = "window"


class Commands(Protocol):
    """An object whose methods its rows name."""

    rows: ClassVar[tuple[ActionSpec, ...]]
