"""The taxes of stored documents one by one, under words both sides share: those of the value map of taxes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bridge.engine.taxkeys import Mapped, TaxKeys
from bridge.hub.models import Integration
from bridge.jobs import values
from bridge.jobs.context import facts_of
from connectors.contract import Resource

TAX = "tax"  # the kind of value map whose targets are the tax codes of the books


def keys_of(integration: Integration) -> TaxKeys | None:
    """Return the words for taxes; None where no map names rates of both sides, or the books find the rates themselves:
    their taxes then have no counterpart to be held against.
    """
    spec = next((item for item in values.kinds(integration) if item.kind == TAX), None)
    books = values.ends(integration, spec)[1] if spec else None
    if spec is None or books is None or _finds_rates(facts_of(books)):
        return None
    codes = {item.id: item.facts.get("rates") or () for item in values.offered(books, spec.targets)}
    names = {str(rate["id"]): str(rate.get("name") or rate["id"]) for rates in codes.values() for rate in rates}
    theirs = dict(integration.value_maps.filter(kind=TAX).values_list("source_key", "source_label"))
    return TaxKeys(_maps(integration, codes), names, theirs) or None


def _finds_rates(facts: dict[str, Any]) -> bool:
    return bool(facts.get("automated_tax")) or facts.get("country") == "US"


def _maps(integration: Integration, codes: dict[str, Any]) -> Iterator[Mapped]:
    """Yield what is decided. A target that is gone counts: what was posted by it still stands in the books."""
    for row in integration.value_maps.filter(kind=TAX, confirmed=True).exclude(target_id=""):
        parts = row.source_key.split("+")
        percents = [Decimal(str(item)) for item in (row.facts or {}).get("percents") or ()]
        told: list[Decimal | None] = [*percents] if len(percents) == len(parts) else [None] * len(parts)
        rates = [(str(rate["id"]), Decimal(str(rate.get("percent") or 0))) for rate in codes.get(row.target_id, ())]
        yield Mapped(tuple(zip(parts, told, strict=True)), rates)


def of(resource: Resource, document: Any, keys: TaxKeys) -> tuple[tuple[str, Decimal], ...]:
    """Return a document's taxes as (word, amount); () where it does not tell all of them by rate."""
    try:
        told = resource.parse(document).values.get("taxes") or ()
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
        return ()  # planning says so, with the record's name
    found = []
    for item in told:
        rate, code, amount = item.get("rate_id"), item.get("code"), item.get("amount")
        if amount is None or not (rate or code):
            return ()
        found.append((keys.target(str(rate)) if rate else keys.source(str(code)), amount))
    return tuple(found)
