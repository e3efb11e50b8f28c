"""Pickles that would run code, exhaust the machine or confuse a reader do none of it."""

from __future__ import annotations

import struct
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reader_files import (
    call,
    checkpoint_bytes,
    dictionary,
    header_bytes,
    program,
    safetensors_bytes,
    state_dict,
    tensor,
    text,
    write,
)

from lrdesigner.readers import Limits, ReadError, read_model

WEIGHTS = state_dict("a.weight", "a.bias")
DEEP = 300_000


def _read(folder: Path, *opcodes: bytes) -> list[str]:
    """Names of what is found in a checkpoint with this pickle."""
    contents = read_model(write(folder, "file.pt", checkpoint_bytes(program(*opcodes))))
    return [row["name"] for row in contents.parameters]


def _module(children: bytes = b"}", parameters: bytes = b"}", name: str = "Net") -> bytes:
    """Opcodes that push a pickled module."""
    state = dictionary((text("_modules"), children), (text("_parameters"), parameters), (text("_buffers"), b"}"))
    return b"cmodels\n" + name.encode() + b"\n)\x81" + state + b"b"


RUNNING = {
    "a function": call("os", "system", b"(" + text("touch ran") + b"t"),
    "a builtin": call("builtins", "exec", b"(" + text("open('ran', 'w')") + b"t"),
    "the name of Python 2": call("__builtin__", "eval", b"(" + text("open('ran', 'w')") + b"t"),
    "an attribute": call("builtins", "getattr", b"(cos\npath\n" + text("join") + b"t") + b"(" + text("a") + b"tR",
    "an old instance": b"(" + text("touch ran") + b"ios\nsystem\n",
    "an object opcode": b"(cos\nsystem\n" + text("touch ran") + b"o",
    "a new object": b"csubprocess\nPopen\n" + b"(" + text("touch ran") + b"t\x81",
    "a name from the stack": text("posix") + text("system") + b"\x93(" + text("touch ran") + b"tR",
    "a rebuilder": call(
        "torch._tensor", "_rebuild_from_type_v2", b"(cos\nsystem\nctorch\nTensor\n(" + text("touch ran") + b"tNt"
    ),
    "a lookup by __reduce__": call("copyreg", "_reconstructor", b"(cos\nsystem\ncbuiltins\nobject\nNt"),
    "a state": call("types", "SimpleNamespace") + dictionary((text("__class__"), b"cos\nsystem\n")) + b"b",
}


