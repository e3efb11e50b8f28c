"""The store: one current design, one notice per change, and a history that gives back the very objects."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from strategies import lengths, plans, queries, ruled_designs, schedules

from lrdesigner import edits, expansion_edits, rule_edits, schedule_edits, tree_edits
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.expansion import expanded
from lrdesigner.following import follow, followed, followers_of, unfollow
from lrdesigner.membership import membership
from lrdesigner.schedules import SHAPES, Sequence
from lrdesigner.schedules.segments import as_segments
from lrdesigner.store import Change, Store

numbers = st.integers(0, 99)


class StoreMachine(RuleBasedStateMachine):
    """Random edits, previews and travels, held against a list of designs kept here."""

    @initialize(design=ruled_designs())
    def start(self, design: Design) -> None:
        self.store = Store(design)
        self.notices: list[Change] = []
        self.store.subscribe(self.notices.append)
        self.past: list[Design] = [design]
        self.future: list[Design] = []
        self.previewing = False

    def _group(self, number: int) -> int:
        groups = self.store.committed.groups
        return groups[number % len(groups)].id

    def _told(self, *kinds: str) -> None:
        assert [change.kind for change in self.notices] == list(kinds)
        self.notices.clear()

    def _commit(self, edit: Any, *arguments: Any) -> None:
        before, shown, cancelled = self.store.committed, self.store.design, ["cancel"] if self.previewing else []
        self.previewing = False
        try:
            changed = self.store.commit("edit", edit, *arguments)
        except UserError:
            assert self.store.committed is before
            self._told(*cancelled)
            return
        if changed:
            assert self.store.committed is not before
            assert self.store.committed == edit(before, *arguments)
            assert self.notices[-1].before is before
            assert self.notices[-1].after is self.store.committed
            self.past.append(self.store.committed)
            self.future.clear()
            assert self.store.undo_label == "edit"
        else:
            assert self.store.committed is before
        if cancelled:
            assert self.notices[0].before is shown
        self._told(*cancelled, *(["edit"] if changed else []))

    @rule(number=numbers, place=numbers)
    def assign(self, number: int, place: int) -> None:
        inventory = self.store.committed.model.inventory
        places = [m.path for m in inventory.modules] + [p.name for p in inventory.parameters]
        self._commit(edits.assign, [places[place % len(places)], places[place // 2 % len(places)]], self._group(number))

    @rule(place=numbers)
    def unpin(self, place: int) -> None:
        pins = self.store.committed.pins
        self._commit(edits.unpin, [pins[place % len(pins)].path] if pins else [])

    @rule()
    def add_group(self) -> None:
        self._commit(edits.add_group, "new", [self.store.committed.model.inventory.modules[-1].path])

    @rule(number=numbers)
    def remove_group(self, number: int) -> None:
        self._commit(edits.remove_group, self._group(number))

    @rule(number=numbers, position=st.integers(0, 4))
    def move_group(self, number: int, position: int) -> None:
        self._commit(edits.move_group, self._group(number), position)

    @rule(number=numbers, schedule=schedules())
    def set_schedule(self, number: int, schedule: Any) -> None:
        self._commit(edits.set_schedule, self._group(number), schedule)

    @rule(number=numbers, index=numbers, length=lengths(), tag=st.sampled_from([s.tag for s in SHAPES]))
    def edit_segment(self, number: int, index: int, length: Any, tag: str) -> None:
        group = self._group(number)
        schedule = self.store.committed.group(group).lr.schedule
        index %= len(as_segments(schedule))
        path = (index,) if isinstance(schedule, Sequence) else ()
        match number % 4:
            case 0:
                change = partial(tree_edits.set_segment, length=length)
                if path:
                    self._commit(change, group, "lr", path)
            case 1:
                self._commit(tree_edits.set_shape, group, "lr", path, tag)
            case 2:
                self._commit(schedule_edits.insert_segment, group, "lr", index)
            case _:
                self._commit(schedule_edits.remove_segment, group, "lr", index)

    @rule(number=numbers, base=st.sampled_from([1e-3, 0.1, 7.0, -1.0]))
    def set_base_lr(self, number: int, base: float) -> None:
        self._commit(edits.set_base_lr, self._group(number), base)

    @rule(number=numbers, place=numbers, where=queries())
    def edit_rules(self, number: int, place: int, where: str) -> None:
        rules = self.store.committed.rules
        match number % 4 if rules else 0:
            case 0:
                self._commit(rule_edits.add_rule, self._group(number), where)
            case 1:
                self._commit(partial(rule_edits.set_rule, where=where), place % len(rules))
            case 2:
                self._commit(rule_edits.move_rule, place % len(rules), number % len(rules))
            case _:
                self._commit(rule_edits.remove_rule, place % len(rules))

    @rule(number=numbers, factor=st.sampled_from([0.5, 1.0, 2.0]), exempt=st.booleans())
    def expand(self, number: int, factor: float, exempt: bool) -> None:
        if exempt:
            self._commit(partial(expansion_edits.set_exemption, norm=factor < 1), self._group(number))
        else:
            self._commit(partial(expansion_edits.set_layer_decay, factor=factor), self._group(number))

    @rule(number=numbers, leader=numbers, scale=st.sampled_from([None, 0.5, 3.0, -1.0]))
    def follow(self, number: int, leader: int, scale: float | None) -> None:
        self._commit(follow, self._group(number), self._group(leader), scale)

    @rule(number=numbers)
    def unfollow(self, number: int) -> None:
        self._commit(unfollow, self._group(number))

    @rule(number=numbers, optimizer=st.sampled_from(["Muon", "SGD", "AdamW"]))
    def set_optimizer(self, number: int, optimizer: str) -> None:
        self._commit(edits.set_optimizer, self._group(number), optimizer)

    @rule(plan=plans())
    def set_plan(self, plan: Any) -> None:
        self._commit(edits.set_plan, plan)

    @rule(number=numbers, bases=st.lists(st.floats(1e-5, 1.0), min_size=1, max_size=4))
    def preview(self, number: int, bases: list[float]) -> None:
        committed, group = self.store.committed, self._group(number)
        for base in bases:
            before = self.store.design
            self.store.preview("drag", edits.set_base_lr, group, base)
            # Of the committed design: nothing drifts.
            assert self.store.design.group(group).lr.base == pytest.approx(base, rel=1e-12)
            changed = {group, *(follower.id for follower in followers_of(committed, group))}
            assert [g for g in self.store.design.groups if g.id not in changed] == [
                g for g in committed.groups if g.id not in changed
            ]
            self.previewing = self.previewing or self.store.design is not before
            self._told(*(["preview"] if self.store.design is not before else []))
        assert self.store.committed is committed

    @precondition(lambda self: self.previewing)
    @rule()
    def commit_preview(self) -> None:
        before, shown = self.store.committed, self.store.design
        self.previewing = False
        if self.store.commit_preview("drag"):
            assert (self.notices[-1].before, self.notices[-1].after) == (before, shown)
            assert self.store.committed is shown
            self.past.append(shown)
            self.future.clear()
            self._told("edit")
        else:
            assert shown == before
            self._told("cancel")

    @rule()
    def cancel(self) -> None:
        self.store.cancel()
        self._told(*(["cancel"] if self.previewing else []))
        self.previewing = False

    @rule()
    def undo(self) -> None:
        kinds = ["cancel"] if self.previewing else []
        self.previewing = False
        assert self.store.undo() == (len(self.past) > 1)
        if len(self.past) > 1:
            self.future.append(self.past.pop())
            kinds.append("undo")
        self._told(*kinds)

    @rule()
    def redo(self) -> None:
        kinds = ["cancel"] if self.previewing else []
        self.previewing = False
        assert self.store.redo() == bool(self.future)
        if self.future:
            self.past.append(self.future.pop())
            kinds.append("redo")
        self._told(*kinds)

    @rule()
    def save_and_load(self) -> None:
        saved = self.store.committed
        assert decode(encode(saved), "file") == saved
        self.store.mark_saved(saved)
        assert not self.store.modified
        self._told("saved")

    @invariant()
    def the_history_gives_back_the_very_designs(self) -> None:
        assert self.store.committed is self.past[-1]
        assert (self.store.undo_label is None) == (len(self.past) == 1)
        assert (self.store.redo_label is None) == (not self.future)

    @invariant()
    def the_shown_design_is_the_committed_one_but_for_a_preview(self) -> None:
        assert self.previewing or self.store.design is self.store.committed

    @invariant()
    def who_follows_has_the_leaders_schedule(self) -> None:
        assert followed(self.store.design) is self.store.design

    @invariant()
    def every_trainable_tensor_is_in_one_group(self) -> None:
        design = self.store.design
        found = membership(design)
        total = sum(p.numel for group in design.groups for p in found.trainable(group.id))
        assert total == design.model.inventory.trainable_parameters
        live = [part for group in design.groups for part in expanded(design, group, found.trainable(group.id))]
        assert sum(part.numel for part in live) == total


StoreMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestStore = StoreMachine.TestCase


def test_undo_returns_the_very_object_and_a_new_edit_forgets_the_redo(design: Design) -> None:
    store = Store(design)
    store.commit("lr", edits.set_base_lr, 1, 0.5)
    edited = store.design
    assert store.undo()
    assert store.design is design
    assert store.redo()
    assert store.design is edited
    store.undo()
    store.commit("other", edits.set_base_lr, 1, 0.25)
    assert store.redo_label is None
    assert not store.redo()


def test_a_failed_edit_leaves_design_and_history_and_tells_nothing(design: Design) -> None:
    store, notices = Store(design), list[Change]()
    store.subscribe(notices.append)
    with pytest.raises(UserError):
        store.commit("lr", edits.set_base_lr, 1, -1.0)
    with pytest.raises(UserError):
        store.preview("lr", edits.set_base_lr, 1, -1.0)
    assert store.design is design
    assert (store.undo_label, notices) == (None, [])


def test_a_failed_preview_keeps_the_last_one(design: Design) -> None:
    store = Store(design)
    store.preview("lr", edits.set_base_lr, 1, 0.5)
    with pytest.raises(UserError):
        store.preview("lr", edits.set_base_lr, 1, -1.0)
    assert store.design.group(1).lr.base == 0.5


def test_a_preview_dragged_back_makes_no_history(design: Design) -> None:
    store = Store(design)
    store.preview("lr", edits.set_base_lr, 1, 0.5)
    store.preview("lr", edits.set_base_lr, 1, design.group(1).lr.base)
    assert not store.commit_preview("lr")
    assert (store.undo_label, store.modified) == (None, False)


def test_modified_means_unlike_the_file_not_unlike_the_start(design: Design) -> None:
    store = Store(design)
    store.preview("lr", edits.set_base_lr, 1, 0.5)
    assert not store.modified
    store.commit_preview("lr")
    assert store.modified
    store.commit("back", edits.set_base_lr, 1, design.group(1).lr.base)
    assert not store.modified
    store.undo()
    store.mark_saved(store.committed)
    assert not store.modified
    store.undo()
    assert store.modified


def test_opening_forgets_history_and_preview(design: Design, plain_design: Design) -> None:
    store, kinds = Store(design), list[str]()
    store.commit("lr", edits.set_base_lr, 1, 0.5)
    store.preview("lr", edits.set_base_lr, 1, 0.25)
    store.subscribe(lambda change: kinds.append(change.kind))
    store.open(plain_design)
    assert kinds == ["cancel", "open"]
    assert store.design is plain_design
    assert (store.undo_label, store.redo_label, store.modified) == (None, None, False)


def test_the_history_is_long(design: Design) -> None:
    store = Store(design)
    for number in range(1_500):
        store.commit(f"{number}", edits.set_base_lr, 1, 1.0 + number)
    steps_back = 0
    while store.undo():
        steps_back += 1
    assert steps_back == 1_500
    assert store.design is design
