"""The store views of a shop: each has its own calendar, language and, by its website, currency.

Source: https://developer.adobe.com/commerce/webapi/rest/ (store configuration; read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.contract import Api, ContractBroken, Raw


@dataclass(frozen=True, slots=True)
class Stores:
    """The store views, by id as text."""

    views: Mapping[str, Raw]

    @classmethod
    def read(cls, api: Api) -> Stores:
        """Ask the shop: one call."""
        found = api.get("/V1/store/storeConfigs", any_shape=True).get("answer")
        if not isinstance(found, list) or not found:
            raise ContractBroken("ANSWER-SHAPE", detail="storeConfigs is no list of store views")
        return cls({str(view["id"]): view for view in found if isinstance(view, dict) and "id" in view})

    @property
    def first(self) -> Raw:
        """The view the shop began with, which stands for it."""
        return self.views[min(self.views, key=lambda key: int(key) if key.isdigit() else 10**9)]

    def zone(self, document: Raw) -> str:
        """The time zone of a document's store view."""
        return str(self.views.get(str(document.get("store_id")), self.first).get("timezone") or "")

    def mark(self, document: Raw) -> Raw:
        """The document with what its store view says: its own time is that of its view."""
        view = self.views.get(str(document.get("store_id")), self.first)
        told = {"code": view.get("code"), "time_zone": view.get("timezone"), "locale": view.get("locale")}
        return {**document, "_store": told}

    def home(self, document: Raw) -> Raw:
        """The document with the currency prices are in."""
        return {**document, "_store": {"currency": self.first.get("base_currency_code")}}