def test_nothing_named_in_a_file_is_imported_or_run(tmp_path: Path) -> None:
    """An audit hook sees every import, compilation, process and file that is opened, in a process of its own."""
    for number, opcodes in enumerate(RUNNING.values()):
        pickled = program(dictionary((text("x"), opcodes), (text("state_dict"), WEIGHTS)))
        write(tmp_path, f"{number}.pt", checkpoint_bytes(pickled))
        write(tmp_path, f"plain{number}.pt", pickled)
    code = """
        import os, sys
        from lrdesigner.readers import read_model
        files = sorted(os.listdir("."))
        read_model(files[0])
        events = []
        quiet = ("builtins.id", "mmap.__new__", "marshal.loads", "code.__new__")
        def hook(event, args):
            if event not in quiet and (event != "open" or args[0] not in files):
                events.append((event, str(args)[:200]))
        sys.addaudithook(hook)
        for file in files:
            names = [row["name"] for row in read_model(file).parameters]
            assert names == ["a.weight", "a.bias"], (file, names)
        print(events)
        assert not {"os", "subprocess"} & set(read_model(files[0]).imports)
        print(sorted({name for file in files for name in read_model(file).imports}))
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    events, imports = result.stdout.splitlines()
    assert events == "[]"
    for name in ("os.system", "posix.system", "builtins.exec", "builtins.eval", "builtins.getattr", "subprocess.Popen"):
        assert f"'{name}'" in imports
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "thing",
    ["cbuiltins\nobject\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nSize\n", "ccollections\nOrderedDict\n"],
)
def test_a_pickle_cannot_change_the_stand_ins_for_the_next_one(thing: str, tmp_path: Path) -> None:
    for state in (dictionary((text("__new__"), b"N")), b"}" + dictionary((text("__new__"), b"N")) + b"\x86"):
        with pytest.raises(ReadError):
            _read(tmp_path, thing.encode(), state, b"b0", WEIGHTS)
    assert _read(tmp_path, WEIGHTS) == ["a.weight", "a.bias"]


def test_states_and_items_of_anything_are_kept_as_they_come(tmp_path: Path) -> None:
    stub = b"cpackage\nThing\n)\x81"
    for opcodes in (
        stub + b"Nb",
        stub + dictionary((text("a"), b"N")) + b"b" + dictionary((text("a"), b"N")) + b"b",
        stub + b"(K\x01K\x02e" + b"K\x01a" + text("k") + b"Ns",
        stub + b"(K\x01\x90",
        b"cpackage\nThing\nK\x01\x85" + b"}\x92",
        call("package", "make", b"(K\x01t") + b")R)R",
        b"ctorch\nfloat32\n" + dictionary((text("name"), b"N")) + b"b",
        tensor() + dictionary((text("shape"), b"N")) + b"b",
        call("collections", "OrderedDict") + dictionary((text("items"), b"N"), (text("get"), b"cos\nsystem\n")) + b"b",
    ):
        assert _read(tmp_path, dictionary((text("other"), b"(" + opcodes + b"l"), (text("model"), WEIGHTS))) == [
            "a.weight",
            "a.bias",
        ]


def test_containers_that_contain_themselves_are_walked_once(tmp_path: Path) -> None:
    loop = b"]q\x01(" + b"h\x01" * 3 + b"e" + b"}q\x02" + text("again") + b"h\x02s\x86"
    assert _read(tmp_path, dictionary((text("loop"), loop), (text("model"), WEIGHTS))) == ["a.weight", "a.bias"]


def test_sharing_that_doubles_on_every_level_takes_no_time(tmp_path: Path) -> None:
    shared = b"}" + b"".join(
        b"q"
        + bytes([level])
        + b"0}"
        + text("a")
        + b"h"
        + bytes([level])
        + b"s"
        + text("b")
        + b"h"
        + bytes([level])
        + b"s"
        for level in range(1, 200)
    )
    assert _read(tmp_path, dictionary((text("x"), shared), (text("model"), WEIGHTS))) == ["a.weight", "a.bias"]


@pytest.mark.parametrize(
    "opcodes",
    [
        b")" + b"\x85" * DEEP,
        b"(" * DEEP + b"t" * DEEP,
        b"]" * DEEP + b"a" * (DEEP - 1),
        (b"}" + text("a")) * DEEP + b"N" + b"s" * DEEP,
        b"cbuiltins\nfrozenset\n" + (b"(" * DEEP) + b"\x91" * DEEP + b"\x85R",
    ],
    ids=["tuples", "marked tuples", "lists", "dictionaries", "sets"],
)
def test_deep_nesting_is_no_matter(opcodes: bytes, tmp_path: Path) -> None:
    assert _read(tmp_path, dictionary((text("x"), opcodes), (text("model"), WEIGHTS))) == ["a.weight", "a.bias"]


def test_deeply_nested_tuples_as_keys_do_not_overflow_the_stack(tmp_path: Path) -> None:
    key = b")" + b"\x85" * DEEP
    assert _read(tmp_path, dictionary((key, b"N"), (text("model"), WEIGHTS))) == ["a.weight", "a.bias"]
    pickled = checkpoint_bytes(program(dictionary((key, b"N"), (text("model"), WEIGHTS))))
    path = write(tmp_path, "file.pt", pickled)
    with pytest.raises(ReadError, match="may nest"):
        read_model(path, limits=Limits(tuples=1000))


@pytest.mark.parametrize(
    ("opcodes", "message"),
    [
        (b"Nr\xff\xff\xff\x7f", "cut short or damaged"),
        (b"Np99999999\n", "cut short or damaged"),
        (b"\x96" + struct.pack("<Q", 1 << 40), "cut short or damaged"),
        (b"\x8e" + struct.pack("<Q", 1 << 62), "cut short or damaged"),
        (b"X\xff\xff\xff\xffabc", "cut short or damaged"),
        (b"\x8b" + struct.pack("<I", 5000) + b"\1" * 5000, "cut short or damaged"),
        (b"\x82\x01", "cut short or damaged"),
        (b"\x97", "cut short or damaged"),
        (b"0", "damaged"),
        (b"I" + b"9" * 5000 + b"\n", "damaged"),
        (b"]N\x81", "damaged"),
        (b"K\x01K\x02R", "damaged"),
        (b"\x95" + struct.pack("<Q", 1 << 40), "damaged"),
        (b"h\x07", "damaged"),
    ],
)
def test_operands_that_lie_are_told_of(opcodes: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=message):
        _read(tmp_path, opcodes)


def test_limits_hold(tmp_path: Path) -> None:
    names = b"".join(b"cm\n" + str(number).encode() + b"\n0" for number in range(50))
    for opcodes, limits, message in (
        (names + WEIGHTS, Limits(globals=40), "names more than 40 classes"),
        (WEIGHTS, Limits(tensors=1), "holds 2 tensors"),
        (WEIGHTS, Limits(pickle=50), "bytes"),
        (WEIGHTS, Limits(text=5), "too long"),
    ):
        with pytest.raises(ReadError, match=message):
            read_model(write(tmp_path, "file.pt", checkpoint_bytes(program(opcodes))), limits=limits)


def test_a_pickle_that_unpacks_to_too_much_is_not_read(tmp_path: Path) -> None:
    bomb = checkpoint_bytes(b"N" * 5_000_000, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 20_000
    with pytest.raises(ReadError, match=r"has 5,000,000 bytes; more than 1,000,000 are not read"):
        read_model(write(tmp_path, "bomb.pt", bomb), limits=Limits(pickle=1_000_000))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited where the system can")
def test_a_pickle_that_takes_all_memory_ends_in_an_error(tmp_path: Path) -> None:
    sets = 3_000_000  # of two hundred bytes each
    bomb = checkpoint_bytes(program(b"(" + b"\x8f" * sets + b"l"), compression=zipfile.ZIP_DEFLATED)
    write(tmp_path, "bomb.pt", bomb)
    code = """
        from lrdesigner.child.memory import limit_memory
        from lrdesigner.readers import read_model
        limit_memory(100 * 1024**2)
        read_model("bomb.pt")
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stderr.splitlines()[-1].endswith("it is damaged or made to exhaust it.")


