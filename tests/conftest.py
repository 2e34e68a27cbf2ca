"""What all tests share: no network but loopback, a key ring of their own, and the people of the house."""

import os
import socket

import pytest
from django.test import override_settings

os.environ.setdefault("BRIDGE_KEYS", "test:" + "dGVzdGtleXRlc3RrZXl0ZXN0a2V5dGVzdGtleTEyMzQ=")
os.environ.setdefault("SECRET_KEY", "tests only, never anywhere else")
# Servers that tests start: as in the demonstration. What the second step keeps out is tested with it switched on.
os.environ.setdefault("BRIDGE_STAFF_SECOND_STEP", "0")

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"A test tried to reach {address[0]}: the network is off.")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def network_is_off():
    """Only loopback can be reached."""
    socket.socket.connect = _loopback_only
    yield
    socket.socket.connect = _connect


@pytest.fixture(autouse=True)
def without_second_step():
    """People of the office sign in with one step, but where the second is what is tested."""
    with override_settings(STAFF_SECOND_STEP=False):
        yield
