"""The `lrdesigner` command: the core's commands, plus the two that need Qt: the window and `plot`."""

from __future__ import annotations

import sys


def main() -> int:
    """Entry point. Without a command's name the window opens, without loading what only commands need."""
    arguments = sys.argv[1:]
    from lrdesigner_app.window_command import is_for_window, open_window

    if is_for_window(arguments):
        return open_window(arguments)
    from lrdesigner.cli.commands import command_table, run
    from lrdesigner_app.plot_command import plot

    table = command_table()
    table.command("plot")(plot)
    return run(arguments, table)


if __name__ == "__main__":
    sys.exit(main())