def test_keys_and_values_that_are_no_names_and_tensors_are_left_out_and_told(tmp_path: Path) -> None:
    odd = dictionary(
        (b"K\x01", tensor("1")),
        (text(""), tensor("2")),
        (text("\ud800"), tensor("3")),
        (text("größe.é"), tensor("4")),
        (text("step"), b"K\x05"),
        (text("huge"), tensor("5", (2**31 - 1,) * 3)),
        (text("negative"), tensor("6", (-1,))),
        (text("a"), tensor("7")),
        (text("a.b"), tensor("8")),
        (text("x._extra_state"), b"N"),
        (text("line\nbreak"), b"N"),
    )
    contents = read_model(write(tmp_path, "odd.pt", checkpoint_bytes(program(odd))))
    assert [row["name"] for row in contents.parameters] == ["größe.é", "a.b"]
    assert contents.notes[:4] == (
        "3 entries left out, whose keys are no names.",
        "2 entries left out, which are no tensors: step, line?break.",
        "1 entry left out, which are names of modules too: a.",
        "2 entries left out, whose shapes no tensor has: huge, negative.",
    )


def test_a_compiled_module_is_read_as_the_module(tmp_path: Path) -> None:
    """Torch pickles it as a call with the module and what compiles it; making a real one takes seconds."""
    compiled = call(
        "torch._dynamo.eval_frame", "OptimizedModule", b"(" + _module(parameters=state_dict("weight")) + b"Nt"
    )
    contents = read_model(write(tmp_path, "a.pt", checkpoint_bytes(program(dictionary((text("model"), compiled))))))
    assert (contents.part, contents.modules[0]["type"], contents.parameters[0]["name"]) == ("model", "Net", "weight")


