"""An account at a vendor without the hub behind it: no shared state, no rates; what was asked of it stays readable."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.contract import AuthorizationExpired, Grant


class Account:
    """Holds a grant. `renewed` gets a new one for one that is used up; without it the code `expired` is raised."""

    def __init__(self, grant: Grant, expired: str = "", renewed: Callable[[Grant], Grant] | None = None) -> None:
        self.current, self.expired, self.renewed = grant, expired, renewed
        self.calls: list[str] = []  # method and path
        self.rests: list[float] = []
        self.paces: list[tuple[int, float]] = []

    def counted(self) -> Counter[str]:
        """Return the calls made so far by method and path, and forget them."""
        found = Counter(self.calls)
        self.calls.clear()
        return found

    def grant(self) -> Grant:
        return self.current

    def renew(self, used: Grant) -> Grant:
        if self.renewed is None:
            raise AuthorizationExpired(self.expired)
        self.current = self.renewed(used)
        return self.current

    @contextmanager
    def slot(self, bucket: str) -> Iterator[None]:
        yield

    def throttled(self, seconds: float) -> None:
        self.rests.append(seconds)

    def paced(self, calls: int, seconds: float) -> None:
        self.paces.append((calls, seconds))

    def allow(self) -> None:
        pass

    def feedback(self, up: bool) -> None:
        pass

    def record(self, call: Any) -> None:
        self.calls.append(f"{call.method} {call.path}")
