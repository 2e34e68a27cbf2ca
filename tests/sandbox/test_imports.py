"""One-time imports over HTTP, on the pair of books and CRM: a person's press, one run, no doubles, nothing deleted."""

import csv
import io
from dataclasses import replace

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from bridge import registry
from bridge.hub.models import Change, Link, Run
from bridge.jobs import imports, runs
from connectors.contract import Column, OneTimeImport, RecipeFlow, RuleSpec, SettingInvalid, Text
from tests.house import House
from tests.sandbox.small_crm import contact, customer, records
from tests.sandbox.small_world import books, words, written

BUYERS = {"any": [{"all": [{"field": "payments.created_at", "test": "known"}]}]}
PAIR = "quickbooks_hubspot"
PEOPLE = OneTimeImport(
    "people",
    Text("Customers", "Clients"),
    RecipeFlow(
        entity="contact", label=Text("Customers → contacts", "Clients → contacts"), left=("customers",),
        right=("contacts",), directions=("right",), match_on=("email",), suspects=("name",),
        rules=(RuleSpec("name", "family_name", when="create"), RuleSpec("email", "email", when="create"),
               RuleSpec("phone", "phone", when="if_empty")),
    ),
    mark={"company": "Imported"},
    columns=(Column("Last Name", "family_name"), Column("Email", "email"), Column("City", "address.city")),
)  # fmt: skip
ARTICLES = OneTimeImport(
    "articles",
    Text("Articles", "Articles"),
    RecipeFlow(
        entity="product", label=Text("Items → products", "Articles → produits"), left=("items",), right=("products",),
        directions=("right",), match_on=("sku",),
        rules=(RuleSpec("name", "name"), RuleSpec("sku", "sku", when="create"), RuleSpec("price", "price")),
    ),
    columns=(Column("Name", "name"), Column("Number", "sku"), Column("Retail", "price")),
)  # fmt: skip


@pytest.fixture
def offered(monkeypatch):
    """Let the pair offer imports; returns what to call to offer others."""

    def offer(*specs):
        monkeypatch.setitem(registry.recipes(), PAIR, replace(registry.recipes()[PAIR], imports=specs))
        assert registry.problems() == []

    offer(PEOPLE, ARTICLES)
    return offer


@pytest.fixture
def pair(house, server, offered):
    books(server, customer(1, "zoe@fictive.example", PrimaryPhone={"FreeFormNumber": "418 555-0111"}),
          customer(2, "léo@fictive.example"), customer(3, "mia@fictive.example"))  # fmt: skip
    server.load("hubspot", contacts=[contact(501, "zoe@fictive.example"), contact(502, "only@local.example"),
                                     contact(503, "nobody@local.example")])  # fmt: skip
    house.crm_pair("contact", presets=False)
    house.integration.flows.filter(entity="contact").update(direction="left", is_on=True, filter=BUYERS)
    return house


def begun(house: House, key: str = "people", approve: bool = True) -> Run:
    return house.finish(imports.start(house.integration, key, house.ann, enqueue=False), approve)


def sent(server, since: int = 0) -> list[str]:
    return [call for call in written(server, "hubspot") if not call.endswith(("/search", "/batch/read"))][since:]


def by_email(server, email: str) -> list[str]:
    return [name for name, found in records(server, "contacts").items() if found.get("email") == email]


def done(run: Run) -> dict[str, int]:
    rows = run.changes.filter(state=Change.State.DONE).values_list("action", flat=True)
    return {action: list(rows).count(action) for action in set(rows)}


