"""The trial: a short real training run of the exported code, shown while it goes on."""

from lrdesigner_app.trial.panel import TrialPanel as TrialPanel
from lrdesigner_app.trial.record import TrialRecord as TrialRecord
from lrdesigner_app.trial.runner import TrialRunner as TrialRunner
