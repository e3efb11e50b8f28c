from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_here import imports_undone, jobs_here

from lrdesigner.errors import UserError
from lrdesigner.inventory import ModuleInfo, ParameterInfo
from lrdesigner.jobs.protocol import Failure, Hello, InspectRequest, InventoryChunk, Rung
from lrdesigner.jobs.reader import Outcome, State
from lrdesigner.jobs.run import inspect_model, run_job, run_ladder
from lrdesigner.model_inputs import described_inputs
from lrdesigner.models.arguments import parse_inputs
from lrdesigner.models.ladder import HOPELESS, Attempt, next_rung, told
from lrdesigner.models.opening import inspection_of
from lrdesigner.models.read_source import ReadSource
from lrdesigner.models.source import parse_source

WANTS_NUMBERS = "Building Net failed: RuntimeError: Tensor.item() cannot be called on meta tensors."
WANTS_CUDA = "Building Net failed: AssertionError: Torch not compiled with CUDA enabled."
WRONG = "Building Net failed: ValueError: no depth."


def failed(message: str, *, building: bool = True, error: str = "RuntimeError", state: State = "failed") -> Outcome:
    return Outcome(state=state, message=message, failure=Failure(message=message, building=building, error=error))


def climbed(*messages: str) -> list[Rung]:
    """The rungs that are tried when each fails with the message at its place, the last one again and again."""
    tried: list[Attempt] = []
    while (rung := next_rung(tried)) is not None:
        tried.append(Attempt(rung, failed(messages[min(len(tried), len(messages) - 1)])))
    return [attempt.rung for attempt in tried]


@pytest.mark.parametrize(
    ("messages", "rungs"),
    [
        ([WANTS_NUMBERS], ["meta", "hybrid", "cpu"]),
        ([WRONG], ["meta", "cpu"]),
        ([WANTS_CUDA], ["meta", "fake", "cpu"]),
        ([WANTS_NUMBERS, WANTS_CUDA], ["meta", "hybrid", "cpu"]),
    ],
)
def test_what_failed_says_what_is_tried_next(messages: list[str], rungs: list[str]) -> None:
    assert climbed(*messages) == rungs


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(state="finished", message="Finished."),
        Outcome(state="crashed", message="It crashed."),
        failed("It took too long.", state="timed_out"),
        failed(WANTS_NUMBERS, state="cancelled"),
        failed("net.py has no 'Net'.", building=False),
        *(failed(WANTS_NUMBERS, error=error) for error in sorted(HOPELESS)),
    ],
)
def test_what_no_other_way_can_mend_ends_at_once(outcome: Outcome) -> None:
    assert next_rung([Attempt("meta", outcome)]) is None
    assert told([Attempt("meta", outcome)]) is outcome


def test_the_real_build_tells_why_it_failed_for_it_is_what_a_person_would_see() -> None:
    real = failed(WRONG)
    assert told([Attempt("meta", failed(WANTS_NUMBERS)), Attempt("cpu", real)]) is real


def test_a_real_build_that_did_not_fit_is_told_after_the_reason_why_it_was_tried() -> None:
    attempts = [
        Attempt("meta", failed(WANTS_NUMBERS)),
        Attempt("cpu", failed("Building Net needs more memory than 9.")),
    ]
    assert told(attempts).message.startswith(WANTS_NUMBERS[:-1])
    assert told(attempts).message.endswith("it did not fit: Building Net needs more memory than 9.")


# Real children

