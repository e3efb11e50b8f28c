"""Fixtures that the core's and the window's tests share. Qt is not imported here: the core is tested without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lrdesigner import edits
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Before anything loads torch: the tests run side by side, and the threads of each would wait for those of the others.
os.environ["OMP_NUM_THREADS"] = "1"

# How long an example takes says more about the machine than about the program.
checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("search", deadline=None, suppress_health_check=checks)
# Two runs of the same tests say the same; `--hypothesis-profile=search` looks at new examples each time.
settings.register_profile("any machine", settings.get_profile("search"), derandomize=True)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings or the trials of the person who runs it."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("LRDESIGNER_CONFIG_DIR", str(folder))
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(folder / "data"))
    return folder


def _parameter(name: str, *shape: int, tied_to: str | None = None, trainable: bool = True) -> ParameterInfo:
    numel = 1
    for size in shape:
        numel *= size
    return ParameterInfo(name, shape, "float32", numel, trainable, tied_to)


@pytest.fixture(scope="session")
def lenet_inventory() -> Inventory:
    """What the demo's LeNet holds, written down by hand."""
    modules = [("", "LeNet"), ("features", "Sequential")]
    modules += [
        (f"features.{i}", t) for i, t in enumerate(("Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "MaxPool2d"))
    ]
    modules += [("classifier", "Sequential")]
    modules += [(f"classifier.{i}", t) for i, t in enumerate(("Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"))]
    parameters = (
        _parameter("features.0.weight", 6, 3, 5, 5),
        _parameter("features.0.bias", 6),
        _parameter("features.3.weight", 16, 6, 5, 5),
        _parameter("features.3.bias", 16),
        _parameter("classifier.1.weight", 120, 400),
        _parameter("classifier.1.bias", 120),
        _parameter("classifier.3.weight", 84, 120),
        _parameter("classifier.3.bias", 84),
        _parameter("classifier.5.weight", 10, 84),
        _parameter("classifier.5.bias", 10),
    )
    return Inventory(modules=tuple(ModuleInfo(p, t) for p, t in modules), parameters=parameters)


@pytest.fixture
def plain_design(lenet_inventory: Inventory) -> Design:
    """LeNet with everything in one group."""
    return new_design(Model("demo:lenet", {}, lenet_inventory), Plan(epoch=45, epochs=10))


@pytest.fixture
def design(plain_design: Design) -> Design:
    """LeNet with `features` in a group of its own."""
    return edits.add_group(plain_design, "backbone", ["features"])
