"""What a bookkeeper (or a test) does behind the interface: add documents as they are, edit, delete, merge."""

from __future__ import annotations

from connectors.sandbox.core import Document, SandboxError, decode, encode
from connectors.sandbox.quickbooks import writes
from connectors.sandbox.quickbooks.books import Books
from connectors.sandbox.quickbooks.entities import ENTITIES, NAME_SPACE, SALES
from connectors.sandbox.quickbooks.errors import Refusal, stamp
from connectors.sandbox.quickbooks.sales import ZERO, cents, decimal


def load(books: Books, resource: str, documents: list[Document]) -> int:
    """Take documents in the vendor's own shape; how many were taken.

    A known Id edits: named fields change, token and time move. `"status": "Deleted"` deletes, `"merge_into"` merges.
    A known Id with token and times is a whole document: it takes the old one's place as it is.
    A new document is stored as it is, with what the vendor would fill in where it is absent. Raises `SandboxError`.
    """
    if resource in ("CompanyInfo", "Preferences"):
        for document in documents:
            _merge_deep(books.info if resource == "CompanyInfo" else books.preferences, document)
        return len(documents)
    name = next((known for known in ENTITIES if known.lower() in (resource.lower(), resource.lower()[:-1])), None)
    if name is None:
        raise SandboxError(f"unknown resource {resource!r}; known: {', '.join(ENTITIES)}, CompanyInfo, Preferences")
    for document in documents:
        try:
            _take(books, name, decode(encode(document)))  # numbers as they would come over the wire
        except Refusal as refusal:
            raise SandboxError(f"{name} {document.get('Id', '(new)')}: {refusal}") from refusal
    return len(documents)


def _take(books: Books, entity: str, document: Document) -> None:
    known = books.get(entity, str(document.get("Id", "")))
    if known is None:
        _add(books, entity, document)
    elif document.get("status") == "Deleted":
        _delete(books, entity, known)
    elif "merge_into" in document:
        _merge(books, entity, known, str(document["merge_into"]))
    elif {"SyncToken", "MetaData"} <= document.keys():
        _replace(books, entity, known, document)
    else:
        _edit(books, entity, known, document)


def _add(books: Books, entity: str, document: Document) -> None:
    if document.get("status") == "Deleted" or "merge_into" in document:
        raise SandboxError(f"no {entity} with Id {document.get('Id')}")
    moment = stamp(books.now())
    document.setdefault("Id", books.new_id(entity))
    document.setdefault("domain", "QBO")
    document.setdefault("sparse", False)
    document.setdefault("SyncToken", "0")
    meta = document.setdefault("MetaData", {})
    meta.setdefault("CreateTime", moment)
    meta.setdefault("LastUpdatedTime", meta["CreateTime"])
    _fill(books, entity, document)
    books.save(entity, document, "created")


def _replace(books: Books, entity: str, old: Document, document: Document) -> None:
    """Put a whole document in the old one's place; it counts as a change even if it carries the old token and times."""
    _fill(books, entity, document)
    if document == old:
        return
    document["MetaData"].setdefault("LastUpdatedTime", stamp(books.now()))
    if (document["SyncToken"], document["MetaData"]) == (old["SyncToken"], old["MetaData"]):
        books.revise(document)
    books.save(entity, document, "updated")


