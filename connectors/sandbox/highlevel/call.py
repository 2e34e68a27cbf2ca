"""One call of the API: which location it may speak of, which rights it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.sandbox.core import Document, Request
from connectors.sandbox.highlevel.oauth import Grant
from connectors.sandbox.highlevel.place import Location
from connectors.sandbox.highlevel.wire import Refusal, Shape, check, query_text, unfit

WRONG_PLACE = "The token does not have access to this location."


@dataclass(frozen=True, slots=True)
class Call:
    """A call by an application that has shown its token. `home` is the token's own location, None for an agency's."""

    request: Request
    grant: Grant
    home: Location | None
    locations: Mapping[str, Location]

    @property
    def method(self) -> str:
        return self.request.method

    def arg(self, name: str) -> str | None:
        return self.request.arg(name)

    def need(self, scope: str) -> None:
        """Raises `Refusal` (401) unless the scope was granted."""
        if scope not in self.grant.scopes:
            raise Refusal(401, "The token is not authorized for this scope.")

    def body(self, shapes: Mapping[str, Shape], *, closed: bool = False) -> Document:
        """The JSON body, checked. Raises `Refusal`."""
        try:
            found = self.request.json() if self.request.body else {}
        except (ValueError, RecursionError):
            raise Refusal(400, "Unexpected token in JSON") from None
        return check(found, shapes, closed=closed)

    def own(self) -> Location:
        """The token's location. Raises `Refusal` (403) for an agency's token."""
        if self.home is None:
            raise Refusal(403, WRONG_PLACE)
        return self.home

    def at(self, id: object) -> Location:
        """The location a call names. Raises `Refusal` (403) unless it is the token's own."""
        home = self.own()
        if id != home.id:
            raise Refusal(403, WRONG_PLACE)
        return home

    def located(self) -> Location:
        """The location named by `locationId` of the query."""
        return self.at(query_text(self.request, "locationId", needed=True))

    def alternative(self, *, typed: bool) -> Location:
        """The location named by `altId` of the query; `typed` also wants `altType`."""
        id, kind = self.arg("altId"), self.arg("altType")
        problems = [] if id else ["altId should not be empty"]
        if kind != "location" and (typed or kind is not None):
            problems.append("altType must be one of the following values: location")
        if problems:
            raise unfit(*problems)
        return self.at(id)
