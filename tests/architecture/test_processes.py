"""What a fresh process has loaded after doing something."""

from __future__ import annotations

import subprocess
import sys

import pytest


def _loaded(code: str, *modules: str) -> list[str]:
    report = f"\nimport sys\nprint([m for m in {list(modules)!r} if m in sys.modules])"
    command = [sys.executable, "-c", code + report]
    return list(eval(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))


def test_the_core_loads_neither_qt_nor_torch() -> None:
    code = (
        "import lrdesigner.cli.commands, lrdesigner.demos, lrdesigner.export, lrdesigner.findings, lrdesigner.store\n"
        "from lrdesigner.demos import demo_design\n"
        "lrdesigner.export.export(demo_design())"
    )
    assert _loaded(code, "PySide6", "pyqtgraph", "torch", "lrdesigner_app") == []


def test_the_window_never_loads_torch_and_not_yet_what_only_commands_need() -> None:
    code = (
        "import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from lrdesigner_app.application import make_application, make_window\n"
        "from lrdesigner.demos import demo_design\n"
        "application = make_application(); window = make_window(application, demo_design()); window.show()\n"
        "application.processEvents(); window.code.refresh(); window.problems.refresh(); window.close()"
    )
    assert _loaded(code, "torch", "typer", "rich") == []


def test_importing_the_package_costs_nothing() -> None:
    assert _loaded("import lrdesigner", "numpy", "msgspec", "torch", "PySide6") == []


def test_reading_a_checkpoint_loads_nothing_but_the_standard_library() -> None:
    code = "from lrdesigner.child.read_job import read\nfrom lrdesigner.child.session import main"
    assert _loaded(code, "torch", "numpy", "msgspec") == []


@pytest.mark.parametrize("value", [True, False])
def test_signals_lose_no_reference_of_booleans(value: bool) -> None:
    """PySide6 6.12.0 lost one reference of True or False per emission and so aborted Python 3.11."""
    code = (
        "import sys\n"
        "from PySide6.QtCore import QObject, Signal\n"
        "class Sender(QObject):\n"
        "    plain = Signal(bool)\n"
        "    boxed = Signal(object)\n"
        "sender = Sender()\n"
        f"before = sys.getrefcount({value})\n"
        "for _ in range(1000):\n"
        f"    sender.plain.emit({value})\n"
        f"    sender.boxed.emit({value})\n"
        f"assert abs(sys.getrefcount({value}) - before) < 100, sys.getrefcount({value}) - before\n"
    )
    assert _loaded(code, "torch") == []


def test_every_module_of_the_core_can_be_imported_where_there_is_no_qt() -> None:
    code = (
        "import sys, pkgutil, importlib\n"
        "for name in ('PySide6', 'shiboken6', 'pyqtgraph'): sys.modules[name] = None\n"
        "import lrdesigner\n"
        "for module in pkgutil.walk_packages(lrdesigner.__path__, 'lrdesigner.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
    )
    assert _loaded(code, "torch", "lrdesigner_app") == []
