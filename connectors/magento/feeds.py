"""Reading. There is no feed of events: every list is asked for what was changed since, oldest change first.

Each page begins where the last one ended, by time of change and id, instead of at a number: rows that change meanwhile
move to the end and are met again, and none slips between two pages. The next reading begins a quarter of an hour
earlier, since a store tells a change only when its transaction is over.

Stores lie: they repeat their last page for ever, miscount, do not keep an order, or send fewer rows than asked for. A
list is whole only when a page held all that the store says is left, and one more page was empty when it was full.

The cursor holds for each list: where we are (`at`, `id`), whether it has been read to its end (`done`), what was read
along with it (`with`) and from which day on (`since`).

Source: AdobeDocs/commerce-webapi:src/pages/rest/use-rest/performing-searches.md; issues 3787, 26986 of magento/magento2
(read 2026-11)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.contract import Api, Feed, Page, Raw, RecordRejected, SettingInvalid
from connectors.contract.resources import Cursor
from connectors.magento import buyers, payments, products, sales
from connectors.magento.errors import ACL
from connectors.magento.stock import read_stock
from connectors.magento.stores import Stores
from connectors.magento.wire import (
    SIZE,
    Test,
    criteria,
    email,
    everything,
    extra,
    lots,
    moment,
    number,
    search,
    smaller,
    stamp,
)

OVERLAP = timedelta(minutes=15)
_SORT = (("updated_at", "ASC"), ("entity_id", "ASC"))
_BRIEF = "items[entity_id,increment_id,customer_email,store_id,shipping_description,payment[method]],total_count"
_LINES = (
    "items[entity_id,increment_id,customer_email,store_id,shipping_description,payment[method],"
    "items[item_id,parent_item_id,product_id,product_type,sku,name,tax_percent],"
    "extension_attributes[applied_taxes,item_applied_taxes]],total_count"
)


@dataclass(slots=True)
class Part:
    """One page of a list: its new rows, whether it is the last one, and what was wrong so far."""

    rows: list[Raw]
    total: int
    last: bool
    note: str = ""


@dataclass(slots=True)
class Reader:
    """One list being read. `state` is its part of the cursor and moves with every page."""

    api: Api
    path: str
    state: dict[str, Any]
    key: str = "entity_id"  # the id's name in the rows
    fields: str = ""
    since: date | None = None
    size: int = SIZE
    notes: list[str] = field(default_factory=list)  # what makes it doubtful that all was read
    remarks: list[str] = field(default_factory=list)  # what else a person should know

    def parts(self) -> Iterator[Part]:
        """Yield the pages from where the cursor stands to the end."""
        lower = self._begin()
        before: dict[Any, str] = {}  # the rows of the last page, with their times of change
        ended = False
        while not ended:
            rows, total = self._page(lower)
            fresh = [row for row in rows if before.get(row.get(self.key)) != str(row.get("updated_at"))]
            if before and rows and not fresh:
                self._note("the store repeats its last page")
            if not rows and total > 0:
                self._note(f"{total} more counted, none sent")
            self._check(rows, fresh, total)
            ended = not fresh or (len(rows) < self.size and total <= len(rows))
            if fresh and not self._move(fresh, bool(lower)):
                ended = True
            lower = None
            before = {row.get(self.key): str(row.get("updated_at")) for row in rows}
            if ended:
                self.state["done"] = True
            yield Part(fresh, total, ended, "; ".join(self.notes) if ended else "")

    def _begin(self) -> str | None:
        """Where a new reading begins: a while before the last change of the last one; None to go on with one."""
        if self.state.get("done") and self.state.get("at"):
            at = moment(self.state["at"])
            self.state["done"] = False
            return stamp(at - OVERLAP) if at else None
        self.state["done"] = False
        return None

    def _page(self, lower: str | None) -> tuple[list[Raw], int]:
        while True:
            query = criteria(self._tests(lower), _SORT, self.size, fields=self.fields)
            try:
                return search(self.api, self.path, query)
            except RecordRejected as error:
                self.size = smaller(error, self.size)

    def _tests(self, lower: str | None) -> list[list[Test]]:
        tests: list[list[Test]] = []
        if lower:
            tests.append([("updated_at", "gteq", lower)])
        elif self.state.get("at"):
            at, last = self.state["at"], self.state["id"]
            tests.append([("updated_at", "gt", at), ("entity_id", "gt", last)])
            tests.append([("updated_at", "gteq", at)])
        if self.since:
            # A day early, as a day of the store may begin the day before in the world's time.
            tests.append([("created_at", "gteq", f"{self.since - timedelta(days=1)} 00:00:00")])
        return tests

    def _check(self, rows: Sequence[Raw], fresh: Sequence[Raw], total: int) -> None:
        keys = [self._place(row) for row in rows]
        if keys != sorted(keys):
            self._note("the store does not keep the order asked for")
        if total < len(rows):
            self._note(f"{total} counted, {len(rows)} sent")
        if len(rows) > self.size:
            self._note(f"{self.size} asked for, {len(rows)} sent")

    def _place(self, row: Raw) -> tuple[str, int]:
        return str(row.get("updated_at") or ""), int(row.get(self.key) or 0)

    def _move(self, fresh: Sequence[Raw], again: bool) -> bool:
        """Go on to the last of these rows; False where that is no step forward."""
        here = (str(self.state.get("at") or ""), int(self.state.get("id") or 0))
        there = max(map(self._place, fresh))
        if not again and there <= here:
            self._note("the store does not keep to what was asked for")
            return False
        self.state["at"], self.state["id"] = there
        return True

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


# the shop


def read_shop(api: Api, cursor: Cursor | None, wanted: frozenset[str]) -> Iterator[Page]:
    """Orders with their buyers and products, then captures, credit memos and the catalogue, each only if wanted.

    A list we have no right to is passed over with a note; without orders there is nothing to do.
    """
    state: dict[str, Any] = deepcopy(cursor or {})
    stores = Stores.read(api)
    since = _since(api)
    sold_only = api.context.get("products_scope") == "sold"
    told = wanted & {"orders", "buyers"} | (wanted & {"products"} if sold_only else frozenset())
    if told:
        yield from _orders(api, state, stores, since, frozenset(told), wanted)
    if "captures" in wanted:
        yield from _tolerant("captures", state, lambda: _captures(api, state, stores, since))
    if "credit_memos" in wanted:
        yield from _tolerant("credit_memos", state, lambda: _memos(api, state, stores, since))
    if "products" in wanted and not sold_only:
        yield from _tolerant("products", state, lambda: _catalogue(api, state, stores))


def _since(api: Api) -> date | None:
    told = api.context.get("orders_since", "")
    return date.fromisoformat(told[:10]) if told else None


def _tolerant(name: str, state: dict[str, Any], read: Callable[[], Iterator[Page]]) -> Iterator[Page]:
    try:
        yield from read()
    except SettingInvalid as error:
        if error.code != ACL:
            raise
        note = f"{name}: {error.code} {error.params.get('resource', '')}"
        yield Page({name: []}, deepcopy(state), note=note)


def _list_state(state: dict[str, Any], name: str, since: date | None, together: frozenset[str]) -> dict[str, Any]:
    """The cursor of a list; an empty one when it has to hold more than it did: another kind, or earlier days."""
    mine: dict[str, Any] = state.get(name) or {}
    floor = since.isoformat() if since else ""
    if mine and (not together <= set(mine.get("with", ())) or floor < mine.get("since", "")):
        mine = {}
    mine = {**mine, "with": sorted({*mine.get("with", ()), *together}), "since": mine.get("since", floor)}
    state[name] = mine
    return mine


def _pages(
    name: str, reader: Reader, state: dict[str, Any], full: bool, documents: Callable[[Part], dict[str, list[Raw]]]
) -> Iterator[Page]:
    """Turn the parts of a list into pages, with the count of the first and the end of the last one.

    Invoices are counted that are no payments, so of captures no number is expected.
    """
    counted = not full or name == "captures"
    for part in reader.parts():
        found = documents(part)
        whole = part.last and not part.note
        told = [text for text in (part.note, *(dict.fromkeys(reader.remarks) if part.last else ())) if text]
        yield Page(
            documents=found,
            cursor=deepcopy(state),
            expected={} if counted else {name: part.total},
            ends=frozenset(found) & frozenset(reader.state["with"]) if whole else frozenset(),
            note=f"{name}: {'; '.join(told)}" if told else "",
        )
        counted = True


def _orders(
    api: Api, state: dict[str, Any], stores: Stores, since: date | None, told: frozenset[str], wanted: frozenset[str]
) -> Iterator[Page]:
    mine = _list_state(state, "orders", since, told)
    full = not mine.get("at")
    newest = Newest(api, int(mine.get("top") or 0), full)
    read: set[str] = set()  # products of the catalogue, once for all pages

    def documents(part: Part) -> dict[str, list[Raw]]:
        orders = [stores.mark(sales.trimmed(_whole(api, row))) for row in part.rows]
        found: dict[str, list[Raw]] = {"orders": orders} if "orders" in wanted else {}
        if "buyers" in wanted:
            found["buyers"] = [buyer for order in newest.pick(orders) if (buyer := buyers.of_order(order))]
        named = {str(item["id"]): item for order in orders for item in products.of_order(order)}
        if "products" in told:
            fresh = {key: item for key, item in named.items() if key not in read}
            found["products"] = _sold(api, fresh, stores)
            read.update(fresh)
        elif "products" not in wanted:
            found["products"] = list(named.values())
        mine["top"] = max([int(mine.get("top") or 0), *(int(order["entity_id"]) for order in orders)])
        return found

    yield from _pages("orders", Reader(api, "/V1/orders", mine, since=mine_since(mine)), state, full, documents)


def mine_since(mine: Mapping[str, Any]) -> date | None:
    """The first day of a list, from its cursor."""
    return date.fromisoformat(mine["since"]) if mine.get("since") else None


def _whole(api: Api, order: Raw) -> Raw:
    """The order with its taxes: some versions leave them out of lists."""
    more = extra(order)
    if number(order.get("tax_amount")) and not (more.get("applied_taxes") or more.get("taxes")):
        return api.get(f"/V1/orders/{int(order['entity_id'])}")
    return order


def _sold(api: Api, named: Mapping[str, Raw], stores: Stores) -> list[Raw]:
    """The catalogue's documents of products that were sold, marked so; what it no longer has, as the order tells it."""
    found: dict[str, Raw] = {}
    try:
        for lot in lots(list(named)):
            tests: list[list[Test]] = [[("entity_id", "in", ",".join(lot))]]
            for rows in everything(api, "/V1/products", "entity_id", tests, products.FIELDS, identity="id"):
                found |= {str(row["id"]): {**stores.home(products.trimmed(row)), "_sold": True} for row in rows}
    except SettingInvalid as error:
        if error.code != ACL:
            raise
    return [found.get(key, told) for key, told in named.items()]


