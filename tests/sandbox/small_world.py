"""A handful of documents in the vendors' own shapes, and ways to read back what each vendor holds."""

import html
import re
from decimal import Decimal
from typing import Any

import requests

COMPANY = "9130000000000001"
KEY = "SECRET-sandbox-atelier-boreal-us19"
CHAIR = {"Id": "901", "Name": "Chaise de l’Érable", "Type": "Service", "UnitPrice": 50, "Sku": "CH-1"}
STREET = {
    "Line1": "1, rue Inventée",
    "City": "Québec",
    "CountrySubDivisionCode": "QC",
    "PostalCode": "G1K 1A1",
    "Country": "Canada",
}
SUBSCRIBED = {
    "status_if_new": "subscribed",
    "consent_basis": "express",
    "consent_note": "Case cochée sur le bon de commande",
    "consent_date": "2026-01-15",
}


def customer(number: int, email: str | None = "", **fields: Any) -> dict[str, Any]:
    """A customer of the books; "" gives an address of its own, None none at all."""
    found: dict[str, Any] = {
        "Id": str(number),
        "DisplayName": f"Zoé Fictive {number}",
        "GivenName": "Zoé",
        "FamilyName": f"Fictive {number}",
        "PrimaryPhone": {"FreeFormNumber": f"514 555-{number % 10000:04d}"},
        "BillAddr": STREET,
    }
    if email is not None:
        found["PrimaryEmailAddr"] = {"Address": email or f"zoe{number}@fictive.example"}
    return {**found, **fields}


def sale(number: int, buyer: int, total: Any = 100, **fields: Any) -> dict[str, Any]:
    """An invoice or sales receipt of one line for a whole amount, paid unless a balance is given."""
    line = {
        "Id": "1",
        "Amount": total,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "901"}, "Qty": 1, "UnitPrice": total},
    }
    end = {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return {
        "Id": str(number),
        "DocNumber": f"F-{number}",
        "TxnDate": "2026-10-01",
        "CustomerRef": {"value": str(buyer)},
        "TotalAmt": total,
        "Balance": 0,
        "Line": [line, end],
        **fields,
    }


def books(server: Any, *customers: dict[str, Any], **resources: list[dict[str, Any]]) -> None:
    """Put an item, customers and documents into the company's books."""
    server.load("quickbooks", Item=[CHAIR], Customer=list(customers), **resources)


def audience_of(server: Any) -> str:
    """The audience the house chooses."""
    lists = server.state("mailchimp")["lists"]
    return str((lists[1] if len(lists) > 1 else lists[0])["id"])


def contacts(server: Any, audience: str = "") -> dict[str, dict[str, Any]]:
    """The contacts of an audience, by address."""
    state = server.state("mailchimp")
    return {item["email_address"]: item for item in state["members"][audience or audience_of(server)]}


def tags(contact: dict[str, Any]) -> set[str]:
    """The names of a contact's tags."""
    return {item["name"] for item in contact["tags"]}


def store(server: Any) -> dict[str, Any]:
    """The one store, with its customers, products and orders; {} where there is none."""
    stores = list(server.state("mailchimp")["stores"].values())
    assert len(stores) < 2, [item["store"]["id"] for item in stores]
    return stores[0] if stores else {}


def orders(server: Any) -> dict[str, dict[str, Any]]:
    """The orders of the store, by id."""
    return {item["id"]: item for item in store(server).get("orders", ())}


def total_of(server: Any) -> Decimal:
    """What all orders come to."""
    return sum((Decimal(str(item["order_total"])) for item in orders(server).values()), Decimal(0))


def written(server: Any, vendor: str, since: int = 0) -> list[str]:
    """The calls that change something at a vendor, after the first `since` calls; signing in is none."""
    calls = server.calls(vendor)[since:]
    return [
        f"{call['method']} {call['path']}"
        for call in calls
        if call["method"] != "GET" and "oauth" not in call["path"] and "batches" not in call["path"]
    ]


def book_of(server: Any) -> dict[str, Any]:
    """Everything the company's books hold."""
    return dict(server.state("quickbooks")["companies"][COMPANY])


def mailchimp(server: Any, method: str, path: str, **body: Any) -> Any:
    """Ask Mailchimp's interface as its own client would."""
    answer = requests.request(
        method, f"{server.url}/mailchimp/3.0{path}", json=body or None, auth=("any", KEY), timeout=20
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else {}


def words(answer: Any) -> str:
    """The text a person reads on a page, entities and blanks made plain."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(text))


def links(answer: Any) -> list[str]:
    """Where the links of a page lead."""
    return [html.unescape(item) for item in re.findall(r"href=\"([^\"]+)\"", answer.content.decode())]


def plain(text: str) -> str:
    """A sentence as `words` gives it."""
    return re.sub(r"\s+", " ", text)


def explained(code: str, params: Any = None) -> None:
    """Fail unless the catalogue tells what, why and cure of a code in both languages, with every mark filled."""
    from bridge import registry

    entry = registry.catalogue().get(code)
    assert entry, f"{code} has no text"
    values = {key: value for key, value in (params or {}).items() if key not in ("self", "language")}
    for name in ("what", "why", "cure"):
        text = getattr(entry, name)
        for language in ("en", "fr"):
            sentence = text.say(language, **values)
            assert sentence.strip(), (code, name, language)
            assert not re.search(r"\{\w+\}", sentence), (code, name, language, sentence, values)


def kept_back(run: Any) -> dict[str, str]:
    """What is held, refused, skipped or unknown in an integration, by title: its newest code. Each has its words."""
    from bridge.hub.models import Change

    states = Change.State
    found: dict[str, str] = {}
    for change in Change.objects.filter(integration=run.integration).order_by("id"):
        found.pop(change.title, None)
        if change.state in (states.HELD, states.REJECTED, states.SKIPPED, states.UNKNOWN):
            code = change.error_code or change.code
            explained(code, change.error_params if change.error_code else change.params)
            found[change.title] = code
    return found
