"""Child processes of the window: one job each, over QProcess, and one kept warm."""

from lrdesigner_app.processes.job import Job as Job
from lrdesigner_app.processes.spare import SpareChild as SpareChild
