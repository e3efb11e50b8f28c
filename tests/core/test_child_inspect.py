from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_here import imports_undone, jobs_here
from msgspec.structs import replace

from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.jobs.protocol import InspectRequest, InventoryChunk
from lrdesigner.jobs.run import inspect_model, run_ladder
from lrdesigner.models.source import parse_source

pytestmark = pytest.mark.torch

NOISY = '''
import json, os, sys, threading, time
from dataclasses import dataclass

import torch
from torch import nn

@dataclass
class Config:
    width: int = 4

class Noisy(nn.Module):
    """Prints, forks, floods, and ties its parameters in every way."""

    def __init__(self, depth=1):
        super().__init__()
        print('{"kind":"end","reason":"finished"}')
        os.write(1, b'{"kind":"error","message":"fake"}\\n')
        sys.__stdout__.write("x" * 20_000_000)
        assert sys.stdin.read() == ""
        os.close(0)
        threading.Thread(target=time.sleep, args=(60,)).start()
        if os.fork() == 0:
            time.sleep(60)
        width = Config().width
        self.embedding = nn.Embedding(10, width)
        self.body = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.again = self.body[0]
        self.head = nn.Linear(width, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.copy = nn.Linear(width, 10, bias=False)
        self.copy.weight.data = self.embedding.weight.data
        self.frozen = nn.Parameter(torch.zeros(3, dtype=torch.float16), requires_grad=False)
        self.lazy = nn.LazyLinear(2)
        self.scalar = nn.Parameter(torch.tensor(1.0))
'''


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """The inventory of a badly behaved model, as a real child sends it."""
    folder = tmp_path_factory.mktemp("noisy")
    (folder / "noisy.py").write_text(NOISY)
    found = inspect_model(parse_source("noisy.py:Noisy", folder), {"depth": 2}, time_limit=60).inventory
    assert [file.name for file in folder.iterdir()] == ["noisy.py"]
    return found


def test_prints_floods_and_forks_of_the_model_do_not_reach_the_inventory(noisy: Inventory) -> None:
    assert [module.path for module in noisy.modules][:4] == ["", "embedding", "body", "body.0"]
    assert noisy.modules[0].type == "Noisy"


def test_a_shared_module_is_listed_under_both_names(noisy: Inventory) -> None:
    types = {module.path: module.type for module in noisy.modules}
    assert types["again"] == types["body.0"] == "Linear"
    ties = {p.name: p.tied_to for p in noisy.parameters}
    assert ties["again.weight"] == "body.0.weight"
    assert ties["again.bias"] == "body.0.bias"
    assert ties["body.0.weight"] is None
    assert ties["body.1.weight"] is None


def test_parameters_tied_by_assignment_and_by_data_are_found(noisy: Inventory) -> None:
    ties = {p.name: p.tied_to for p in noisy.parameters}
    assert ties["embedding.weight"] is None
    assert ties["head.weight"] == ties["copy.weight"] == "embedding.weight"


def test_rows_tell_shape_type_and_whether_they_train(noisy: Inventory) -> None:
    rows = {p.name: p for p in noisy.parameters}
    assert (rows["frozen"].dtype, rows["frozen"].shape, rows["frozen"].trainable) == ("float16", (3,), False)
    assert (rows["scalar"].shape, rows["scalar"].numel) == ((), 1)
    assert (rows["lazy.weight"].shape, rows["lazy.weight"].numel) == ((), 0)
    assert noisy.total_parameters == 40 + 2 * 20 + 3 + 1
    assert noisy.trainable_parameters == 40 + 2 * 20 + 1


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    yield from jobs_here(monkeypatch, tmp_path)


@pytest.mark.usefixtures("here")
def test_the_demo_is_what_the_tests_of_the_core_take_it_for(lenet_inventory: Inventory) -> None:
    found = inspect_model(parse_source("demo:lenet"), time_limit=60).inventory
    assert replace(found, bases={}) == lenet_inventory
    assert found.bases == {"Conv2d": ("_ConvNd",), "MaxPool2d": ("_MaxPoolNd",)}


def test_a_model_that_raises_is_a_user_error_with_its_place(tmp_path: Path) -> None:
    text = (
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        raise ValueError('no depth')\n"
    )
    (tmp_path / "net.py").write_text(text)
    with pytest.raises(UserError, match=r"Building Net failed: ValueError: no depth\. \(.*net\.py:4\)") as caught:
        inspect_model(parse_source("net.py:Net", tmp_path), time_limit=60)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("here")
