"""What the fault tests stand on: a PostgreSQL database of their own, a sandbox server, and workers that can be killed.

These tests are about several processes, so they always run on PostgreSQL, whatever the other tests use. Each test gets
a database of its own, copied from one that was migrated once, and dropped at the end.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import dj_database_url
import psycopg
import pytest

from tests.faults.stage import Hub, Stage
from tests.house import ROOT, House, Server

ADMIN_URL = os.environ.get("BRIDGE_TEST_POSTGRES", "postgres://root@127.0.0.1:5432/postgres")


def _admin(*statements: str) -> None:
    with psycopg.connect(ADMIN_URL, autocommit=True, connect_timeout=5) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def _named(name: str) -> str:
    return f"{ADMIN_URL.rsplit('/', 1)[0]}/{name}"


def _environment(url: str, server: Server) -> dict[str, str]:
    from django.conf import settings

    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "DATABASE_URL": url,
        "BRIDGE_SANDBOX_URL": server.url,
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
        "PYTHONPATH": os.pathsep.join(paths),
        "BRIDGE_LEASE_SECONDS": "2",
        "BRIDGE_CALL_SECONDS": "20",
        "BRIDGE_DB_KEEP": "60",
        "BRIDGE_KEYS": settings.BRIDGE_KEYS,
        "SECRET_KEY": settings.SECRET_KEY,
        "REDIS_URL": "",
    }


@pytest.fixture(scope="session")
def postgres() -> None:
    """PostgreSQL can be reached. Without it these tests are left out, saying so; in CI they fail."""
    try:
        _admin("SELECT 1")
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL is not reachable at {ADMIN_URL}: {str(error).splitlines()[0]}")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One sandbox server for all fault tests of this process."""
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="session")
def template(postgres: None, server: Server) -> Iterator[str]:
    """A migrated, empty database to copy."""
    name = f"bridge_faults_{os.getpid()}"
    _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
            cwd=ROOT,
            env=_environment(_named(name), server),
            check=True,
        )
        subprocess.run(
            [sys.executable, "manage.py", "createcachetable"],
            cwd=ROOT,
            env=_environment(_named(name), server),
            check=True,
        )
        yield name
    finally:
        _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def _django_on(url: str) -> Iterator[None]:
    """Point this process's Django at another database, and back again."""
    from django.db import connections

    before, settings = connections["default"], connections.settings
    config = dj_database_url.parse(url, conn_max_age=60)
    config["OPTIONS"] = {"options": "-c lock_timeout=30000 -c statement_timeout=300000"}
    connections.settings = connections.configure_settings({"default": config})
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings = settings
        connections["default"] = before


@pytest.fixture
def hub(template, server, settings, django_db_blocker, tmp_path) -> Iterator[Hub]:
    """A database of this test's own; Django in this process looks at it, and so does every process started with it."""
    name = f"{template}_{os.urandom(3).hex()}"
    url = _named(name)
    _admin(f"CREATE DATABASE {name} TEMPLATE {template}")
    settings.BRIDGE_SANDBOX_URL = server.url
    settings.LEASE_SECONDS = 2.0
    made = Hub(name, url, _environment(url, server), tmp_path, _admin)
    try:
        with django_db_blocker.unblock(), _django_on(url):
            yield made
    finally:
        made.close()
        _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def quiet_sandbox(server) -> Iterator[Server]:
    """The sandbox in an empty world, without faults, before and after."""
    server.reset("empty")
    yield server
    server.reset("empty")
    server.control("POST", "configure/quickbooks", {
        "access_token_seconds": 3600, "refresh_rotation_seconds": 86400, "revoke_on_concurrent_use": False,
        "webhook_url": "", "verifier_token": "", "webhook_form": "cloudevents", "webhook_drop": 0.0,
        "webhook_double": 0.0, "webhook_shuffle": False, "allow_duplicate_numbers": False,
    })  # fmt: skip
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0.3, "fake_addresses": []})


@pytest.fixture
def stage(hub, quiet_sandbox) -> Stage:
    """A client with both accounts connected and the pair set up."""
    return Stage(hub, House(quiet_sandbox), quiet_sandbox)
