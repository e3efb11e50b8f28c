"""What a trial says: each finding where its limit is passed, none just inside it, and none after its repair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import Batches, Design, Freeze, Plan
from lrdesigner.findings import Finding
from lrdesigner.following import follow
from lrdesigner.jobs.protocol import CriticalRate, Diagnostics, GroupDiagnostics, Metrics
from lrdesigner.jobs.reader import Outcome
from lrdesigner.schedules import Constant, Length, Linear
from lrdesigner.trials.findings import trial_findings
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.run_findings import Split, split

EVERYTHING, BACKBONE = 1, 2
FALLING = [2.0 / (1 + step) for step in range(60)]
FINE = GroupDiagnostics(gradient_norm=1.0, weight_norm=1.0, update_norm=1e-3, numel=100)


def trial(
    design: Design,
    losses: Sequence[float] = FALLING,
    state: str = "finished",
    summary: Mapping[str, Any] | None = None,
    **options: Any,
) -> TrialRecord:
    """A trial that has measured these losses at the planned rates."""
    record = TrialRecord(design, TrialOptions(**options))
    rates = {part.name: part.group.lr.base for part in record.parts}
    record.add([Metrics(step, loss, rates) for step, loss in enumerate(losses)])
    record.end(Outcome(state, "", metrics=dict(summary or {})))  # type: ignore[arg-type]
    return record


def measured(design: Design, reports: Sequence[GroupDiagnostics], others: GroupDiagnostics = FINE) -> TrialRecord:
    """A trial whose reports of `backbone` are these, one at every tenth step."""
    record = trial(design)
    for number, found in enumerate(reports):
        record.diagnostics.add(Diagnostics(10 * number, {"backbone": found, "everything": others}))
    return record


def only(record: TrialRecord, design: Design) -> Finding:
    (found,) = trial_findings(record, design)
    return found


def codes(record: TrialRecord, design: Design) -> list[str]:
    return [finding.code.removeprefix("trial-") for finding in trial_findings(record, design)]


def mended(record: TrialRecord, design: Design) -> Design:
    """The design after the only finding's repair, which leaves nothing to be said and does nothing a second time."""
    found = only(record, design)
    assert found.fix is not None
    after = found.fix.edit(design)
    assert after != design
    assert trial_findings(record, after) == ()
    if found.code != "trial-out-of-memory":
        assert found.fix.edit(after) == after
    return after


def test_a_trial_that_went_well_says_nothing(design: Design) -> None:
    assert trial_findings(measured(design, [FINE] * 6), design) == ()


BAD_HEAD = {"diverged_at_step": 37, "bad_what": "weight", "bad_tensor": "features.0.bias", "bad_groups": ["backbone"]}


def test_a_divergence_names_step_tensor_and_group_and_its_rate_is_lowered(design: Design) -> None:
    record = trial(design, FALLING[:37], "diverged", BAD_HEAD)
    found = only(record, design)
    assert (found.severity, found.where, found.group) == ("error", "Trial: backbone", BACKBONE)
    assert found.message == "The weight features.0.bias was not a finite number at step 37, after 37 steps."
    assert found.fix is not None
    assert found.fix.label == "Base lr of backbone to a third (3.33e-4)"
    after = mended(record, design)
    assert after.group(BACKBONE).lr.base == 0.000333
    assert after.group(EVERYTHING).lr.base == design.group(EVERYTHING).lr.base


def test_a_divergence_without_a_group_lowers_all_rates_and_followers_once(design: Design) -> None:
    following = follow(design, BACKBONE, EVERYTHING, 0.5)
    record = trial(following, FALLING[:5], "diverged", {"diverged_at_step": 5, "bad_what": "loss"})
    found = only(record, following)
    assert (found.where, found.group) == ("Trial", None)
    assert found.message == "The loss was not a finite number at step 5, after 5 steps."
    after = mended(record, following)
    assert after.group(EVERYTHING).lr.base == 0.000333
    assert after.group(BACKBONE).lr.base == pytest.approx(0.000333 / 2)


