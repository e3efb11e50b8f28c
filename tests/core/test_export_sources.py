"""The script at the end of an exported file gets its model as the design does, where that is an import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lrdesigner.document import Design
from lrdesigner.export import export


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("/models/net.py:Net", ("from net import Net", "model: Any = Net(depth=3)", "Run this file beside net.py.")),
        ("pkg.nets:make.small", ("from pkg.nets import make", "model: Any = make.small(depth=3)", "Install pkg.nets")),
        ("timm:vit_tiny", ("from timm import create_model", 'create_model("vit_tiny", pretrained=False, depth=3)')),
        (
            "torchvision:vgg11",
            ("from torchvision.models import get_model", 'get_model("vgg11", weights=None, depth=3)'),
        ),
        ("/models/net.safetensors", ("Build your model in make_model().",)),
        ("/models/net.pt:ema.model", ("Build your model in make_model().",)),
        ("transformers:/models/llama", ("Build your model in make_model().",)),
    ],
)
def test_the_script_imports_what_can_be_imported(plain_design: Design, source: str, words: tuple[str, ...]) -> None:
    model = replace(plain_design.model, source=source, kwargs={"depth": 3})
    text = export(replace(plain_design, model=model))
    compile(text, "lr_plan.py", "exec")
    assert [word for word in words if word not in text] == []


def test_of_a_function_that_gives_more_the_script_takes_the_model(
    plain_design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = plain_design.model.inventory.modules[0].type
    taken = "if isinstance(model, tuple)"
    of_class = export(replace(plain_design, model=replace(plain_design.model, source=f"/models/net.py:{own}")))
    assert taken not in of_class
    text = export(replace(plain_design, model=replace(plain_design.model, source="/models/two_things.py:make")))
    assert taken in text
    (tmp_path / "two_things.py").write_text("def make():\n    return None, 'an optimizer'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "lr_plan.py", "exec"), names)
    with pytest.raises(SystemExit, match=r"make makes no torch\.nn\.Module"):  # the first of both, not the tuple
        names["main"]()


def test_a_file_for_a_checkpoint_says_which_it_is_for(plain_design: Design) -> None:
    inventory = plain_design.model.inventory
    untyped = replace(inventory, modules=tuple(replace(module, type="") for module in inventory.modules))
    model = replace(plain_design.model, source="/models/net.pt:ema", inventory=untyped)
    assert "schedule for net.pt:ema, made with" in export(replace(plain_design, model=model)).splitlines()[0]
