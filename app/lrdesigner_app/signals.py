"""The signals that panels share; a widget's own signals stay in the widget."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Signals(QObject):
    """Facts, in the past tense. Panels meet here and nowhere else."""

    design_changed = Signal(object)
    """`lrdesigner.store.Change`: the design, or the preview of one, is another."""

    selected_group_changed = Signal(int)
    """Id of the group that the inspector and the plot's handles are about."""

    selected_slot_changed = Signal(str)
    """The track (`lrdesigner.tracks.Slot`) that plot, strip and inspector show is another."""

    notice_posted = Signal(object)
    """`lrdesigner_app.notices.Notice`: something to tell the person, without a dialog."""

    model_outdated = Signal()
    """The model's file changed since the model was opened, or the model was opened again (`outdated_model`)."""

    trial_changed = Signal(object)
    """`lrdesigner.trials.record.TrialRecord`: a trial started, moved on or ended."""

    range_test_changed = Signal()
    """A range test started or ended."""

    history_changed = Signal()
    """A trial or a range test that has ended lies in the history, or the store has refused it."""

    window_closed = Signal()
    """The window goes: nothing may be left running for it."""

    design_offered = Signal(object)
    """`lrdesigner.document.Design`: a design that should be opened, such as that of a kept trial."""

    filter_requested = Signal(str)
    """A query that the tree should be filtered by."""

    rule_selected = Signal(int)
    """The place of the rule that is selected in the list of rules; -1 for none."""

    rule_shown = Signal(int)
    """The place of a rule that the list of rules should select."""

    place_requested = Signal(object)
    """`lrdesigner.places.Place`: a place that panels should bring into view; the workspace has selected what it names.

    Ask for it by `Workspace.reveal`."""

    editing_requested = Signal(object)
    """After `place_requested`: the same place, of which a field should take the keyboard, so that it can be edited."""
