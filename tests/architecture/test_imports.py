"""Who may import whom; read from the source, so that no import hidden in a function slips through."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "lrdesigner"
APP = ROOT / "app" / "lrdesigner_app"
PANELS = ("code_view", "groups", "model_tree", "plot", "presets", "problems", "rules", "schedule_editor", "trial")
QT = ("PySide6", "shiboken6", "pyqtgraph", "lrdesigner_app")
# Where the core may name torch: the child's side, and what a training script calls in its own process.
TORCH_ALLOWED = ("lrdesigner/child/",)


def _imports(file: Path, *, typing_only: bool = False) -> Iterator[tuple[str, int]]:
    """Absolute names imported anywhere in a file; those only for type checkers are left out unless asked for."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    if not typing_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                skipped |= {id(inner) for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or "", node.lineno


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _is(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_there_is_code_to_look_at() -> None:
    assert len(_files(CORE)) > 30
    assert len(_files(APP)) > 30
    assert {panel for panel in PANELS if (APP / panel).is_dir()} == set(PANELS)


@pytest.mark.parametrize("file", _files(CORE), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_the_core_knows_neither_qt_nor_the_window(file: Path) -> None:
    assert not [name for name, _ in _imports(file, typing_only=True) if _is(name, QT)]


@pytest.mark.parametrize("file", _files(CORE) + _files(APP), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_torch_is_imported_in_the_childs_side_only(file: Path) -> None:
    if not file.relative_to(ROOT).as_posix().startswith(TORCH_ALLOWED):
        assert not [name for name, _ in _imports(file) if _is(name, ("torch",))]


def test_the_childs_side_needs_the_standard_library_and_torch_alone() -> None:
    import sys

    ours = ("lrdesigner.child", "lrdesigner.readers", "lrdesigner.plain_files")
    allowed = ("torch", *ours, "__future__", *sys.stdlib_module_names)
    foreign = [(f.name, n) for f in _files(CORE / "child") for n, _ in _imports(f) if not _is(n, allowed)]
    assert foreign == []


def test_the_readers_of_checkpoints_need_the_standard_library_alone() -> None:
    import sys

    allowed = ("lrdesigner.readers", "lrdesigner.plain_files", "__future__", *sys.stdlib_module_names)
    found = [(f.name, n) for f in _files(CORE / "readers") for n, _ in _imports(f, typing_only=True)]
    assert len(found) > 50
    assert [(file, name) for file, name in found if not _is(name, allowed)] == []


@pytest.mark.parametrize("panel", PANELS)
def test_panels_do_not_import_each_other(panel: str) -> None:
    others = tuple(f"lrdesigner_app.{other}" for other in PANELS if other != panel)
    found = [(f.name, n) for f in _files(APP / panel) for n, _ in _imports(f, typing_only=True) if _is(n, others)]
    assert found == []


@pytest.mark.parametrize("file", _files(CORE) + _files(APP), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_no_module_holds_mutable_state(file: Path) -> None:
    """At module level there are constants, functions and classes; dicts and lists there are never changed later."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]


def test_files_and_functions_stay_small() -> None:
    offenders = []
    for file in _files(CORE) + _files(APP):
        text = file.read_text(encoding="utf-8")
        name = file.relative_to(ROOT).as_posix()
        if text.count("\n") > 350:
            offenders.append(f"{name}: {text.count(chr(10))} lines")
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        offenders += [f"{name}: {f.name}" for f in functions if (f.end_lineno or 0) - f.lineno > 40]
    assert offenders == []
