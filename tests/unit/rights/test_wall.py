"""The second wall stands on PostgreSQL: its cases run there, whatever database these tests run on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.hub import wall
from tests.house import ROOT

ADMIN_URL = os.environ.get("BRIDGE_TEST_POSTGRES", "postgres://root@127.0.0.1:5432/postgres")


@pytest.mark.fault("S04")
def test_the_portal_leaks_nothing_behind_the_wall_of_the_database():
    if "CI" not in os.environ and not _is_there():
        pytest.skip(f"PostgreSQL is not reachable at {ADMIN_URL}")
    where = ADMIN_URL.replace("/postgres", f"/wall{os.getpid()}", 1)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__).with_name("wall_cases.py"))],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": where}, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def _is_there() -> bool:
    import psycopg

    try:
        psycopg.connect(ADMIN_URL, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def test_every_condition_names_only_what_the_session_was_given():
    for table, text in wall.walled().items():
        assert "current_setting('bridge." in text or "FROM hub_membership" in text, table


def test_on_another_database_there_is_no_wall_and_nothing_stands_in_the_way():
    with wall.behind(None):
        pass