NETS = """
import torch
from torch import nn

class Checks(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)
        assert torch.isfinite(self.weight).all()

class OnGpu(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 4, device="cuda")

class Hungry(nn.Module):
    def __init__(self):
        super().__init__()
        self.big = [0] * (1 << 29)

class Leaves(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)
        exit()
"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("nets") / "nets.py"
    file.write_text(NETS)
    return file


@pytest.mark.torch
def test_each_way_of_building_is_a_process_of_its_own(nets: Path) -> None:
    seen: list[Any] = []
    outcome = run_ladder(InspectRequest(f"{nets}:Checks"), seen.append, time_limit=60)
    processes = [report.pid for report in seen if isinstance(report, Hello)]
    assert (outcome.state, outcome.metrics["rung"], outcome.metrics["parameters"]) == ("finished", "cpu", 2)
    assert len(set(processes)) == len(processes) == 3


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, nets: Path) -> Iterator[None]:
    """Jobs in this process: what is climbed is as in many."""
    yield from jobs_here(monkeypatch, nets.parent)


@pytest.mark.torch
@pytest.mark.usefixtures("here")
def test_a_model_that_asks_for_a_gpu_is_built_as_if_there_was_one(nets: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has what the model asks for")
    outcome = run_ladder(InspectRequest(f"{nets}:OnGpu"), lambda report: None)
    assert (outcome.state, outcome.metrics["rung"], outcome.metrics["parameters"]) == ("finished", "fake", 2)


@pytest.mark.torch
@pytest.mark.usefixtures("here")
def test_exit_in_a_constructor_ends_the_ladder_at_once(nets: Path) -> None:
    outcome = run_ladder(InspectRequest(f"{nets}:Leaves"), lambda report: None)
    assert outcome.message.startswith("Building Leaves called exit()")
    assert outcome.failure is not None
    assert not outcome.failure.building
    assert next_rung([Attempt("meta", outcome)]) is None


@pytest.mark.torch
def test_a_constructor_that_eats_memory_is_told_how_much_it_may_have(nets: Path) -> None:
    outcome = run_job(InspectRequest(f"{nets}:Hungry", rung="cpu", memory=1 << 30), time_limit=60)
    assert outcome.message.startswith(f"Building Hungry needs more memory than 1.0 GiB. ({nets}:")


def test_what_torch_and_python_say_of_too_little_memory_is_understood() -> None:
    from lrdesigner.child.memory import lacks_memory

    torch_says = "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
    assert lacks_memory(RuntimeError(torch_says))
    assert lacks_memory(MemoryError())
    assert not lacks_memory(ValueError("no depth"))


# The builder itself, in this process


@pytest.fixture
def clean_imports(tmp_path: Path) -> Iterator[None]:
    yield from imports_undone(tmp_path)


CASES = {
    "linear and embedding": "nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2))",
    "convolutions and norms": "nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.GroupNorm(2, 4))",
    "recurrent": "nn.LSTM(3, 4, num_layers=2)",
    "attention": "nn.TransformerEncoderLayer(8, 2)",
    "lists and dicts": "nn.ModuleList([nn.ParameterList([torch.ones(2)]), nn.ParameterDict({'a': torch.ones(3)})])",
    "lazy": "nn.Sequential(nn.LazyLinear(4), nn.LazyConv2d(2, 3))",
    "spectral norm": "nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4))",
    "weight norm": "nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))",
    "tied by data": "tied()",
    "numbers of its own": "nn.Sequential(nn.Linear(2, int(torch.arange(5).sum() * 0 + 3)) if False else nn.ReLU())",
    "orthogonal init": "initialised(nn.init.orthogonal_, (3, 4))",
    "truncated init": "initialised(nn.init.trunc_normal_, (3, 4))",
    "bias with a fan": "initialised(nn.init.xavier_uniform_, (4,))",
    "scripted": "nn.Sequential(torch.jit.script(nn.Linear(2, 3)))",
    "compiled": "nn.Sequential(torch.compile(nn.Linear(2, 3)))",
    "quantized": "torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3)))",
}

HELPERS = """
import torch
from torch import nn

def tied():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight.data = model[0].weight.data
    model.register_buffer("table", torch.zeros(4), persistent=False)
    return model

def initialised(fill, shape):
    model = nn.Module()
    model.weight = nn.Parameter(torch.empty(shape))
    try:
        result = fill(model.weight)
        assert result is model.weight
    except ValueError:
        model.plain = nn.Parameter(torch.zeros(1))
    return model
