"""Rows S of the acceptance list on the staff's pages, in both languages; the vendors are the sandbox."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from bridge.hub.models import Connection, Integration, Run
from bridge.jobs import integrations
from tests.sandbox import small_garage as g
from tests.sandbox.small_garage import NAMES, REALM, books, order, synced, work
from tests.sandbox.small_world import links, plain, words
from tests.sandbox.test_rows_m_screens import LANGUAGES, connect_side, speaks

RECIPE = "quickbooks_shopmonkey"


@pytest.fixture(autouse=True)
def quick(settings):
    """Passwords cost nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def desk(house, client):
    """Ann at her desk."""
    client.force_login(house.ann)
    return client


@pytest.fixture
def shop(house, server):
    g.items(server)
    server.load("shopmonkey", customers=[g.customer(1)])
    return house


def page_of(desk, name, *args):
    return desk.get(reverse(f"admin:{name}", args=args))


@pytest.mark.row("S-06")
def test_from_the_client_the_pair_and_its_connect_button_are_one_click_away(house, desk):
    made = integrations.create(house.organization, RECIPE, house.ann)
    client_page = page_of(desk, "hub_organization_change", house.organization.pk)
    address = reverse("admin:integration", args=[made.pk])
    assert address in links(client_page)
    assert reverse("admin:setup", args=[made.pk, "connect_left"]) in links(desk.get(address))
    assert "QuickBooks Online and Shopmonkey" in words(page_of(desk, "integration_new"))


@pytest.mark.row("S-07")
@pytest.mark.row("S-08")
def test_consent_refused_stays_not_connected_and_names_the_administrator_needed(house, desk):
    made = integrations.create(house.organization, RECIPE, house.ann)
    step = reverse("admin:setup", args=[made.pk, "connect_left"])
    page = desk.post(step, {"do": "new", "environment": "local_sandbox"})["Location"]
    company = Connection.objects.get(vendor="quickbooks")
    told = {"en": ("Nothing was connected", "administrator"), "fr": ("Rien n’a été connecté", "administrateur")}
    for language in LANGUAGES:
        speaks(house, language)
        asked = parse_qs(urlsplit(desk.post(page, {"by": "consent", "next": step})["Location"]).query)
        back = urlsplit(asked["redirect_uri"][0]).path
        said = words(desk.get(back, {"state": asked["state"][0], "error": "access_denied"}, follow=True))
        assert all(plain(part) in said for part in told[language]), said[:2000]
        company.refresh_from_db()
        assert company.state == Connection.State.NEW


@pytest.mark.row("S-04")
@pytest.mark.row("S-05")
@pytest.mark.row("S-09")
@pytest.mark.row("S-10")
@pytest.mark.row("S-19")
def test_the_set_up_shows_five_steps_in_order_with_what_is_missing_and_how_to_make_it(house, server, desk):
    g.items(server, "tire", "epa")
    server.load("shopmonkey", customers=[g.customer(1)])
    made = g.pair(house, mapped=False)
    steps = {
        "en": ["Connect", "Create products and services", "Set up a tax agency", "Map", "Import"],
        "fr": ["Connecter", "Créer les produits et services", "Configurer une administration fiscale", "Associer",
               "Importer"],
    }  # fmt: skip
    how = {"en": "open the gear, then Products and services", "fr": "ouvrez l’engrenage, puis Produits et services"}
    missing = {"en": ("Non-inventory", "Missing"), "fr": ("Hors stock",)}
    for language in LANGUAGES:
        speaks(house, language)
        page = page_of(desk, "guide", made.pk)
        said = words(page)
        places = [said.index(f"{at}. {plain(step)}") for at, step in enumerate(steps[language], 1)]
        assert places == sorted(places)
        assert "Shopmonkey Tire" in said and "Shopmonkey EPA" in said
        assert plain(how[language]) in said and all(part in said for part in missing[language])
        assert "https://qbo.intuit.com/app/items" in links(page)
        assert reverse("admin:guide", args=[made.pk]) + "#step-items" in links(page_of(desk, "integration", made.pk))
    speaks(house, "en")
    desk.post(reverse("admin:integration_automatic", args=[made.pk]), {"on": "1"})
    assert not Integration.objects.get(pk=made.pk).automatic


@pytest.mark.row("S-09")
def test_missing_items_are_planned_from_the_page_and_only_with_an_income_account(house, server, desk):
    g.items(server, "tire")
    made = g.pair(house, mapped=False)
    make = reverse("admin:guide_make", args=[made.pk, "line_kind"])
    assert "Income account" in words(desk.post(make, follow=True)) and not Run.objects.exists()
    assert not integrations.save_settings(made, {"income_account": "7"}, house.ann)
    answer = desk.post(make)
    run = Run.objects.get()
    assert answer.url == reverse("admin:run_plan", args=[run.pk])
    assert "Shopmonkey Tire" in words(desk.get(answer.url))
    house.finish(run)
    assert "Shopmonkey Tire" in {row["Name"] for row in books(server, "Item")}
    assert "Nothing is missing" in words(desk.post(make, follow=True))


