"""Posting within a run: what a sale, payment, refund, buyer, product or quantity becomes at the other side.

The engine's posting is pure; here it is given the facts it goes by: who and what is known in the books, which numbers
are taken, which tax codes there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from bridge import registry
from bridge.engine.match import keys
from bridge.engine.model import CannotMap, Composed, Pair
from bridge.engine.posting import (
    Books,
    Clash,
    Policy,
    Posted,
    TaxCode,
    clashes,
    name_apart,
    policy,
    post_contact,
    post_payment,
    post_refund,
    post_sale,
)
from bridge.hub.models import Change, Connection, Integration, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs import values
from bridge.jobs.context import facts_of, settings_of
from bridge.jobs.records import on_their_way
from connectors.contract import Recipe, RecipeFlow, Record, Ref

Key = tuple[str, str]
Parse = Callable[[Row, Connection], Record | None]
Changes = Callable[..., list[tuple[Any, ...]]]
TAX = "tax"  # the kind of value map whose targets are the tax codes of the books
ZERO = Decimal(0)
LONGEST_NAME = 100  # of an item in books, and enough for a customer


class Poster:
    """Composes the documents of one flow. `prepare` a chunk of sources, then ask for each of them."""

    def __init__(
        self, run: Run, recipe: Recipe, declared: RecipeFlow, source: Connection, target: Connection, side: str,
        parse: Parse, changes: Changes,
    ) -> None:  # fmt: skip
        self.run, self.recipe, self.declared = run, recipe, declared
        self.source, self.target, self.side, self.parse, self.changes = source, target, side, parse, changes
        self.settings = run.pinned["context"]
        self.wrong: CannotMap | None = None
        self.policy: Policy | None = None
        try:
            self.policy = policy(self.settings, run.pinned["value_maps"])
        except CannotMap as error:
            self.wrong = error
        self.books = self._books()
        self.parents: dict[Key, Record] = {}
        self.states: dict[Key, tuple[str, str, str]] = {}  # of the records that sources name: name, state, cause
        self.names: dict[str, set[Key]] = {}  # who has a product's name, in lower case, at either side
        self.before: set[Key] = set()  # buyers whose name somebody had before them
        self.unposted: dict[Key, Decimal] | None = None  # sold and not shipped, by product, in sales not in the books

    def _books(self) -> Books:
        facts = facts_of(self.target)
        closed = str(facts.get("book_close_date") or "")[:10]
        per_line, per_document = facts.get("class_per_line"), facts.get("class_per_document")
        country = str(facts.get("country") or "")
        return Books(
            country=country,
            home_currency=str(facts.get("home_currency") or facts.get("currency") or ""),
            multi_currency=bool(facts.get("multi_currency")),
            automated_tax=bool(facts.get("automated_tax")),
            keeps_tax=facts.get("uses_sales_tax") is not False,
            custom_numbers=facts.get("custom_numbers") is not False,
            closed_until=date.fromisoformat(closed) if closed else None,
            tax_codes=self._tax_codes(),
            classes="line" if per_line else "document" if per_document else "",
            locations=bool(facts.get("tracks_locations")),
        )

    def _tax_codes(self) -> dict[str, TaxCode]:
        spec = next((item for item in self.recipe.value_maps if item.kind == TAX), None)
        found: dict[str, TaxCode] = {}
        for item in values.offered(self.target, spec.targets) if spec else []:
            rates = tuple((str(rate["id"]), _percent(rate.get("percent"))) for rate in item.facts.get("rates") or ())
            found[item.id] = TaxCode(rates, item.usable, item.label)
        return found

    # before matching

    def seen_as(self, record: Record) -> Record:
        """Return a source record the way it is looked for and named over there."""
        if self.policy is None:
            return record
        if self.declared.posting == "contact":
            return replace(record, values={**record.values, **post_contact(record.values, self.policy).values})
        if self.declared.posting == "product" and self.policy.items_by == "name" and record.values.get("sku"):
            return replace(record, values={**record.values, "name": record.values["sku"]})
        return record

    # the facts of a chunk

    def prepare(self, sources: Sequence[Record]) -> None:
        """Look up, for all of these at once, what their documents name."""
        if self.declared.posting == "product":
            self.names = self._namesakes(sources)
        if self.declared.posting == "contact":
            self.before = self._known_before(sources)
        if self.declared.posting == "stock_level" and self.unposted is None:
            self.unposted = self._unposted()
        if self.declared.posting not in ("sale", "payment", "refund"):
            return
        self.parents = self._sales(sources)
        named = [ref for record in (*sources, *self.parents.values()) for ref in _refs(record.values)]
        rows, linked = self._linked(named)
        expected = self._expected(rows, linked)
        self.books = replace(
            self.books,
            linked=linked,
            expected=expected,
            number_holders=self._holders(sources),
            contact_currencies=self._currencies(named, linked),
            item_names=self._items(sources, "name"),
            item_skus=self._items(sources, "number"),
            shared_skus=self._shared(sources),
        )

    def _sales(self, sources: Sequence[Record]) -> dict[Key, Record]:
        wanted = {value for record in sources if isinstance(value := record.values.get("sale"), Ref)}
        rows = self._rows(self.source, wanted)
        parsed = {(row.resource, row.remote_id): self.parse(row, self.source) for row in rows}
        return {key: record for key, record in parsed.items() if record is not None}

    def _rows(self, connection: Connection, refs: Iterable[Ref]) -> list[Row]:
        keys = {(ref.resource, ref.remote_id) for ref in refs}
        if not keys:
            return []
        found = Row.objects.filter(
            connection=connection, resource__in={key[0] for key in keys}, remote_id__in={key[1] for key in keys}
        )
        return [row for row in found if (row.resource, row.remote_id) in keys]

    def _linked(self, refs: Iterable[Ref]) -> tuple[dict[int, Key], dict[Key, Key]]:
        wanted = {(ref.resource, ref.remote_id) for ref in refs}
        found = Row.objects.filter(
            connection=self.source,
            resource__in={key[0] for key in wanted},
            remote_id__in={key[1] for key in wanted},
        ).values_list("pk", "resource", "remote_id", "name", "number")
        rows: dict[int, Key] = {}
        self.states = {}
        for pk, resource, remote_id, name, number in found:
            if (resource, remote_id) in wanted:
                rows[pk] = (resource, remote_id)
                self.states[resource, remote_id] = (name or number or remote_id, "", "")
        far = "left" if self.side == "right" else "right"
        links = Link.objects.filter(**{f"{self.side}_id__in": list(rows)}).values_list(
            f"{self.side}_id", "integration_id", f"{far}__resource", f"{far}__remote_id"
        )
        mine = self.run.integration_id
        return rows, {rows[pk]: (name, remote_id) for pk, owner, name, remote_id in links if owner == mine}

    def _expected(self, rows: Mapping[int, Key], linked: Mapping[Key, Key]) -> frozenset[Key]:
        """Records this run makes over there: their own change goes first."""
        for pk, _, state, code, error in self.changes(list(rows), "state", "code", "error_code"):
            self.states[rows[pk]] = (self.states[rows[pk]][0], state, error or code)
        for pk in on_their_way(self.run, list(rows)):  # linked by what the other way of a two-way flow does
            self.states[rows[pk]] = (self.states[rows[pk]][0], Change.State.PLANNED, "")
        on_the_way = (Change.State.PLANNED, *Change.IN_FLIGHT)
        return frozenset(key for key, (_, state, _) in self.states.items() if state in on_the_way and key not in linked)

    def _holders(self, sources: Sequence[Record]) -> dict[str, str]:
        """Return the numbers these documents want that something else over there already has."""
        if self.policy is None or self.policy.number != "source" or self.declared.posting == "payment":
            return {}
        prefix = self.policy.number_prefix
        wanted = {f"{prefix}{number}": record for record in sources if (number := record.values.get("number"))}
        resources = getattr(self.declared, "left" if self.side == "right" else "right")
        rows = Row.objects.filter(
            connection=self.target, resource__in=resources, number__in=list(wanted), gone=False
        ).values_list("pk", "number", "name", "remote_id")
        far = "left" if self.side == "right" else "right"
        links = Link.objects.filter(**{f"{far}_id__in": [row[0] for row in rows]})
        own = dict(links.filter(integration=self.run.integration).values_list(f"{far}_id", f"{self.side}__remote_id"))
        return {
            number: name or remote_id for pk, number, name, remote_id in rows if own.get(pk) != wanted[number].remote_id
        }

    def _currencies(self, named: Sequence[Ref], linked: Mapping[Key, Key]) -> dict[str, str]:
        """Return the currency of customers these documents are for, the one generic customer among them. Only of
        customers: their ids are those of other documents too.
        """
        buyers = {(ref.resource, ref.remote_id) for ref in named if ref.entity == "contact"}
        wanted = {linked[key] for key in buyers if key in linked}
        if self.policy is not None and self.policy.generic_customer_id:
            flow = next((item for item in self.recipe.flows if item.entity == "contact"), None)
            theirs = getattr(flow, "left" if self.side == "right" else "right") if flow else ()
            wanted |= {(name, self.policy.generic_customer_id) for name in theirs}
        rows = Row.objects.filter(
            connection=self.target,
            resource__in={name for name, _ in wanted},
            remote_id__in={remote_id for _, remote_id in wanted},
        ).exclude(currency="")
        return {one: currency for name, one, currency in rows.values_list("resource", "remote_id", "currency")
                if (name, one) in wanted}  # fmt: skip

    def _items(self, sources: Sequence[Record], column: str) -> dict[str, tuple[str, ...]]:
        skus = _skus(sources)
        found: dict[str, list[str]] = defaultdict(list)
        rows = Row.objects.filter(
            connection=self.target, resource__in=self.declared.looks_up, gone=False, **{f"{column}__in": skus}
        )
        for value, remote_id in rows.values_list(column, "remote_id") if skus else ():
            found[value].append(remote_id)
        return {value: tuple(ids) for value, ids in found.items()}

    def _shared(self, sources: Sequence[Record]) -> dict[str, tuple[str, ...]]:
        """Return the SKUs that several products of the source have."""
        skus = _skus(sources)
        resources = {ref.resource for record in sources for ref in _refs(record.values) if ref.entity == "product"}
        found: dict[str, list[str]] = defaultdict(list)
        rows = Row.objects.filter(connection=self.source, resource__in=resources, number__in=skus, gone=False)
        for sku, remote_id in rows.values_list("number", "remote_id") if skus and resources else ():
            found[sku].append(remote_id)
        return {sku: tuple(ids) for sku, ids in found.items() if len(ids) > 1}

    def _namesakes(self, sources: Sequence[Record]) -> dict[str, set[Key]]:
        """Return who has the names of these products: others of the source, and records over there with an SKU of
        their own. One without may be the same product: a person says so.
        """
        wanted = {str(name) for record in sources if (name := record.values.get("name"))}
        found: dict[str, set[Key]] = defaultdict(set)
        if self.policy is None or self.policy.items_by in ("name", "title") or not wanted:
            return found
        mine = {record.resource for record in sources}
        theirs = getattr(self.declared, "left" if self.side == "right" else "right")
        for connection, resources in ((self.source, mine), (self.target, theirs)):
            rows = Row.objects.filter(connection=connection, resource__in=resources, name__in=wanted, gone=False)
            for name, resource, remote_id in rows.exclude(number="").values_list("name", "resource", "remote_id"):
                found[name.casefold()].add((resource, remote_id))
        return found

    def _known_before(self, sources: Sequence[Record]) -> set[Key]:
        """Return the buyers whose name a customer over there has, or a buyer who came first: books want each name once.

        Whoever is found over there by address is that customer, whatever the name: this is for those who are made.
        """
        if self.policy is None or self.policy.same_name != "mark" or self.policy.customer != "person":
            return set()
        wanted = {keys("contact", record.values).name_key for record in sources} - {""}
        theirs = getattr(self.declared, "left" if self.side == "right" else "right")
        there = Row.objects.filter(connection=self.target, resource__in=theirs, name_key__in=wanted, gone=False)
        taken = {name.casefold() for name in there.values_list("name", flat=True)}
        found: set[Key] = set()
        mine = {record.resource for record in sources}
        here = Row.objects.filter(connection=self.source, resource__in=mine, name_key__in=wanted, gone=False)
        for name, *key in here.order_by("id").values_list("name", "resource", "remote_id"):
            if name.casefold() in taken:
                found.add((key[0], key[1]))
            taken.add(name.casefold())
        return found

    def _unposted(self) -> dict[Key, Decimal]:
        """Return what was sold and not shipped in sales that have no document yet, by product: the books have not taken
        it off. {} where sales are not posted from here, and all of them are taken to be there.
        """
        flow = next((item for item in self.recipe.flows if item.entity == "sale"), None)
        if flow is None or "sale" not in self.run.pinned["flows"]:
            return {}
        far = "left" if self.side == "right" else "right"
        posted = Link.objects.filter(integration=self.run.integration, entity="sale").values(f"{far}_id")
        rows = Row.objects.filter(connection=self.target, resource__in=getattr(flow, far), gone=False)
        chosen = [part.strip() for part in str(self.settings.get("order_statuses") or "").split(",") if part.strip()]
        rows = rows.filter(status__in=chosen) if chosen else rows
        found: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        for row in (
            rows.exclude(pk__in=posted).only("resource", "document", "gone", "merged_into").iterator(chunk_size=500)
        ):
            record = self.parse(row, self.target)
            for line in (record.values.get("lines") or ()) if record else ():
                product = line.get("product")
                if isinstance(product, Ref) and line.get("unshipped"):
                    found[product.resource, product.remote_id] += line["unshipped"]
        return dict(found)

    # one record

    def __call__(self, pair: Pair, target: Record | None) -> Composed:
        """Return what the record becomes. CannotMap: it waits, with this code."""
        if self.policy is None:
            raise self.wrong or CannotMap("SETTING-INVALID")
        told, posting = pair.source.values, self.declared.posting
        if posting == "sale":
            return post_sale(told, self.policy, self.books)
        if posting in ("payment", "refund"):
            parent = self._parent(told)
            if posting == "refund":
                return post_refund(told, parent, self.policy, self.books)
            return post_payment(told, parent, self.policy, self.books)
        if posting == "contact":  # its name is in `seen_as`: rules decide whether it is written
            return self._buyer(pair.source) if target is None else Posted({}, post_contact(told, self.policy).warnings)
        if posting == "stock_level":
            return self._stock(told, target)
        return self._named(pair.source) if target is None else Posted({})

    def _buyer(self, source: Record) -> Posted:
        """A new buyer whose name another customer has is told apart by the e-mail address."""
        assert self.policy is not None  # noqa: S101 - the only caller has looked
        warnings = post_contact(source.values, self.policy).warnings
        name, email = str(source.values.get("name") or ""), str(source.values.get("email") or "")
        if not email or name == email or (source.resource, source.remote_id) not in self.before:
            return Posted({}, warnings)
        posted = name_apart(name, email, LONGEST_NAME)
        return Posted({"name": posted}, (*warnings, ("CUSTOMER-NAME-SHARED", {"name": name, "posted": posted})))

    def _named(self, source: Record) -> Posted:
        """A new product whose name others have too is told apart by its SKU: books want each name once."""
        name, sku = str(source.values.get("name") or ""), str(source.values.get("sku") or "")
        others = self.names.get(name.casefold(), set()) - {(source.resource, source.remote_id)}
        if not (others and sku):
            return Posted({})
        posted = name_apart(name, sku, LONGEST_NAME)
        return Posted({"name": posted}, (("ITEM-NAME-SHARED", {"name": name, "posted": posted}),))

    def _parent(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        ref = told.get("sale")
        parent = self.parents.get((ref.resource, ref.remote_id)) if isinstance(ref, Ref) else None
        return parent.values if parent else {}

    def _stock(self, told: Mapping[str, Any], target: Record | None) -> Posted:
        """What the books have, and what they took off for orders that the shop will take off when it ships them."""
        quantity = told.get("quantity")
        if target is None or not isinstance(quantity, Decimal):
            return Posted({})
        waiting = target.values.get("unshipped") if self.settings.get("unshipped", "add") == "add" else None
        product = target.values.get("product")
        if waiting and self.unposted and isinstance(product, Ref):
            waiting = max(ZERO, waiting - self.unposted.get((product.resource, product.remote_id), ZERO))
        return Posted({"quantity": max(ZERO, quantity) + (waiting or ZERO)})


def _refs(told: Mapping[str, Any]) -> list[Ref]:
    lines = [line.get("product") for line in told.get("lines") or ()]
    return [item for item in (*told.values(), *lines) if isinstance(item, Ref)]


def _skus(sources: Sequence[Record]) -> set[str]:
    return {str(line["sku"]) for record in sources for line in record.values.get("lines") or () if line.get("sku")}


def _percent(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else ZERO


LAST = 500  # of the newest sales are tried


def number_clashes(integration: Integration) -> tuple[Clash, ...]:
    """Return which numbers of the newest sales could not be used in the books, as settings are now.

    Sales that have their document already are none: its number is theirs.
    """
    recipe = registry.recipe(integration.recipe)
    flow = next((flow for flow in recipe.flows if flow.posting == "sale"), None)
    chosen = settings_of(integration)
    if flow is None or integration.left is None or integration.right is None or chosen.get("number") == "books":
        return ()
    near, far = ("right", "left") if flow.directions[0] == "left" else ("left", "right")
    source, target = getattr(integration, near), getattr(integration, far)
    prefix = chosen.get("number_prefix", "")
    linked = Link.objects.filter(integration=integration, entity=flow.entity)
    fresh = Row.objects.filter(connection=source, resource__in=getattr(flow, near), gone=False).exclude(
        pk__in=linked.values(f"{near}_id")
    )
    numbers = list(fresh.exclude(number="").order_by("-date", "-id").values_list("number", flat=True)[:LAST])
    taken = Row.objects.filter(
        connection=target, resource__in=getattr(flow, far), gone=False,
        number__in=[f"{prefix}{number}" for number in numbers],
    ).exclude(pk__in=linked.values(f"{far}_id"))  # fmt: skip
    return clashes(numbers, dict(taken.values_list("number", "name")), prefix)
