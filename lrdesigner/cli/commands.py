"""The table of commands, and how every one of them ends: 0 fine, 1 found wanting, 2 bad usage or input."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

import lrdesigner
from lrdesigner.cli import (
    capture_command,
    design_commands,
    export_command,
    history_commands,
    model_commands,
    preset_commands,
    proof_commands,
    range_command,
    shape_commands,
    sweep_command,
    verify_command,
)
from lrdesigner.cli.output import printable
from lrdesigner.errors import UserError


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"lrdesigner {lrdesigner.__version__}\n")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Only what goes before a command."""


def command_table() -> typer.Typer:
    """The commands that need no window, as a table to which others can be added."""
    table = typer.Typer(
        name="lrdesigner",
        help="Design how fast each part of a PyTorch model learns. Without a command, the window opens.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    table.callback()(_options)
    table.command("inspect")(model_commands.inspect)
    table.command("new")(model_commands.new)
    table.command("capture")(capture_command.capture)
    table.command("show")(design_commands.show)
    table.command("curves")(design_commands.curves)
    table.command("check")(design_commands.check)
    table.command("export")(export_command.export_code)
    table.command("shapes")(shape_commands.shapes)
    table.command("presets")(preset_commands.presets)
    table.command("verify")(verify_command.verify)
    table.command("trial")(proof_commands.trial)
    table.command("range-test")(range_command.range_test)
    table.add_typer(history_commands.history_table(), name="history")
    table.command("sweep")(sweep_command.sweep)
    table.command("fields")(sweep_command.fields)
    table.command("sweep-results")(sweep_command.sweep_results)
    return table


def run(arguments: list[str], table: typer.Typer | None = None) -> int:
    """Run one command and give its exit status. Bad usage or input is one line on stderr and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot show is no reason to fail
    group = typer.main.get_command(table or command_table())
    assert isinstance(group, TyperGroup)
    try:
        status = group.main(args=arguments, prog_name="lrdesigner", standalone_mode=False)
    except UserError as error:
        return _fail(str(error))
    except (typer.Abort, KeyboardInterrupt):
        return _fail("Interrupted.", 130)
    except UnicodeEncodeError as error:
        return _fail(f"{error.object!r} is not valid Unicode, as names must be: rename the file or folder.")
    except MemoryError:
        return _fail("There is not enough memory for that.")
    except (OSError, SystemExit) as error:  # newer releases of typer turn a broken pipe into an exit
        return _output_failed(error)
    except Exception as error:
        # Wrong usage: click's own exceptions, of which newer releases of typer bring a private copy.
        if not hasattr(error, "format_message"):
            raise
        return _fail(error.format_message())
    return status if isinstance(status, int) else 0


def _output_failed(error: BaseException) -> int:
    cause = error if isinstance(error, OSError) else error.__context__
    # What is still buffered must not raise once more at exit.
    sys.stdout = None
    if isinstance(cause, BrokenPipeError):
        return 0  # whoever read our output (head, less) has enough
    if isinstance(cause, OSError):
        return _fail(f"The output cannot be written: {cause.strerror or cause}.")
    raise error


def _fail(message: str, status: int = 2) -> int:
    sys.stderr.write(f"lrdesigner: {printable(' '.join(message.split()))}\n")
    return status
