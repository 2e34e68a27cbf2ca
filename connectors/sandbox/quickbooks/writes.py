"""Creating, changing, voiding and deleting, with the effects these have on balances and stock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.quickbooks.books import CURRENCIES, Books
from connectors.sandbox.quickbooks.entities import ENTITIES, NAME_SPACE, SALES
from connectors.sandbox.quickbooks.errors import Refusal
from connectors.sandbox.quickbooks.sales import ZERO, cents, decimal, demand_plan, price

MARK = " (deleted)"
_SYSTEM = ("Id", "SyncToken", "MetaData", "domain", "sparse", "status")
_COMPUTED = {
    "Customer": ("FullyQualifiedName", "Level", "BalanceWithJobs", "IsProject"),
    "Vendor": ("Balance",),
    "Item": ("FullyQualifiedName", "Level"),
    "Account": ("FullyQualifiedName", "Classification", "CurrentBalance", "CurrentBalanceWithSubAccounts"),
    "Class": ("FullyQualifiedName",),
    "Department": ("FullyQualifiedName",),
    "Payment": ("UnappliedAmt",),
}
_SALE_COMPUTED = (
    "TotalAmt",
    "Balance",
    "HomeBalance",
    "HomeTotalAmt",
    "DeliveryInfo",
    "RemainingCredit",
    "InvoiceLink",
)
# What a full update does not empty when it is left out.
_KEPT = {
    "Customer": (
        "DisplayName",
        "PrintOnCheckName",
        "Active",
        "Taxable",
        "Job",
        "BillWithParent",
        "CurrencyRef",
        "PreferredDeliveryMethod",
        "DefaultTaxCodeRef",
        "Balance",
    ),
    "Vendor": ("DisplayName", "PrintOnCheckName", "Active", "CurrencyRef", "Vendor1099"),
    "Item": ("Name", "Type", "Active", "TrackQtyOnHand", "InvStartDate", "QtyOnHand"),
    "Account": ("Name", "AccountType", "AccountSubType", "Active", "SubAccount", "CurrencyRef"),
    "Payment": ("CustomerRef", "CurrencyRef", "TxnDate", "DepositToAccountRef", "ProcessPayment", "TotalAmt"),
}
_LIST_KEPT = ("Name", "Active", "Type", "SubClass", "SubDepartment")
_SALE_KEPT = (
    "CustomerRef",
    "DocNumber",
    "TxnDate",
    "CurrencyRef",
    "CustomField",
    "PrintStatus",
    "EmailStatus",
    "ApplyTaxAfterDiscount",
    "GlobalTaxCalculation",
    "DepositToAccountRef",
    "LinkedTxn",
    "AllowIPNPayment",
    "AllowOnlinePayment",
    "AllowOnlineCreditCardPayment",
    "AllowOnlineACHPayment",
)
# Where money can be put, and the accounts an item books to.
_MONEY = ("Bank", "Other Current Asset")
_ITEM_ACCOUNTS = {
    "IncomeAccountRef": ("Income", "Other Income"),
    "ExpenseAccountRef": ("Cost of Goods Sold", "Expense", "Other Expense"),
    "AssetAccountRef": ("Other Current Asset",),
}
_VOIDABLE = ("Invoice", "SalesReceipt", "Payment")
_TERM_DAYS = 30


def create(books: Books, entity: str, body: Document, *, duplicate_number: bool = False) -> Document:
    """Make a new object; the answer is the full stored document."""
    if entity in SALES:
        return _create_sale(books, entity, body, duplicate_number)
    if entity == "Payment":
        return _create_payment(books, body)
    return _create_listed(books, entity, body)


def update(books: Books, entity: str, body: Document, *, duplicate_number: bool = False) -> Document:
    """Full or sparse update. Unchanged content keeps token and time. Raises 5010 on a stale token."""
    old = current(books, entity, body)
    merged = _merged(entity, old, body)
    if entity in SALES:
        return _update_sale(books, entity, old, merged, body, duplicate_number)
    if entity == "Payment":
        return _update_payment(books, old, merged)
    return _update_listed(books, entity, old, merged)


def delete(books: Books, entity: str, body: Document) -> Document:
    """Remove a transaction for good; the answer is a stub. List objects are refused."""
    if ENTITIES[entity].kind != "txn":
        raise Refusal("500", f"Operation delete is not supported for {entity}.")
    old = current(books, entity, body)
    _open_period(books, old)
    if entity == "Payment":
        _unapply(books, old)
        _charge(books, old["CustomerRef"]["value"], decimal(old["TotalAmt"]))
    else:
        if old.get("LinkedTxn"):
            raise Refusal("6000", "Business Validation Error: This transaction is linked to others; unlink it first.")
        _post(books, entity, old, -1)
    books.drop(entity, old["Id"])
    return {"domain": "QBO", "status": "Deleted", "Id": old["Id"]}


def void(books: Books, entity: str, body: Document) -> Document:
    """Keep the document, but with nothing in it: amounts, quantities, taxes and links go."""
    if entity not in _VOIDABLE:
        raise Refusal("500", f"Operation void is not supported for {entity}.")
    old = current(books, entity, body)
    _open_period(books, old)
    if entity == "Payment":
        return _void_payment(books, old)
    _post(books, entity, old, -1)
    if entity == "Invoice":
        for link in old.get("LinkedTxn") or []:
            _release(books, link["TxnId"], old["Id"])
    new = _emptied({**old, "LinkedTxn": []})
    return books.save(entity, books.revise(new), "voided")


def deactivate(books: Books, entity: str, document: Document) -> Document:
    """Mark the name of an object that was made inactive; a balance forbids it."""
    if entity == "Customer" and decimal(document.get("Balance")):
        raise Refusal("6220", "You can't make this customer inactive: there is still a balance.")
    field = "DisplayName" if entity in NAME_SPACE else "Name"
    if field in document and not str(document[field]).endswith(MARK):
        document[field] = f"{document[field]}{MARK}"
    return document


def current(books: Books, entity: str, body: Document) -> Document:
    """The stored object a write is about, if its token is still the one sent."""
    id = str(body.get("Id", ""))
    if not id:
        raise Refusal("2020", "Required parameter Id is missing in the request", element="Id")
    old = books.require(entity, id)
    if body.get("SyncToken") is None:
        raise Refusal("2020", "Required parameter SyncToken is missing in the request", element="SyncToken")
    if str(body["SyncToken"]) != old["SyncToken"]:
        raise Refusal(
            "5010",
            "Stale Object Error : You and someone else were working on this at the same time. "
            "Someone else finished before you did, so your work was not saved.",
            element="",
        )
    return old


# Merging


def _merged(entity: str, old: Document, body: Document) -> Document:
    """The document an update asks for. Sparse: named fields change, empty ones go. Full: what is not named goes."""
    computed = _SALE_COMPUTED if entity in SALES else _COMPUTED.get(entity, ())
    sent = {name: value for name, value in body.items() if name not in (*_SYSTEM, *computed)}
    if body.get("sparse"):
        base = dict(old)
    else:
        kept = _SALE_KEPT if entity in SALES else _KEPT.get(entity, _LIST_KEPT)
        keep = {*_SYSTEM, *computed, *kept}
        base = {name: value for name, value in old.items() if name in keep}
    base.update(sent)
    return {name: value for name, value in base.items() if value not in (None, "")}


def _same(old: Document, new: Document) -> bool:
    ignored = ("SyncToken", "MetaData")
    return {k: v for k, v in old.items() if k not in ignored} == {k: v for k, v in new.items() if k not in ignored}


def _settle(books: Books, entity: str, old: Document, new: Document) -> Document:
    """Store an update if it changes anything."""
    if _same(old, new):
        return old
    return books.save(entity, books.revise(new), "updated")


# List objects


def _create_listed(books: Books, entity: str, body: Document) -> Document:
    document = {name: value for name, value in body.items() if name not in _SYSTEM and value not in (None, "")}
    for name in _COMPUTED.get(entity, ()):
        document.pop(name, None)
    maker = _MAKERS.get(entity)
    if maker is None:
        raise Refusal("500", f"Operation create is not supported for {entity}.")
    document = maker(books, document)
    document["Id"] = books.new_id(entity)
    return books.save(entity, books.fresh(document), "created")


def _update_listed(books: Books, entity: str, old: Document, new: Document) -> Document:
    if entity in NAME_SPACE:
        _addresses(books, new, old)
    if entity == "Customer" and _currency_of(new) != _currency_of(old):
        raise Refusal("6000", "Business Validation Error: The currency of a customer cannot be changed.")
    if entity == "Item":
        _keep_item(books, old, new)
    if old.get("Active", True) and new.get("Active") is False:
        new = deactivate(books, entity, new)
    _rename(books, entity, new, old)
    return _settle(books, entity, old, new)


def _currency_of(document: Document) -> str | None:
    found: str | None = (document.get("CurrencyRef") or {}).get("value")
    return found


def _rename(books: Books, entity: str, new: Document, old: Document | None) -> None:
    """Keep names unique, and the names made from them right."""
    id = None if old is None else old["Id"]
    if entity in NAME_SPACE:
        _free_name(books, entity, id, new["DisplayName"])
        if entity == "Customer":
            new["FullyQualifiedName"] = _qualified(books, entity, new, new["DisplayName"])
        if old is None or new.get("PrintOnCheckName") == old.get("DisplayName"):
            new["PrintOnCheckName"] = new.get("PrintOnCheckName") if old is None else new["DisplayName"]
            new["PrintOnCheckName"] = new["PrintOnCheckName"] or new["DisplayName"]
        return
    if "Name" not in new:
        raise Refusal("2020", "Required parameter Name is missing in the request", element="Name")
    if entity == "Item" and any(letter in new["Name"] for letter in ":\t\n"):
        raise Refusal("6000", "Business Validation Error: A name cannot contain a colon.")
    if entity in ("Item", "Account", "Class", "Department"):
        new["FullyQualifiedName"] = _qualified(books, entity, new, new["Name"])
    path = str(new.get("FullyQualifiedName", new["Name"])).casefold()
    for other in books.tables[entity].find("name", path):
        if other != id:
            raise Refusal("6240", f"The name supplied already exists. : Id={other}")


def _free_name(books: Books, entity: str, id: str | None, name: str) -> None:
    if any(letter in name for letter in ":\t\n"):
        raise Refusal("6000", "Business Validation Error: A name cannot contain a colon.")
    holder = books.holder(name)
    if holder is not None and holder != (entity, id):
        raise Refusal("6240", f"The name supplied already exists. : Id={holder[1]}")


def _qualified(books: Books, entity: str, document: Document, name: str) -> str:
    ref = document.get("ParentRef")
    if not ref:
        return name
    parent = books.refer(entity, ref, "ParentRef")
    return f"{parent.get('FullyQualifiedName', name)}:{name}"


def _addresses(books: Books, document: Document, old: Document | None = None) -> None:
    """Give addresses their ids; a place not looked up on the map says so. An empty e-mail is an absent one."""
    for field in ("BillAddr", "ShipAddr"):
        address = document.get(field)
        if address and not address.get("Id"):
            document[field] = {"Id": books.new_id("address"), **address, "Lat": "INVALID", "Long": "INVALID"}
    email = document.get("PrimaryEmailAddr")
    if email is None or (old or {}).get("PrimaryEmailAddr") == email:
        return
    if not email.get("Address"):
        del document["PrimaryEmailAddr"]
    elif not all("@" in part and "." in part for part in email["Address"].split(",")):
        raise Refusal(
            "2210", "Email Address does not conform to the syntax rules of RFC 822.", element="PrimaryEmailAddr"
        )


def _display_name(document: Document) -> str:
    if document.get("DisplayName"):
        return str(document["DisplayName"])
    parts = [str(document[n]) for n in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix") if document.get(n)]
    if not parts:
        raise Refusal("6080", "No Name Provided : DisplayName, GivenName or FamilyName is needed.")
    return " ".join(parts)


def _new_customer(books: Books, document: Document) -> Document:
    document["DisplayName"] = _display_name(document)
    _addresses(books, document)
    _rename(books, "Customer", document, None)
    opening = decimal(document.pop("Balance", None)) if document.get("OpenBalanceDate") else ZERO
    if document.get("CurrencyRef"):
        document["CurrencyRef"] = _known_currency(books, str(document["CurrencyRef"].get("value")))
    defaults: Document = {
        "Taxable": True,
        "Job": bool(document.get("ParentRef")),
        "BillWithParent": False,
        "Balance": cents(opening),
        "BalanceWithJobs": cents(opening),
        "CurrencyRef": books.currency,
        "PreferredDeliveryMethod": "Print",
        "Active": True,
    }
    code = books.preferences["TaxPrefs"].get("TaxGroupCodeRef")
    if code:
        defaults["DefaultTaxCodeRef"] = {"value": code["value"]}
    if document.get("ParentRef"):
        defaults["Level"] = 1
    return {**defaults, **document}


def _known_currency(books: Books, code: str) -> Document:
    """A reference to a currency the company deals in."""
    if code == books.currency["value"]:
        return books.currency
    if not books.multi_currency:
        raise Refusal("5020", "Permission Denied Error : multi-currency is not turned on.", element="CurrencyRef")
    if not books.has_currency(code):
        raise Refusal("2220", f"Invalid Currency Type : {code}", element="CurrencyRef")
    return {"value": code, "name": CURRENCIES.get(code, code)}


def _new_employee(books: Books, document: Document) -> Document:
    document["DisplayName"] = _display_name(document)
    _addresses(books, document)
    _rename(books, "Employee", document, None)
    return {"BillableTime": False, "Active": True, **document}


def _new_vendor(books: Books, document: Document) -> Document:
    document["DisplayName"] = _display_name(document)
    _addresses(books, document)
    _rename(books, "Vendor", document, None)
    return {"Balance": ZERO, "Vendor1099": False, "CurrencyRef": books.currency, "Active": True, **document}


def _new_item(books: Books, document: Document) -> Document:
    document.setdefault("Type", "Service")
    _demand(document, "Name")
    needed: dict[str, tuple[str, ...]] = {
        "Inventory": ("QtyOnHand", "InvStartDate", "AssetAccountRef", "IncomeAccountRef", "ExpenseAccountRef"),
    }
    _demand(document, *needed.get(document["Type"], ()))
    if document["Type"] == "Inventory" and document.get("TrackQtyOnHand") is not True:
        raise Refusal("2020", "Required parameter TrackQtyOnHand is missing in the request", element="TrackQtyOnHand")
    if document["Type"] in ("Service", "NonInventory") and not (
        document.get("IncomeAccountRef") or document.get("ExpenseAccountRef")
    ):
        raise Refusal("2020", "Required parameter IncomeAccountRef is missing in the request")
    if document["Type"] == "Inventory" and not books.counts_stock:
        raise Refusal("5020", "Permission Denied Error : inventory is not turned on.", element="Type")
    _item_accounts(books, document)
    _rename(books, "Item", document, None)
    return {"Active": True, "TrackQtyOnHand": False, **document}


def _item_accounts(books: Books, document: Document) -> None:
    """Fill in the names of an item's accounts, which must be of the type each use needs."""
    for field, types in _ITEM_ACCOUNTS.items():
        if field in document:
            account = _account(books, document, field, *types)
            document[field] = {"value": account["Id"], "name": account["FullyQualifiedName"]}