@dataclass(slots=True)
class Newest:
    """Which orders have the last word about their buyers.

    Orders come in the order of their changes, so an old one that is refunded comes after newer ones. `whole`: all
    orders of the list have gone by since this began; else the store is asked about those that are not surely newest.
    """

    api: Api
    top: int  # the newest order there was when this began
    whole: bool
    seen: dict[str, int] = field(default_factory=dict)

    def pick(self, orders: Sequence[Raw]) -> list[Raw]:
        """The orders of a page that speak for their buyer, one for each."""
        best: dict[str, Raw] = {}
        for order in orders:
            who = email(order.get("customer_email"))
            if who and int(order["entity_id"]) >= max(self.seen.get(who, 0), _id(best.get(who))):
                best[who] = order
        asked = {} if self.whole else self._ask({who: order for who, order in best.items() if _id(order) <= self.top})
        found = [order for who, order in best.items() if _id(order) >= asked.get(who, 0)]
        self.seen |= {email(order.get("customer_email")): _id(order) for order in found}
        return found

    def _ask(self, unsure: Mapping[str, Raw]) -> dict[str, int]:
        """The newest order of each address, as far as it is newer than the one at hand."""
        newest: dict[str, int] = {}
        plain = [who for who in unsure if "," not in who and who not in self.seen]
        for lot in lots(plain):
            oldest = min(_id(unsure[who]) for who in lot)
            tests: list[list[Test]] = [[("customer_email", "in", ",".join(lot))], [("entity_id", "gt", oldest)]]
            fields = "items[entity_id,customer_email],total_count"
            for rows in everything(self.api, "/V1/orders", "entity_id", tests, fields, most=20):
                newest |= {email(row.get("customer_email")): int(row["entity_id"]) for row in rows}
        return newest


