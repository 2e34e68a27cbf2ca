"""A client with a corner shop and a company that keeps books, both on loopback."""

import pytest

from tests import corner_shop
from tests.house import House, Server


@pytest.fixture(scope="session")
def server():
    """One sandbox server for all these tests."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def shop(monkeypatch, settings):
    """The shop, known to the registry."""
    with corner_shop.open_shop(monkeypatch, settings) as opened:
        yield opened


@pytest.fixture
def house(server, shop, transactional_db, settings):
    """A client whose shop and books are connected and make a pair; nothing was read yet."""
    from bridge.jobs import connections, integrations

    settings.BRIDGE_SANDBOX_URL = server.url
    settings.Q_CLUSTER["sync"] = False
    server.reset("demo")
    found = House(server)
    books = found.connect("quickbooks")
    left = connections.create(found.organization, "corner_shop", "local_sandbox", found.ann)
    connections.sign_in_with_key(left, "a-key", found.ann)
    left.refresh_from_db()
    found.integration = integrations.create(found.organization, "corner_shop_books", found.ann)
    integrations.attach(found.integration, "left", left)
    integrations.attach(found.integration, "right", books)
    return found
