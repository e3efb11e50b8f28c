"""Short training runs with the exported code, started from the window."""

from lrdesigner_app.trial.runner import TrialRunner as TrialRunner
from lrdesigner_app.trial.tab import TrialTab as TrialTab
