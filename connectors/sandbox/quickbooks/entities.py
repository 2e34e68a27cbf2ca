"""What this stand-in knows of each entity: its kind, and which fields a query may filter and sort by.

From the public API reference (developer.intuit.com, all-entities, read 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass

_PERSON = "Active Balance CompanyName DisplayName FamilyName FullyQualifiedName GivenName MiddleName PrintOnCheckName"


@dataclass(frozen=True, slots=True)
class Entity:
    """`kind`: "list" (never deleted, only made inactive), "txn" (can be deleted) or "plain" (read only here)."""

    name: str
    kind: str
    filters: frozenset[str]
    sorts: frozenset[str]
    names_as: str = ""  # the vendor's internal list name, seen in error texts
    in_change_feed: bool = True

    @property
    def path(self) -> str:
        """As it stands in a URL."""
        return self.name.lower()


def _entity(name: str, kind: str, filters: str, sorts: str, names_as: str = "", *, feed: bool = True) -> Entity:
    always = {"Id", "MetaData.LastUpdatedTime", "MetaData.CreateTime"}
    return Entity(name, kind, frozenset(filters.split()) | always, frozenset(sorts.split()) | always, names_as, feed)


_ALL = (
    _entity("Customer", "list", f"{_PERSON} PrimaryEmailAddr", f"{_PERSON} BalanceWithJobs", "Names"),
    _entity("Vendor", "list", f"{_PERSON} PrimaryEmailAddr", _PERSON, "Names"),
    _entity("Employee", "list", "Active DisplayName GivenName FamilyName", "Active DisplayName FamilyName", "Names"),
    _entity(
        "Item",
        "list",
        "Active FullyQualifiedName Name Sku SubItem Taxable Type",
        "Name PurchaseCost Type UnitPrice",
        "Items",
    ),
    _entity(
        "Account",
        "list",
        "AccountSubType AccountType Active Classification CurrentBalanceWithSubAccounts FullyQualifiedName Name "
        "SubAccount",
        "CurrentBalanceWithSubAccounts FullyQualifiedName Name SubAccount",
        "Accounts",
    ),
    _entity("Class", "list", "Active FullyQualifiedName Name", "Active FullyQualifiedName", "Klasses"),
    _entity("Department", "list", "Active FullyQualifiedName Name", "Active FullyQualifiedName SubDepartment", "Depts"),
    _entity("PaymentMethod", "list", "Active Name", "Active", "PaymentMethods"),
    _entity("Term", "list", "Active Name", "Active Name", "Terms"),
    _entity("TaxCode", "list", "Active Description Name", "Description Name", "TaxCodes", feed=False),
    _entity(
        "TaxRate",
        "list",
        "Active AgencyRef Description Name TaxReturnLineRef",
        "Active AgencyRef Description Name",
        "TaxRates",
        feed=False,
    ),
    _entity("TaxAgency", "list", "", "DisplayName", "TaxAgencies", feed=False),
    _entity(
        "Invoice",
        "txn",
        "Balance CustomerRef DocNumber DueDate ProjectRef SalesTermRef TotalAmt TxnDate",
        "Balance DocNumber DueDate TxnDate",
    ),
    _entity(
        "SalesReceipt", "txn", "Balance CustomerRef DocNumber ProjectRef TotalAmt TxnDate", "Balance DocNumber TxnDate"
    ),
    _entity("Payment", "txn", "CustomerRef PaymentMethodRef PaymentRefNum TotalAmt TxnDate", "TxnDate"),
    _entity(
        "CreditMemo",
        "txn",
        "Balance CustomerRef DocNumber ProjectRef SalesTermRef TotalAmt TxnDate",
        "Balance DocNumber TxnDate",
    ),
    _entity(
        "RefundReceipt",
        "txn",
        "Balance CustomerRef DocNumber PaymentType ProjectRef TxnDate",
        "Balance DocNumber PaymentType TxnDate",
    ),
    _entity("Estimate", "plain", "CustomerRef DocNumber TotalAmt TxnDate", "DocNumber TxnDate"),
    _entity("Bill", "plain", "VendorRef DocNumber TotalAmt TxnDate", "DocNumber TxnDate"),
    _entity("Deposit", "plain", "DocNumber TotalAmt TxnDate", "TxnDate"),
    _entity("JournalEntry", "plain", "DocNumber TxnDate", "TxnDate"),
    _entity("Purchase", "plain", "DocNumber TotalAmt TxnDate", "TxnDate"),
    _entity("VendorCredit", "plain", "DocNumber TotalAmt TxnDate", "TxnDate"),
    _entity("CustomerType", "plain", "Active Name", "Name"),
    _entity("CompanyCurrency", "plain", "Active Code Name", "Code Name"),
    _entity("Attachable", "plain", "FileName", "FileName"),
)

ENTITIES = {entity.name: entity for entity in _ALL}
BY_PATH = {entity.path: entity for entity in _ALL}
NAME_SPACE = ("Customer", "Vendor", "Employee")
SALES = ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")

_BOOLEANS = frozenset({"Active", "SubItem", "Taxable", "SubAccount", "SubDepartment"})
_NUMBERS = frozenset(
    {"Balance", "BalanceWithJobs", "TotalAmt", "UnitPrice", "PurchaseCost", "CurrentBalanceWithSubAccounts"}
)


def field_kind(field: str) -> str:
    """How values of a field compare: "bool", "number", "time" or "text"."""
    if field in _BOOLEANS:
        return "bool"
    if field in _NUMBERS:
        return "number"
    return "time" if field.startswith("MetaData.") else "text"