def _keep_item(books: Books, old: Document, new: Document) -> None:
    """What an update of an item cannot change: stock that is counted stays so, from the day it was begun."""
    if "Inventory" in (old.get("Type"), new.get("Type")) and old.get("Type") != new.get("Type"):
        raise Refusal("6000", "Business Validation Error: The type of this item cannot be changed.", element="Type")
    if old.get("TrackQtyOnHand"):
        new["TrackQtyOnHand"] = True
    if "InvStartDate" in old:
        new["InvStartDate"] = old["InvStartDate"]
    _item_accounts(books, new)


def _new_account(books: Books, document: Document) -> Document:
    _demand(document, "Name")
    if not document.get("AccountType") and not document.get("AccountSubType"):
        raise Refusal("2020", "Required parameter AccountType is missing in the request", element="AccountType")
    _rename(books, "Account", document, None)
    kind = document.get("AccountType", "Income")
    return {
        "Active": True,
        "SubAccount": bool(document.get("ParentRef")),
        "Classification": CLASSIFICATION.get(kind, "Asset"),
        "AccountType": kind,
        "CurrentBalance": ZERO,
        "CurrentBalanceWithSubAccounts": ZERO,
        "CurrencyRef": books.currency,
        **document,
    }


CLASSIFICATION = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}


