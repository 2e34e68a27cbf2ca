"""A large invented company: customers, items, invoices and receipts in the vendor's shape, made in chunks."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

START = datetime(2025, 9, 1, tzinfo=timezone(timedelta(hours=-8)))
GIVEN = ("Éloïse", "Jean", "Maïa", "Noé", "Zoé", "Ann", "Ben", "Chloé", "Dan", "Émile")
FAMILY = ("Tremblay", "Gagnon", "Roy", "Côté", "Bouchard", "Gauthier", "Morin", "Lavoie", "Fortin", "Gagné")


def _meta(number: int) -> dict[str, str]:
    at = (START + timedelta(seconds=number)).isoformat()
    return {"CreateTime": at, "LastUpdatedTime": at}


def customer(number: int) -> dict[str, Any]:
    """Return one customer of about 1.2 KB."""
    given, family = GIVEN[number % 10], FAMILY[number // 10 % 10]
    return {
        "Id": str(number), "SyncToken": "0", "domain": "QBO", "sparse": False, "MetaData": _meta(number),
        "GivenName": given, "FamilyName": f"{family} {number}", "DisplayName": f"{given} {family} {number}",
        "FullyQualifiedName": f"{given} {family} {number}", "PrintOnCheckName": f"{given} {family} {number}",
        "CompanyName": f"Atelier inventé {number}" if number % 3 == 0 else f"{family} et compagnie (fictif)",
        "Active": True, "Taxable": True, "Job": False, "BillWithParent": False, "Balance": 0, "BalanceWithJobs": 0,
        "PreferredDeliveryMethod": "Email", "CurrencyRef": {"value": "CAD", "name": "Canadian Dollar"},
        "PrimaryEmailAddr": {"Address": f"client{number}@exemple-{number % 97}.example"},
        "PrimaryPhone": {"FreeFormNumber": f"(514) 555-{number % 10000:04d}"},
        "Mobile": {"FreeFormNumber": f"(438) 555-{number % 10000:04d}"},
        "WebAddr": {"URI": f"https://client{number}.example"},
        "Notes": "Client inventé pour mesurer. " * 8,
        "BillAddr": {"Id": str(number), "Line1": f"{number} rue des Essais", "City": "Montréal",
                     "CountrySubDivisionCode": "QC", "PostalCode": "H2X 1Y4", "Country": "CA"},
        "ShipAddr": {"Id": str(number), "Line1": f"{number} rue des Essais", "City": "Montréal",
                     "CountrySubDivisionCode": "QC", "PostalCode": "H2X 1Y4", "Country": "CA"},
    }  # fmt: skip


def item(number: int) -> dict[str, Any]:
    """Return one item."""
    return {
        "Id": str(number), "SyncToken": "0", "domain": "QBO", "sparse": False, "MetaData": _meta(number),
        "Name": f"Article inventé {number}", "FullyQualifiedName": f"Article inventé {number}", "Active": True,
        "Sku": f"INV-{number:05d}", "Description": "Article pour mesurer", "UnitPrice": 10 + number % 90,
        "Type": "NonInventory", "Taxable": True, "IncomeAccountRef": {"value": "1", "name": "Ventes"},
        "PurchaseCost": 0, "TrackQtyOnHand": False,
    }  # fmt: skip


def sale(number: int, customers: int, items: int) -> dict[str, Any]:
    """Return one invoice or receipt of three lines and its taxes."""
    lines, subtotal = [], 0
    for line in range(3):
        article = (number * 3 + line) % items + 1
        price = 10 + article % 90
        subtotal += price
        lines.append({
            "Id": str(line + 1), "LineNum": line + 1, "Amount": price, "DetailType": "SalesItemLineDetail",
            "Description": f"Article inventé {article}",
            "SalesItemLineDetail": {"ItemRef": {"value": str(article), "name": f"Article inventé {article}"},
                                    "UnitPrice": price, "Qty": 1, "TaxCodeRef": {"value": "1"}},
        })  # fmt: skip
    lines.append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    tax = round(subtotal * 14975 / 100000, 2)
    who = number % customers + 1
    return {
        "Id": str(number), "SyncToken": "0", "domain": "QBO", "sparse": False, "MetaData": _meta(number),
        "DocNumber": f"B-{number}", "TxnDate": (date(2025, 9, 1) + timedelta(days=number % 400)).isoformat(),
        "CurrencyRef": {"value": "CAD", "name": "Canadian Dollar"}, "Line": lines,
        "CustomerRef": {"value": str(who), "name": f"Client {who}"},
        "TxnTaxDetail": {"TotalTax": tax}, "TotalAmt": round(subtotal + tax, 2),
        "Balance": 0 if number % 3 else round(subtotal + tax, 2),
        "GlobalTaxCalculation": "TaxExcluded",
    }  # fmt: skip


def chunks(customers: int, sales: int, items: int, size: int = 2000) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Yield loads for the sandbox, so that no more than `size` documents are in memory at once."""
    for start in range(1, items + 1, size):
        yield {"Item": [item(n) for n in range(start, min(items, start + size - 1) + 1)]}
    for start in range(1, customers + 1, size):
        yield {"Customer": [customer(n) for n in range(start, min(customers, start + size - 1) + 1)]}
    for start in range(1, sales + 1, size):
        made = [sale(n, customers, items) for n in range(start, min(sales, start + size - 1) + 1)]
        invoices = [doc for n, doc in enumerate(made) if n % 4]
        receipts = [doc for n, doc in enumerate(made) if not n % 4]
        for receipt in receipts:
            receipt.pop("Balance")
        yield {"Invoice": [{**doc, "DueDate": doc["TxnDate"]} for doc in invoices], "SalesReceipt": receipts}