def _id(order: Raw | None) -> int:
    return int(order["entity_id"]) if order else 0


def _beside(api: Api, rows: Sequence[Raw], fields: str) -> dict[int, Raw]:
    """What is needed of the orders that invoices or credit memos belong to, by id."""
    ids = sorted({int(row["order_id"]) for row in rows if row.get("order_id")})
    if not ids:
        return {}
    tests: list[list[Test]] = [[("entity_id", "in", ",".join(map(str, ids)))]]
    return {
        int(row["entity_id"]): row for some in everything(api, "/V1/orders", "entity_id", tests, fields) for row in some
    }


def _captures(api: Api, state: dict[str, Any], stores: Stores, since: date | None) -> Iterator[Page]:
    mine = _list_state(state, "captures", since, frozenset({"captures"}))
    reader = Reader(api, "/V1/invoices", mine, since=mine_since(mine))

    def documents(part: Part) -> dict[str, list[Raw]]:
        paid = [row for row in part.rows if payments.is_payment(row)]
        orders = _beside(api, paid, _BRIEF)
        taken = _transactions(api, paid, reader)
        found = []
        for row in paid:
            document = {key: value for key, value in row.items() if key not in ("items", "comments")}
            document["_order"] = orders.get(int(row["order_id"]), {})
            if row.get("transaction_id") in taken:
                document["_transaction"] = taken[row["transaction_id"]]
            found.append(stores.mark(document))
        return {"captures": found}

    yield from _pages("captures", reader, state, not mine.get("at"), documents)