def _plain(entity: str, extra: Document) -> Callable[[Books, Document], Document]:
    """A maker for lists that need a name and little else."""

    def make(books: Books, document: Document) -> Document:
        _demand(document, "Name")
        _rename(books, entity, document, None)
        return {"Active": True, **extra, **document}

    return make


def _new_term(books: Books, document: Document) -> Document:
    _demand(document, "Name")
    if document.get("DueDays") is None and document.get("DayOfMonthDue") is None:
        raise Refusal("2020", "Required parameter DueDays is missing in the request", element="DueDays")
    _rename(books, "Term", document, None)
    return {"Active": True, "Type": "STANDARD" if "DueDays" in document else "DATE_DRIVEN", **document}


_MAKERS: dict[str, Callable[[Books, Document], Document]] = {
    "Customer": _new_customer,
    "Vendor": _new_vendor,
    "Employee": _new_employee,
    "Item": _new_item,
    "Account": _new_account,
    "Class": _plain("Class", {"SubClass": False}),
    "Department": _plain("Department", {"SubDepartment": False}),
    "PaymentMethod": _plain("PaymentMethod", {"Type": "NON_CREDIT_CARD"}),
    "Term": _new_term,
}


def _demand(document: Document, *names: str) -> None:
    for name in names:
        if document.get(name) in (None, ""):
            raise Refusal("2020", f"Required parameter {name} is missing in the request", element=name)