def test_a_big_model_comes_in_several_chunks(tmp_path: Path) -> None:
    text = "from torch import nn\ndef make():\n    return nn.Sequential(*[nn.Linear(2, 2) for _ in range(2500)])\n"
    (tmp_path / "net.py").write_text(text)
    seen: list[Any] = []
    outcome = run_ladder(InspectRequest(f"{tmp_path / 'net.py'}:make"), seen.append)
    chunks = [report for report in seen if isinstance(report, InventoryChunk)]
    assert [len(chunk.modules) + len(chunk.parameters) for chunk in chunks] == [2000, 501, 2000, 2000, 1000]
    assert outcome.metrics == {"modules": 2501, "parameters": 5000, "rung": "meta", "notes": []}


# The builder itself, in this process


@pytest.fixture
def clean_imports(tmp_path: Path) -> Iterator[None]:
    yield from imports_undone(tmp_path)


def build(folder: Path, name: str, text: str, **kwargs: Any) -> Any:
    from lrdesigner.child.build_model import build_model

    (folder / "net.py").write_text("from torch import nn\nimport torch\n" + textwrap.dedent(text))
    return build_model(f"{folder / 'net.py'}:{name}", kwargs, "meta")


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize(
    ("name", "text", "kwargs", "told"),
    [
        ("Nut", "class Net(nn.Module): ...\ndef make(): ...", {}, "net.py has no 'Nut'; it offers Net, make."),
        ("a.b", "class a: ...", {}, "net.py has no 'a.b'"),
        ("value", "value = [1]", {}, "value in net.py is a value of type list, not a class"),
        ("make", "def make(): return [1]", {}, "make in net.py gave a value of type list, not a torch.nn.Module"),
        ("make", "def make(): return nn.Linear", {}, "gave the class Linear"),
        ("make", "def make(): ...", {}, "make in net.py gave None"),
        ("make", "def make(depth): ...", {}, "missing a required argument: 'depth'"),
        ("make", "def make(): ...", {"depth": 3}, "unexpected keyword argument 'depth'"),
        ("make", "def make(): exit(0)", {}, "Building make called exit(0)"),
        ("make", "def make(): raise SystemExit", {}, "Building make called exit()"),
        ("make", "def make(): return 1.0", {}, "make in net.py gave a value of type float"),
        ("make", "def make(): return torch.ones(1) @ torch.ones(2)", {}, "Building make failed: RuntimeError"),
    ],
)
def test_what_cannot_be_built_is_told_in_one_sentence(
    tmp_path: Path, name: str, text: str, kwargs: dict[str, Any], told: str
) -> None:
    from lrdesigner.child.failures import JobError

    with pytest.raises(JobError) as caught:
        build(tmp_path, name, text, **kwargs)
    assert told in str(caught.value)


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize(
    ("name", "text", "device"),
    [
        ("net", "net = nn.Linear(1, 2)", "cpu"),
        (
            "Outer.Net",
            "class Outer:\n    class Net(nn.Linear):\n        def __init__(self): super().__init__(1, 2)",
            "meta",
        ),
        ("make", "import functools\nmake = functools.partial(nn.Linear, 1, 2)", "meta"),
        ("make", "make = lambda **kwargs: nn.Linear(1, 2)", "meta"),
    ],
)
def test_instances_nested_classes_and_other_callables_are_built(
    tmp_path: Path, name: str, text: str, device: str
) -> None:
    model = build(tmp_path, name, text)
    assert model.weight.device.type == device


@pytest.mark.usefixtures("clean_imports")
def test_a_file_in_a_package_may_import_its_neighbours(tmp_path: Path) -> None:
    from lrdesigner.child.build_model import build_model

    package = tmp_path / "pkg" / "nets"
    package.mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("from torch import nn\nclass Layer(nn.Linear): ...\n")
    (package / "net.py").write_text("from .layers import Layer\ndef make(): return Layer(1, 2)\n")
    assert type(build_model(f"{package / 'net.py'}:make", {}, "meta")).__name__ == "Layer"


def test_an_importable_factory_is_found_in_the_working_folder_and_its_faults_have_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "small.py").write_text("def make():\n    raise SystemExit('no')\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"Building make called exit\('no'\).*nets/small\.py:2\)"):
        inspect_model(parse_source("nets.small:make"), time_limit=60)


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("no_such_package.nets:make", "There is no module no_such_package in"),
        ("json.no_such_part:make", "There is no module json.no_such_part in"),
        ("json.decoder:make", "json.decoder has no 'make'"),
    ],
)
def test_what_cannot_be_imported_is_told_in_one_sentence(source: str, told: str) -> None:
    from lrdesigner.child.build_model import build_model
    from lrdesigner.child.failures import JobError

    with pytest.raises(JobError, match=told):
        build_model(source, {}, "meta")


