"""`lrdesigner trial` prints what the trial says of the design after its figures; JSON stays what it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs_here import job_here, jobs_here

from lrdesigner import edits
from lrdesigner.cli import main
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save

pytestmark = pytest.mark.torch