# Sales documents


def _create_sale(books: Books, entity: str, body: Document, duplicate_number: bool) -> Document:
    document = {name: value for name, value in body.items() if name not in (*_SYSTEM, *_SALE_COMPUTED)}
    document = {name: value for name, value in document.items() if value not in (None, "")}
    _demand(document, "Line", *(("DepositToAccountRef",) if entity == "RefundReceipt" else ("CustomerRef",)))
    if books.country != "US":
        _demand(document, "GlobalTaxCalculation")
    document.setdefault("TxnDate", books.today().isoformat())
    _tracked(books, document)
    _sale_refs(books, entity, document)
    _number(books, entity, document, None, duplicate_number)
    _sale_defaults(books, entity, document)
    _open_period(books, document)
    priced = price(books, document)
    document.update(Line=priced.lines, TxnTaxDetail=priced.tax, TotalAmt=priced.total)
    document.update(_open_amounts(entity, priced.total - decimal(document.get("Deposit"))))
    document["Id"] = books.new_id(entity)
    _in_home_currency(document)
    _post(books, entity, document, 1)
    return books.save(entity, books.fresh(document), "created")


def _tracked(books: Books, document: Document) -> None:
    """Refuse a class or location the company does not keep in this place. Whether the vendor refuses or ignores them is
    not documented; what is refused is at least noticed.
    """
    told = books.preferences["AccountingInfoPrefs"]
    details = [line.get("SalesItemLineDetail") or {} for line in document["Line"] if isinstance(line, dict)]
    for named, preference in (
        ("ClassRef" in document, "ClassTrackingPerTxn"),
        (any("ClassRef" in detail for detail in details), "ClassTrackingPerTxnLine"),
        ("DepartmentRef" in document, "TrackDepartments"),
    ):
        if named and not told.get(preference):
            raise Refusal("5020", f"Permission Denied Error : {preference} is not turned on.")


