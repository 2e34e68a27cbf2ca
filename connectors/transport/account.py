"""What a call needs from whoever runs it: the grant, the budget, the circuit and the log."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.contract import Grant


@dataclass(frozen=True, slots=True)
class Call:
    """One try of one vendor call, as it may be kept and shown: no query, no header, no body.

    `path` is the template as the connector wrote it, `status` 0 when no answer came, `server_time` the vendor's clock
    (the Date header, whole seconds), `error_code` "" on success, `bytes_in` as they came over the wire.
    """

    method: str
    path: str
    status: int
    milliseconds: float
    started_at: datetime
    request_id: str = ""
    error_code: str = ""
    bytes_in: int = 0
    bucket: str = ""
    server_time: datetime | None = None


class Account(Protocol):
    """One authorised account and its shared state. Every method may be called from several threads at once."""

    def grant(self) -> Grant:
        """The grant to use now; renewed ahead of its end. Raises AuthorizationExpired."""
        ...

    def renew(self, used: Grant) -> Grant:
        """A fresh grant after the vendor refused `used`; one newer than `used` at once if another worker has stored it.

        Raises AuthorizationExpired when a person must connect again.
        """
        ...

    def slot(self, bucket: str) -> AbstractContextManager[None]:
        """Wait for the rate and concurrency budget of `bucket` ("" is the common one) and hold the place."""
        ...

    def throttled(self, seconds: float) -> None:
        """The vendor said: too many. All calls of the account rest for `seconds`."""
        ...

    def paced(self, calls: int, seconds: float) -> None:
        """The vendor told its rate: no more calls than these in any stretch of so many seconds."""
        ...

    def allow(self) -> None:
        """Pass the circuit; raises VendorUnavailable while it is open."""
        ...

    def feedback(self, up: bool) -> None:
        """Tell the circuit whether the vendor answered as one that is up (a refusal is an answer)."""
        ...

    def record(self, call: Call) -> None:
        """Keep a line about one try. Must be quick and must not fail."""
        ...