@pytest.mark.row("S-24")
def test_an_import_is_one_run_that_waits_with_its_plan_and_makes_no_schedule(pair, server):
    run = begun(pair, approve=False)
    assert (run.state, run.kind) == (Run.State.PLANNED, Run.Kind.IMPORT)
    assert "IMPORT-PLAN" in [item["code"] for item in run.brakes]
    assert sent(server) == [], "nothing is written before somebody approved"
    with pytest.raises(SettingInvalid):
        imports.start(pair.integration, "people", pair.ann)
    runs.approve(run, pair.ann)
    assert pair.finish(run).state == Run.State.DONE
    pair.integration.refresh_from_db()
    assert (pair.integration.automatic, pair.integration.next_run_at) == (False, None)
    assert Run.objects.filter(integration=pair.integration).count() == 1
    assert pair.integration.flows.get(entity="contact").first_done_at is None, "the flow's own first run is to come"


@pytest.mark.row("S-03")
@pytest.mark.row("S-25")
def test_what_is_there_is_matched_and_a_second_run_writes_nothing(pair, server):
    run = begun(pair)
    assert done(run) == {"create": 2, "update": 1}
    people = {found["email"]: found for found in records(server, "contacts").values()}
    assert len(people) == 5
    assert people["mia@fictive.example"]["lastname"] == "Fictive 3"
    assert people["mia@fictive.example"]["company"] == "Imported", "what an import makes carries its mark"
    assert not people["zoe@fictive.example"].get("company"), "what was there does not"
    assert people["zoe@fictive.example"]["phone"] == "418 555-0111"
    before = len(sent(server))
    again = begun(pair)
    assert (again.state, done(again), sent(server, before)) == (Run.State.DONE, {}, [])


@pytest.mark.row("S-26")
def test_nothing_that_is_only_there_is_touched_even_where_the_source_goes(pair, server):
    begun(pair)
    server.load("quickbooks", Customer=[{"Id": "3", "Active": False}])
    again = begun(pair)
    assert done(again) == {}
    assert len(records(server, "contacts")) == 5
    assert not [call for call in sent(server) if "DELETE" in call or "archive" in call]


def test_the_flow_of_the_same_entity_knows_what_was_imported(pair, server):
    pair.integration.flows.filter(entity="contact").update(filter={})
    begun(pair)
    assert Link.objects.filter(integration=pair.integration, entity="contact").count() == 3
    run = pair.run()
    new = {"Ondine Inventée 502", "Ondine Inventée 503"}
    assert set(run.changes.filter(action="create").values_list("title", flat=True)) == new
    linked = run.changes.exclude(action="create")
    assert [(row.title, row.after) for row in linked if row.title != "Ondine Inventée 501"] == [], "no echo"
    (mia,) = by_email(server, "mia@fictive.example")
    server.load("hubspot", contacts=[{"id": mia, "properties": {"phone": "514 555-0199"}}])
    assert [row.after for row in pair.run().changes.all()] == [{"phone": "514 555-0199"}], "news comes back as ever"


def test_imported_records_may_be_kept_out_of_the_flow(pair, server, offered):
    offered(replace(PEOPLE, comes_back=False))
    pair.integration.flows.filter(entity="contact").update(filter={})
    begun(pair)
    pair.run()
    (mia,) = by_email(server, "mia@fictive.example")
    server.load("hubspot", contacts=[{"id": mia, "properties": {"phone": "514 555-0199"}}])
    run = pair.run()
    assert done(run) == {}
    said = Change.objects.filter(integration=pair.integration, toward="left", source__remote_id=mia)
    assert set(said.values_list("code", "state")) == {("IMPORTED-STAYS", Change.State.SKIPPED)}


def test_each_import_goes_alone_and_one_without_a_flow_of_its_kind_goes_too(pair, server):
    pair.integration.flows.filter(entity="product").delete()
    run = begun(pair, "articles")
    assert done(run) == {"create": 1}
    assert {found["name"] for found in records(server, "products").values()} == {"Chaise de l’Érable"}
    assert set(run.changes.values_list("entity", flat=True)) == {"product"}
    server.load("quickbooks", Item=[{"Id": "901", "UnitPrice": 65}])
    assert done(begun(pair, "articles")) == {"update": 1}