def test_a_divergence_in_a_warm_up_says_so(design: Design) -> None:
    rising = edits.set_schedule(design, BACKBONE, Linear(0.1, 1.0))
    assert "longer warm-up" in only(trial(rising, FALLING[:37], "diverged", BAD_HEAD), rising).message
    falling = edits.set_schedule(design, BACKBONE, Linear(1.0, 0.1))
    assert "warm-up" not in only(trial(falling, FALLING[:37], "diverged", BAD_HEAD), falling).message


def test_a_divergence_before_the_first_update_is_not_put_down_to_a_rate(design: Design) -> None:
    found = only(trial(design, [], "diverged", {"diverged_at_step": 0, "bad_what": "loss"}), design)
    assert found.fix is None
    assert "before any update" in found.message
    assert found.shown_at.area == "model"


def test_what_is_said_of_a_group_goes_when_it_trains_in_another_way(design: Design) -> None:
    record = trial(design, FALLING[:37], "diverged", BAD_HEAD)
    for kept in (
        edits.rename_group(design, BACKBONE, "body"),
        edits.set_colour(design, BACKBONE, 5),
        edits.set_base_lr(design, EVERYTHING, 0.5),
    ):
        assert codes(record, kept) == ["diverged"]
    assert only(record, edits.rename_group(design, BACKBONE, "body")).where == "Trial: body"
    for gone in (
        edits.set_schedule(design, BACKBONE, Linear()),
        edits.set_option(design, BACKBONE, "weight_decay", 0.5),
        edits.assign(design, ["features.3"], EVERYTHING),
        edits.set_plan(design, Plan(epoch=45, epochs=20)),
        edits.set_freeze(design, BACKBONE, (Freeze(length=Length(5, "steps")),)),
        edits.remove_group(design, BACKBONE),
    ):
        assert trial_findings(record, gone) == ()


def test_of_another_model_a_trial_says_nothing(design: Design) -> None:
    record = trial(design, FALLING[:37], "diverged", BAD_HEAD)
    other = replace(design.model, source="demo:other")
    assert trial_findings(record, edits.set_model(design, other)) == ()
    assert codes(record, edits.set_model(design, replace(design.model, kwargs={}))) == ["diverged"]


def test_nothing_is_said_while_it_runs_or_after_it_was_cancelled(design: Design) -> None:
    record = trial(design, FALLING[:37], "diverged", BAD_HEAD)
    record.discarded = True
    assert trial_findings(record, design) == ()
    assert trial_findings(TrialRecord(design, TrialOptions(data="synthetic")), design) == ()


@pytest.mark.parametrize(("last", "told"), [(1.6, True), (1.4, False)])
def test_a_loss_that_gives_back_half_of_what_it_had_fallen_by_is_told(design: Design, last: float, told: bool) -> None:
    record = trial(design, [2.0] + [1.0] * 200 + [last] * 100)
    assert codes(record, design) == (["loss-exploded"] if told else [])
    if told:
        message = only(record, design).message
        assert message == "The loss rose again: smoothed, it was 1 at step 200 and is 1.6 after 301 steps."
        mended(record, design)


@pytest.mark.parametrize(("last", "told"), [(0.44, True), (0.36, False)])
def test_a_loss_has_exploded_at_four_times_its_best_too(design: Design, last: float, told: bool) -> None:
    record = trial(design, [1.0] + [0.1] * 200 + [last] * 100)
    assert codes(record, design) == (["loss-exploded"] if told else [])


def test_a_loss_near_zero_may_be_many_times_its_best(design: Design) -> None:
    assert codes(trial(design, [2.0] + [0.001] * 200 + [0.1] * 100), design) == []


FLAT, LEARNT = [2.3] * 50, [2.3] * 45 + [2.2] * 5


@pytest.mark.parametrize(("losses", "told"), [(FLAT, True), (FLAT[1:], False), (LEARNT, False)])
def test_a_loss_that_does_not_fall_is_told(design: Design, losses: list[float], told: bool) -> None:
    assert codes(trial(design, losses), design) == (["loss-flat"] if told else [])


