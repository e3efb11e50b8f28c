"""Models of installed libraries by name or configuration: never with weights, never over the network."""

from __future__ import annotations

import difflib
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from lrdesigner.child.failures import JobError, reason, user_code
from lrdesigner.plain_files import read_plain

LIBRARIES = ("timm", "torchvision", "transformers")
LARGEST_CONFIG = 100_000_000
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
AUTO_CLASSES = (
    *("AutoModel", "AutoModelForCausalLM", "AutoModelForSeq2SeqLM", "AutoModelForImageTextToText"),
    *("AutoModelForImageClassification", "AutoModelForObjectDetection", "AutoModelForTextToWaveform"),
)
# Arguments that would load something, from the network or from any file on this machine.
REFUSED = {
    "timm": ("pretrained", "checkpoint_path", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir"),
    "torchvision": ("weights", "weights_backbone", "pretrained", "pretrained_backbone"),
    "transformers": ("auto_map", "trust_remote_code", "use_pretrained_backbone", "quantization_config"),
}


def library_maker(source: str, kwargs: Mapping[str, Any]) -> Callable[[], object]:
    """The call that makes the model of "timm:NAME", "torchvision:NAME" or "transformers:CONFIG.json".

    Raises `JobError` when the library is not installed, the name is not known to it, or an argument is refused.
    """
    library, _, name = source.partition(":")
    for argument in kwargs:
        if argument in REFUSED[library]:
            raise JobError(f"The argument {argument!r} is not allowed: {library} models are built without weights.")
    for variable in OFFLINE:
        os.environ[variable] = "1"
    makers = {"timm": _timm, "torchvision": _torchvision, "transformers": _transformers}
    return makers[library](_installed(library), name, dict(kwargs))


def _installed(library: str) -> ModuleType:
    try:
        found = importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise _broken(library, error) from error
        raise JobError(
            f"{library} is not installed in {sys.executable}; install it there (pip install {library}) or choose "
            "another Python with --python."
        ) from None
    except Exception as error:
        raise _broken(library, error) from error
    return found


def _broken(library: str, error: BaseException) -> JobError:
    return JobError(f"{library} in {sys.executable} cannot be imported: {reason(error)}")


def _timm(timm: Any, name: str, kwargs: dict[str, Any]) -> Callable[[], object]:
    if not timm.is_model(name):
        raise _unknown("timm", name, timm.list_models())
    return lambda: timm.create_model(name, pretrained=False, **kwargs)


def _torchvision(torchvision: Any, name: str, kwargs: dict[str, Any]) -> Callable[[], object]:
    models = torchvision.models
    known = models.list_models()
    if name not in known:
        raise _unknown("torchvision", name, known)
    # Detectors and the like would fetch a backbone.
    import inspect

    parameters = inspect.signature(models.get_model_builder(name)).parameters
    without = {"weights": None} | ({"weights_backbone": None} if "weights_backbone" in parameters else {})
    return lambda: models.get_model(name, **without, **kwargs)


def _transformers(transformers: Any, file: str, kwargs: dict[str, Any]) -> Callable[[], object]:
    with user_code(f"Reading {file}"):
        config = _configuration(transformers, file, kwargs)
    for name in getattr(config, "architectures", None) or ():
        made = getattr(transformers, str(name), None)
        if made is not None and hasattr(made, "_from_config"):
            return lambda: made._from_config(config)  # noqa: SLF001 - what from_config of the Auto classes calls
    heads = (getattr(transformers, name, None) for name in AUTO_CLASSES)
    fitting = [auto for auto in heads if auto is not None and type(config) in auto._model_mapping]  # noqa: SLF001
    auto = fitting[0] if fitting else transformers.AutoModel
    return lambda: auto.from_config(config, trust_remote_code=False)


def _configuration(transformers: Any, file: str, kwargs: Mapping[str, Any]) -> Any:
    """The configuration in a JSON file, `kwargs` over it; code that it names (`auto_map`) is not run."""
    try:
        fields = json.loads(read_plain(file, LARGEST_CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f"{file} cannot be read as JSON: {error}.") from None
    kind = fields.get("model_type") if isinstance(fields, dict) else None
    if not isinstance(kind, str):
        raise JobError(f'{file} is not a configuration for transformers: it has no "model_type".')
    known = transformers.CONFIG_MAPPING
    if kind not in known:
        code = " It contains code (auto_map), which is not run." if "auto_map" in fields else ""
        raise _unknown("transformers", kind, known.keys(), code)
    fields = {name: value for name, value in fields.items() if name not in REFUSED["transformers"]}
    config = known[kind].from_dict(dict(fields))
    for name in kwargs:
        if not hasattr(config, name):
            raise JobError(f"A {kind} configuration has no field {name!r}{_hint(name, vars(config))}")
    return known[kind].from_dict({**fields, **kwargs}) if kwargs else config


def contains_code(source: str) -> bool:
    """Whether a "transformers:CONFIG.json" brings code along, which is not run."""
    if not source.startswith("transformers:"):
        return False
    try:
        return "auto_map" in json.loads(read_plain(source.partition(":")[2], LARGEST_CONFIG))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _unknown(library: str, name: str, known: Iterable[str], more: str = "") -> JobError:
    version = getattr(sys.modules.get(library), "__version__", "")
    return JobError(f"{library} {version} knows no model {name!r}{_hint(name, known)}{more}")


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=3)
    return f"; did you mean {', '.join(close)}?" if close else "."
