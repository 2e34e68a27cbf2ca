"""The house for real documents, and where those lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contracts import CONTRACTS
from tests.sandbox.conftest import house, no_waiting, server  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def real_books() -> Path:
    """The folder of real QuickBooks documents. Without it the tests are not run, and say so; in CI that is a failure."""
    folder = CONTRACTS / "quickbooks"
    if not (folder / "recorded").is_dir():
        reason = f"no real documents at {folder}; set BRIDGE_CONTRACTS"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