def _in_home_currency(document: Document) -> None:
    """What a foreign document comes to at home, where the company deals in several currencies."""
    if "ExchangeRate" not in document:
        return
    rate = decimal(document["ExchangeRate"])
    document["HomeTotalAmt"] = cents(decimal(document["TotalAmt"]) * rate)
    document["HomeBalance"] = cents(decimal(document["Balance"]) * rate)


def _open_amounts(entity: str, balance: Decimal) -> Document:
    """What is still open on a document of this kind."""
    if entity in ("SalesReceipt", "RefundReceipt"):
        return {"Balance": ZERO}
    if entity == "CreditMemo":
        return {"Balance": cents(balance), "RemainingCredit": cents(balance)}
    return {"Balance": cents(balance)}


def _sale_refs(books: Books, entity: str, document: Document) -> None:
    """Fill in the names references answer with, and copy the customer's addresses."""
    if document.get("CustomerRef"):
        customer = books.refer("Customer", document["CustomerRef"], "CustomerRef")
        document["CustomerRef"] = {"value": customer["Id"], "name": customer["DisplayName"]}
        for field in ("BillAddr", "ShipAddr"):
            if field not in document and customer.get(field):
                document[field] = customer[field]
        _currency(books, document, customer)
    else:
        _currency(books, document, {})
    for field, kind in (("ClassRef", "Class"), ("DepartmentRef", "Department"), ("SalesTermRef", "Term")):
        if document.get(field):
            if kind != "Term":
                demand_plan(books, "Class and location tracking")
            found = books.refer(kind, document[field], field)
            document[field] = {"value": found["Id"], "name": found["Name"]}
    if document.get("PaymentMethodRef"):
        found = books.refer("PaymentMethod", document["PaymentMethodRef"], "PaymentMethodRef")
        document["PaymentMethodRef"] = {"value": found["Id"], "name": found["Name"]}
    if document.get("DepositToAccountRef"):
        found = _account(books, document, "DepositToAccountRef", *_MONEY)
        document["DepositToAccountRef"] = {"value": found["Id"], "name": found["Name"]}
    elif entity == "SalesReceipt":
        _to_undeposited(books, document)


def _account(books: Books, document: Document, field: str, *types: str) -> Document:
    """The account a document names, if it is of a fitting type."""
    found = books.refer("Account", document[field], field)
    if found.get("AccountType") not in types:
        raise Refusal(
            "6430", f"Invalid account type used : {field} cannot be {found.get('AccountType')}", element=field
        )
    return found


def _currency(books: Books, document: Document, customer: Document) -> None:
    """A document is in its customer's currency; a company of one currency knows no other."""
    home = books.currency
    own = customer.get("CurrencyRef") or home
    asked = (document.get("CurrencyRef") or own).get("value")
    if not books.multi_currency:
        if asked != own["value"] or document.get("ExchangeRate") not in (None, 1):
            raise Refusal("5020", "Permission Denied Error : multi-currency is not turned on.", element="CurrencyRef")
        document.pop("ExchangeRate", None)
        document["CurrencyRef"] = own
        return
    if asked != own["value"]:
        raise Refusal(
            "6000",
            f"Business Validation Error: The customer's currency is {own['value']}; {asked} cannot be used.",
            element="CurrencyRef",
        )
    document["CurrencyRef"] = own
    if own["value"] == home["value"]:
        document["ExchangeRate"] = Decimal(1)
    else:
        document.setdefault("ExchangeRate", books.rate(own["value"]))


