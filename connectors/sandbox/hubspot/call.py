"""One call of the API: whose account, which rights, what it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.sandbox.core import Request
from connectors.sandbox.hubspot.account import Account, Author
from connectors.sandbox.hubspot.wire import Refusal, bad, bad_json


@dataclass(frozen=True, slots=True)
class Call:
    """A call by an application that has shown its token."""

    account: Account
    author: Author
    scopes: frozenset[str]
    request: Request

    @property
    def method(self) -> str:
        return self.request.method

    def arg(self, name: str) -> str | None:
        return self.request.arg(name)

    def flag(self, name: str) -> bool:
        text = self.request.arg(name, "false")
        if text not in ("true", "false"):
            raise bad(f"{name} must be true or false, was {text!r}")
        return text == "true"

    def names(self, name: str) -> list[str]:
        """A comma separated list of the query, also when it is repeated."""
        return [part.strip() for text in self.request.query.get(name, []) for part in text.split(",") if part.strip()]

    def body(self) -> object:
        """The JSON body. Raises `Refusal`."""
        try:
            return self.request.json()
        except (ValueError, RecursionError) as error:
            raise bad_json(str(error)) from None

    def need(self, scopes: Iterable[str]) -> None:
        """Raises `Refusal` (403) unless one of the scopes was granted."""
        wanted = list(scopes)
        if not self.scopes.intersection(wanted):
            raise Refusal(
                403,
                "This app hasn't been granted all required scopes to make this call. Read more about required scopes "
                "here: https://developers.hubspot.com/scopes.",
                "MISSING_SCOPES",
                errors=[
                    {
                        "message": "One or more of the following scopes are required.",
                        "context": {"requiredGranularScopes": wanted},
                    }
                ],
            )
