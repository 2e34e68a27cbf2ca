"""The vendors' contract data, read where it lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contracts import CONTRACTS

if os.environ.get("CI") and not CONTRACTS.is_dir():
    # One door for every module here, also for those that skip by themselves: in CI nothing is skipped.
    raise pytest.UsageError(f"no contract data at {CONTRACTS}; set BRIDGE_CONTRACTS")


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The folder of contract data. Without it a test is not run, and says so."""
    if not CONTRACTS.is_dir():
        pytest.skip(f"no contract data at {CONTRACTS}; set BRIDGE_CONTRACTS")
    return CONTRACTS
