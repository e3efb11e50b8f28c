"""Files for other libraries, verified in a child that has them."""

from __future__ import annotations

import pytest
from target_runs import DESIGNS

from lrdesigner.export import TARGETS, ExportOptions
from lrdesigner.jobs.run import run_job
from lrdesigner.proof import exported_file, verify_request
from lrdesigner.resuming import resumes
from lrdesigner.verification import Verifier, report_taker

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("form", ["script", "snippet"])
@pytest.mark.parametrize("target", [name for name, target in TARGETS.items() if target.packages])
def test_a_file_for_a_library_equals_its_design_and_resumes(target: str, form: str) -> None:
    for package in TARGETS[target].packages:
        pytest.importorskip(package)
    design = DESIGNS["plateau_of_one" if form == "script" and target != "transformers" else "thaw"]
    options = ExportOptions(target, "script" if form == "script" else "snippet")
    verifier = Verifier(design, options)
    with exported_file(design, options) as file:
        request = verify_request(design, file, options)
        outcome = run_job(request, report_taker(verifier, lambda _: None), time_limit=120)
    assert outcome.state == "finished", outcome.message
    verdict = verifier.verdict()
    assert verdict.problems == ()
    assert [report.step for report in verdict.resumed if not report.untried] == [at for at, _ in resumes(design)]