def _to_undeposited(books: Books, document: Document) -> None:
    for id in books.tables["Account"].ids():
        account = books.look("Account", id) or {}
        if account.get("AccountSubType") == "UndepositedFunds":
            document["DepositToAccountRef"] = {"value": account["Id"], "name": account["Name"]}
            return


def _number(books: Books, entity: str, document: Document, old: Document | None, duplicate_number: bool) -> None:
    number = document.get("DocNumber")
    if number is None:
        if not books.numbers_by_hand and old is None:
            document["DocNumber"] = books.next_number(entity)
        return
    holder = books.numbers.get((entity, str(number).casefold())) if books.warns_of_numbers else None
    if holder is not None and not duplicate_number and (old is None or holder != old["Id"]):
        raise Refusal(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
            f"DocNumber={number} is assigned to TxnType={entity} with TxnId={holder}",
        )


def _custom_fields(books: Books) -> list[Document]:
    """The empty custom fields every sales document of this company carries."""
    entries = [
        entry
        for group in books.preferences["SalesFormsPrefs"].get("CustomField", [])
        for entry in group.get("CustomField", [])
    ]
    used = {entry["Name"][-1] for entry in entries if entry.get("BooleanValue")}
    return [
        {"DefinitionId": entry["Name"][-1], "Name": entry["StringValue"], "Type": "StringType"}
        for entry in entries
        if "StringValue" in entry and entry["Name"][-1] in used
    ]


def _sale_defaults(books: Books, entity: str, document: Document) -> None:
    document.setdefault("CustomField", _custom_fields(books))
    document.setdefault("LinkedTxn", [])
    if books.country == "US":
        document.setdefault("ApplyTaxAfterDiscount", False)
    document.setdefault("PrintStatus", "NeedToPrint")
    document.setdefault("EmailStatus", "NotSet")
    if entity != "Invoice":
        return
    for name in ("IPN", "Online", "OnlineCreditCard", "OnlineACH"):
        document.setdefault(f"Allow{name}Payment", False)
    if "DueDate" not in document:
        days = _TERM_DAYS
        if document.get("SalesTermRef"):
            days = books.require("Term", document["SalesTermRef"]["value"]).get("DueDays", _TERM_DAYS)
        due = date.fromisoformat(document["TxnDate"][:10]) + timedelta(days=int(days))
        document["DueDate"] = due.isoformat()


def _open_period(books: Books, document: Document) -> None:
    closed = books.closed_until()
    if closed is None or date.fromisoformat(document["TxnDate"][:10]) > closed:
        return
    if books.closing_password:
        raise Refusal("6210", "The account period has closed and needs a password.", element="TxnDate")
    raise Refusal("6200", f"The account period has closed. Closing date: {closed.isoformat()}", element="TxnDate")


def _update_sale(
    books: Books, entity: str, old: Document, new: Document, body: Document, duplicate_number: bool
) -> Document:
    _open_period(books, old)
    _open_period(books, new)
    _sale_refs(books, entity, new)
    _number(books, entity, new, old, duplicate_number)
    paid = decimal(old.get("TotalAmt")) - decimal(old.get("Balance")) - decimal(old.get("Deposit"))
    if "Line" in body or "TxnTaxDetail" in body or not body.get("sparse"):
        if "Line" in body and "TxnTaxDetail" not in body:
            new.pop("TxnTaxDetail", None)
        new.setdefault("Line", old["Line"])
        priced = price(books, new, old["Line"])
        new.update(Line=priced.lines, TxnTaxDetail=priced.tax, TotalAmt=priced.total)
    balance = decimal(new["TotalAmt"]) - decimal(new.get("Deposit"))
    new.update(_open_amounts(entity, balance - (paid if entity in ("Invoice", "CreditMemo") else ZERO)))
    _in_home_currency(new)
    if _same(old, new):
        return old
    for line in new["Line"]:
        item = ((line.get("SalesItemLineDetail") or {}).get("ItemRef") or {}).get("value", "")
        _check_stock_date(books, item, new["TxnDate"])
    _post(books, entity, old, -1)
    _post(books, entity, new, 1)
    return books.save(entity, books.revise(new), "updated")


def _emptied(document: Document) -> Document:
    """The same document with every amount and quantity nought."""
    note = document.get("PrivateNote")
    document["PrivateNote"] = f"Voided - {note}" if note else "Voided"
    lines = []
    for old in document.get("Line", []):
        line = {**old, "Amount": ZERO} if "Amount" in old else dict(old)
        detail = line.get("SalesItemLineDetail")
        if detail is not None:
            zeroed = {name: ZERO for name in ("Qty", "TaxInclusiveAmt") if name in detail}
            line["SalesItemLineDetail"] = {**detail, **zeroed}
        lines.append(line)
    document["Line"] = lines
    document["TxnTaxDetail"] = {"TotalTax": ZERO}
    document.pop("Deposit", None)
    document.update(TotalAmt=ZERO, Balance=ZERO)
    return document