@pytest.mark.row("S-11")
@pytest.mark.row("S-18")
def test_the_page_of_mappings_preselects_by_name_and_warns_of_another_type(shop, desk):
    made = g.pair(shop, mapped=False)
    page = page_of(desk, "mapping", made.pk, "line_kind")
    body = page.content.decode()
    for kind, told in NAMES.items():
        row = made.value_maps.get(kind="line_kind", source_key=kind)
        assert row.target_id == told[0] and not row.confirmed
    assert body.count("selected") >= len(NAMES)
    shop.map("line_kind", labor=NAMES["part"][0])
    for language, wanted in (("en", "Labor should be an item of the type Service"), ("fr", "Main-d’œuvre")):
        speaks(shop, language)
        assert plain(wanted) in words(page_of(desk, "mapping", made.pk, "line_kind"))


@pytest.mark.row("S-21")
def test_a_new_item_can_be_chosen_after_refreshing_the_lists_without_a_reload(shop, server, desk):
    made = g.pair(shop, mapped=False)
    server.load("quickbooks", realm=REALM, Item=[g.item("2999", "Article tout neuf", "NonInventory")])
    assert "Article tout neuf" not in words(page_of(desk, "mapping", made.pk, "line_kind"))
    part = desk.post(reverse("admin:mapping_refresh", args=[made.pk, "line_kind"]), headers={"hx-request": "true"})
    assert "Article tout neuf" in words(part) and "<html" not in part.content.decode()
    desk.post(reverse("admin:guide_refresh", args=[made.pk]))


@pytest.mark.row("S-22")
def test_the_pages_where_values_are_chosen_warn_of_unsaved_changes(shop, desk):
    made = g.pair(shop, mapped=False)
    for page in (page_of(desk, "mapping", made.pk, "line_kind"), page_of(desk, "setup", made.pk, "settings")):
        assert "data-guard" in page.content.decode()


@pytest.mark.row("S-20")
def test_the_held_invoice_says_which_kind_to_map_in_both_languages_and_goes_afterwards(shop, server, desk):
    work(server, order(1001), order(1002, {"name": "Pneus", "tires": [g.TIRE]}))
    made = g.pair(shop, without=("tire",))
    synced(shop, "held")
    for language, told in (("en", "Map Tire to an item."), ("fr", "Associez « Pneu » à un article.")):
        speaks(shop, language)
        assert plain(told) in words(page_of(desk, "held_cause", "LINE-TIRE-UNMAPPED"))
    speaks(shop, "en")
    row = made.value_maps.get(kind="line_kind", source_key="tire")
    assert (row.target_id, row.confirmed) == (NAMES["tire"][0], False), "the suggestion waits for a person"
    desk.post(reverse("admin:mapping", args=[made.pk, "line_kind"]), {"do": f"accept:{row.pk}"})
    answer = desk.post(reverse("admin:mapping_again", args=[made.pk, "line_kind"]))
    assert answer.status_code == 302
    shop.finish(Run.objects.latest("pk"))
    assert {item["DocNumber"] for item in books(server, "Invoice")} == {"1001", "1002"}


@pytest.mark.row("S-24")
def test_each_import_has_its_own_button_in_both_languages(shop, desk):
    made = g.pair(shop)
    told = {"en": "Run a one-time import – Customers", "fr": "Clients"}
    for language in LANGUAGES:
        speaks(shop, language)
        page = page_of(desk, "imports", made.pk)
        assert plain(told[language]) in words(page)
        for key in ("customers", "inventory", "non-inventory"):
            assert reverse("admin:import_run", args=[made.pk, key]) in page.content.decode()


@pytest.mark.row("S-28")
def test_help_asked_for_carries_the_page_and_the_connections(shop, desk):
    made, run = g.pair(shop), synced(shop)
    step = page_of(desk, "setup", made.pk, "settings")
    address = reverse("admin:help_request", args=[made.pk, "settings"])
    assert address in links(step)
    said = words(desk.get(address))
    for part in (f"#{made.left_id}", f"#{made.right_id}", f"#{run.pk} (", "Choose the settings"):
        assert part in said, part
    desk.post(address, {"reason": "Comment associer les pneus ?", "confirmed": "yes"})
    told = words(page_of(desk, "help"))
    assert "Comment associer les pneus ?" in told
    assert "Products and services for the kinds of line" in words(page_of(desk, "help"))
    assert "open the gear" in words(page_of(desk, "help_topic", RECIPE, "items"))


@pytest.mark.row("S-04")
def test_the_key_is_pasted_on_the_page_of_the_connection(house, server, desk):
    made = integrations.create(house.organization, RECIPE, house.ann)
    connect_side(desk, made.pk, "left")
    step = reverse("admin:setup", args=[made.pk, "connect_right"])
    page = desk.post(step, {"do": "new", "environment": "local_sandbox"})["Location"]
    desk.post(page, {"by": "key", "key": g.KEY, "next": step})
    garage = Connection.objects.get(vendor="shopmonkey")
    assert garage.state == Connection.State.CONNECTED, words(desk.get(page))