def test_what_was_learnt_in_the_first_few_steps_is_learnt(design: Design) -> None:
    assert codes(trial(design, [2.3, 1.9, *[1.8] * 300]), design) == []
    assert codes(trial(design, [2.3, 2.25, *[2.2] * 300]), design) == ["loss-flat"]


def test_single_losses_that_stand_out_do_not_hide_one_that_does_not_fall(design: Design) -> None:
    noisy = [2.3, 9.0, *[2.3] * 90, 2.1, 2.1, *[2.29] * 6]
    assert only(trial(design, noisy), design).message.startswith("The loss hardly fell: 2.3 at first, 2.29 in the last")


@pytest.mark.parametrize(("last", "told"), [(2.4, True), (2.2, False)])
def test_a_loss_that_rises_at_once_has_not_fallen_by_coming_down_to_where_it_began(
    design: Design, last: float, told: bool
) -> None:
    record = trial(design, [2.3, 90.0, *[70.0] * 8, *[last] * 90])
    assert codes(record, design) == (["loss-flat"] if told else [])
    if told:
        assert "2.3 at first, 2.4 in the last tenth, after 100 steps." in only(record, design).message


def test_a_loss_that_does_not_fall_leads_to_a_rate_and_knows_checkpoints_and_noise(design: Design) -> None:
    found = only(trial(design, [2.3] * 50), design)
    assert (found.severity, found.fix, found.shown_at.group) == ("warning", None, EVERYTHING)
    assert "2.3 at first, 2.3 in the last tenth, after 50 steps." in found.message
    assert only(trial(design, [2.3] * 50, weights="w.pt"), design).severity == "info"
    assert codes(trial(design, [2.3] * 50, data="synthetic"), design) == ["synthetic"]
    assert codes(trial(design, [2.3] * 50), edits.set_base_lr(design, BACKBONE, 0.5)) == []


@pytest.mark.parametrize(("skipped", "told"), [(11, True), (10, False)])
def test_updates_that_a_scaler_skipped_are_told_where_they_are_many(design: Design, skipped: int, told: bool) -> None:
    record = trial(design, summary={"skipped": skipped}, precision="float16")
    assert codes(record, design) == (["updates-skipped"] if told else [])
    if told:
        mended(record, design)


def test_a_few_skipped_updates_in_a_long_trial_are_normal(design: Design) -> None:
    record = trial(design, [2.0 / (1 + step) for step in range(400)], summary={"skipped": 20})
    assert codes(record, design) == []


def moving(ratio: float) -> GroupDiagnostics:
    return GroupDiagnostics(gradient_norm=1.0, weight_norm=2.0, update_norm=2 * ratio, numel=100)


@pytest.mark.parametrize(("ratio", "told"), [(0.9e-5, True), (1.1e-5, False)])
def test_a_group_hardly_moves_below_a_hundred_thousandth(design: Design, ratio: float, told: bool) -> None:
    record = measured(design, [moving(ratio)] * 6)
    assert codes(record, design) == (["group-still"] if told else [])
    if told:
        assert only(record, design).message.endswith("9e-6 of its weights, after 60 steps; about 0.001 is usual.")
        assert mended(record, design).group(BACKBONE).lr.base == 0.01


@pytest.mark.parametrize(
    ("ratio", "base"), [(0.11, 0.000333), (0.09, None), (1.5, 0.0001)], ids=["fast", "within", "very fast"]
)
def test_a_group_moves_too_fast_above_a_tenth(design: Design, ratio: float, base: float | None) -> None:
    record = measured(design, [moving(ratio)] * 6)
    assert codes(record, design) == (["group-fast"] if base else [])
    if base:
        assert mended(record, design).group(BACKBONE).lr.base == base


def test_what_is_fast_or_slow_only_now_and_then_is_not_told(design: Design) -> None:
    assert codes(measured(design, [moving(5.0), *[moving(1e-3)] * 5]), design) == []
    assert codes(measured(design, [moving(1e-7)] * 2), design) == []
    assert codes(measured(design, [moving(1e-7)] * 2 + [moving(1e-3)] * 4), design) == []


