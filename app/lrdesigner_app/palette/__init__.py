"""The command palette: everything that the window can do, found by typing a part of its name."""

from lrdesigner_app.palette.popup import Palette as Palette
