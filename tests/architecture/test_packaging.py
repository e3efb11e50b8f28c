"""What the wheel holds: our three packages, their data, and nothing that could shadow a person's own modules."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return zipfile.ZipFile(folder / result.stdout.splitlines()[-1])


def test_the_wheel_installs_our_three_packages_only(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "lrdesigner",
        "lrdesigner_app",
        "lrdesigner_resources",
    }


@pytest.mark.parametrize(
    "name",
    [
        "lrdesigner/export/torch_file.py.jinja",
        "lrdesigner/py.typed",
        "lrdesigner_resources/style.qss",
        "lrdesigner_resources/demo/lenet.py",
        "lrdesigner_resources/demo/lenet.lrd.json",
        "lrdesigner_resources/demo/digits.bin.gz",
        "lrdesigner_resources/demo/DIGITS.md",
    ],
)
def test_the_wheel_holds_the_data_that_the_program_reads(wheel: zipfile.ZipFile, name: str) -> None:
    assert name in wheel.namelist()


def test_the_licence_goes_along(wheel: zipfile.ZipFile) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