def test_a_group_that_is_not_meant_to_move_is_not_told_of(design: Design) -> None:
    still = GroupDiagnostics(gradient_norm=None, weight_norm=1.0, update_norm=0.0, numel=100, without_gradient=100)
    assert codes(measured(design, [still] * 6), design) == ["no-gradient"]
    frozen = edits.set_freeze(design, BACKBONE, (Freeze(length=Length(100, "steps")),))
    assert codes(measured(frozen, [still] * 6), frozen) == []
    slow = measured(design, [moving(1e-7)] * 6)
    slow.rates["backbone"].array[:] = 0.009 * design.group(BACKBONE).lr.base
    assert codes(slow, design) == []
    slow.rates["backbone"].array[:] = 0.011 * design.group(BACKBONE).lr.base
    assert codes(slow, design) == ["group-still"]


def silent(count: int) -> GroupDiagnostics:
    return GroupDiagnostics(gradient_norm=1.0, weight_norm=1.0, update_norm=1e-3, numel=100, without_gradient=count)


def test_parameters_without_gradient_are_told_with_their_share(design: Design) -> None:
    record = measured(design, [silent(50), silent(25), silent(30)])
    found = only(record, design)
    assert (found.code, found.group, found.fix, found.shown_at.field) == ("trial-no-gradient", BACKBONE, None, "freeze")
    assert found.message.startswith("25 % of its parameters got no gradient at any of 3 moments, after 60 steps:")
    faster = edits.set_base_lr(design, BACKBONE, 0.5)
    assert codes(record, faster) == ["no-gradient"]
    assert codes(record, edits.set_freeze(design, BACKBONE, (Freeze(),))) == []
    assert codes(record, edits.assign(design, ["features.3"], EVERYTHING)) == []
    assert codes(measured(design, [silent(50), silent(0), silent(50)]), design) == []
    assert codes(measured(design, [silent(50)] * 2), design) == []


def probed(design: Design, *probes: tuple[str, float | None]) -> TrialRecord:
    record = trial(design)
    for number, (group, factor) in enumerate(probes):
        record.note(CriticalRate(number, group, 1e-3, factor, 64.0, 8))
    return record


def test_of_the_groups_above_their_critical_rate_the_one_that_limits_is_told(design: Design) -> None:
    record = probed(design, ("backbone", 0.9), ("everything", 0.5), ("backbone", 2.0), ("everything", None), ("", 0.4))
    found = only(record, design)
    assert (found.code, found.group) == ("trial-rate-critical", EVERYTHING)
    assert "at 1 of 2 moments; the least was 0.5 of the lr. So was that of backbone, by less." in found.message
    assert found.fix is not None
    assert found.fix.label == "Base lr of everything × 0.4 (4e-4)"
    assert mended(record, design).group(EVERYTHING).lr.base == 0.0004


def test_a_rate_just_below_its_critical_one_is_fine(design: Design) -> None:
    assert codes(probed(design, ("backbone", 1.01), ("everything", None), ("", 1.0)), design) == []


def test_all_groups_together_may_be_above_what_each_of_them_is_below(design: Design) -> None:
    record = probed(design, ("backbone", 1.5), ("everything", 1.2), ("", 0.5))
    assert only(record, design).where == "Trial"
    after = mended(record, design)
    assert {group.lr.base for group in after.groups} == {0.0004}


def in_batches(design: Design, **given: int) -> Design:
    return edits.set_plan(design, replace(design.plan, epoch=Batches(**{"samples": 5_000, **given})))


def test_out_of_memory_keeps_the_samples_per_update_in_smaller_batches(design: Design) -> None:
    planned = in_batches(design, batch_size=128, accumulation=2)
    failed = {"fits_batch_size": 32, "device": "cuda (X)"}
    record = trial(planned, [], "failed", failed, batch_size=128, accumulation=2)
    found = only(record, planned)
    assert found.severity == "error"
    assert found.message == (
        "A batch of 128 samples did not fit in the memory of cuda (X), one of 32 did; 32 with an accumulation of 8 "
        "keep 256 samples per update."
    )
    epoch = mended(record, planned).plan.epoch
    assert epoch == replace(planned.plan.epoch, batch_size=32, accumulation=8)  # type: ignore[arg-type, type-var]
    assert trial_findings(record, edits.set_batches(planned, batch_size=32)) == ()


