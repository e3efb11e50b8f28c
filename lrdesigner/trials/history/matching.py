"""Which kept trials a text that is typed means."""

from __future__ import annotations

from pathlib import PurePath

from lrdesigner.trials.history.entries import KeptTrial


def kind_words(trial: KeptTrial) -> str:
    """The kind of a trial as people say it."""
    return trial.kind.replace("-", " ")


def matches(trial: KeptTrial, text: str) -> bool:
    """Whether each word of the text is in the name, state, kind or design's name; large or small is one."""
    design = PurePath(trial.design_key).name
    told = " ".join((trial.name, trial.state, kind_words(trial), design)).casefold()
    return all(word in told for word in text.casefold().split())
