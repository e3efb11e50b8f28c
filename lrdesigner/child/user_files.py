"""Importing a file of the user by its path, and finding a name in it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType

from lrdesigner.child.failures import JobError, user_code

MOST_SUGGESTIONS = 8


def import_file(file: str, *, folder_on_path: bool = True) -> ModuleType:
    """Import FILE.py much as `python FILE.py` would: its folder comes first on the path, its name is its stem.

    A file that was imported before is not run again. Raises `JobError` with the cause.
    """
    file = os.path.abspath(file)
    for known in list(sys.modules.values()):
        # Their __dict__, because some modules import things when asked for an attribute.
        if isinstance(known, ModuleType) and vars(known).get("__file__") == file:
            return known
    folder, base = os.path.split(file)
    if not os.path.isfile(file):
        raise JobError(f"There is no file {file}.")
    if folder_on_path and folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    with user_code(f"Importing {base}"):
        try:
            return _execute(file, _free_name(os.path.splitext(base)[0]))
        except ImportError as error:
            if "no known parent package" not in str(error):
                raise
            return _import_in_package(file, error)


def import_module(name: str) -> ModuleType:
    """Import `package.module` as `python -m` would find it: the working folder comes first on the path."""
    if sys.path[:1] != [os.getcwd()]:
        sys.path.insert(0, os.getcwd())
    with user_code(f"Importing {name}"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise JobError(
                f"There is no module {error.name} in {sys.executable}, nor in {os.getcwd()}; check the name, install "
                "it there, or choose another Python with --python."
            ) from None


def file_of_import(name: str) -> str:
    """The file of the outermost package of `package.module`, found without importing anything; "" if there is none.

    A package without an `__init__.py` is told as if it had one.
    """
    if sys.path[:1] != [os.getcwd()]:
        sys.path.insert(0, os.getcwd())
    try:
        spec = importlib.util.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    folders = list(spec.submodule_search_locations or ())
    return spec.origin or (os.path.join(folders[0], "__init__.py") if folders else "")


def find(module: ModuleType, name: str, place: str) -> object:
    """The object under a dotted name in the module; raises `JobError` that calls it `place` and lists what there is."""
    found: object = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            names = _candidates(module)
            offer = f"; it offers {', '.join(names[:MOST_SUGGESTIONS])}" if names else ""
            raise JobError(f"{os.path.basename(place)} has no {name!r}{offer}.") from None
    return found


def names_file(source: str) -> bool:
    """Whether a source is FILE.py:NAME."""
    return source.rpartition(":")[0].lower().endswith(".py")


def split_source(source: str) -> tuple[str, str]:
    """("FILE.py", "NAME") of "FILE.py:NAME", at the last colon."""
    file, _, name = source.rpartition(":")
    if not file or not name:
        raise JobError(f"{source!r} is not FILE.py:NAME.")
    return os.path.abspath(file), name


def _execute(file: str, name: str) -> ModuleType:
    # The loader is named, because without it FILE.PY would be no Python file.
    spec = importlib.util.spec_from_file_location(name, file, loader=SourceFileLoader(name, file))
    if spec is None or spec.loader is None:
        raise JobError(f"{file} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look the module up by its name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return sys.modules.get(name, module)


def _free_name(stem: str) -> str:
    """The stem, unless a module of that name lives: a model in `inspect.py` must not replace the real one."""
    while stem in sys.modules or not stem:
        stem += "_file"
    return stem


def _import_in_package(file: str, error: ImportError) -> ModuleType:
    """A file with relative imports is part of a package: import it from the folder above the outermost one."""
    folder, base = os.path.split(file)
    parts = [os.path.splitext(base)[0]]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    if len(parts) == 1:
        raise JobError(
            f"{base} uses relative imports, but its folder is not a package; add an __init__.py or import by name."
        ) from error
    sys.path.insert(0, folder)
    return importlib.import_module(".".join(parts))


def _candidates(module: ModuleType) -> list[str]:
    """Names of the classes and functions that the file itself defines; modules of torch first."""
    import torch

    named = {n: v for n, v in vars(module).items() if not n.startswith("_")}
    own = {n: v for n, v in named.items() if getattr(v, "__module__", None) == module.__name__}
    models = [n for n, v in own.items() if isinstance(v, type) and issubclass(v, torch.nn.Module)]
    models += [n for n, v in named.items() if isinstance(v, torch.nn.Module)]
    others = [n for n, v in own.items() if callable(v)]
    return list(dict.fromkeys(models + others))
