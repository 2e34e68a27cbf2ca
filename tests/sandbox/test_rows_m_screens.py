"""Rows M-02 to M-27 that are screens: staff clicking through their pages, the vendors being the sandbox."""

import re
from datetime import datetime
from urllib.parse import urlsplit

import pytest
import requests
from django.urls import reverse
from django.utils import translation

from bridge import registry
from bridge.hub.models import Connection, Integration, Run
from bridge.jobs import tasks
from bridge.staff.templatetags.bridge import beta_badge
from tests.sandbox.small_world import (
    SUBSCRIBED,
    books,
    contacts,
    customer,
    links,
    orders,
    plain,
    sale,
    store,
    words,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGES = ("fr", "en")
RECIPE = registry.recipe("quickbooks_mailchimp")


@pytest.fixture(autouse=True)
def quick(server, settings):
    """Batches are worked off at once and passwords cost nothing; the tests here are about neither."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0})
    yield
    server.control("POST", "configure/mailchimp", {"batch_seconds": 0.3})


@pytest.fixture
def desk(house, client):
    """Ann at her desk."""
    client.force_login(house.ann)
    return client


def speaks(house, language):
    """Ann reads this language from now on."""
    house.ann.language = language
    house.ann.save(update_fields=["language"])


def said(text, language, **params):
    """A text of the recipe or a connector as a page shows it."""
    return plain(text.say(language, **params))


def oauth(vendor):
    """How a vendor is signed in to by consent."""
    return registry.connector(vendor).sign_in[0]


def through_consent(desk, answer, **query):
    """Follow a person to the vendor's consent page, allow, and come back; returns the page they land on."""
    assert answer.status_code == 302, words(answer)
    leaving = requests.get(answer["Location"], params={"auto": "1", **query}, allow_redirects=False, timeout=20)
    back = urlsplit(leaving.headers["Location"])
    answer = desk.get(f"{back.path}?{back.query}")
    assert answer.status_code == 302
    return desk.get(answer["Location"])


def connect_side(desk, pk, side, **query):
    """Make an account on a side of the set-up, and consent."""
    answer = desk.post(
        reverse("admin:setup", args=[pk, f"connect_{side}"]), {"do": "new", "environment": "local_sandbox"}
    )
    assert answer.status_code == 302, words(answer)
    page = desk.get(answer["Location"])
    back = re.search(r'name="next" value="([^"]*)"', page.content.decode()).group(1)
    return through_consent(desk, desk.post(answer["Location"], {"by": "consent", "next": back}), **query)


def new_pair(desk, house):
    """Begin a set-up by its page; returns its number."""
    answer = desk.post(
        reverse("admin:integration_new"),
        {"organization": house.organization.pk, "recipe": "quickbooks_mailchimp"},
    )
    assert answer.status_code == 302, words(answer)
    return Integration.objects.get().pk


@pytest.mark.row("M-02")
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_no_mailchimp_account_is_told_where_to_make_one_and_that_the_page_is_in_english(house, desk, language):
    from bridge.jobs import connections

    speaks(house, language)
    connection = connections.create(house.organization, "mailchimp", "local_sandbox", house.ann)
    page = desk.get(reverse("admin:connection_connect", args=[connection.pk]))
    told = words(page)
    assert said(oauth("mailchimp").before, language) in told
    assert {"fr": "en anglais seulement", "en": "in English only"}[language] in told
    assert {"fr": "compte Mailchimp", "en": "Mailchimp account"}[language] in told
    assert "https://login.mailchimp.com/signup/" in links(page)


@pytest.mark.row("M-14")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("vendor", ["quickbooks", "mailchimp"])
def test_the_rights_asked_for_are_listed_in_plain_words_before_anybody_leaves(house, server, desk, language, vendor):
    from bridge.jobs import connections

    speaks(house, language)
    connection = connections.create(house.organization, vendor, "local_sandbox", house.ann)
    seen = len(server.calls(vendor))
    told = words(desk.get(reverse("admin:connection_connect", args=[connection.pk])))
    rights = oauth(vendor).rights
    assert rights
    for right in rights:
        assert said(right, language) in told
    assert len(server.calls(vendor)) == seen


@pytest.mark.row("M-12")
@pytest.mark.row("M-13")
@pytest.mark.row("M-15")
def test_connect_stays_disabled_until_audience_status_and_consent_are_given_then_a_first_plan_is_shown(
    house, server, desk
):
    books(server, customer(501), Invoice=[sale(701, 501)])
    pk = new_pair(desk, house)
    connect_side(desk, pk, "left", realm="9130000000000001")
    connect_side(desk, pk, "right")
    home = reverse("admin:integration", args=[pk])

    books_page = words(desk.get(reverse("admin:connection", args=[Connection.objects.get(vendor="quickbooks").pk])))
    assert "Atelier Boréal inc. (fictif)" in books_page and "9130000000000001" in books_page

    for language in LANGUAGES:
        speaks(house, language)
        page = desk.get(home)
        missing = [item.label for item in RECIPE.settings if item.key in ("audience", "status_if_new")]
        why = {"fr": "Reste à choisir : ", "en": "Still to choose: "}[language]
        why += ", ".join(said(item, language) for item in missing) + "."
        assert why in words(page)
        assert re.search(r"<button[^>]*\bdisabled\b[^>]*aria-describedby=\"why-not\"", page.content.decode())
    desk.post(reverse("admin:integration_run", args=[pk]))
    assert not Run.objects.exists()

    settings = reverse("admin:setup", args=[pk, "settings"])
    given = {"audience": "empty00002", "tag": "QuickBooks Online", "shared_email": "hold", "foreign_currency": "hold"}
    answer = desk.post(settings, {**given, "status_if_new": "subscribed"})
    assert answer.status_code == 200, "Subscribed was taken without a consent"
    answer = desk.post(settings, {**given, **SUBSCRIBED, "status_if_new": "subscribed", "audience": ""})
    assert answer.status_code == 200, "an empty audience was taken"
    desk.post(reverse("admin:integration_run", args=[pk]))
    assert not Run.objects.exists()
    answer = desk.post(settings, {**given, **SUBSCRIBED})
    assert answer.status_code == 302, words(answer)
    page = desk.get(home)
    assert "why-not" not in page.content.decode()
    assert {item.state for item in Connection.objects.all()} == {"connected"}

    desk.post(reverse("admin:integration_run", args=[pk]))
    run = Run.objects.get()
    tasks.work(run.pk)
    run.refresh_from_db()
    assert run.state == Run.State.PLANNED
    assert written(server, "mailchimp") == [] and contacts(server) == {}
    plan = desk.get(reverse("admin:run_plan", args=[run.pk]))
    assert "zoe501@fictive.example" in words(plan) or "Zoé Fictive 501" in words(plan)
    assert "F-701" in words(plan)
    assert reverse("admin:run_page", args=[run.pk]) in links(desk.get(reverse("admin:runs")))


@pytest.mark.row("M-11")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_settings_say_what_subscribed_and_non_subscribed_mean(house, desk, language):
    house.pair()
    speaks(house, language)
    told = words(desk.get(reverse("admin:setup", args=[house.integration.pk, "settings"])))
    status = next(item for item in RECIPE.settings if item.key == "status_if_new")
    assert said(status.help, language) in told
    for _, label in status.choices:
        assert said(label, language) in told


@pytest.mark.row("M-03")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_second_account_is_refused_with_the_name_of_the_first_and_the_way_to_disconnect(
    house, server, desk, language
):
    server.reset("demo")
    house.pair()
    house.run(approve=False)
    speaks(house, language)
    pk = house.integration.pk
    other = house.connect("mailchimp", account="f1c7000000000000000000002")
    page = desk.post(reverse("admin:setup", args=[pk, "connect_right"]), {"connection": other.pk})
    entry = registry.catalogue()["INTEGRATION-TAKEN"]
    assert page.status_code == 200
    names = {"account": "Atelier Boréal inc. (fictif)", "other": "Atelier Boréal (fictif)"}
    for sentence in (entry.what, entry.cure):
        assert said(sentence, language, **names) in words(page)
    assert reverse("admin:integration_disconnect", args=[pk]) in links(page)
    house.integration.refresh_from_db()
    assert house.integration.right.account_name == "Atelier Boréal (fictif)"


def ten_contacts(house, server):
    """Ten customers of whom one is in the audience already, four sales; all synced."""
    known = {"email_address": "zoe510@fictive.example", "status": "subscribed", "tags": ["Infolettre"]}
    server.load("mailchimp", list_id="empty00002", members=[known])
    books(server, *[customer(500 + at) for at in range(11)], Invoice=[sale(700 + at, 500 + at) for at in range(4)])
    house.pair()
    run = house.run()
    assert run.state == "done", (run.reason_code, run.counts)
    return run


@pytest.mark.row("M-16")
@pytest.mark.row("M-17")
@pytest.mark.row("M-18")
@pytest.mark.row("M-19")
@pytest.mark.row("M-20")
@pytest.mark.row("M-21")
def test_after_the_first_run_the_pages_say_so_count_list_and_lead_on(house, server, desk):
    run = ten_contacts(house, server)
    integration = house.integration
    home = reverse("admin:integration", args=[integration.pk])
    pages = {
        "list": reverse("admin:integrations"),
        "detail": home,
        "report": reverse("admin:run_page", args=[run.pk]),
        "connection": reverse("admin:connection", args=[integration.left_id]),
    }

    # M-16: success with time and counts.
    page = desk.get(home)
    told = words(page)
    assert re.search(r"The last run ended well on \d+ \w+ \d{4}, \d\d:\d\d \w+", told)
    assert ended(run, page)
    # Updated: the contact that was there, and the store, which stops being "importing" at the end.
    created = len(contacts(server)) - 1 + len(orders(server)) + len(store(server)["products"]) - 1 + 1
    assert f"Created: {created}. Updated: 2. Linked: 0. Held: 0." in told, told[told.find("Created") :][:60]
    page = desk.get(pages["connection"])
    told = words(page)
    assert ended(run, page)
    assert f"{run.counts['changed']} records written" in told

    # M-17: the label is where the integration is listed, shown and reported.
    for language in LANGUAGES:
        speaks(house, language)
        with translation.override(language):
            label = plain_html(beta_badge())
        for name, address in pages.items():
            assert label in words(desk.get(address)), (name, language)

    # M-18: contacts created and updated, counted and listed with links.
    speaks(house, "en")
    report = desk.get(pages["report"])
    for action, count in (("create", 10), ("update", 1)):
        address = next(
            item
            for item in links(report)
            if f"action={action}" in item and "entity=contact" in item and "changes" in item
        )
        listed = desk.get(address)
        assert f"{count} lines match" in words(listed)
        records = {item for item in links(listed) if re.fullmatch(r"/admin/records/\d+/", item)}
        assert len(records) == count
    # The vendor's own page is led to from a real account; a simulated contact has none.
    Connection.objects.filter(pk=integration.right_id).update(environment="live")
    listed = links(desk.get(reverse("admin:changes"), {"run": run.pk, "entity": "contact", "action": "create"}))
    assert sum(item.startswith("https://admin.mailchimp.com/audience/contact-profile") for item in listed) == 10
    Connection.objects.filter(pk=integration.right_id).update(environment="local_sandbox")

    # M-19: by tag, exactly the ten the hub created.
    listed = desk.get(reverse("admin:changes"), {"integration": integration.pk, "tag": "QuickBooks Online"})
    tagged = {
        item["contact_id"] for item in contacts(server).values() if item["email_address"] != "zoe510@fictive.example"
    }
    assert len(tagged) == 10
    assert {item["contact_id"] for item in contacts(server).values() if item["contact_id"] in words(listed)} == tagged
    assert "10 lines match" in words(listed)
    assert any("tag=QuickBooks%20Online" in item or "tag=QuickBooks+Online" in item for item in links(report))

    # M-20 and M-21: next steps and help, in both languages.
    for language in LANGUAGES:
        speaks(house, language)
        page = desk.get(home)
        for text, address in RECIPE.next_steps:
            assert address in links(page) and said(text, language) in words(page)
        assert any("/campaigns/" in item for item in links(page)) and any("/segments/" in item for item in links(page))
        index = desk.get(reverse("admin:help"))
        for key in ("segments", "automations", "campaigns"):
            address = reverse("admin:help_topic", args=["quickbooks_mailchimp", key])
            topic = next(item for item in RECIPE.help if item.key == key)
            assert address in links(page) and address in links(index)
            told = words(desk.get(address))
            assert said(topic.title, language) in told and said(topic.body, language) in told


def ended(run, page):
    """Tell whether a page shows the moment a run ended, in whatever time zone."""
    moments = re.findall(r'<time datetime="([^"]+)"', page.content.decode())
    return run.finished_at.replace(microsecond=0) in [datetime.fromisoformat(item) for item in moments]


def plain_html(text):
    """A snippet of HTML as the words a person reads."""
    return plain(re.sub(r"<[^>]+>", " ", str(text))).strip()


@pytest.mark.row("M-27")
@pytest.mark.parametrize("language", LANGUAGES)
def test_disconnect_pressed_once_changes_nothing_and_lists_what_the_second_one_does(house, server, desk, language):
    books(server, customer(501), Invoice=[sale(701, 501)])
    house.pair()
    house.run()
    speaks(house, language)
    pk = house.integration.pk
    address = reverse("admin:integration_disconnect", args=[pk])
    assert address in links(desk.get(reverse("admin:integration", args=[pk])))
    seen, runs = len(server.calls("mailchimp")), Run.objects.count()
    for answer in (desk.get(address), desk.post(address)):
        assert answer.status_code == 200
        told = words(answer)
        for effect in RECIPE.disconnect.effects:
            assert said(effect, language) in told
    assert len(RECIPE.disconnect.effects) == 4
    house.integration.refresh_from_db()
    assert house.integration.state == "active"
    assert Run.objects.count() == runs
    assert len(server.calls("mailchimp")) == seen and len(orders(server)) == 1
    answer = desk.post(address, {"understood": "yes"})
    assert answer.status_code == 302
    run = house.finish(Run.objects.latest("pk"))
    assert run.kind == Run.Kind.DISCONNECT and run.state == "done"
    assert orders(server) == {} and len(contacts(server)) == 1
    house.integration.refresh_from_db()
    assert house.integration.state == "disconnected"
    report = desk.get(reverse("admin:changes"), {"run": run.pk, "entity": "sale"})
    assert "F-701" in words(report)
