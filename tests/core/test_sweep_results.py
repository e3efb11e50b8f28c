"""What the runs of a sweep say: means, spreads, differences in pairs, and no more than that."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.errors import UserError
from lrdesigner.store import Store
from lrdesigner.trials.sweep_results import RunResult, promote, spread, sweep_table, verdict
from lrdesigner.trials.variants import variants_of

DEMO = demo_design()


def _finished(label: str, seed: int, accuracy: float | None, loss: float = 1.0, steps: int = 100) -> RunResult:
    metrics = {"final_loss": loss, "steps": steps} | ({} if accuracy is None else {"test_accuracy": accuracy})
    return RunResult(f"{label}-{seed}", label, seed, "finished", metrics)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_a_spread_lies_between_its_ends(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert found.low - 1e-6 <= found.mean <= found.high + 1e-6
    assert found.deviation is not None
    assert 0 <= found.deviation <= (found.high - found.low) * math.sqrt(len(values)) + 1e-6


def test_the_best_comes_first_and_what_lost_runs_comes_last() -> None:
    results = [
        *(_finished("good", seed, 0.9 + seed / 100) for seed in range(3)),
        *(_finished("better", seed, 0.95 + seed / 100) for seed in range(3)),
        _finished("lucky", 0, 0.99),
        RunResult("lucky-1", "lucky", 1, "diverged", {"final_loss": 3.0}),
        RunResult("bad", "bad", 0, "crashed"),
        RunResult("late", "late", 0, "waiting"),
    ]
    table = sweep_table(results, "good", 450)
    assert [row.label for row in table.rows] == ["better", "good", "lucky", "bad", "late"]
    assert table.measure == "test_accuracy"
    assert (table.rows[2].finished, table.rows[2].diverged, table.rows[3].failed, table.rows[4].waiting) == (1, 1, 1, 1)
    assert str(table.rows[0].figures["test_accuracy"]) == "0.96 ± 0.01"


def test_differences_are_between_runs_with_the_same_seed() -> None:
    results = [_finished("base", seed, base) for seed, base in ((0, 0.5), (1, 0.7), (2, 0.9))]
    results += [_finished("other", seed, value) for seed, value in ((0, 0.51), (1, 0.71), (3, 0.1))]
    rows = {row.label: row for row in sweep_table(results, "base", 450).rows}
    found = rows["other"].differences["test_accuracy"]
    assert (found.count, round(found.mean, 12), round(found.deviation or 0, 12)) == (2, 0.01, 0.0)
    assert rows["base"].differences == {}


def test_without_an_accuracy_of_all_the_loss_counts() -> None:
    results = [_finished("a", 0, 0.9, loss=2.0), _finished("b", 0, None, loss=1.0)]
    table = sweep_table(results, "a", 100)
    assert (table.measure, [row.label for row in table.rows]) == ("final_loss", ["b", "a"])


def test_a_figure_that_is_not_finite_does_not_count() -> None:
    table = sweep_table([_finished("a", 0, None, loss=math.nan)], "a", 100)
    assert table.measure is None
    assert verdict(table) == "No run has finished, so there is nothing to compare."


def test_the_verdict_says_when_one_variant_beats_the_baseline_with_every_seed() -> None:
    results = [_finished("base", seed, 0.5 + seed / 10) for seed in range(3)]
    results += [_finished("new", seed, 0.6 + seed / 10 + seed / 100) for seed in range(3)]
    words = verdict(sweep_table(results, "base", 100))
    assert words == (
        "new is best: test accuracy 0.71 ± 0.11, mean of 3 seeds, after 100 steps. With every seed it beats base: by "
        "0.11 on average."
    )


def test_the_verdict_does_not_take_noise_for_a_difference() -> None:
    results = [_finished("base", seed, 0.5) for seed in range(3)]
    results += [_finished("new", seed, value) for seed, value in enumerate((0.4, 0.6, 0.56))]
    assert "new does not stand out" not in verdict(sweep_table(results, "base", 100))
    assert "It does not stand out from base: the difference is 0.02 ± 0.11" in verdict(
        sweep_table(results, "base", 100)
    )


def test_the_verdict_says_that_the_whole_schedule_was_compressed() -> None:
    results = [replace(_finished(label, seed, 0.9), whole=True) for label in "ab" for seed in range(3)]
    words = verdict(sweep_table(results, "a", 450))
    assert "after the whole schedule, compressed into 100 steps" in words
    assert "The plan has 450 steps; compressed, the schedule keeps its shape, not its pace." in words
    assert "early" not in words
    assert "compressed" not in verdict(sweep_table(results, "a", 100))  # in as many steps as the plan has
    mixed = [*results, _finished("c", 0, 0.9)]
    assert "compressed" not in verdict(sweep_table(mixed, "a", 450))


def test_the_verdict_names_the_horizon_and_few_seeds() -> None:
    words = verdict(sweep_table([_finished("a", 0, 0.9), _finished("b", 0, 0.8, steps=120)], "a", 450))
    assert "one seed, after 100 to 120 steps" in words
    assert "Fewer than 3 seeds say little." in words
    assert "The plan has 450 steps; what is best early need not be best at its end." in words


def test_promoting_a_variant_is_one_edit_that_can_be_undone() -> None:
    variant = variants_of({"": DEMO}, ["head.lr=0.1", "head.schedule.0.end=0.5"])[0]
    store = Store(DEMO)
    store.commit(f"Use {variant.label}", promote, variant)
    assert store.design == variant.design
    store.undo()
    assert store.design is DEMO


def test_a_variant_is_promoted_onto_what_the_design_has_become() -> None:
    variant = variants_of({"": DEMO}, ["head.lr=0.1"])[0]
    later = edits.set_base_lr(DEMO, DEMO.groups[0].id, 0.7)
    assert [group.lr.base for group in promote(later, variant).groups] == [0.7, 0.1]
    with pytest.raises(UserError, match="names no field"):
        promote(edits.rename_group(later, DEMO.groups[1].id, "other"), variant)


def test_another_design_takes_the_place_of_the_first() -> None:
    other = edits.set_base_lr(DEMO, DEMO.groups[0].id, 0.7)
    variants = variants_of({"a": DEMO, "b": other}, [])
    assert promote(DEMO, variants[1]) is other
    assert promote(DEMO, variants[0]) is DEMO