"""


def rows_of(file: Path, rung: str) -> list[Any]:
    from lrdesigner.child.build_model import build_model
    from lrdesigner.child.model_walk import buffer_rows, module_rows, parameter_rows

    model = build_model(f"{file}:make", {}, rung)
    bases: dict[str, list[str]] = {}
    return [list(module_rows(model, bases)), list(parameter_rows(model)), list(buffer_rows(model)), bases]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize("case", sorted(CASES))
def test_a_model_without_weights_has_the_rows_of_the_real_one(tmp_path: Path, case: str) -> None:
    from lrdesigner.child.failures import BuildError

    file = tmp_path / "net.py"
    file.write_text(HELPERS + f"def make():\n    return {CASES[case]}\n")
    real = rows_of(file, "cpu")
    ways = 0
    for rung in ("meta", "hybrid"):
        try:
            found = rows_of(file, rung)
        except BuildError:
            continue
        assert found == real
        ways += 1
    assert ways > 0 or case == "quantized"


@pytest.mark.torch
@pytest.mark.usefixtures("clean_imports")
def test_initial_values_are_left_out_on_meta_only_and_all_is_as_before_afterwards(tmp_path: Path) -> None:
    from torch.nn import init

    from lrdesigner.child.build_model import build_model

    before = dict(vars(init))
    text = """
    import torch
    from torch import nn
    def make():
        model = nn.Linear(2, 2)
        model.real = nn.Parameter(torch.empty(3, device="cpu"))
        assert nn.init.ones_(model.real) is model.real
        assert nn.init.ones_(tensor=model.weight) is model.weight
        assert model.real.sum() == 3
        return model
    """
    (tmp_path / "net.py").write_text(textwrap.dedent(text))
    model = build_model(f"{tmp_path / 'net.py'}:make", {}, "meta")
    assert (model.weight.is_meta, model.real.is_meta) == (True, False)
    assert dict(vars(init)) == before


@pytest.mark.torch
def test_names_that_cannot_be_told_are_told_in_a_sentence() -> None:
    from torch import nn

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.model_walk import parameter_rows

    for name, words in ((3, "called 3, which is not text"), ("\ud800", "not valid Unicode")):
        model = nn.Linear(1, 1)
        model._parameters[name] = model.weight  # type: ignore[index]
        with pytest.raises(JobError, match=words):
            list(parameter_rows(model))


@pytest.mark.torch
def test_unicode_and_dots_in_names_are_kept() -> None:
    from torch import nn

    from lrdesigner.child.model_walk import parameter_rows

    model = nn.Linear(1, 1)
    model._parameters["gewicht.größe"] = nn.Parameter(model.weight.detach().clone())
    assert [row["name"] for row in parameter_rows(model)] == ["weight", "bias", "gewicht.größe"]


def test_two_parameters_of_one_name_are_a_user_error() -> None:
    row = ParameterInfo("0.weight", (2,), "float32", 2, True)
    chunk = InventoryChunk(modules=(ModuleInfo("", "Net"),), parameters=(row, row))
    with pytest.raises(UserError, match=r"net\.pt cannot be opened: .*has the parameter '0\.weight' twice"):
        inspection_of(ReadSource("net.pt", ""), [chunk], Outcome(state="finished", message=""))


def test_what_there_is_to_say_about_a_model_comes_as_sentences() -> None:
    metrics = {"notes": ["It is old."], "imports": ["posix.system"], "parts": ["ema", "state_dict"]}
    chunk = InventoryChunk(modules=(ModuleInfo("", "Net"),))
    outcome = Outcome(state="finished", message="", metrics=metrics)
    assert inspection_of(ReadSource("net.pt", ""), [chunk], outcome).remarks == (
        "It is old.",
        "Other parts can be opened as FILE:PART: ema, state_dict.",
        "Really loading it would import posix.system; nothing of it was run.",
        "The model has no parameters.",
    )


# The order of a forward pass

BRANCHES = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(4, 2)
        self.first = nn.Embedding(10, 4)
    def forward(self, ids, scale=None):
        x = self.first(ids)
        return self.last(x if scale is None else x * scale)
"""


@pytest.mark.torch
@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize(
    "inputs", ['[["int64", [1, 16]]]', '{"ids": ["int64", [1, 16]], "scale": [1, 16, 4]}'], ids=["list", "object"]
)
@pytest.mark.parametrize("rung", ["meta", "hybrid", "fake", "cpu"])
def test_modules_are_ordered_as_a_forward_pass_enters_them(tmp_path: Path, rung: str, inputs: str) -> None:
    import msgspec

    from lrdesigner.child.build_model import build_model
    from lrdesigner.child.forward_order import forward_order

    (tmp_path / "net.py").write_text(BRANCHES)
    model = build_model(f"{tmp_path / 'net.py'}:Net", {}, rung)
    assert forward_order(model, msgspec.to_builtins(described_inputs(parse_inputs(inputs))), rung) == ["first", "last"]


@pytest.mark.torch
@pytest.mark.usefixtures("here", "clean_imports")
def test_a_forward_pass_that_fails_is_a_remark(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BRANCHES)
    source = parse_source("net.py:Net", tmp_path)
    found = inspect_model(source, time_limit=60, inputs=parse_inputs("[[1, 16]]"))
    assert (len(found.inventory.parameters), found.inventory.order) == (3, ())
    assert found.remarks[0].startswith("The order of the forward pass is not known. A forward pass with the given")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "not JSON"),
        ("3", "list of shapes"),
        ("[]", "list of shapes"),
        ("[3]", "3 is not the shape"),
        ("[[1, -2]]", "is not the shape"),
        ("[[true]]", "is not the shape"),
        ('{"a": "int64"}', "is not the shape"),
        ("[[NaN]]", "hold NaN"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_describes_no_inputs_is_refused(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse_inputs(text)
    assert parse_inputs(" ") == []