def _transactions(api: Api, rows: Sequence[Raw], reader: Reader) -> dict[str, Raw]:
    """The gateway's captures behind some invoices, by their id there; without the right to see them, a note."""
    ids = sorted({int(row["order_id"]) for row in rows if row.get("transaction_id")})
    if not ids:
        return {}
    tests: list[list[Test]] = [[("order_id", "in", ",".join(map(str, ids)))], [("txn_type", "eq", "capture")]]
    fields = "items[transaction_id,order_id,txn_id,txn_type,created_at],total_count"
    try:
        pages = everything(api, "/V1/transactions", "transaction_id", tests, fields)
        return {str(row.get("txn_id")): row for rows in pages for row in rows}
    except SettingInvalid as error:
        if error.code != ACL:
            raise
        reader.remarks.append(f"dates are those of the invoices: {ACL} {error.params.get('resource', '')}")
        return {}


def _memos(api: Api, state: dict[str, Any], stores: Stores, since: date | None) -> Iterator[Page]:
    mine = _list_state(state, "credit_memos", since, frozenset({"credit_memos"}))

    def documents(part: Part) -> dict[str, list[Raw]]:
        orders = _beside(api, part.rows, _LINES)
        found = []
        for row in part.rows:
            document = {key: value for key, value in row.items() if key != "comments"}
            document["_order"] = orders.get(int(row["order_id"]), {})
            found.append(stores.mark(document))
        return {"credit_memos": found}

    reader = Reader(api, "/V1/creditmemos", mine, since=mine_since(mine))
    yield from _pages("credit_memos", reader, state, not mine.get("at"), documents)


def _catalogue(api: Api, state: dict[str, Any], stores: Stores) -> Iterator[Page]:
    mine = _list_state(state, "products", None, frozenset({"products"}))

    def documents(part: Part) -> dict[str, list[Raw]]:
        return {"products": [stores.home(products.trimmed(row)) for row in part.rows]}

    reader = Reader(api, "/V1/products", mine, key="id", fields=products.FIELDS)
    yield from _pages("products", reader, state, not mine.get("at"), documents)


FEEDS = (
    Feed("shop", ("orders", "buyers", "captures", "credit_memos", "products"), read_shop),
    Feed("stock", ("stock",), read_stock),
)
