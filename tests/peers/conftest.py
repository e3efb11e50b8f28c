"""Registers the marker of this folder's tests."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "peers: compares with timm, transformers and ignite, where they are installed")
