"""The table of optimizers is torch's own; options convert, carry over, and refuse what cannot be."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from lrdesigner import edits
from lrdesigner.design_file import decode, decode_with_faults, encode
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.optimizers import (
    COMMON,
    OPTIMIZERS,
    SWITCHES,
    AdafactorOptions,
    AdagradOptions,
    AdamOptions,
    AdamWOptions,
    AnyOptions,
    CustomOptions,
    LBFGSOptions,
    MuonOptions,
    NAdamOptions,
    RMSpropOptions,
    RpropOptions,
    SGDOptions,
    SparseAdamOptions,
    carry_over,
    constructor_options,
    movable_options,
    optimizer_imports,
    optimizer_name,
    options_text,
    read_options,
    refuses,
    sharing_key,
    torch_options,
    with_option,
)
from lrdesigner.schedules import fields_of
from lrdesigner.tracks import option_of, slots_of, track_of

NAMES = sorted(set(OPTIMIZERS) - {"custom"})

NOT_OFFERED = {
    ("Adam", "decoupled_weight_decay"): "Adam with it is AdamW, which has an entry of its own",
}
OUR_DEFAULTS = {
    ("SGD", "momentum"): "what nearly everybody sets; torch has 0",
}
COMPUTED = {
    ("LBFGS", "max_eval"): "torch works it out from max_iter, and so do we",
}


def parameters_of(name: str) -> dict[str, inspect.Parameter]:
    import torch

    known = dict(inspect.signature(getattr(torch.optim, name)).parameters)
    return {key: value for key, value in known.items() if key not in ("params", "lr")}


def options_of(name: str, **changes: Any) -> Any:
    return OPTIMIZERS[name].options(**changes)


@pytest.mark.torch
def test_the_table_has_every_optimizer_of_the_installed_torch() -> None:
    import torch

    classes = {name for name, found in vars(torch.optim).items() if isinstance(found, type)}
    assert classes - {"Optimizer"} == set(NAMES)


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_every_argument_of_torch_is_an_option_with_torchs_default(name: str) -> None:
    import torch

    every_switch = {switch: True for switch in SWITCHES if switch in options_of(name).__struct_fields__}
    known = torch_options(options_of(name)) | dict.fromkeys(every_switch, None)
    offered = {key for key in parameters_of(name) if (name, key) not in NOT_OFFERED}
    assert set(known) == offered
    assert OPTIMIZERS[name].lr == inspect.signature(getattr(torch.optim, name)).parameters["lr"].default
    for key in offered - set(every_switch):
        ours, theirs = torch_options(options_of(name))[key], parameters_of(name)[key].default
        if (name, key) in OUR_DEFAULTS:
            assert ours != theirs
        elif (name, key) not in COMPUTED:
            assert ours == theirs, key
    for switch in every_switch:
        assert getattr(options_of(name), switch) is parameters_of(name)[switch].default


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_the_options_are_what_torch_puts_into_its_groups(name: str) -> None:
    import torch

    weight = torch.nn.Parameter(torch.ones(2, 2))
    kept = torch_options(options_of(name))
    made = getattr(torch.optim, name)([{"params": [weight], **kept}])
    plain = getattr(torch.optim, name)([weight], **kept)
    for key, value in kept.items():
        assert made.param_groups[0][key] == value == plain.param_groups[0][key]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_is_and_has_bounds(name: str) -> None:
    for field in fields_of(OPTIMIZERS[name].options):
        assert field.help.endswith(".")
        assert field.kind in ("number", "integer", "switch", "choice"), field.name
        if field.kind in ("number", "integer"):
            assert field.minimum is not None or field.above is not None
            assert field.maximum is not None or field.below is not None
    assert OPTIMIZERS[name].doc.endswith(".")


def torchs_word(name: str, **options: Any) -> str:
    """What torch says to these options, or "" if it takes them."""
    import torch

    try:
        getattr(torch.optim, name)([torch.nn.Parameter(torch.ones(2, 2))], **options)
    except (ValueError, RuntimeError) as error:
        return str(error)
    return ""


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_torch_takes_every_option_at_its_bounds(name: str) -> None:
    for field in fields_of(OPTIMIZERS[name].options):
        for bound in (field.minimum, field.maximum):
            if bound is not None:
                raw = {"optimizer": name, field.name: type(field.default or 0)(bound)}
                if field.name == "step_min":  # not above the largest
                    raw["step_max"] = raw["step_min"]
                elif field.name == "step_max":
                    raw["step_min"] = raw["step_max"]
                options = msgspec.convert(raw, OPTIMIZERS[name].options)
                assert torchs_word(name, **torch_options(options)) == "", field.name


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in NAMES if "fused" in OPTIMIZERS[name].options.__struct_fields__])
@pytest.mark.parametrize("other", ["foreach", "differentiable"])
def test_what_torch_refuses_together_is_refused_in_a_sentence(name: str, other: str) -> None:
    assert torchs_word(name, fused=True, **{other: True})
    with pytest.raises(UserError, match="fused"):
        options_of(name, fused=True, **{other: True})
    with pytest.raises(UserError, match="fused"):
        with_option(options_of(name, fused=True), other, True)


def test_the_steps_of_rprop_are_in_order() -> None:
    with pytest.raises(UserError, match="smallest step"):
        RpropOptions(step_min=2.0, step_max=1.0)


def test_numbers_that_torch_has_in_a_tuple_come_together() -> None:
    assert torch_options(AdamWOptions(beta1=0.8))["betas"] == (0.8, 0.999)
    assert torch_options(RpropOptions(eta_plus=1.5)) == {"etas": (0.5, 1.5), "step_sizes": (1e-6, 50.0)}
    assert torch_options(AdafactorOptions(eps2=0.1))["eps"] == (None, 0.1)
    assert torch_options(MuonOptions(ns_b=-5.0))["ns_coefficients"] == (3.4445, -5.0, 2.0315)
    assert torch_options(LBFGSOptions(max_iter=40))["max_eval"] == 50
    assert torch_options(LBFGSOptions(max_eval=3))["max_eval"] == 3


def test_switches_are_named_only_where_they_are_set_and_stand_in_the_constructor_where_all_agree() -> None:
    plain, fused = AdamWOptions(), AdamWOptions(fused=True, maximize=True)
    assert not set(torch_options(plain)) & set(SWITCHES)
    assert torch_options(AdamWOptions(foreach=False))["foreach"] is False
    assert constructor_options([fused, fused]) == {"fused": True, "maximize": True}
    assert constructor_options([fused, plain]) == {}
    assert constructor_options([fused, AdamWOptions(fused=False, maximize=True)]) == {"maximize": True}


def test_what_only_a_constructor_takes_parts_the_optimizers() -> None:
    one, other = AdagradOptions(), AdagradOptions(initial_accumulator_value=0.1)
    assert sharing_key(one) != sharing_key(other)
    assert sharing_key(one) == sharing_key(AdagradOptions(eps=1e-6))
    assert constructor_options([other, other]) == {"initial_accumulator_value": 0.1}
    assert sharing_key(CustomOptions("a.B")) != sharing_key(CustomOptions("a.C"))


@pytest.mark.parametrize("new", sorted(OPTIMIZERS))
def test_any_optimizer_becomes_any_other_with_options_that_a_file_can_hold(design: Design, new: str) -> None:
    for old in NAMES:
        changed = edits.set_optimizer(edits.set_optimizer(design, 2, old), 2, new)
        assert decode(encode(changed), "x") == changed
        assert optimizer_name(changed.group(2).options) == (new if new != "custom" else old)
        assert changed.group(2).lr == design.group(2).lr


def test_what_was_set_is_carried_over_but_not_what_was_a_default_or_too_much() -> None:
    assert carry_over(SGDOptions(), OPTIMIZERS["Muon"]) == MuonOptions()
    assert carry_over(SGDOptions(momentum=0.8), OPTIMIZERS["Muon"]) == MuonOptions(momentum=0.8)
    assert carry_over(AdamWOptions(beta1=0.8, weight_decay=0.5), OPTIMIZERS["Adam"]) == AdamOptions(beta1=0.8)
    assert carry_over(NAdamOptions(eps=0.0), OPTIMIZERS["SparseAdam"]) == SparseAdamOptions()
    assert carry_over(SGDOptions(fused=True), OPTIMIZERS["Adam"]) == AdamOptions(fused=True)


def test_an_optimizer_by_import_path_begins_as_the_one_it_was_and_goes_back() -> None:
    custom = carry_over(AdamWOptions(beta2=0.95, amsgrad=True), OPTIMIZERS["custom"])
    assert isinstance(custom, CustomOptions)
    assert custom.path == "torch.optim.AdamW"
    assert custom.options["betas"] == [0.9, 0.95]
    assert carry_over(custom, OPTIMIZERS["Adam"]) == AdamOptions(beta2=0.95, amsgrad=True)


# What each takes.


def test_muon_takes_matrices_that_are_no_embedding_and_others_take_all() -> None:
    assert refuses(MuonOptions(), 2, ("Linear",)) is None
    assert refuses(MuonOptions(), 1, ("LayerNorm",)) == "1-D: Muon takes matrices only"
    assert refuses(MuonOptions(), 4, ("Conv2d",)) == "4-D: Muon takes matrices only"
    assert refuses(MuonOptions(), 2, ("Embedding",)) == "an embedding: Muon is for hidden matrices"
    assert refuses(MuonOptions(), 2, ("Tokens", "EmbeddingBag")) == "an embedding: Muon is for hidden matrices"
    for name in set(NAMES) - {"Muon"}:
        assert all(OPTIMIZERS[name].accepts(ndim, ("Embedding",)) for ndim in range(5))


@pytest.mark.torch
def test_of_shapes_muon_refuses_what_torch_refuses() -> None:
    import torch

    for ndim in range(5):
        weight = torch.nn.Parameter(torch.ones((2,) * ndim))
        try:
            torch.optim.Muon([weight])
        except ValueError:
            assert refuses(MuonOptions(), ndim, ("Linear",))
        else:
            assert refuses(MuonOptions(), ndim, ("Linear",)) is None


@pytest.mark.parametrize(
    ("options", "slots"),
    [
        (SGDOptions(), {"weight_decay": "weight_decay", "momentum": "momentum"}),
        (RMSpropOptions(), {"weight_decay": "weight_decay", "momentum": "momentum"}),
        (MuonOptions(), {"weight_decay": "weight_decay", "momentum": "momentum"}),
        (NAdamOptions(), {"weight_decay": "weight_decay", "momentum": "beta1", "beta2": "beta2"}),
        (SparseAdamOptions(), {"momentum": "beta1", "beta2": "beta2"}),
        (AdafactorOptions(), {"weight_decay": "weight_decay"}),
        (RpropOptions(), {}),
        (LBFGSOptions(), {}),
        (CustomOptions("a.B"), {}),
        (CustomOptions("a.B", {"betas": [0.9, 0.99], "weight_decay": 1}),
         {"weight_decay": "weight_decay", "momentum": "beta1", "beta2": "beta2"}),
        (CustomOptions("a.B", {"momentum": 0.9, "betas": [0.9, 0.99, 0.9], "weight_decay": None}),
         {"momentum": "momentum"}),
    ],
)  # fmt: skip
def test_the_tracks_are_those_of_the_optimizer(design: Design, options: AnyOptions, slots: dict[str, str]) -> None:
    group = replace(design.group(2), options=options)
    assert slots_of(group) == ("lr", *slots)
    for slot, name in slots.items():
        assert option_of(group, slot) == name  # type: ignore[arg-type]
        assert isinstance(track_of(group, slot).base, float)  # type: ignore[arg-type]


# Optimizers by their import path.


@pytest.mark.parametrize(
    "path", ["", "Lion", "a..B", "a.b-c", "a.class", ".a.B", "a.B.", "a.B; import os", "1.B", "a b.C"]
)
def test_what_is_no_import_path_is_refused(path: str) -> None:
    with pytest.raises(UserError, match="no import path"):
        CustomOptions(path)


@pytest.mark.parametrize(
    "name", ["lr", "params", "name", "param_names", "initial_lr", "self", "class", "a b", "1a", ""]
)
def test_names_that_cannot_be_options_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be"):
        CustomOptions("a.B", {name: 1.0})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, float("-inf")]])
def test_values_that_no_file_holds_are_refused(value: Any) -> None:
    with pytest.raises(UserError, match="finite"):
        CustomOptions("a.B", {"x": value})


NAMED = st.text("abcdef_", min_size=1, max_size=8).filter(lambda name: name.isidentifier() and name != "as")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
FREE = st.dictionaries(NAMED.filter(lambda name: name not in ("def", "del")), SCALARS | st.lists(SCALARS, max_size=4))


@given(FREE)
def test_free_options_survive_files_and_being_typed(found: dict[str, Any]) -> None:
    options = CustomOptions("lion_pytorch.Lion", found)
    raw = msgspec.json.encode(options)
    assert msgspec.json.decode(raw, type=CustomOptions) == options
    assert read_options(options_text(found)) == found
    assert read_options(msgspec.json.encode(found).decode()) == found
    assert hash(options) == hash(replace(options, options=dict(found)))


@given(st.text(max_size=40) | st.text("a=()[]{},*:1'\"\\#\n", max_size=20))
def test_any_text_is_options_or_told_why_not(text: str) -> None:
    try:
        found = read_options(text)
    except UserError:
        return
    assert all(isinstance(name, str) for name in found)


def test_one_of_the_betas_can_be_set() -> None:
    options = CustomOptions("a.B", {"betas": [0.9, 0.99], "momentum": 0.5, "k": 3})
    assert movable_options(options) == ("momentum", "beta1", "beta2")
    assert with_option(options, "beta2", 0.5) == replace(options, options={**options.options, "betas": [0.9, 0.5]})
    assert with_option(options, "momentum", 0.7) == replace(options, options={**options.options, "momentum": 0.7})
    assert with_option(options, "momentum", 0.5) is options


def test_faults_of_a_file_in_options_of_all_kinds_are_told_and_replaced(design: Design) -> None:
    for options, field, bad, words in (
        (MuonOptions(), "ns_steps", 1000, "below 100"),
        (MuonOptions(), "adjust_lr_fn", "other", "one of original, match_rms_adamw"),
        (AdamWOptions(), "foreach", 3, "true or false"),
        (CustomOptions("a.B"), "path", "no path", "no import path"),
        (CustomOptions("a.B", {"x": 1}), "options", {"x": {}}, "Options"),
    ):
        group = replace(design.groups[0], options=options)
        raw = msgspec.json.decode(encode(replace(design, groups=(group, *design.groups[1:]))))
        raw["design"]["groups"][0]["options"][field] = bad
        opened = decode_with_faults(msgspec.json.encode(raw), "x")
        assert any(words in fault.sentence for fault in opened.faults), opened.faults
        assert all("optimizer" not in fault.message for fault in opened.faults) or field == "path"


def test_what_a_job_would_import_besides_torch_is_known(design: Design) -> None:
    assert optimizer_imports(edits.set_optimizer(design, 2, "custom")) == ()
    custom = edits.set_option(edits.set_optimizer(design, 2, "custom"), 2, "path", "lion_pytorch.Lion")
    assert optimizer_imports(custom) == ("lion_pytorch.Lion",)


def test_menus_put_the_common_ones_first_and_every_entry_has_a_title() -> None:
    assert all(name in OPTIMIZERS for name in COMMON)
    assert [entry.title for entry in OPTIMIZERS.values()][-1] == "By import path…"
    assert all(field.default is not msgspec.NODEFAULT for name in NAMES for field in fields(OPTIMIZERS[name].options))
