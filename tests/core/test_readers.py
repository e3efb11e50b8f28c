"""Files and folders that are read without torch: safetensors, indexes, folders, and what is no checkpoint at all."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from reader_files import (
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

from lrdesigner.jobs.protocol import AnyReport, InventoryChunk, ReadRequest, joined
from lrdesigner.jobs.run import run_job
from lrdesigner.readers import SUFFIXES, ReadError, read_model, reads

ENTRIES = {
    "model.layers.10.weight": ("BF16", (4, 4)),
    "model.layers.2.weight": ("BF16", (4, 4)),
    "model.layers.2.running_mean": ("F32", (4,)),
    "model.embed.weight": ("F8_E4M3", (10, 4)),
    "model.embed.ids": ("I64", (1, 10)),
    "scale": ("F32", ()),
    "model.packed": ("F4", (3, 8)),
    "empty": ("F16", (0, 3)),
}


def _error(path: str, part: str = "") -> str:
    with pytest.raises(ReadError) as caught:
        read_model(path, part)
    return str(caught.value)


def test_safetensors_gives_names_shapes_and_dtypes_in_natural_order(tmp_path: Path) -> None:
    contents = read_model(write(tmp_path, "model.safetensors", safetensors_bytes(ENTRIES, {"format": "pt"})))
    assert [(row["name"], row["shape"], row["dtype"], row["numel"]) for row in contents.parameters] == [
        ("empty", [0, 3], "float16", 0),
        ("model.embed.weight", [10, 4], "float8_e4m3fn", 40),
        ("model.layers.2.weight", [4, 4], "bfloat16", 16),
        ("model.layers.10.weight", [4, 4], "bfloat16", 16),
        ("model.packed", [3, 4], "float4_e2m1fn_x2", 12),
        ("scale", [], "float32", 1),
    ]
    assert [row["name"] for row in contents.buffers] == ["model.embed.ids", "model.layers.2.running_mean"]
    paths = [row["path"] for row in contents.modules]
    assert paths[0] == ""
    assert set(paths) == {"", "model", "model.embed", "model.layers", "model.layers.2", "model.layers.10"}
    assert all(path.rpartition(".")[0] in paths[:place] for place, path in enumerate(paths) if path)
    assert all(row["trainable"] and row["tied_to"] is None for row in contents.parameters)
    assert contents.format == "safetensors"


def _entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("header", "numbers", "message"),
    [
        ({"a": _entry([2], 0, 8), "b": _entry([2], 4, 12)}, 12, "'a' and 'b' share numbers"),
        ({"a": _entry([2], 0, 8)}, 7, "'a' lie past the end of the file"),
        ({"a": _entry([3], 0, 8)}, 8, "'a' has 8 bytes, which its shape and dtype contradict"),
        ({"a": _entry([1 << 40, 1 << 40], 0, 8)}, 8, "'a' would have more numbers than fit"),
        ({"a": _entry([-1], 0, 8)}, 8, "entry of 'a' is damaged"),
        ({"a": _entry([2], 0, 8, "F33")}, 8, "'a' has the unknown dtype 'F33'"),
        ({"a": 5}, 8, "'a' has the unknown dtype"),
        ([], 0, "JSON of another kind"),
        (b'{"a": 1, "a": 2}', 0, "'a' stands in it twice"),
        (b'{"a": ', 0, "Its header is no JSON that can be read"),
        (b"[" * 10_000, 0, "Its header is no JSON that can be read"),
    ],
)
def test_damaged_headers_are_told_of(header: object, numbers: int, message: str, tmp_path: Path) -> None:
    assert message in _error(write(tmp_path, "a.safetensors", header_bytes(header) + bytes(numbers)))


def test_a_header_that_claims_gigabytes_is_not_read(tmp_path: Path) -> None:
    content = (1 << 40).to_bytes(8, "little") + b'{"a'
    assert "its header would have 1,099,511,627,776 bytes" in _error(write(tmp_path, "a.safetensors", content))
    assert "cut short" in _error(write(tmp_path, "b.safetensors", (1000).to_bytes(8, "little") + b'{"a'))


def _index(folder: Path, shards: dict[str, str], name: str = "model.safetensors.index.json") -> str:
    return write(folder, name, json.dumps({"metadata": {}, "weight_map": shards}).encode())


def test_an_index_is_read_with_its_shards(tmp_path: Path) -> None:
    write(tmp_path, "1.safetensors", safetensors_bytes({"layers.0.weight": ("F32", (2, 2))}))
    write(tmp_path, "2.safetensors", safetensors_bytes({"layers.1.weight": ("F32", (2, 2)), "head": ("F32", (2,))}))
    shards = {"layers.0.weight": "1.safetensors", "layers.1.weight": "2.safetensors", "head": "2.safetensors"}
    path = _index(tmp_path, shards)
    contents = read_model(path)
    assert [row["name"] for row in contents.parameters] == ["head", "layers.0.weight", "layers.1.weight"]
    assert contents.format == "index of 2 files"
    assert read_model(str(tmp_path)) == contents  # the folder as libraries save it
    (tmp_path / "2.safetensors").unlink()
    assert _error(path) == ("2.safetensors is missing, one of 2 files that the index names: put it beside the index.")
    write(tmp_path, "2.safetensors", safetensors_bytes({"head": ("F32", (2,))}))
    assert "'layers.1.weight' is in the index, but in none of its files" in _error(path)
    write(tmp_path, "2.safetensors", safetensors_bytes({"layers.0.weight": ("F32", (2, 2))}))
    assert "'layers.0.weight' stands in two of the files" in _error(path)
    write(tmp_path, "2.safetensors", b"")
    assert _error(path) == "2.safetensors, which the index names: It is empty."


@pytest.mark.parametrize("shard", ["../1.safetensors", "/etc/passwd", "a/b.bin", "..", "", "a\\b", "a\0b"])
def test_an_index_names_files_beside_it_only(shard: str, tmp_path: Path) -> None:
    assert "not the plain name of a file" in _error(_index(tmp_path, {"a": shard}))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"weight_map": {}}', b'{"weight_map": {"a": 5}}', b"\xff\xfe"]
)
def test_an_index_that_is_none_is_told_of(content: bytes, tmp_path: Path) -> None:
    assert _error(write(tmp_path, "a.index.json", content))


def test_an_index_of_pickled_files_is_read_too(tmp_path: Path) -> None:
    write(tmp_path, "1.bin", checkpoint_bytes(program(state_dict("a.weight"))))
    write(tmp_path, "2.bin", checkpoint_bytes(program(state_dict("b.weight"))))
    contents = read_model(_index(tmp_path, {"a.weight": "1.bin", "b.weight": "2.bin"}, "pytorch_model.bin.index.json"))
    assert [row["name"] for row in contents.parameters] == ["a.weight", "b.weight"]
    assert "torch._utils._rebuild_tensor_v2" in contents.imports


def test_folders_are_read_as_libraries_save_them(tmp_path: Path) -> None:
    assert not reads(tmp_path)
    assert "folder without a checkpoint" in _error(str(tmp_path))
    write(tmp_path, "training.bin", checkpoint_bytes(program(state_dict("c"))))
    assert [row["name"] for row in read_model(str(tmp_path)).parameters] == ["c"]
    write(tmp_path, "adapter.safetensors", safetensors_bytes({"a": ("F32", ())}))
    write(tmp_path, "other.safetensors", safetensors_bytes({"a": ("F32", ())}))
    assert "several models (adapter.safetensors, other.safetensors ...)" in _error(str(tmp_path))
    write(tmp_path, "model.safetensors", safetensors_bytes({"b": ("F32", ())}))
    assert [row["name"] for row in read_model(str(tmp_path)).parameters] == ["b"]
    assert reads(tmp_path)


def test_archives_packed_again_by_other_programs_are_read(tmp_path: Path) -> None:
    pickled = program(state_dict("a.weight"))
    packed = checkpoint_bytes(pickled, "größe", zipfile.ZIP_DEFLATED)
    flat = io.BytesIO()
    with zipfile.ZipFile(flat, "w") as archive:
        archive.comment = b"PK" * 1000
        archive.writestr("other/folder.txt", b"")
        with archive.open("data.pkl", "w", force_zip64=True) as entry:
            entry.write(pickled)
    for content in (packed, flat.getvalue()):
        assert read_model(write(tmp_path, "a.pt", content)).parameters[0]["name"] == "a.weight"


def test_what_can_be_read_is_told_by_its_name() -> None:
    assert all(reads(f"model{suffix}") for suffix in SUFFIXES)
    assert reads("MODEL.PT")
    assert reads(Path("some/folder/last.ckpt"))
    assert not any(reads(name) for name in ("net.py", "net.py:Net", "config.json", "model.onnx", "", "demo:lenet"))


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return file.getvalue()


def _encrypted() -> bytes:
    """An archive whose entries say that they are encrypted."""
    content = bytearray(checkpoint_bytes(program(state_dict("a"))))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(signature, place + 4)
    return bytes(content)


def _zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"something")
    return file.getvalue()


# By name: archives hold the time at which they were made, so their bytes are no names of tests.
NO_CHECKPOINTS = {
    "nothing": (b"", "It is empty."),
    "zeros": (bytes(1000), "nothing but zeros"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    "web page": (b"\n<!DOCTYPE html><html><body>404</body></html>", "a web page"),
    "ONNX": (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0:" + bytes(50), "ONNX"),
    "NumPy": (b"\x93NUMPY\x01\x00" + bytes(50), "NumPy"),
    "GGUF": (b"GGUF\x03\x00" + bytes(50), "GGUF"),
    "gzip": (gzip.compress(b"a"), "gzip"),
    "tar": (_tar(), "tar archive"),
    "safetensors": (safetensors_bytes({"a": ("F32", ())}), "ending .safetensors"),
    "JSON": (b'{"a": 1}', "JSON"),
    "text": (b"just some text", "no file that PyTorch wrote"),
    "other zip": (_zip("a/b.txt"), "none that PyTorch wrote (it has no data.pkl)"),
    "empty zip": (_zip(), "empty zip archive"),
    "zip without pickle": (_zip("a/data.pkl"), "pickle"),
    "encrypted zip": (_encrypted(), "encrypted"),
    "LZMA zip": (checkpoint_bytes(program(state_dict("a")), compression=zipfile.ZIP_LZMA), "packed in a way"),
    "cut zip": (checkpoint_bytes(program(state_dict("a")))[:-30], "cut short or damaged"),
    "cut pickle": (program(state_dict("a"))[:-30], "cut short"),
    "empty dictionary": (program(b"}"), "holds no model"),
    "None": (program(b"N"), "holds no model"),
    "one tensor": (program(tensor()), "holds no model"),
    "list of tensors": (program(b"(" + tensor() + b"l"), "holds no model"),
    "optimizer": (program(dictionary((text("optimizer"), state_dict("a")))), "holds no model"),
}


@pytest.mark.parametrize("kind", NO_CHECKPOINTS)
def test_what_is_no_checkpoint_is_told_in_one_sentence(kind: str, tmp_path: Path) -> None:
    content, message = NO_CHECKPOINTS[kind]
    told = _error(write(tmp_path, "model.pt", content))
    assert message in told
    assert "\n" not in told
    assert told.endswith(".")


def test_files_that_cannot_be_opened_are_told_of(tmp_path: Path) -> None:
    assert _error(str(tmp_path / "none.pt")) == "There is no such file."
    assert "null" in _error("a\0b.pt")
    folder = tmp_path / "folder.pt"
    folder.mkdir()
    assert "folder without a checkpoint" in _error(str(folder))
    os.mkfifo(tmp_path / "pipe.pt")
    assert _error(str(tmp_path / "pipe.pt")) == "It is no plain file."
    assert "leave the part out" in _error(
        write(tmp_path, "a.safetensors", safetensors_bytes({"a": ("F32", ())})), "model"
    )
    assert ".pt" in _error(write(tmp_path, "b.safetensors", checkpoint_bytes(program(state_dict("a")))))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_told_of(tmp_path: Path) -> None:
    path = write(tmp_path, "a.pt", b"PK\x03\x04")
    os.chmod(path, 0)
    assert "permission" in _error(path)


def test_an_exported_program_of_the_older_layout_is_read_from_its_json(tmp_path: Path) -> None:
    meta = {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 3}], "requires_grad": True, "strides": []}
    model = {
        "graph_module": {
            "graph": {"nodes": [], "tensor_values": {"p_a": meta, "b_c": {**meta, "dtype": 13}}},
            "signature": {
                "input_specs": [
                    {"parameter": {"arg": {"name": "p_a"}, "parameter_name": "a.weight"}},
                    {"buffer": {"arg": {"name": "b_c"}, "buffer_name": "c", "persistent": True}},
                    {"parameter": {"arg": {"name": "p_gone"}, "parameter_name": "gone"}},
                    {"user_input": {"arg": {"as_tensor": {"name": "x"}}}},
                ]
            },
        }
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("serialized_exported_program.json", json.dumps(model))
        archive.writestr("serialized_state_dict.pt", b"")
        archive.writestr("version", "7.3")
    contents = read_model(write(tmp_path, "old.pt2", file.getvalue()))
    assert [(row["name"], row["shape"], row["trainable"]) for row in contents.parameters] == [
        ("a.weight", [2, 3], True)
    ]
    assert contents.buffers == [{"name": "c", "shape": [2, 3], "dtype": "bfloat16"}]
    assert contents.notes == ("1 entry left out, whose shapes are not known: gone.",)


def _read_in_child(path: str, part: str = "") -> tuple[Any, list[AnyReport]]:
    reports: list[AnyReport] = []
    return run_job(ReadRequest(path, part), reports.append, time_limit=60), reports


def test_a_child_reads_and_tells_what_there_is_to_say(tmp_path: Path) -> None:
    names = [f"layers.{number}.weight" for number in range(4500)]
    pickled = program(dictionary((text("ema"), state_dict("a")), (text("model"), state_dict(*names, "bn.running_var"))))
    outcome, reports = _read_in_child(write(tmp_path, "big.pt", checkpoint_bytes(pickled)))
    assert outcome.succeeded, outcome.message
    inventory = joined(report for report in reports if isinstance(report, InventoryChunk))
    assert inventory.fault() is None
    assert [parameter.name for parameter in inventory.parameters] == names
    assert [buffer.name for buffer in inventory.buffers] == ["bn.running_var"]
    told = outcome.metrics
    assert (told["format"], told["part"], told["parts"]) == ("zip checkpoint", "model", ["ema"])
    assert "collections.OrderedDict" in told["imports"]
    assert told["parameters"] == 4500
    assert reports[0].torch == ""  # type: ignore[union-attr]  # its hello


def test_a_child_that_cannot_read_says_why(tmp_path: Path) -> None:
    outcome, _ = _read_in_child(write(tmp_path, "empty.pt", b""))
    assert (outcome.succeeded, outcome.message) == (False, "It is empty.")
