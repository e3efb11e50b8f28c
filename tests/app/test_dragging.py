"""What travels in a drag: paths in, paths out, nothing else accepted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner_app import dragging
from lrdesigner_app.theme import Theme


def foreign(content: bytes, mime: str = dragging.MIME) -> QMimeData:
    data = QMimeData()
    data.setData(mime, content)
    return data


def test_paths_survive_the_way_through_drag_data(qapp: QApplication) -> None:
    paths = ("", "blocks.0", "höhe.größe")
    assert dragging.decode(dragging.encode(paths)) == paths


def test_repeated_paths_arrive_once(qapp: QApplication) -> None:
    assert dragging.decode(dragging.encode(["a", "b", "a"])) == ("a", "b")


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"\xff\xfe", b'{"a": 1}', b"[1]", b'["a", null]', b'"a"', b"[" * 100_000],
    ids=["empty", "cut", "no text", "object", "number", "null", "string", "too deep"],
)
def test_damaged_drag_data_gives_no_paths(qapp: QApplication, content: bytes) -> None:
    assert dragging.decode(foreign(content)) == ()


def test_drag_data_of_another_kind_gives_no_paths(qapp: QApplication) -> None:
    assert dragging.decode(foreign(b'["features"]', "text/plain")) == ()


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["features"], "features"),
        ([""], "LeNet"),
        (["", "features"], "LeNet"),
        (["features", "classifier"], "2 modules"),
        (["features", "features.0", "features.0.bias"], "features"),
        (["features", "classifier.1.bias"], "1 module and 1 tensor"),
        (["classifier.1.bias", "classifier.3.bias"], "2 tensors"),
        ([], "nothing"),
    ],
)
def test_paths_are_put_in_words(lenet_inventory: Inventory, paths: list[str], words: str) -> None:
    assert dragging.what(lenet_inventory, paths) == words


def test_drag_text_counts_parameters_once(lenet_inventory: Inventory) -> None:
    assert dragging.drag_text(lenet_inventory, ["features", "features.0"]) == "features, 2.87 K parameters"
    assert dragging.drag_text(lenet_inventory, ["features", "classifier"]) == "2 modules, 62.0 K parameters"


def test_a_shared_tensor_counts_once_whichever_name_is_dragged() -> None:
    shared = Inventory(
        modules=(ModuleInfo("", "M"), ModuleInfo("a", "Embedding"), ModuleInfo("b", "Linear")),
        parameters=(
            ParameterInfo("a.weight", (4, 5), "float32", 20, True),
            ParameterInfo("b.weight", (4, 5), "float32", 20, True, "a.weight"),
        ),
    )
    assert dragging.parameters_in(shared, ["a", "b"]) == 20
    assert dragging.parameters_in(shared, ["b"]) == 20


def test_the_chip_is_as_wide_as_its_text_on_dense_screens_too(theme: Theme) -> None:
    short = dragging.drag_pixmap("a", theme, QFont())
    long = dragging.drag_pixmap("12 modules, 3.4 M parameters", theme, QFont(), ratio=2.0)
    assert long.deviceIndependentSize().width() > 2 * short.width()
    assert long.devicePixelRatio() == 2.0