def _fill(books: Books, entity: str, document: Document) -> None:
    """What the vendor always answers, where the document does not say it."""
    kind = ENTITIES[entity].kind
    if entity in NAME_SPACE:
        parts = [document[name] for name in ("GivenName", "FamilyName") if document.get(name)]
        document.setdefault("DisplayName", " ".join(parts) or f"{entity} {document['Id']}")
        document.setdefault("PrintOnCheckName", document["DisplayName"])
    if kind == "list" and entity != "TaxAgency":
        document.setdefault("Active", True)
    if entity == "Customer":
        document.setdefault("FullyQualifiedName", document["DisplayName"])
        for name, value in (("Taxable", True), ("Job", False), ("BillWithParent", False)):
            document.setdefault(name, value)
        document.setdefault("Balance", ZERO)
        document.setdefault("BalanceWithJobs", document["Balance"])
        document.setdefault("CurrencyRef", books.currency)
        document.setdefault("PreferredDeliveryMethod", "Print")
    elif entity in ("Item", "Account", "Class", "Department") and "Name" in document:
        document.setdefault("FullyQualifiedName", document["Name"])
    elif kind == "txn":
        document.setdefault("TxnDate", books.today().isoformat())
        document.setdefault("CurrencyRef", books.currency)


def _edit(books: Books, entity: str, old: Document, document: Document) -> None:
    """A person changes some fields on the screen. Lists made inactive get the mark on their name."""
    change = {
        name: value
        for name, value in document.items()
        if name not in ("SyncToken", "MetaData") and old.get(name) != value
    }
    if ENTITIES[entity].kind == "txn" and change.keys() & {"Line", "CustomerRef"} and entity in SALES:
        writes.update(books, entity, {**change, "Id": old["Id"], "SyncToken": old["SyncToken"], "sparse": True})
        return
    new = {name: value for name, value in {**old, **change}.items() if value not in (None, "")}
    if new == old:
        return
    if entity in NAME_SPACE and new.get("DisplayName") != old.get("DisplayName") and entity == "Customer":
        prefix = str(old.get("FullyQualifiedName", "")).rpartition(":")[0]
        new["FullyQualifiedName"] = f"{prefix}:{new['DisplayName']}" if prefix else new["DisplayName"]
    if old.get("Active", True) and new.get("Active") is False:
        label = "DisplayName" if entity in NAME_SPACE else "Name"
        if label in new and not str(new[label]).endswith(writes.MARK):
            new[label] = f"{new[label]}{writes.MARK}"
            if "FullyQualifiedName" in new:
                new["FullyQualifiedName"] = f"{new['FullyQualifiedName']}{writes.MARK}"
    books.save(entity, books.revise(new), "updated")


def _delete(books: Books, entity: str, old: Document) -> None:
    """Transactions go with their effects; a list object can only vanish by a merge, but a test may want it gone."""
    if ENTITIES[entity].kind == "txn":
        writes.delete(books, entity, {"Id": old["Id"], "SyncToken": old["SyncToken"]})
    else:
        books.drop(entity, old["Id"])


def _merge(books: Books, entity: str, loser: Document, survivor_id: str) -> None:
    """The loser disappears, its documents and balance move to the survivor."""
    if entity not in ("Customer", "Item", "Account", "Class", "Vendor", "Employee"):
        raise SandboxError(f"{entity} cannot be merged")
    survivor = books.get(entity, survivor_id)
    if survivor is None or survivor_id == loser["Id"]:
        raise SandboxError(f"no {entity} with Id {survivor_id} to merge into")
    if entity == "Customer":
        _move_documents(books, loser["Id"], survivor)
        for field in ("Balance", "BalanceWithJobs"):
            survivor[field] = cents(decimal(survivor.get(field)) + decimal(loser.get(field)))
    books.save(entity, books.revise(survivor), None)
    books.drop(entity, loser["Id"], survivor=survivor_id)


def _move_documents(books: Books, loser_id: str, survivor: Document) -> None:
    for entity, table in books.tables.items():
        for id in table.find("customer", loser_id):
            document = books.require(entity, id)
            document["CustomerRef"] = {"value": survivor["Id"], "name": survivor["DisplayName"]}
            books.save(entity, books.touch(document), None)


def _merge_deep(target: Document, change: Document) -> None:
    """Change named settings and leave the ones beside them; None takes one away."""
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge_deep(target[name], value)
        elif value is None:
            target.pop(name, None)
        else:
            target[name] = value