# Effects


def _post(books: Books, entity: str, document: Document, sign: int) -> None:
    """Book a document (or take it back, with -1) on the customer's balance and on the stock.

    Stock comes first: it is what can be refused, and a refusal leaves nothing half done.
    """
    outward = -1 if entity in ("Invoice", "SalesReceipt") else 1
    moves = [
        (detail["ItemRef"]["value"], sign * outward * decimal(detail["Qty"]))
        for line in document.get("Line", [])
        if (detail := line.get("SalesItemLineDetail") or {}).get("Qty") and detail.get("ItemRef")
    ]
    for item, _ in moves:
        _check_stock_date(books, item, document["TxnDate"])
    for item, quantity in moves:
        _move_stock(books, item, quantity)
    total = decimal(document.get("TotalAmt")) - decimal(document.get("Deposit"))
    if entity in ("Invoice", "CreditMemo") and total:
        _charge(books, document["CustomerRef"]["value"], sign * (total if entity == "Invoice" else -total))


def _charge(books: Books, customer: str, amount: Decimal) -> None:
    """Change what a customer owes. Moves the time of last change, but not the token."""
    document = books.get("Customer", customer)
    if document is None or not amount:
        return
    document["Balance"] = cents(decimal(document.get("Balance")) + amount)
    document["BalanceWithJobs"] = cents(decimal(document.get("BalanceWithJobs")) + amount)
    books.save("Customer", books.touch(document), None)
    parent = (document.get("ParentRef") or {}).get("value")
    while parent and (above := books.get("Customer", parent)) is not None:
        above["BalanceWithJobs"] = cents(decimal(above.get("BalanceWithJobs")) + amount)
        books.save("Customer", books.touch(above), None)
        parent = (above.get("ParentRef") or {}).get("value")


def _check_stock_date(books: Books, item: str, day: str) -> None:
    document = books.look("Item", item) or {}
    if document.get("TrackQtyOnHand") and day < str(document.get("InvStartDate", "")):
        raise Refusal("6270", "The transaction date is before the start date of the inventory item.", element="TxnDate")


def _move_stock(books: Books, item: str, quantity: Decimal) -> None:
    if not (books.look("Item", item) or {}).get("TrackQtyOnHand"):
        return
    document = books.require("Item", item)
    document["QtyOnHand"] = decimal(document.get("QtyOnHand")) + quantity
    books.save("Item", books.touch(document), None)


# Payments


def _create_payment(books: Books, body: Document) -> Document:
    document = {name: value for name, value in body.items() if name not in (*_SYSTEM, "UnappliedAmt")}
    document = {name: value for name, value in document.items() if value not in (None, "")}
    _demand(document, "TotalAmt", "CustomerRef")
    document.setdefault("TxnDate", books.today().isoformat())
    document.setdefault("ProcessPayment", False)
    _payment_refs(books, document)
    _open_period(books, document)
    document["Id"] = books.new_id("Payment")
    _apply(books, document)
    _charge(books, document["CustomerRef"]["value"], -decimal(document["TotalAmt"]))
    return books.save("Payment", books.fresh(document), "created")


def _payment_refs(books: Books, document: Document) -> None:
    customer = books.refer("Customer", document["CustomerRef"], "CustomerRef")
    document["CustomerRef"] = {"value": customer["Id"], "name": customer["DisplayName"]}
    _currency(books, document, customer)
    if document.get("PaymentMethodRef"):
        found = books.refer("PaymentMethod", document["PaymentMethodRef"], "PaymentMethodRef")
        document["PaymentMethodRef"] = {"value": found["Id"]}
    if document.get("DepositToAccountRef"):
        found = _account(books, document, "DepositToAccountRef", *_MONEY)
        document["DepositToAccountRef"] = {"value": found["Id"]}
    else:
        _to_undeposited(books, document)
        if "DepositToAccountRef" in document:
            document["DepositToAccountRef"].pop("name", None)
    document["TotalAmt"] = cents(decimal(document["TotalAmt"]))


