"""The inspector beyond the rate's shape: the other tracks, freezing, the length of the run, and a trial's loss."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lrdesigner import edits
from lrdesigner.document import Batches, Design, Freeze, Plan
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.schedules import AssumedTrace, Cosine, Length, Linear, Plateau, RecordedTrace
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.freeze_section import frozen_words
from lrdesigner_app.schedule_editor.trace_field import TraceField
from lrdesigner_app.schedule_editor.value_fields import TextField
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.workspace import Workspace


def enter(field: object, text: str) -> None:
    assert isinstance(field, TextField)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def type_into(field: object, text: str) -> list[str]:
    """What is said about it."""
    assert isinstance(field, TextField)
    said: list[str] = []
    field.explained.connect(said.append)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    return said


# Tracks


def test_the_rate_has_no_switch_and_another_track_has_one(inspector: Inspector, workspace: Workspace) -> None:
    assert inspector.track.isHidden()
    workspace.select_slot("weight_decay")
    assert not inspector.track.isHidden()
    assert inspector.track._title.text() == "WEIGHT DECAY"
    assert inspector.track.constant.isChecked()
    assert inspector.segment.isHidden()


@pytest.mark.parametrize(
    ("slot", "schedule"),
    [("weight_decay", Cosine()), ("momentum", Linear(start=0.9)), ("beta2", Linear(start=0.9))],
)
def test_a_track_moves_and_stays_in_one_step_each(
    inspector: Inspector, workspace: Workspace, slot: str, schedule: object
) -> None:
    before = workspace.design
    workspace.select_slot(slot)  # type: ignore[arg-type]
    inspector.track.moving.click()
    assert getattr(workspace.design.groups[0], slot) == schedule
    assert not inspector.segment.isHidden()
    inspector.track.constant.click()
    assert getattr(workspace.design.groups[0], slot) is None
    assert inspector.segment.isHidden()
    workspace.store.undo()
    workspace.store.undo()
    assert workspace.design is before


def test_the_shape_of_the_selected_track_is_edited_and_no_other(inspector: Inspector, workspace: Workspace) -> None:
    workspace.select_slot("weight_decay")
    inspector.track.moving.click()
    enter(inspector.segment.fields_form.editor("floor"), "0.1")
    group = workspace.design.groups[0]
    assert group.weight_decay == Cosine(0.1)
    assert group.lr == workspace.design.groups[1].lr
    workspace.select_slot("lr")
    assert inspector.segment.shape.currentData() == "constant"
    assert inspector.track.isHidden()


def test_a_group_whose_optimizer_has_no_such_track_shows_its_rate(inspector: Inspector, workspace: Workspace) -> None:
    workspace.select_slot("beta2")
    workspace.commit("", edits.set_optimizer, 1, "SGD")
    assert inspector.track.isHidden()
    assert not inspector.segment.isHidden()


# Freezing


def test_frozen_until_epoch_two_takes_one_click_and_one_number(inspector: Inspector, workspace: Workspace) -> None:
    section = inspector.freeze
    assert section.words.text() == "Trains from the start."
    section.add.click()
    enter(section.forms[0].editor("length"), "2 epochs")
    assert workspace.design.groups[0].freeze == (Freeze(Length(0, "steps"), Length(2, "epochs")),)
    assert section.words.text() == "Frozen until epoch 2."


def test_stretches_are_added_previewed_and_removed(inspector: Inspector, workspace: Workspace) -> None:
    section = inspector.freeze
    before = workspace.design
    section.add.click()
    section.add.click()
    assert workspace.design.groups[0].freeze[1] == Freeze(Length(5, "epochs"), Length(1, "epochs"))
    assert section.words.text() == "Frozen until epoch 1, and from epoch 5 to 6."
    type_into(section.forms[1].editor("start"), "3 epochs")
    assert workspace.design.groups[0].freeze[1].start == Length(3, "epochs")
    assert workspace.store.committed.groups[0].freeze[1].start == Length(5, "epochs")
    QTest.keyClick(section.forms[1].editor("start"), Qt.Key.Key_Escape)
    section.removers[0].click()
    assert len(section.forms) == len(workspace.design.groups[0].freeze) == 1
    for _ in range(3):
        workspace.store.undo()
    assert workspace.design is before
    assert section.forms == []


def test_nonsense_in_a_stretch_is_explained_and_kept_apart(inspector: Inspector, workspace: Workspace) -> None:
    inspector.freeze.add.click()
    before = workspace.store.committed
    said = type_into(inspector.freeze.forms[0].editor("start"), "soon")
    assert said[-1].startswith("Frozen from: 'soon' is not a length")
    assert workspace.design is before


def test_another_group_shows_its_own_stretches(inspector: Inspector, workspace: Workspace) -> None:
    inspector.freeze.add.click()
    workspace.select_group(2)
    assert inspector.freeze.forms == []
    workspace.select_group(1)
    assert len(inspector.freeze.forms) == 1


@pytest.mark.parametrize(
    ("freeze", "words"),
    [
        ((), "Trains from the start."),
        ((Freeze(),), "Frozen for the whole run."),
        ((Freeze(length=Length(45, "steps")),), "Frozen until epoch 1."),
        ((Freeze(start=Length(4, "epochs")),), "Frozen from epoch 4 on."),
        ((Freeze(length=Length(0, "steps")),), "Never frozen: these stretches hold no step of the run."),
        (
            (Freeze(length=Length(10, "percent")), Freeze(Length(2, "epochs"), Length(1, "epochs"))),
            "Frozen until epoch 1, and from epoch 2 to 3.",
        ),
    ],
)
def test_what_the_stretches_come_to_is_said(freeze: tuple[Freeze, ...], words: str) -> None:
    assert frozen_words(freeze, Plan(45, 10)) == words


# The run


def test_switching_to_the_data_and_back_changes_no_length(inspector: Inspector, workspace: Workspace) -> None:
    run = inspector.run
    assert run.by_number.isChecked()
    run.from_data.click()
    assert isinstance(workspace.design.plan.epoch, Batches)
    assert workspace.design.plan.total_steps == 450
    assert run.epoch_form.isHidden()
    run.by_number.click()
    assert workspace.design.plan == Plan(45, 10)
    assert run.batches_form.isHidden()


def test_steps_follow_from_samples_batch_size_accumulation_and_devices(
    inspector: Inspector, workspace: Workspace
) -> None:
    run = inspector.run
    run.from_data.click()
    for name, text in (("samples", "50000"), ("batch_size", "128"), ("accumulation", "2"), ("devices", "4")):
        enter(run.batches_form.editor(name), text)
    assert workspace.design.plan.steps_per_epoch == 49
    assert run.words.text() == "49 steps per epoch, 490 steps in all"
    switch = run.batches_form.editor("drop_last")
    switch.click()  # type: ignore[attr-defined]
    assert workspace.design.plan.epoch == Batches(50_000, 128, 2, 4, True)
    for _ in range(6):
        workspace.store.undo()
    assert workspace.design.plan == Plan(45, 10)


def test_the_length_is_shown_while_a_number_is_typed(inspector: Inspector, workspace: Workspace) -> None:
    run = inspector.run
    run.from_data.click()
    type_into(run.batches_form.editor("samples"), "12800")
    assert run.words.text() == "100 steps per epoch, 1,000 steps in all"
    assert workspace.store.committed.plan.total_steps == 450


def test_what_would_be_too_long_is_explained_at_its_number(inspector: Inspector, workspace: Workspace) -> None:
    run = inspector.run
    run.from_data.click()
    before = workspace.store.committed
    assert "at most 10,000,000" in type_into(run.batches_form.editor("samples"), "1e12")[-1]
    assert "Batch size must be at least 1, not 0" in type_into(run.batches_form.editor("batch_size"), "0")[-1]
    assert workspace.design is before


def test_a_switch_that_would_leave_no_batch_goes_back_with_a_notice(inspector: Inspector, workspace: Workspace) -> None:
    run = inspector.run
    workspace.commit("", edits.set_plan, Plan(Batches(samples=10, batch_size=64), 1))
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    switch: Any = run.batches_form.editor("drop_last")
    switch.click()
    assert "single batch" in notices[0].text
    assert not switch.isChecked()


def test_what_is_relative_follows_a_longer_run_and_what_is_absolute_stays(
    inspector: Inspector, workspace: Workspace
) -> None:
    workspace.commit("", edits.set_schedule, 1, Cosine(length=Length(100, "steps")))
    enter(inspector.run.epoch_form.editor("epoch"), "90")
    assert workspace.design.groups[0].lr.schedule == Cosine(length=Length(100, "steps"))
    assert workspace.design.plan.total_steps == 900


# Metrics


def trial_of(design: Design, losses: list[float], *, running: bool = False, **options: Any) -> TrialRecord:
    """A trial that has measured these losses."""
    record = TrialRecord(design, TrialOptions(**options))
    stride = design.plan.total_steps / len(losses) if record.options.whole else 1
    record.add([Metrics(int(update * stride), loss, {}) for update, loss in enumerate(losses)])
    record.state = "running" if running else "finished"
    return record


@pytest.fixture
def trace(inspector: Inspector, workspace: Workspace) -> TraceField:
    workspace.commit("", edits.set_schedule, 1, Plateau(every=Length(2, "steps")))
    found = inspector.segment.fields_form.editor("metric")
    assert isinstance(found, TraceField)
    return found


def test_the_assumed_metric_is_edited(trace: TraceField, workspace: Workspace) -> None:
    enter(trace.form.editor("end"), "-0.5")
    enter(trace.form.editor("time"), "3 epochs")
    schedule = workspace.design.groups[0].lr.schedule
    assert schedule.metric == AssumedTrace(2.3, -0.5, Length(3, "epochs"))  # type: ignore[union-attr]
    assert "Metric at last must be at most 1e9" in type_into(trace.form.editor("end"), "2e9")[-1]


def test_the_loss_of_the_last_trial_is_used_in_one_click(trace: TraceField, workspace: Workspace) -> None:
    assert trace.from_trial.isHidden()
    cancelled = trial_of(workspace.design, [5.0])
    cancelled.discarded = True
    for unusable in (
        trial_of(workspace.design, [5.0], running=True),
        trial_of(workspace.design, [float("nan")]),
        trial_of(workspace.design, [5.0, 4.0, 3.0], start=2),
        cancelled,
    ):
        workspace.signals.trial_changed.emit(unusable)
        assert trace.from_trial.isHidden()
    workspace.signals.trial_changed.emit(trial_of(workspace.design, [4.0, 2.0, 1.0, 1.0, 9.0]))
    assert not trace.from_trial.isHidden()
    trace.from_trial.click()
    schedule = workspace.design.groups[0].lr.schedule
    assert schedule.metric == RecordedTrace((3.0, 1.0), "a trial of 5 steps on demo data")  # type: ignore[union-attr]
    assert trace.words.text() == "Recorded: 2 values of a trial of 5 steps on demo data"
    assert trace.form.isHidden()
    trace.assume.click()
    assert workspace.design.groups[0].lr.schedule.metric == AssumedTrace()  # type: ignore[union-attr]
    assert not trace.form.isHidden()
    workspace.store.undo()
    workspace.store.undo()
    assert workspace.design.groups[0].lr.schedule == Plateau(every=Length(2, "steps"))


def test_the_losses_of_a_compressed_trial_fill_the_whole_plan(trace: TraceField, workspace: Workspace) -> None:
    total = workspace.design.plan.total_steps
    workspace.commit("", edits.set_schedule, 1, Plateau(every=Length(total / 5, "steps")))
    losses = [5.0, 5.0, 4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0]
    record = trial_of(workspace.design, losses, whole=True, steps=10, data="/a/long/path/data.py:make")
    workspace.signals.trial_changed.emit(record)
    trace.from_trial.click()
    schedule = workspace.design.groups[0].lr.schedule
    source = "a trial of 10 steps, the whole schedule compressed, on data.py:make data"
    assert schedule.metric == RecordedTrace((5.0, 4.0, 3.0, 2.0, 1.0), source)  # type: ignore[union-attr]


def test_a_trial_shorter_than_one_evaluation_is_explained(
    trace: TraceField, workspace: Workspace, selection: SegmentSelection
) -> None:
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    workspace.signals.trial_changed.emit(trial_of(workspace.design, [4.0]))
    trace.from_trial.click()
    assert "before the first evaluation" in notices[0].text
