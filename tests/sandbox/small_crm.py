"""A handful of CRM documents in HubSpot's own shape, payments of the books, and ways to read back what HubSpot holds."""

from datetime import date
from typing import Any

HUB = "24100001"
TODAY = date.today().isoformat()


def contact(number: int, email: str = "", **properties: str) -> dict[str, Any]:
    """A contact of the CRM; "" means that no address is known."""
    told = {"firstname": "Ondine", "lastname": f"Inventée {number}", **properties}
    if email:
        told["email"] = email
    return {"id": str(number), "properties": told}


def customer(number: int, email: str = "", **fields: Any) -> dict[str, Any]:
    """A customer of the books, told as little as can be."""
    found: dict[str, Any] = {"Id": str(number), "DisplayName": f"Fictive {number}", "GivenName": "Zoé",
                             "FamilyName": f"Fictive {number}"}  # fmt: skip
    if email:
        found["PrimaryEmailAddr"] = {"Address": email}
    return {**found, **fields}


def taxed(number: int, buyer: int, day: str = TODAY, **fields: Any) -> dict[str, Any]:
    """An invoice of 100.00 and 14.98 of taxes, not paid."""
    line = {"Id": "1", "Amount": 100, "DetailType": "SalesItemLineDetail", "Description": "Réparation",
            "SalesItemLineDetail": {"ItemRef": {"value": "901"}, "Qty": 2, "UnitPrice": 50}}  # fmt: skip
    end = {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return {
        "Id": str(number), "DocNumber": f"F-{number}", "TxnDate": day, "DueDate": day,
        "CustomerRef": {"value": str(buyer)}, "CurrencyRef": {"value": "CAD"}, "TotalAmt": "114.98",
        "Balance": "114.98", "TxnTaxDetail": {"TotalTax": "14.98"}, "Line": [line, end], **fields,
    }  # fmt: skip


def paid(number: int, buyer: int, invoice: int, amount: str = "50.00", **fields: Any) -> dict[str, Any]:
    """A payment of one invoice."""
    return {
        "Id": str(number), "TxnDate": TODAY, "TotalAmt": amount, "UnappliedAmt": 0, "PaymentRefNum": f"P-{number}",
        "CustomerRef": {"value": str(buyer)}, "CurrencyRef": {"value": "CAD"},
        "PaymentMethodRef": {"value": "1", "name": "Visa"},
        "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": str(invoice), "TxnType": "Invoice"}]}], **fields,
    }  # fmt: skip


def crm(server: Any) -> dict[str, Any]:
    """All the connected account holds."""
    return next(item for item in server.state("hubspot")["accounts"] if str(item["portal"]) == HUB)


def records(server: Any, kind: str) -> dict[str, dict[str, Any]]:
    """The living records of a kind, by id: their properties."""
    rows = crm(server)["records"][kind]
    return {row["id"]: row["properties"] for row in rows if not row.get("archived")}


def by(server: Any, kind: str, name: str) -> dict[str, dict[str, Any]]:
    """The living records of a kind, by one of their properties."""
    return {found[name]: found for found in records(server, kind).values() if found.get(name)}


def linked(server: Any, kind: str, other: str) -> set[tuple[str, str]]:
    """Which records of two kinds are associated."""
    found = set()
    for item in crm(server)["associations"]:
        ends = [str(end).split("/") for end in (item["from"], item["to"])]
        for one, two in (ends, ends[::-1]):
            if one[0] == kind and two[0] == other:
                found.add((one[1], two[1]))
    return found


def associate(server: Any, one: tuple[str, str], other: tuple[str, str]) -> None:
    """Link two records as a person does."""
    ends = {"from": {"type": one[0], "id": one[1]}, "to": {"type": other[0], "id": other[1]}}
    server.load("hubspot", associations=[ends])