def _apply(books: Books, payment: Document) -> None:
    """Settle what the lines say. All is checked before anything is changed."""
    touched: dict[tuple[str, str], Document] = {}
    paid = credit = ZERO
    lines: list[Document] = []
    for line in payment.get("Line") or []:
        link = (line.get("LinkedTxn") or [{}])[0]
        kind, id, amount = link.get("TxnType"), str(link.get("TxnId", "")), cents(decimal(line.get("Amount")))
        if kind not in ("Invoice", "CreditMemo"):
            raise Refusal("2500", f"Invalid Reference Id : Txns element id {id} not found", element="Line.LinkedTxn")
        target = touched.get((kind, id)) or books.require(kind, id)
        _check_payable(books, payment, target, amount)
        target.update(_open_amounts(kind, decimal(target["Balance"]) - amount))
        link_back = {"TxnId": payment["Id"], "TxnType": "Payment"}
        target["LinkedTxn"] = [*(target.get("LinkedTxn") or []), link_back]
        touched[kind, id] = target
        paid, credit = (paid + amount, credit) if kind == "Invoice" else (paid, credit + amount)
        lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}], "LineEx": _line_ex(target, id)})
    rest = decimal(payment["TotalAmt"]) + credit - paid
    if rest < 0:
        raise Refusal("6000", "Business Validation Error: The amount applied is more than the amount received.")
    for (kind, _), target in touched.items():
        _in_home_currency(target)
        books.save(kind, books.touch(target), "updated")
    payment["UnappliedAmt"] = cents(rest)
    payment["Line"] = lines


def _check_payable(books: Books, payment: Document, target: Document, amount: Decimal) -> None:
    owner, payer = target["CustomerRef"]["value"], payment["CustomerRef"]["value"]
    if owner != payer:
        customer = books.get("Customer", owner) or {}
        parent = (customer.get("ParentRef") or {}).get("value") if customer.get("BillWithParent") else None
        if parent != payer:
            raise Refusal("6000", "Business Validation Error: The payment and the invoice have different customers.")
    if amount > decimal(target["Balance"]):
        raise Refusal("6000", "Business Validation Error: The amount applied is more than the open balance.")


def _line_ex(target: Document, id: str) -> Document:
    """The extra entries answers carry with each payment line."""
    values = {"txnId": id, "txnOpenBalance": str(target["Balance"]), "txnReferenceNumber": target.get("DocNumber", "")}
    return {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": name, "Value": value},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
            for name, value in values.items()
        ]
    }


def _unapply(books: Books, payment: Document) -> None:
    """Give back what a payment had settled."""
    for line in payment.get("Line") or []:
        for link in line.get("LinkedTxn") or []:
            target = books.get(link["TxnType"], link["TxnId"]) if link["TxnType"] in ENTITIES else None
            if target is None:
                continue
            back = decimal(target["Balance"]) + decimal(line["Amount"])
            target.update(_open_amounts(link["TxnType"], back))
            target["LinkedTxn"] = [
                other
                for other in target.get("LinkedTxn") or []
                if (other.get("TxnType"), other.get("TxnId")) != ("Payment", payment["Id"])
            ]
            _in_home_currency(target)
            books.save(link["TxnType"], books.touch(target), "updated")


def _release(books: Books, payment_id: str, invoice_id: str) -> None:
    """Take an invoice that is being voided off a payment: the money becomes unapplied."""
    payment = books.get("Payment", payment_id)
    if payment is None:
        return
    freed = ZERO
    lines = []
    for line in payment.get("Line") or []:
        if any((k.get("TxnType"), k.get("TxnId")) == ("Invoice", invoice_id) for k in line.get("LinkedTxn") or []):
            freed += decimal(line["Amount"])
        else:
            lines.append(line)
    payment["Line"] = lines
    payment["UnappliedAmt"] = cents(decimal(payment.get("UnappliedAmt")) + freed)
    books.save("Payment", books.touch(payment), "updated")


def _update_payment(books: Books, old: Document, new: Document) -> Document:
    _open_period(books, old)
    _open_period(books, new)
    _payment_refs(books, new)
    asked = {**new, "Line": _plain_lines(new), "UnappliedAmt": None}
    if _same({**old, "Line": _plain_lines(old), "UnappliedAmt": None}, asked):
        return old
    _unapply(books, old)
    try:
        _apply(books, new)
    except Refusal:
        _apply(books, old)
        raise
    _charge(books, old["CustomerRef"]["value"], decimal(old["TotalAmt"]))
    _charge(books, new["CustomerRef"]["value"], -decimal(new["TotalAmt"]))
    return books.save("Payment", books.revise(new), "updated")


def _plain_lines(payment: Document) -> list[tuple[Any, ...]]:
    return [
        (decimal(line.get("Amount")), link.get("TxnType"), link.get("TxnId"))
        for line in payment.get("Line") or []
        for link in line.get("LinkedTxn") or []
    ]


def _void_payment(books: Books, old: Document) -> Document:
    _unapply(books, old)
    _charge(books, old["CustomerRef"]["value"], decimal(old["TotalAmt"]))
    note = old.get("PrivateNote")
    new = {**old, "PrivateNote": f"Voided - {note}" if note else "Voided", "Line": []}
    new.update(TotalAmt=ZERO, UnappliedAmt=ZERO)
    return books.save("Payment", books.revise(new), "voided")
