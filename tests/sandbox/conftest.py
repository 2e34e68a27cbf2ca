"""Whole runs against the sandbox server over HTTP."""

import pytest

from tests.house import House, Server


@pytest.fixture(scope="session")
def server():
    """One sandbox server for all these tests."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def no_waiting(settings):
    """Call as fast as a stand-in without limits answers: most tests are about something else than rates."""
    settings.SANDBOX_KEEPS_RATES = False


@pytest.fixture
def house(server, transactional_db, settings, no_waiting):
    """A client in an empty world, with committed data: threads and processes see it."""
    settings.BRIDGE_SANDBOX_URL = server.url
    settings.Q_CLUSTER["sync"] = False
    server.reset("empty")
    return House(server)