def test_several_that_may_be_the_same_are_left_to_a_person(pair, server):
    twins = [{"id": str(number), "properties": {"name": "Chaise", "hs_sku": "CH-1"}} for number in (701, 702)]
    server.load("hubspot", products=twins)
    run = begun(pair, "articles")
    (held,) = run.changes.filter(state=Change.State.HELD)
    assert (held.code, run.state) == ("SEVERAL-MATCHES", Run.State.HELD)
    assert pair.run().state == Run.State.DONE, "a sync does not answer for what an import holds"


def test_a_stopped_import_can_be_begun_again_and_loses_nothing(pair):
    run = begun(pair, approve=False)
    runs.stop(run, pair.ann)
    assert begun(pair).state == Run.State.DONE
    assert Link.objects.filter(integration=pair.integration).count() == 3


def test_an_import_can_be_undone_as_far_as_the_vendor_lets(pair, server):
    run = begun(pair)
    undo = runs.undo(run, pair.ann)
    pair.finish(undo)
    assert "mia@fictive.example" not in {found["email"] for found in records(server, "contacts").values()}


# by file


@pytest.fixture
def unable(offered, monkeypatch):
    """The vendor lets nobody make contacts."""
    contacts = registry.connector("hubspot").resource("contacts")
    kept = {name: getattr(contacts, name) for name in ("create", "bulk")}
    object.__setattr__(contacts, "create", None)
    object.__setattr__(contacts, "bulk", None)
    yield
    for name, value in kept.items():
        object.__setattr__(contacts, name, value)


def test_where_nobody_may_make_records_the_same_plan_makes_a_file(pair, server, unable, client):
    server.load("quickbooks", Customer=[customer(4, "evil@fictive.example", FamilyName="X", DisplayName="=1+1")])
    run = begun(pair)
    assert [call for call in sent(server) if "POST" in call and "update" not in call] == []
    assert set(run.changes.filter(state="held").values_list("code", flat=True)) == {"IMPORT-BY-FILE"}
    client.force_login(pair.ann)
    address = reverse("admin:import_file", args=[pair.integration.pk, "people"])
    text = b"".join(client.get(address, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Last Name", "Email", "City"]
    assert {row[0] for row in rows[1:]} == {"Fictive 2", "Fictive 3", "'=1+1"}, "no formula runs"
    book = load_workbook(io.BytesIO(client.get(address, {"format": "xlsx"}).content))
    assert [list(row) for row in book.active.iter_rows(values_only=True)][0] == rows[0]
    # Somebody loaded the file there: the next import links what it finds.
    server.load("hubspot", contacts=[contact(602, "léo@fictive.example"), contact(603, "mia@fictive.example")])
    again = begun(pair)
    assert done(again) == {"link": 2}
    assert imports.lines_missing(again).count() == 0


# the page


@pytest.mark.row("S-23")
def test_the_page_offers_each_import_by_itself_and_says_what_it_did(pair, client):
    client.force_login(pair.ann)
    page = reverse("admin:imports", args=[pair.integration.pk])
    assert page in client.get(reverse("admin:integration", args=[pair.integration.pk])).content.decode()
    said = words(client.get(page))
    assert "Run a one-time import – Customers" in said and "Run a one-time import – Articles" in said
    assert said.count("Never run.") == 2
    answer = client.post(reverse("admin:import_run", args=[pair.integration.pk, "people"]))
    run = Run.objects.get()
    assert answer.url == reverse("admin:run_page", args=[run.pk])
    pair.finish(run)
    said = words(client.get(page))
    assert f"#{run.pk}" in said and said.count("Never run.") == 1
    assert client.post(reverse("admin:import_run", args=[pair.integration.pk, "nothing"])).status_code == 404


def test_a_press_while_a_run_is_open_begins_nothing_and_says_so(pair, client):
    begun(pair, approve=False)
    client.force_login(pair.ann)
    answer = client.post(reverse("admin:import_run", args=[pair.integration.pk, "articles"]), follow=True)
    assert Run.objects.count() == 1
    assert "RUN-OPEN" in words(answer)
