"""Kept trials get other titles, and are found by what is typed."""

from __future__ import annotations

import pytest
from trial_cases import kept, new_trial

from lrdesigner.cli.commands import run
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.history.connection import default_store
from lrdesigner.trials.history.matching import matches
from lrdesigner.trials.history.store import TrialHistory


def test_a_trial_gets_another_title_in_one_line(design: Design) -> None:
    first, second = (kept(default_store(), new_trial(design)) for _ in range(2))
    with TrialHistory() as history:
        history.rename(first, "  warm \n and\tslow\udcff ")
        assert history.trial(first).title == "warm and slow\\udcff"
        assert history.trial(second).title == "net"
        with pytest.raises(UserError, match="needs a title"):
            history.rename(first, " \n ")
        history.delete([first])
        with pytest.raises(UserError, match="was deleted"):
            history.rename(first, "again")


def test_the_command_renames_by_the_beginning_of_an_id(design: Design, capsys: pytest.CaptureFixture[str]) -> None:
    trial_id = kept(default_store(), new_trial(design))
    assert run(["history", "rename", trial_id[:6], "the good one"]) == 0
    assert capsys.readouterr().err == f"Renamed trial {trial_id[:8]}.\n"
    with TrialHistory() as history:
        assert history.trial(trial_id).title == "the good one"
    assert run(["history", "rename", "xyz", "the good one"]) == 2
    assert run(["history", "rename", trial_id, ""]) == 2


@pytest.mark.parametrize("text", ["", "WARM", "lr=0.1", "finished", "other.lrd", "warm variant", "0.1  warm"])
def test_every_word_is_looked_for_in_title_variant_state_kind_and_design(design: Design, text: str) -> None:
    trial = new_trial(design, title="Warm up", variant="lr=0.1", kind="variant", design_key="/home/net/other.lrd.json")
    kept(default_store(), trial)
    with TrialHistory() as history:
        (found,) = history.trials()
    assert matches(found, text)
    assert not matches(found, f"{text} cold")
    assert not matches(found, "home")