def test_out_of_memory_without_batches_in_the_plan_says_what_would_fit(design: Design) -> None:
    found = only(trial(design, [], "failed", {"fits_batch_size": 7}, batch_size=32), design)
    assert found.fix is None
    assert found.shown_at.area == "plan"
    assert "one of 7 did; 7 with an accumulation of 5 come close to 32 samples per update." in found.message
    assert "nor did one of 1" in only(trial(design, [], "failed", {"fits_batch_size": 0}), design).message


@pytest.mark.parametrize("samples", [1, 7, 127, 128, 1000])
@pytest.mark.parametrize("most", [1, 2, 48, 500])
def test_samples_are_split_into_batches_that_fit_with_less_than_one_batch_too_many(samples: int, most: int) -> None:
    found = split(samples, most)
    assert 1 <= found.size <= most
    assert samples <= found.size * found.accumulation < samples + found.accumulation
    if samples % most == 0:
        assert found == Split(most, samples // most)


@pytest.mark.parametrize(("share", "updates", "told"), [(0.31, 20, True), (0.29, 20, False), (0.9, 19, False)])
def test_waiting_for_data_is_told_where_it_takes_long(design: Design, share: float, updates: int, told: bool) -> None:
    record = trial(design, FALLING[:updates], summary={"data_share": share})
    assert codes(record, design) == (["waits-for-data"] if told else [])
    if told:
        assert only(record, design).message.startswith("31 % of the time was waiting for data, after 20 steps:")


@pytest.mark.parametrize(("batches", "steps"), [(60, 60), (46, None), (44, None), (43, 43)])
def test_a_pass_that_is_longer_or_shorter_than_planned_gives_the_plan_its_length(
    design: Design, batches: int, steps: int | None
) -> None:
    record = trial(design, summary={"batches_per_epoch": batches}, data="data.py:make")
    assert codes(record, design) == (["epoch-length"] if steps else [])
    if steps:
        assert mended(record, design).plan == Plan(epoch=steps, epochs=10)


def test_how_many_passes_the_schedule_lasts_is_told(design: Design) -> None:
    record = trial(design, summary={"batches_per_epoch": 180}, data="data.py:make", accumulation=2)
    assert only(record, design).message == (
        "One pass over the data takes 90 updates with a batch size of 32 and an accumulation of 2, the plan has 45 "
        "steps per epoch: the schedule ends after 5 passes, not 10."
    )


def test_where_the_plan_follows_from_samples_it_gets_those_of_the_data(design: Design) -> None:
    planned = in_batches(design, batch_size=100)
    told = {"batches_per_epoch": 250, "samples_per_epoch": 8_000}
    record = trial(planned, summary=told, data="data.py:make")
    assert mended(record, planned).plan.epoch == Batches(samples=8_000, batch_size=100)
    assert codes(trial(planned, summary={**told, "samples_per_epoch": 4_950}), planned) == []
    assert codes(trial(planned, summary={"batches_per_epoch": 250}), planned) == []


@pytest.mark.parametrize("options", [{"one_batch": True}, {"processes": 2}])
def test_the_length_of_a_part_of_the_data_says_nothing_about_the_plan(design: Design, options: dict[str, Any]) -> None:
    assert codes(trial(design, summary={"batches_per_epoch": 1}, **options), design) == []


def test_random_data_are_no_evidence(design: Design) -> None:
    found = only(trial(design, data="synthetic"), design)
    assert (found.code, found.severity) == ("trial-synthetic", "info")


def test_errors_come_first_and_each_finding_can_be_mended_or_shown(design: Design) -> None:
    record = trial(design, FALLING[:37], "diverged", {**BAD_HEAD, "data_share": 0.5}, data="synthetic")
    found = trial_findings(record, edits.set_schedule(design, EVERYTHING, Constant()))
    assert [one.severity for one in found] == ["error", "warning", "info"]
    assert all(one.fix is not None or one.place is not None for one in found)
