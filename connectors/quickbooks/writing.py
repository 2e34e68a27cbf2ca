"""Writing: the calls that carry bodies, one by one or thirty at a time, and finding what a lost one left behind.

All writes are POSTs under a request id, which makes a repeat of the same bytes harmless. Updates name the version they
were made for (`SyncToken` in the payload or in the `Write`); without one the present version is read first. `Line` is
never sparse: the lines sent become all the lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from connectors.contract import (
    Api,
    Bulk,
    Outcome,
    OutcomeUnknown,
    Payload,
    Raw,
    RecordRejected,
    SyncError,
    VendorUnavailable,
    Write,
)
from connectors.quickbooks import holders, wire
from connectors.quickbooks.documents import is_void
from connectors.quickbooks.errors import item_error, sound
from connectors.quickbooks.query import ANY_STATE, Where, select
from connectors.quickbooks.sameness import differs, is_marked, is_telling, same_document, same_listed

BATCH = 30
# The vendor gives a request 120 s and our own call a minute; a search may be behind by another.
SETTLE = timedelta(seconds=240)
_GONE = ("QBO-610",)
_TAKEN = ("QBO-6240", "QBO-6140", "QBO-6000")


@dataclass(frozen=True, slots=True)
class Kind:
    """One entity on the write side. `lists`: it can only be made inactive; `sparse`: it takes partial updates; `voids`:
    it can be emptied and kept.

    `beside` answers documents a create may have left behind that are found without a search: by reading what they hang
    on.
    """

    resource: str
    entity: str
    path: str
    natural_key: str
    lists: bool = True
    sparse: bool = True
    voids: bool = False
    beside: Callable[[Api, Payload], list[Raw]] | None = None

    def fetch(self, api: Api, remote_id: str) -> Raw:
        """Read one, inactive or not. RecordRejected QBO-610: it is deleted or never was."""
        return wire.one(api, self.path, self.entity, remote_id)

    def create(self, api: Api, payload: Payload, key: str) -> Raw:
        """Make one, or return what an earlier try made, where the vendor refuses to give a name or number again."""
        try:
            return wire.send(api, self.path, self.entity, payload, key)
        except RecordRejected as error:
            return self._taken(api, payload, error)

    def update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Change the fields in `payload`. StaleVersion: somebody else changed it since."""
        if self.sparse:
            body = {**payload, **self._version(api, remote_id, payload), "sparse": True}
        else:
            body = self._whole(api, remote_id, payload)
        try:
            raw = wire.send(api, self.path, self.entity, body, key)
        except RecordRejected as error:
            raise self._named(api, payload, error) from error
        return self._own(raw, remote_id)

    def _whole(self, api: Api, remote_id: str, payload: Payload) -> Payload:
        """The present document with the change in it: the vendor documents whole updates only, and empties what is left
        out. Taxes made from old lines would not fit new ones.
        """
        present = self.fetch(api, remote_id)
        if "Line" in payload:
            present.pop("TxnTaxDetail", None)
        return {**present, **payload, "Id": remote_id, "sparse": False}

    def deactivate(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Make a list object inactive; the vendor deletes none. Its name gets a suffix there."""
        return self.update(api, remote_id, {**_version_only(payload), "Active": False}, key)

    def delete(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Delete a transaction for good; answers the stub that is left. Twice is the same as once."""
        try:
            body = self._version(api, remote_id, payload)
            return self._own(wire.send(api, self.path, self.entity, body, key, {"operation": "delete"}), remote_id)
        except RecordRejected as error:
            if error.code != "QBO-610":
                raise
            return self._gone(api, remote_id, error)

    def _gone(self, api: Api, remote_id: str, error: RecordRejected) -> Raw:
        """The stub of a document that was deleted already. Raises `error` where it is there: something else is not."""
        try:
            self.fetch(api, remote_id)
        except RecordRejected as told:
            if told.code == "QBO-610":
                return {"domain": "QBO", "status": "Deleted", "Id": remote_id}
            raise
        raise error

    def void_by_operation(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Void an invoice: it stays, with all amounts zero and its payments set free."""
        body = self._version(api, remote_id, payload)
        return self._own(wire.send(api, self.path, self.entity, body, key, {"operation": "void"}), remote_id)

    def void_by_update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Void a sales receipt or a payment."""
        body = {**self._version(api, remote_id, payload), "sparse": True}
        query = {"operation": "update", "include": "void"}
        return self._own(wire.send(api, self.path, self.entity, body, key, query), remote_id)

    def _version(self, api: Api, remote_id: str, payload: Payload) -> Payload:
        token = payload.get("SyncToken")
        if token is None:
            token = self.fetch(api, remote_id)["SyncToken"]
        return {"Id": remote_id, "SyncToken": token}

    def _own(self, raw: Raw, remote_id: str) -> Raw:
        """The answer, if it is about what was asked."""
        if str(raw.get("Id")) != remote_id:
            raise OutcomeUnknown("QBO-OTHER-OBJECT", params={"asked": remote_id, "id": str(raw.get("Id"))})
        return raw

    # Names and numbers that are taken

    def _same(self, payload: Payload, raw: Raw) -> bool:
        return same_listed(payload, raw) if self.lists else same_document(payload, raw)

    def _holder(self, api: Api, payload: Payload, error: SyncError) -> tuple[str, Raw] | None:
        """(entity, document) of what stands in the way of a write that was refused."""
        if error.code == "QBO-6240":
            return holders.of_name(api, self.entity, payload, error)
        if error.code == "QBO-6140":
            raw = holders.of_number(api, self.entity, payload, error)
            return None if raw is None else (self.entity, raw)
        return None

    def _taken(self, api: Api, payload: Payload, error: RecordRejected) -> Raw:
        """What stands in the way of a create, if it is the very thing that was sent. Else the refusal is raised, with
        the holder named.
        """
        if error.code == "QBO-6000" and self.beside:
            # A payment that was made already finds nothing left to pay.
            ours = [raw for raw in self.beside(api, payload) if self._same(payload, raw)]
            if len(ours) == 1 and is_marked(payload):
                return ours[0]
        found = self._holder(api, payload, error)
        sure = self.natural_key != "DisplayName" or is_telling(payload)
        if found and sure and found[0] == self.entity and self._same(payload, found[1]):
            return found[1]
        raise self._refusal(found, error) from error

    def _named(self, api: Api, payload: Payload, error: RecordRejected) -> RecordRejected:
        """The refusal, with the holder of the name or number named."""
        return self._refusal(self._holder(api, payload, error), error)

    def _refusal(self, found: tuple[str, Raw] | None, error: RecordRejected) -> RecordRejected:
        if found is None:
            return error
        if error.code == "QBO-6140":
            return holders.number_error(found[1], error)
        return holders.name_error(found, error)

    # Looking for what a lost write may have done

    def find(self, api: Api, write: Write) -> Raw | None:
        """Return what a lost write left behind, None when it left nothing; of a removal or void, what still stands.

        A created object counts as ours only when all we sent is in it. OutcomeUnknown QBO-AMBIGUOUS: several fit, or
        nothing in it says whose it is. RecordRejected QBO-NUMBER-HELD: another document has the number, so it may not
        be made again where the company lets a number be used twice.
        """
        if write.action in ("remove", "void"):
            return self._standing(api, write)
        if write.action == "update":
            return self._changed(api, write)
        seen = self._candidates(api, write.payload)
        found = [raw for raw in seen if self._same(write.payload, raw)]
        if not found and self.beside:
            found = [raw for raw in self.beside(api, write.payload) if self._same(write.payload, raw)]
        if len(found) > 1 or (found and not self.lists and not is_marked(write.payload)):
            ids = ", ".join(str(raw["Id"]) for raw in found[:10])
            raise OutcomeUnknown("QBO-AMBIGUOUS", params={"ids": ids, "count": len(found)})
        if not found and seen and self.natural_key == "DocNumber" and write.payload.get("DocNumber"):
            raise holders.number_error(seen[0], RecordRejected("QBO-6140", field="number"))
        return found[0] if found else None

    def _changed(self, api: Api, write: Write) -> Raw | None:
        """An update's document if it holds what was sent."""
        raw = self.fetch(api, write.remote_id or "")
        return raw if not differs(write.payload, raw) else None

    def _standing(self, api: Api, write: Write) -> Raw | None:
        """What a removal or a void was to end, if it still stands."""
        try:
            raw = self.fetch(api, write.remote_id or "")
        except RecordRejected as error:
            if error.code == "QBO-610":
                return None
            raise
        ended = is_void(raw) if write.action == "void" else self.lists and raw.get("Active") is False
        return None if ended else raw

    def _candidates(self, api: Api, payload: Payload) -> list[Raw]:
        where = [ANY_STATE] if self.lists else []
        key = holders.display_name(payload) if self.natural_key == "DisplayName" else payload.get(self.natural_key)
        if key:
            where.append(Where(self.natural_key, "=", key))
        if not key or self.natural_key == "PaymentRefNum":
            # No number of ours, or one that others may have too: the customer's documents of that day, newest first.
            if payload.get("CustomerRef"):
                where.append(Where("CustomerRef", "=", payload["CustomerRef"]["value"]))
            if payload.get("TxnDate"):
                where.append(Where("TxnDate", "=", payload["TxnDate"]))
        return wire.rows(wire.ask(api, select(self.entity, where, order="Id DESC")), self.entity)

    # Thirty at a time

    def bulk(self) -> Bulk:
        """Return how many of these travel together."""
        actions = {"create", "remove", *(("update",) if self.sparse else ()), *(("void",) if self.voids else ())}
        return Bulk(size=BATCH, send=self._send_batch, actions=frozenset(actions))

    def _send_batch(self, api: Api, writes: Sequence[Write]) -> list[Outcome]:
        """Send up to thirty writes in one call; each succeeds or fails on its own.

        A repeat is harmless only as the same writes in the same order: the request id is made of their keys.
        """
        there = self._there_already(api, writes)
        if there:
            return [self._as_found(write, there.get(write.change)) for write in writes]
        tokens = self._tokens(api, writes)
        items = [self._item(str(index), write, tokens) for index, write in enumerate(writes)]
        query = {"requestid": _batch_key(writes), "minorversion": wire.MINOR_VERSION}
        raw = sound(api.post("/batch", {"BatchItemRequest": items}, query, bucket="batch"))
        answers = {item.get("bId"): item for item in raw.get("BatchItemResponse") or []}
        outcomes = [self._outcome(write, answers.get(str(index))) for index, write in enumerate(writes)]
        return self._looked_at(api, writes, outcomes)

    def _there_already(self, api: Api, writes: Sequence[Write]) -> dict[str, Raw]:
        """What an earlier sending of this batch made, by change: looked for with one search before it goes again.

        The request id makes a repeat harmless, as the vendor promises; it was seen to make second documents all the
        same. Names and numbers it refuses to give twice, so this is for what has none that it guards.
        """
        lost = [write for write in writes if write.again and write.action == "create"]
        if self.lists or not lost:
            return {}
        seen = self._searched(api, [write.payload for write in lost])
        found: dict[str, Raw] = {}
        for write in lost:
            fits = [raw for raw in seen if is_marked(write.payload) and same_document(write.payload, raw)]
            if len(fits) == 1:
                found[write.change] = fits[0]
        return found

    def _searched(self, api: Api, payloads: Sequence[Payload]) -> list[Raw]:
        """All documents that may be one of these: by their keys, or by customers and days where one has none."""
        keys = [str(payload[self.natural_key]) for payload in payloads if payload.get(self.natural_key)]
        if len(keys) == len(payloads):
            where = [Where(self.natural_key, "IN", keys)]
        else:
            customers = {payload["CustomerRef"]["value"] for payload in payloads if payload.get("CustomerRef")}
            days = {payload["TxnDate"] for payload in payloads if payload.get("TxnDate")}
            named = (("CustomerRef", customers), ("TxnDate", days))
            where = [Where(name, "IN", sorted(values)) for name, values in named if values]
        return wire.rows(wire.ask(api, select(self.entity, where, order="Id DESC")), self.entity)

    def _as_found(self, write: Write, raw: Raw | None) -> Outcome:
        """A batch of which something is there was carried out. What is not seen of it was refused, or is not seen yet:
        it is looked for by itself when searches have settled, and not sent along under another request id.
        """
        if raw is None:
            return Outcome(write.change, write.remote_id, error=OutcomeUnknown("QBO-BATCH-ITEM"))
        return Outcome(write.change, str(raw["Id"]), raw, differs=differs(write.payload, raw))

    def _looked_at(self, api: Api, writes: Sequence[Write], outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, with names and numbers that were taken looked up."""
        again = [
            at
            for at, (write, outcome) in enumerate(zip(writes, outcomes, strict=True))
            if outcome.error and outcome.error.code in (_GONE if write.action == "remove" else _TAKEN)
        ]
        looks = [partial(self._second_look, api, writes[at], outcomes[at]) for at in again]
        for at, outcome in zip(again, api.gather(looks) if looks else (), strict=True):
            outcomes[at] = outcome
        return outcomes

    def _second_look(self, api: Api, write: Write, outcome: Outcome) -> Outcome:
        error = outcome.error
        if not isinstance(error, RecordRejected) or write.action == "void":
            return outcome
        try:
            if write.action == "remove":
                gone = self._gone(api, write.remote_id or "", error)
                return Outcome(write.change, write.remote_id, gone)
            if write.action == "update":
                return replace(outcome, error=self._named(api, write.payload, error))
            raw = self._taken(api, write.payload, error)
        except SyncError as told:
            return replace(outcome, error=told)
        return Outcome(write.change, str(raw["Id"]), raw, differs=differs(write.payload, raw))

    def _item(self, batch_id: str, write: Write, tokens: Mapping[str, str]) -> Payload:
        if write.action == "create":
            return {"bId": batch_id, "operation": "create", self.entity: write.payload}
        remote_id = write.remote_id or ""
        own = {"Id": remote_id, "SyncToken": tokens.get(remote_id, "")}
        if write.action == "void":
            body = {**own, "sparse": True}
            return {"bId": batch_id, "operation": "update", "optionsData": "void", self.entity: body}
        if write.action == "update":
            body = {**write.payload, **own, "sparse": True}
        elif self.lists:
            body = {**own, "Active": False, "sparse": True}
        else:
            return {"bId": batch_id, "operation": "delete", self.entity: own}
        return {"bId": batch_id, "operation": "update", self.entity: body}

    def _tokens(self, api: Api, writes: Sequence[Write]) -> dict[str, str]:
        """Versions by id: those the writes name, and one query for the rest."""
        found: dict[str, str] = {}
        missing: list[str] = []
        for write in writes:
            if write.action == "create" or not write.remote_id:
                continue
            version = write.version or write.payload.get("SyncToken")
            if version is None:
                missing.append(write.remote_id)
            else:
                found[write.remote_id] = str(version)
        if missing:
            where = [Where("Id", "IN", missing), *([ANY_STATE] if self.lists else [])]
            for raw in wire.rows(wire.ask(api, select(self.entity, where)), self.entity):
                found[str(raw["Id"])] = str(raw["SyncToken"])
        return found

    def _outcome(self, write: Write, item: Raw | None) -> Outcome:
        if item is None:
            return Outcome(write.change, write.remote_id, error=OutcomeUnknown("QBO-BATCH-ITEM"))
        error = item_error(item)
        if error:
            return Outcome(write.change, write.remote_id, error=_unsure(error))
        raw = item.get(self.entity)
        if not isinstance(raw, dict) or (write.remote_id and str(raw.get("Id")) != write.remote_id):
            return Outcome(write.change, write.remote_id, error=OutcomeUnknown("QBO-BATCH-ITEM"))
        kept = () if write.action in ("remove", "void") else differs(write.payload, raw)
        return Outcome(write.change, str(raw["Id"]), raw, differs=kept)


def _version_only(payload: Payload) -> Payload:
    return {"SyncToken": payload["SyncToken"]} if "SyncToken" in payload else {}


def _unsure(error: SyncError) -> SyncError:
    """A server error inside a batch may have come after the write."""
    if isinstance(error, VendorUnavailable):
        return OutcomeUnknown(error.code, params=error.params, detail=error.detail)
    return error


def _batch_key(writes: Sequence[Write]) -> str:
    return hashlib.sha256("\n".join(write.key for write in writes).encode()).hexdigest()[:32]