@pytest.mark.parametrize("model", ["nn.LazyLinear(3)", "nn.Sequential(nn.Linear(1, 1), nn.LazyLinear(3))"])
def test_lazy_models_are_refused_where_an_optimizer_is_made(model: str) -> None:
    from torch import nn

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.model_walk import refuse_lazy

    with pytest.raises(JobError, match="gets its size in a first forward pass only"):
        refuse_lazy(eval(model, {"nn": nn}))


@pytest.mark.usefixtures("clean_imports")
def test_a_file_may_have_its_ending_in_capitals(tmp_path: Path) -> None:
    from lrdesigner.child.build_model import build_model

    (tmp_path / "NET.PY").write_text("from torch import nn\nclass Net(nn.Module): ...\n")
    assert type(build_model(f"{tmp_path / 'NET.PY'}:Net", {}, "meta")).__name__ == "Net"


@pytest.mark.usefixtures("clean_imports")
def test_a_file_named_like_a_library_does_not_replace_it(tmp_path: Path) -> None:
    import json

    from lrdesigner.child.build_model import build_model

    (tmp_path / "json.py").write_text("from torch import nn\nclass Net(nn.Module): ...\n")
    assert type(build_model(f"{tmp_path / 'json.py'}:Net", {}, "meta")).__name__ == "Net"
    assert sys.modules["json"] is json


def test_a_model_that_contains_itself_is_told() -> None:
    from torch import nn

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.inspect_job import inventory

    model = nn.Sequential(nn.Linear(1, 1))
    model[0].loop = model
    with pytest.raises(JobError, match="contains itself"):
        inventory(model)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        ("type('Net', (nn.Module,), {'__init__': lambda self: None})()", "Net was not set up"),
        (
            "put(nn.Linear(1, 1), '_modules', 'x', 'text')",
            "'x' in Linear is a value of type str, where",
        ),
        (
            "put(nn.Linear(1, 1), '_parameters', 'x', 3)",
            "type int, where torch has a Tensor",
        ),
        ("put(nn.Linear(1, 1), '_parameters', 7, nn.Linear(1, 1).bias)", "something is called 7, which is not text"),
        ("put(nn.Linear(1, 1), '_buffers', '\\ud800', nn.Linear(1, 1).bias)", "is not valid Unicode"),
        ("put(nn.Linear(1, 1), '_buffers', 'x', [])", "'x' in Linear is a value of type list"),
    ],
)
def test_modules_that_are_none_of_torchs_are_told_in_one_sentence(make: str, told: str) -> None:
    from torch import nn

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.model_walk import buffer_rows, module_rows, parameter_rows

    def put(module: nn.Module, table: str, name: Any, value: Any) -> nn.Module:
        getattr(module, table)[name] = value
        return module

    model = eval(make, {"nn": nn, "put": put})
    with pytest.raises(JobError, match=told):
        list(module_rows(model, {})), list(parameter_rows(model)), list(buffer_rows(model))


@pytest.mark.parametrize(("limit", "told"), [("MOST_MODULES", "under more than 50 names"), ("MOST_TEXT", "50 char")])
def test_a_module_shared_on_every_level_ends_before_it_is_listed(
    monkeypatch: pytest.MonkeyPatch, limit: str, told: str
) -> None:
    from torch import nn

    from lrdesigner.child import model_walk
    from lrdesigner.child.failures import JobError

    monkeypatch.setattr(model_walk, limit, 50)
    model: nn.Module = nn.Linear(1, 1)
    for _ in range(64):
        model = nn.Sequential(model, model)
    with pytest.raises(JobError, match=told):
        list(model_walk.walk(model))


def test_a_model_of_3000_levels_is_walked_as_any_other() -> None:
    from torch import nn

    from lrdesigner.child.inspect_job import inventory

    model: nn.Module = nn.Linear(1, 1)
    for _ in range(3000):
        model = nn.Sequential(model)
    modules, parameters = inventory(model)
    assert len(modules) == 3001
    assert parameters[1]["name"] == "0." * 3000 + "bias"


def test_views_into_one_buffer_are_not_tied() -> None:
    import torch
    from torch import nn

    from lrdesigner.child.inspect_job import inventory

    flat = torch.zeros(4)
    model = nn.ParameterList([nn.Parameter(flat[:2]), nn.Parameter(flat[2:]), nn.Parameter(flat[:2])])
    assert [row["tied_to"] for row in inventory(model)[1]] == [None, None, "0"]
