"""Design files with faults: each is told at its place and replaced, and nothing else is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from group_strategies import grouped_designs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from preset_models import design_for, vit
from strategies import designs

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import decode, decode_with_faults, encode, load, load_with_faults
from lrdesigner.document import DecayExemption, Design, LayerDecay
from lrdesigner.errors import UserError
from lrdesigner.faults import Fault, Opened, mending
from lrdesigner.presets import preset_named
from lrdesigner.schedules import SHAPES, Constant, Linear, Segment, Shape, default_node
from lrdesigner.schedules.segments import as_segments, from_segments
from lrdesigner.store import Store

Raw = Any
Change = Callable[[Raw], object]
Way = tuple[str | int, ...]

NONSENSE = (None, True, -1e300, 10**30, 0.5, "nonsense", [], [[]], {}, {"nonsense": 1})


def plain(design: Design) -> Raw:
    return json.loads(encode(design))


def text(raw: Raw) -> bytes:
    return json.dumps(raw).encode()


def opened(change: Change) -> Opened:
    """The demo with a change, opened in spite of it."""
    raw = plain(demo_design())
    change(raw)
    return decode_with_faults(text(raw), "net.lrd.json")


def head(raw: Raw) -> Raw:
    return raw["design"]["groups"][1]


def segments(raw: Raw) -> Raw:
    return head(raw)["lr"]["schedule"]["segments"]


def parameters(raw: Raw) -> Raw:
    return raw["design"]["model"]["inventory"]["parameters"]


def bad_gamma(raw: Raw) -> None:
    segments(raw)[1]["schedule"] = {"shape": "step", "gamma": -3, "every": {"value": 2, "unit": "epochs"}}


def places(value: Raw, *, inner: bool = False, way: Way = ()) -> Iterator[Way]:
    """The way to every leaf; with `inner` also to what holds them."""
    parts: Any = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    if inner or not parts:
        yield way
    for key, part in parts:
        yield from places(part, inner=inner, way=(*way, key))


def put(raw: Raw, way: Way, value: Any) -> None:
    for key in way[:-1]:
        raw = raw[key]
    raw[way[-1]] = value


def without(raw: Raw, way: Way) -> Raw:
    copy = deepcopy(raw)
    put(copy, way, "not compared")
    return copy


def is_named_elsewhere(way: Way) -> bool:
    """Ties speak of the names of parameters and of whether they are trained, so that these are no leaves alone."""
    return "parameters" in way and way[-1] in ("name", "trainable")


@settings(max_examples=70, deadline=None)
@given(st.one_of(designs(), grouped_designs()), st.data())
def test_a_bad_leaf_is_told_at_its_place_and_nothing_else_is_lost(design: Design, data: st.DataObject) -> None:
    good = plain(design)
    ways = [way for way in places(good["design"]) if not is_named_elsewhere(way)]
    way = data.draw(st.sampled_from(ways))
    nonsense = data.draw(st.sampled_from(NONSENSE))
    follows = any(group.follow for group in design.groups)
    assume(not (follows and way[0] == "groups" and way[2] in ("lr", "follow")))  # what follows changes with it
    assume(not (way[-1] == "id" and type(nonsense) is int))  # it may be an id; then what names the old one is at fault
    bad = deepcopy(good)
    put(bad["design"], way, nonsense)
    try:
        decode(text(bad), "net.lrd.json")
    except UserError as error:
        message = str(error)
    else:
        assume(False)
    result = decode_with_faults(text(bad), "net.lrd.json")
    (fault,) = result.faults
    assert message == f"net.lrd.json has a fault: {fault.sentence}"
    assert way[: len(fault.path)] == fault.path
    assert without(plain(result.design)["design"], fault.path) == without(good["design"], fault.path)
    assert fault.group == (good["design"]["groups"][way[1]]["id"] if way[0] == "groups" else None) or way[-1] == "id"


@settings(max_examples=50, deadline=None)
@given(st.one_of(designs(), grouped_designs()), st.data())
def test_what_opens_at_all_is_a_design_and_every_fault_is_a_sentence(design: Design, data: st.DataObject) -> None:
    raw = plain(design)
    for _ in range(data.draw(st.integers(1, 5))):
        way = data.draw(st.sampled_from(list(places(raw["design"], inner=True))[1:]))
        put(raw["design"], way, deepcopy(data.draw(st.sampled_from(NONSENSE))))  # the next one may go into it
    try:
        result = decode_with_faults(text(raw), "net.lrd.json")
    except UserError as error:
        message = str(error)
        result = Opened(design)
    else:
        message = "net.lrd.json has a fault: design: "
    assert message.startswith("net.lrd.json has a fault: design: ")
    assert decode(encode(result.design), "again") == result.design
    assert result.remaining(result.design) == result.faults
    for fault in result.faults:
        assert fault.place
        assert fault.message.endswith((".", "?"))
        assert fault.remedy.endswith(".")
        assert "msgspec" not in fault.sentence
        assert "$" not in fault.sentence


@pytest.mark.parametrize(
    ("change", "place", "words", "path", "used"),
    [
        (
            bad_gamma,
            "group 'head', lr, segment 2",
            "Gamma must be above 0, not -3.",
            ("groups", 1, "lr", "schedule", "segments", 1, "schedule", "gamma"),
            0.5,
        ),
        (lambda raw: raw["design"]["plan"].update(epochs=0), "plan", "at least 1, not 0", ("plan", "epochs"), 10),
        (lambda raw: raw["design"].pop("plan"), "design", '"plan" is missing', ("plan",), None),
        (lambda raw: raw["design"].update(remainder="x"), "design", 'group, not "x"', ("remainder",), 1),
        (lambda raw: raw["design"]["pins"][0].update(group=7), "pin 'classifier.5'", "not 7", ("pins",), UNSET),
        (lambda raw: raw.update(extra=1), "file", 'There is no field "extra"', (), UNSET),
        (
            lambda raw: head(raw).update(options={"optimizer": "SGD", "nesterov": True, "momentum": 0.0}),
            "group 'head', options",
            "Nesterov cannot be true",
            ("groups", 1, "options", "nesterov"),
            False,
        ),
        (
            lambda raw: segments(raw).__setitem__(1, 5),
            "group 'head', lr",
            "Segment 2 must be an object with schedule, length",
            ("groups", 1, "lr", "schedule", "segments", 1),
            None,
        ),
        (
            lambda raw: segments(raw)[1].pop("schedule"),
            "group 'head', lr, segment 2",
            '"schedule" is missing',
            ("groups", 1, "lr", "schedule", "segments", 1, "schedule"),
            None,
        ),
        (
            lambda raw: segments(raw)[1].update(length={"value": -1, "unit": "steps"}),
            "group 'head', lr, segment 2",
            "Length cannot be",
            ("groups", 1, "lr", "schedule", "segments", 1, "length"),
            {"value": 0.0, "unit": "rest"},
        ),
        (
            lambda raw: segments(raw)[1]["schedule"].update(shape="constnat"),
            "group 'head', lr, segment 2",
            'Schedule: there is no shape "constnat"; did you mean constant?',
            ("groups", 1, "lr", "schedule", "segments", 1, "schedule"),
            None,
        ),
        (
            lambda raw: parameters(raw)[1].update(numel="many"),
            "model, parameter 'features.0.bias'",
            'Numel must be a whole number, not "many".',
            ("model", "inventory", "parameters", 1, "numel"),
            6,
        ),
        (
            lambda raw: raw["design"]["model"].update(kwargs={"depth": 12, "class": 1}),
            "model",
            "'class' cannot be the name of an argument.",
            ("model", "kwargs"),
            UNSET,
        ),
    ],
)
def test_a_fault_says_where_what_and_what_was_done(
    change: Change, place: str, words: str, path: Way, used: Any
) -> None:
    (fault,) = opened(change).faults
    assert (fault.place, fault.path) == (place, path)
    assert words in fault.message
    assert used is None or fault.used == used


def test_all_faults_are_told_and_the_rest_is_as_it_was() -> None:
    def change(raw: Raw) -> None:
        bad_gamma(raw)
        segments(raw)[0]["schedule"].update(start=-1, end=1e9)
        head(raw).update(colour=99, typo=1)
        raw["design"]["model"]["kwargs"] = {"depth": 12, "class": 1}

    result = opened(change)
    assert [fault.sentence for fault in result.faults] == [
        "model: 'class' cannot be the name of an argument.",
        "group 'head': There is no field \"typo\" here; there is " + ", ".join(head(plain(demo_design()))) + ".",
        "group 'head': Colour must be below 12, not 99.",
        "group 'head', lr, segment 1: Starts at must be at least 0, not -1.",
        "group 'head', lr, segment 1: Ends at must be at most 1e6, not 1e9.",
        "group 'head', lr, segment 2: Gamma must be above 0, not -3.",
    ]
    assert result.design.model.kwargs == {"depth": 12}
    before, after = (as_segments(design.group(2).lr.schedule) for design in (demo_design(), result.design))
    assert [s.length for s in after] == [s.length for s in before]
    assert after[2] == before[2]
    assert result.design.groups[0] == demo_design().groups[0]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_each_field_of_each_shape_is_mended_by_itself(shape: Shape) -> None:
    good = plain(edits.set_schedule(demo_design(), 2, default_node(shape)))
    start = ("design", "groups", 1, "lr", "schedule")
    for way in places(head(good)["lr"]["schedule"]):
        bad = deepcopy(good)
        put(bad, (*start, *way), {"nonsense": 1})
        result = decode_with_faults(text(bad), "net.lrd.json")
        (fault,) = result.faults
        assert fault.place.startswith("group 'head'")
        assert "nonsense" in fault.message
        assert without(plain(result.design)["design"], fault.path) == without(good["design"], fault.path)


def test_the_pins_of_a_group_that_lost_its_id_find_it_again() -> None:
    for change in (lambda raw: head(raw).pop("id"), lambda raw: head(raw).update(id="two")):
        assert opened(change).design == demo_design()


def test_a_group_that_is_none_keeps_its_pins() -> None:
    result = opened(lambda raw: raw["design"]["groups"].__setitem__(1, "head"))
    assert [fault.message[:24] for fault in result.faults] == ["Group 2 must be an objec"]
    assert [group.name for group in result.design.groups] == ["backbone", "group 2"]
    assert result.design.pins == demo_design().pins


def test_names_and_ids_that_appear_twice_are_told_apart() -> None:
    def change(raw: Raw) -> None:
        raw["design"]["groups"] = [{"id": 1, "name": "x" * 60} for _ in range(12)]

    groups = opened(change).design.groups
    assert len({group.id for group in groups}) == len({group.name for group in groups}) == 12


def test_parameters_that_contradict_each_other_are_straightened() -> None:
    def change(raw: Raw) -> None:
        parameters(raw)[1].update(tied_to="ghost")
        parameters(raw)[3].update(tied_to="features.0.weight", trainable=False)
        parameters(raw)[4].update(name=5)
        parameters(raw).append(parameters(raw)[0])

    result = opened(change)
    found = result.design.model.inventory.parameters
    assert [fault.path[3:] for fault in result.faults] == [(), (1, "tied_to"), (3, "trainable"), ()]
    assert [p.name for p in found] == [
        p.name for p in demo_design().model.inventory.parameters if p.name != "classifier.1.weight"
    ]
    assert (found[1].tied_to, found[3].tied_to, found[3].trainable) == (None, "features.0.weight", True)


def grouped_file(change: Change) -> Opened:
    """A design with rules, layers, an exemption and a follower, opened in spite of a change."""
    design = preset_named("by-type").apply(preset_named("layers-vit").apply(design_for(vit())))
    raw = plain(preset_named("backbone-head").apply(design))
    change(raw["design"])
    return decode_with_faults(text(raw), "net.lrd.json")


def head_of(raw: Raw) -> Raw:
    return next(group for group in raw["groups"] if group["name"] == "head")


@pytest.mark.parametrize(
    ("change", "sentence", "mended"),
    [
        (lambda rule: rule.update(where="ndim:x"), "design: Rule 'Conv2d': 'ndim:x' wants a number", []),
        (lambda rule: rule.update(group=99), "rule 'Conv2d': Group must be the id of a group, not 99.", []),
        (lambda rule: rule.pop("name"), 'rule 2: The field "name" is missing.', ["type=Conv2d"]),
        (lambda rule: rule.update(name="Linear"), 'rule 2: Name cannot be "Linear": another', ["Linear 2"]),
        (lambda rule: rule.update(name="x" * 70), "rule 2: Name must be text of 1 to 60", ["x" * 60]),
    ],
    ids=["query", "group", "no name", "same name", "long name"],
)
def test_a_rule_is_mended_by_itself_and_the_others_stay(change: Change, sentence: str, mended: list[str]) -> None:
    result = grouped_file(lambda raw: change(raw["rules"][1]))
    (fault,) = result.faults
    assert fault.sentence.startswith(sentence)
    others = ["LayerNorm", "VisionTransformer", "head"]
    assert [rule.name for rule in result.design.rules] == ["Linear", *mended, *others]


@pytest.mark.parametrize(
    ("leader", "message"),
    [
        (77, "Leader must be the id of a group, not 77."),
        (6, "Leader cannot be the group itself."),
        (2, "Leader cannot be 'Linear', which itself follows a group."),
    ],
    ids=["nobody", "itself", "a follower"],
)
def test_a_group_that_cannot_follow_has_the_schedule_that_it_shows(leader: int, message: str) -> None:
    def change(raw: Raw) -> None:
        raw["groups"][1]["follow"] = {"leader": 1, "scale": 2.0}
        head_of(raw)["follow"]["leader"] = leader

    assert head_of(plain(grouped_file(lambda raw: None).design)["design"])["id"] == 6
    result = grouped_file(change)
    (fault,) = result.faults
    assert fault.sentence == f"group 'head', follow: {message}"
    assert result.design.group(6).follow is None
    assert result.design.group(6).lr.base == pytest.approx(1e-2)
    assert result.design.group(2).follow is not None


def test_a_group_that_would_follow_at_an_impossible_rate_follows_nobody() -> None:
    def change(raw: Raw) -> None:
        raw["groups"][0]["lr"]["base"] = 100.0
        head_of(raw)["follow"]["scale"] = 1e6

    result = grouped_file(change)
    (fault,) = result.faults
    assert fault.sentence == "group 'head', follow: Its base lr must be above 0 and at most 1e6, not 1e8."
    assert result.design.group(6).follow is None


def test_parts_of_layer_decay_and_exemption_are_mended_one_by_one() -> None:
    def change(raw: Raw) -> None:
        raw["groups"][0]["layer_decay"] |= {"factor": 3, "layers": "blocks"}
        raw["groups"][0]["exempt"] |= {"bias": 3, "where": "/(/"}

    result = grouped_file(change)
    assert [fault.path[2:] for fault in result.faults] == [
        ("layer_decay", "factor"),
        ("layer_decay", "layers"),
        ("exempt", "bias"),
        ("exempt", "where"),
    ]
    assert result.design.groups[0].layer_decay == LayerDecay()
    assert result.design.groups[0].exempt == DecayExemption()


def test_the_rules_of_a_group_that_lost_its_id_find_it_again() -> None:
    result = grouped_file(lambda raw: raw["groups"][3].pop("id"))
    assert [rule.group for rule in result.design.rules] == [2, 3, 4, 5, 6]


def test_a_list_that_is_too_long_keeps_its_beginning() -> None:
    result = opened(lambda raw: segments(raw).extend(segments(raw)[:1] * 300))
    (fault,) = result.faults
    assert fault.message == "Segments must have at most 200 items, not 303."
    assert as_segments(result.design.group(2).lr.schedule)[:3] == as_segments(demo_design().group(2).lr.schedule)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw.pop("design"), '"design" is missing'),
        (lambda raw: raw.update(design=3), "Design must be an object"),
        (lambda raw: raw["design"].pop("model"), '"model" is missing'),
        (lambda raw: raw["design"].update(model=[]), "Model must be an object"),
        (lambda raw: raw["design"].pop("groups"), '"groups" is missing'),
        (lambda raw: raw["design"].update(groups={}), "Groups must be a list"),
        (lambda raw: raw["design"].update(groups=[]), "Groups must be a list of at least one group"),
    ],
)
def test_without_a_model_or_a_group_there_is_nothing_to_open(change: Change, words: str) -> None:
    with pytest.raises(UserError, match=words):
        opened(change)


@pytest.mark.parametrize("depth", [21, 100, 280])
def test_a_schedule_in_a_schedule_without_end_is_cut(depth: int) -> None:
    node: Raw = {"shape": "constant"}
    for _ in range(depth):
        node = {"shape": "sequence", "segments": [{"schedule": node}]}
    result = opened(lambda raw: head(raw)["lr"].update(schedule=node))
    assert "nested" in result.faults[0].message
    assert len(result.faults) <= 2
    assert len(result.faults[0].place) < 200
    assert result.design.groups[0] == demo_design().groups[0]


def test_the_work_grows_with_the_file_and_not_with_every_fault_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    decodes = mending.fault_of

    def counted(value: Any, hint: Any) -> Exception | None:
        nonlocal asked
        asked += 1
        return decodes(value, hint)

    monkeypatch.setattr(mending, "fault_of", counted)

    def flood(raw: Raw) -> None:
        row = [{"schedule": {"shape": "step", "gamma": -1}} for _ in range(200)]
        schedule = {"shape": "sequence", "segments": row}
        raw["design"]["groups"] = [{"id": n, "name": str(n), "lr": {"schedule": schedule}} for n in range(1, 6)]

    result = opened(flood)
    assert len([fault for fault in result.faults if fault.path[-1] == "gamma"]) == 1000
    assert asked < 10 * 1000


def replace_segment(design: Design, index: int, segment: Segment) -> Design:
    row = list(as_segments(design.group(2).lr.schedule))
    row[index] = segment
    return edits.set_schedule(design, 2, from_segments(tuple(row)))


def test_a_fault_goes_when_its_value_is_edited_and_comes_back_with_undo() -> None:
    result = opened(bad_gamma)
    store = Store(result.design, modified=True)
    assert store.modified
    store.commit("Other", edits.set_base_lr, 2, 0.5)
    store.commit("Name", edits.rename_group, 2, "top")
    assert result.remaining(store.design) == result.faults
    length = as_segments(result.design.group(2).lr.schedule)[1].length
    store.commit("Shape", replace_segment, 1, Segment(Constant(), length))
    assert result.remaining(store.design) == ()
    store.undo()
    assert result.remaining(store.design) == result.faults
    store.commit("Remove", edits.remove_group, 2)
    assert result.remaining(store.design) == ()


def test_a_fault_moves_with_its_segment_and_its_group() -> None:
    result = opened(bad_gamma)
    row = as_segments(result.design.group(2).lr.schedule)
    shifted = edits.set_schedule(result.design, 2, from_segments((Segment(Linear()), *row)))
    assert result.remaining(shifted) == result.faults
    moved = edits.move_group(result.design, 2, 0)
    assert moved.groups[0].id == 2
    assert result.remaining(moved) == result.faults


def test_a_fault_of_a_pin_goes_with_the_next_edit_of_pins() -> None:
    result = opened(lambda raw: raw["design"]["pins"][0].update(group=7))
    assert result.remaining(edits.set_base_lr(result.design, 1, 0.5)) == result.faults
    assert result.remaining(edits.assign(result.design, ["classifier.5"], 2)) == ()


def test_what_has_no_place_in_the_design_stays_told() -> None:
    result = opened(lambda raw: raw.update(extra=1))
    assert result.remaining(edits.set_base_lr(result.design, 1, 0.5)) == result.faults


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    file = tmp_path / "net.lrd.json"
    raw = plain(demo_design())
    bad_gamma(raw)
    head(raw).update(colour=-1)
    file.write_bytes(text(raw))
    return file


def test_opening_a_file_with_faults_leaves_it_as_it_is(faulty: Path) -> None:
    before = faulty.read_bytes()
    assert len(load_with_faults(faulty).faults) == 2
    assert faulty.read_bytes() == before
    with pytest.raises(UserError, match=r"net\.lrd\.json has 2 faults: .*Colour.*Gamma"):
        load(faulty)


def test_check_lists_faults_with_all_other_findings(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(faulty), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["code"], f["severity"], f["where"]) for f in found] == [
        ("file-fault", "error", "group 'head'"),
        ("file-fault", "error", "group 'head', lr, segment 2"),
        ("jump-at-join", "warning", "head"),  # of the default that took the place of what could not be read
    ]
    assert found[1]["message"] == "Gamma must be above 0, not -3. Used instead: 0.5."


@pytest.mark.parametrize("command", ["show", "curves", "verify"])
def test_other_commands_refuse_a_file_with_faults(
    faulty: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, str(faulty)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "group 'head', lr, segment 2: Gamma must be above 0, not -3." in err


def test_of_many_faults_one_line_tells_some(faulty: Path) -> None:
    raw = json.loads(faulty.read_bytes())
    raw["design"]["plan"] = {"epochs": 0, "steps_per_epoch": 0, "more": 1}
    with pytest.raises(UserError) as caught:
        decode(text(raw), "net.lrd.json")
    assert "has 5 faults: plan:" in str(caught.value)
    assert "2 more are listed by `lrdesigner check`" in str(caught.value)


def test_a_fault_is_compared_by_what_it_says() -> None:
    assert Fault("plan", "Epochs must be at least 1, not 0.", 0, 10).remedy == "Used instead: 10."
    assert Fault("pin 'a'", "There is another pin of this path.", {}).remedy == "It was left out."
