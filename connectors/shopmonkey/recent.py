"""Orders brought a moment ago, for the refunds that give back their lines: in one reading none is asked for twice."""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from connectors.contract import Raw
from connectors.transport import decode, encode

MOST = 5000
READINGS, HELD_SECONDS = 4, 600.0  # first readings kept in mind by a process, and for how long without a word
_OURS = ("_location", "_fixed_price")  # what the feed adds to an order of its own


class Recent:
    """The newest `MOST` orders of a reading with their services, packed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, order: Mapping[str, Any]) -> None:
        """Keep an order that came with its services; one without is not what a refund needs."""
        if "_services" not in order:
            return
        packed = zlib.compress(encode({name: value for name, value in order.items() if name not in _OURS}), 1)
        with self._lock:
            self._kept[str(order["id"])] = packed
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def get(self, order_id: str) -> Raw | None:
        """The order, None where it is not kept."""
        with self._lock:
            packed = self._kept.get(order_id)
        return decode(zlib.decompress(packed)) if packed is not None else None


_READINGS: OrderedDict[str, tuple[float, Recent]] = OrderedDict()
_LOCK = threading.Lock()


def of_reading(name: str) -> Recent:
    """The orders of a first reading, which goes on in slices: those this process brought, empty where it brought none.

    `name` is the reading's own, kept in its cursor: no other account's reading gets at them.
    """
    now = time.monotonic()
    with _LOCK:
        for other in [key for key, (used, _) in _READINGS.items() if now - used > HELD_SECONDS]:
            del _READINGS[other]
        _, found = _READINGS.pop(name, (now, None))
        found = found or Recent()
        _READINGS[name] = (now, found)
        if len(_READINGS) > READINGS:
            _READINGS.popitem(last=False)
        return found


def forget(name: str) -> None:
    """The reading is over."""
    with _LOCK:
        _READINGS.pop(name, None)
