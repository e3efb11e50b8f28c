"""Models of libraries, with small stand-ins for these; `tests/peers/test_builds.py` has the real ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lrdesigner.child.failures import JobError
from lrdesigner.child.libraries import contains_code, library_maker


class Config:
    """As a configuration of transformers: fields become attributes."""

    def __init__(self, **fields: Any) -> None:
        self.hidden_size = 8
        vars(self).update(fields)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Config:
        return cls(**fields)


class Auto:
    _model_mapping = (Config,)

    @classmethod
    def from_config(cls, config: Config, trust_remote_code: bool) -> tuple[str, int, bool]:
        return "auto", config.hidden_size, trust_remote_code


class GrandForCausalLM:
    @classmethod
    def _from_config(cls, config: Config) -> tuple[str, Config]:
        return cls.__name__, config


def builder(*, weights: object = None, weights_backbone: object = 1, depth: int = 1) -> tuple[object, ...]:
    return weights, weights_backbone, depth


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    timm = SimpleNamespace(
        __version__="1.0",
        is_model=lambda name: name == "vit_small",
        list_models=lambda: ["vit_small", "vit_base"],
        create_model=lambda name, **kwargs: (name, kwargs),
    )
    models = SimpleNamespace(
        list_models=lambda: ["resnet18"],
        get_model_builder=lambda name: builder,
        get_model=lambda name, **kwargs: builder(**kwargs),
    )
    transformers = SimpleNamespace(
        __version__="5", CONFIG_MAPPING={"grand": Config}, AutoModel=Auto, GrandForCausalLM=GrandForCausalLM
    )
    monkeypatch.setitem(sys.modules, "timm", timm)
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(__version__="0.28", models=models))
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(variable, "0")


def config(folder: Path, **fields: Any) -> str:
    (folder / "config.json").write_text(json.dumps({"model_type": "grand", **fields}))
    return f"transformers:{folder / 'config.json'}"


def test_timm_and_torchvision_are_told_to_fetch_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_maker("timm:vit_small", {"depth": 2})() == ("vit_small", {"pretrained": False, "depth": 2})
    assert library_maker("torchvision:resnet18", {"depth": 2})() == (None, None, 2)


def test_everything_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    library_maker("timm:vit_small", {})
    assert [os.environ[name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")] == ["1", "1"]


def test_a_configuration_names_its_class_or_goes_to_the_fitting_auto_class(tmp_path: Path) -> None:
    assert library_maker(config(tmp_path), {"hidden_size": 16})() == ("auto", 16, False)
    name, made = library_maker(config(tmp_path, architectures=["GrandForCausalLM"], hidden_size=4), {})()  # type: ignore[misc]
    assert (name, made.hidden_size) == ("GrandForCausalLM", 4)
    assert library_maker(config(tmp_path, architectures=["Unknown"]), {})() == ("auto", 8, False)


def test_code_that_a_configuration_brings_along_is_left_alone(tmp_path: Path) -> None:
    source = config(tmp_path, auto_map={"AutoModel": "evil.Net"}, architectures=["GrandForCausalLM"])
    _, made = library_maker(source, {})()  # type: ignore[misc]
    assert not hasattr(made, "auto_map")
    assert contains_code(source)
    assert not contains_code(config(tmp_path))
    assert not contains_code("timm:vit_small")


@pytest.mark.parametrize(
    ("source", "kwargs", "told"),
    [
        ("timm:vit_smal", {}, "timm 1.0 knows no model 'vit_smal'; did you mean vit_small, vit_base?"),
        ("torchvision:vgg", {}, "torchvision 0.28 knows no model 'vgg'."),
        ("timm:vit_small", {"pretrained": True}, "argument 'pretrained' is not allowed: timm models are built without"),
        ("timm:vit_small", {"checkpoint_path": "/x"}, "argument 'checkpoint_path' is not allowed"),
        ("torchvision:resnet18", {"weights": "DEFAULT"}, "argument 'weights' is not allowed"),
    ],
)
def test_what_a_library_does_not_know_or_must_not_do_is_told(source: str, kwargs: dict[str, Any], told: str) -> None:
    with pytest.raises(JobError) as caught:
        library_maker(source, kwargs)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kwargs", "told"),
    [
        ("{", {}, "cannot be read as JSON"),
        ("[]", {}, 'has no "model_type"'),
        ('{"model_type": "gran"}', {}, "transformers 5 knows no model 'gran'; did you mean grand?"),
        ('{"model_type": "x", "auto_map": {}}', {}, "It contains code (auto_map), which is not run."),
        ('{"model_type": "grand"}', {"hidden": 3}, "has no field 'hidden'; did you mean hidden_size?"),
        ('{"model_type": "grand"}', {"auto_map": {}}, "argument 'auto_map' is not allowed"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told(
    tmp_path: Path, text: str, kwargs: dict[str, Any], told: str
) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(JobError) as caught:
        library_maker(f"transformers:{tmp_path / 'config.json'}", kwargs)()
    assert told in str(caught.value)


def test_a_library_that_is_missing_or_broken_is_told_with_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timm")
    (tmp_path / "timm.py").write_text("import a_missing_part")
    with pytest.raises(JobError, match=r"timm in .* cannot be imported: ModuleNotFoundError: .*a_missing_part"):
        library_maker("timm:a", {})
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(JobError, match=r"timm .*cannot be imported|not installed"):
        library_maker("timm:a", {})