def test_three_thousand_levels_of_modules_are_walked(tmp_path: Path) -> None:
    inner = _module(parameters=dictionary((text("weight"), tensor())))
    for _ in range(3000):
        inner = _module(children=dictionary((text("m"), inner)))
    contents = read_model(write(tmp_path, "deep.pt", checkpoint_bytes(program(inner))))
    assert len(contents.modules) == 3001
    assert contents.parameters[0]["name"] == "m." * 3000 + "weight"
    assert contents.modules[5] == {"path": "m.m.m.m.m", "type": "Net"}


def test_a_module_that_contains_itself_is_told_of(tmp_path: Path) -> None:
    looped = b"cm\nNet\n)\x81q\x05" + dictionary(
        (text("_modules"), dictionary((text("child"), _module(dictionary((text("parent"), b"h\x05")))))),
        (text("_parameters"), b"}"),
    )
    with pytest.raises(ReadError, match=r"contains itself: child\.parent is a module that lies above it"):
        _read(tmp_path, looped + b"b")
    wrapped = b"cm\nNet\n)\x81q\x05" + dictionary(
        (text("_modules"), dictionary((text("module"), b"h\x05"))), (text("_parameters"), b"}")
    )
    with pytest.raises(ReadError, match="contains itself"):
        _read(tmp_path, wrapped + b"b")


def test_a_module_under_endlessly_many_names_is_told_of(tmp_path: Path) -> None:
    inner = _module()
    for level in range(30):
        put = b"q" + bytes([level])
        inner += put + b"0" + _module(dictionary(*((text(name), b"h" + bytes([level])) for name in "ab")))
    with pytest.raises(ReadError, match="more than 4,000 modules and tensors"):
        read_model(
            write(tmp_path, "many.pt", checkpoint_bytes(program(inner))), limits=Limits(tensors=2000, modules=2000)
        )


BASES = {
    "state.pt": checkpoint_bytes(program(dictionary((text("model"), WEIGHTS), (text("epoch"), b"K\x01")))),
    "module.pt": checkpoint_bytes(
        program(_module(dictionary((text("fc"), _module(parameters=state_dict("weight", "bias"))))))
    ),
    "plain.pt": program(WEIGHTS),
    "old.pt": program(b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19") + program(b"M\xe9\x03") + program(b"}") + program(WEIGHTS),
    "a.safetensors": safetensors_bytes({"a.weight": ("F32", (2, 3)), "a.bias": ("BF16", (3,))}, {"format": "pt"}),
}


@pytest.mark.parametrize("name", sorted(BASES))
def test_the_files_that_are_damaged_below_read_while_they_are_whole(name: str, tmp_path: Path) -> None:
    assert len(read_model(write(tmp_path, name, BASES[name])).parameters) == 2


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """One of the files with bytes changed, cut out, doubled or inserted, or cut off."""
    name = draw(st.sampled_from(sorted(BASES)))
    data = bytearray(BASES[name])
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.integers(0, 4)):
            case 0:
                del data[place:]
            case 1:
                data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case 2:
                data[place:place] = draw(st.binary(max_size=8))
            case 3:
                del data[place : place + draw(st.integers(1, 20))]
            case _:
                data[place:place] = data[place : place + draw(st.integers(1, 40))]
    return name, bytes(data)


@given(damaged())
@example(("a.safetensors", header_bytes(b"[" * 100_000)))
@example(("a.safetensors", header_bytes({"a": {"dtype": "F32", "shape": [1 << 70], "data_offsets": [0, 4]}})))
@example(("state.pt", b"PK\x03\x04"))
def test_damaged_files_raise_one_error_and_import_nothing(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[str, bytes]
) -> None:
    name, data = case
    folder = tmp_path_factory.getbasetemp()
    loaded = set(sys.modules)
    found = _names_or_error(write(folder, f"damaged-{name}", data))
    if isinstance(found, str):
        assert found.endswith((".", ")"))
        assert "\n" not in found
    else:
        assert len(set(found)) == len(found)
    assert {module for module in set(sys.modules) - loaded if not module.startswith("encodings")} == set()


def _names_or_error(path: str) -> list[str] | str:
    try:
        return [row["name"] for row in read_model(path).parameters]
    except ReadError as error:
        return str(error)
