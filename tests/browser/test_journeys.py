"""Journeys of staff in a real browser, in French and in English; at every stop the page itself is looked at."""

import re
import time

import pytest

from bridge import registry
from tests.browser.installation import ORGANIZATION
from tests.sandbox.small_world import customer

REALM, COMPANY = "9130000000000003", "Café du Coin Imaginaire enr. (fictif)"
CLIENTS, NEWS = "b0rea1cust", "b0rea1news"
RECIPE = registry.recipe("quickbooks_mailchimp")
READS = ("GET", "HEAD")


def setting(key):
    """A setting of the recipe."""
    return next(item for item in RECIPE.settings if item.key == key)


def consent_of(vendor):
    """How a vendor is signed in to by consent."""
    return registry.connector(vendor).sign_in[0]


def plain(text):
    """A text with its white space evened out, as `main` gives the page."""
    return re.sub(r"\s+", " ", text).strip()


def members(walk, audience=CLIENTS):
    """The contacts of an audience, by address."""
    return {item["email_address"]: item for item in walk.vendors.state("mailchimp")["members"][audience]}


def store(walk):
    """Our store at Mailchimp; {} where there is none."""
    return next(iter(walk.vendors.state("mailchimp")["stores"].values()), {})


def written(walk, vendor, since=0):
    """Calls that change something at a vendor, after the first `since` calls; signing in is none."""
    return [
        f"{call['method']} {call['path']}"
        for call in walk.vendors.calls(vendor)[since:]
        if call["method"] not in READS and "oauth" not in call["path"]
    ]


def edit(walk, *customers):
    """The bookkeeper adds or changes customers in the company's books."""
    walk.vendors.control("POST", "load/quickbooks", {"Customer": list(customers), "realm": REALM})


def consent_to_quickbooks(walk):
    """From the page that says what is asked for, through the vendor's, choosing one of three companies, and back."""
    walk.press("form:has(input[name=by][value=consent]) button")
    walk.page.wait_for_url("**/quickbooks/connect/oauth2**")
    walk.stop(ours=False)
    assert walk.page.locator("input[name=realm]").count() == 4
    walk.page.get_by_label(COMPANY).check()
    walk.press("button[value=connect]")
    walk.page.wait_for_url(f"{walk.base}/admin/**")


def connect(walk, side, vendor):
    """On the step of one side: say where the account lives, read what will be asked, go and come back."""
    walk.stop()
    walk.page.check('input[name=environment][value="local_sandbox"]')
    walk.press("form:has(input[name=do][value=new]) button")
    walk.page.wait_for_url(re.compile(r"/connect/\?next="))
    walk.stop()
    asked = walk.main()
    rights = consent_of(vendor).rights
    assert rights and all(plain(walk.says(right)) in asked for right in rights), "M-14: rights are told first"
    if vendor == "quickbooks":
        consent_to_quickbooks(walk)
    else:
        assert plain(walk.says(consent_of(vendor).before)) in asked, "M-02: an account is needed, and where to get one"
        assert walk.page.locator('a[href*="/signup"]').count() == 1
        walk.press("form:has(input[name=by][value=consent]) button")
        walk.page.wait_for_url("**/mailchimp/oauth2/authorize**")
        walk.stop(ours=False)
        walk.press("button[value=allow]")
        walk.page.wait_for_url(f"{walk.base}/admin/**")
    assert walk.path().endswith(f"/setup/connect_{side}/")
    walk.stop()


def set_up(walk):
    """Begin an integration, connect both sides by clicking, choose audience and status; returns its number."""
    walk.go("/admin/integrations/new/")
    walk.stop()
    walk.page.select_option("select[name=organization]", label=ORGANIZATION)
    walk.page.check("input[name=recipe][value=quickbooks_mailchimp]")
    walk.press("main form .button-main")
    walk.page.wait_for_url(re.compile(r"/admin/integrations/\d+/$"))
    number = walk.number()
    walk.press(".steps a")
    walk.page.wait_for_url("**/setup/connect_left/")
    connect(walk, "left", "quickbooks")
    assert COMPANY in walk.main() and REALM in walk.main(), "M-13: the company picked is shown with name and id"
    walk.press("main section .button-main")
    walk.page.wait_for_url("**/setup/connect_right/")
    connect(walk, "right", "mailchimp")

    walk.go(f"/admin/integrations/{number}/")
    walk.stop()
    why_not = plain(walk.page.inner_text("#why-not"))
    assert walk.page.locator("button:disabled").count() == 1, "M-12: the way to the plan is closed with a reason"
    assert walk.says(setting("audience").label) in why_not
    choose(walk, number)
    return number


def choose(walk, number):
    """Audience and status: subscribed asks for the basis of consent, so non-subscribed is taken."""
    walk.go(f"/admin/integrations/{number}/setup/settings/")
    walk.stop()
    assert plain(walk.says(setting("status_if_new").help)) in walk.main(), "M-11: what the states mean is told"
    walk.page.check(f"input[name=audience][value={CLIENTS}]")
    walk.page.check("input[name=status_if_new][value=subscribed]")
    assert walk.page.locator("#field-consent_basis").is_visible()
    walk.press("#settings .button-main")
    walk.page.wait_for_selector(".error-summary")
    assert walk.page.evaluate("document.activeElement.classList.contains('error-summary')")
    assert walk.page.locator(".error-summary a[href='#field-consent_basis']").count() == 1
    walk.stop()
    walk.page.check("input[name=status_if_new][value=transactional]")
    assert not walk.page.locator("#field-consent_basis").is_visible()
    walk.press("#settings .button-main")
    assert walk.page.locator(".error-summary").count() == 0


def start(walk, number):
    """Press the button to a run; returns the run's number."""
    walk.go(f"/admin/integrations/{number}/")
    walk.press(f'form[action$="/integrations/{number}/run/"] button')
    walk.page.wait_for_url("**/admin/runs/*/**")
    return walk.number()


def wait_for(walk, run, *states, seconds=60):
    """Wait until the run's page shows one of these states; the page follows by itself. Returns the state."""
    walk.go(f"/admin/runs/{run}/")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        phase = walk.page.locator("[data-phase]").first.get_attribute("data-phase")
        if phase in states:
            if walk.page.locator("[data-open=no]").count():
                walk.go(f"/admin/runs/{run}/")  # the page is about to reload itself: be ahead of it
            return phase
        walk.page.wait_for_timeout(200)
    raise AssertionError(f"run {run} is {phase}, not {states}: {walk.main()[:600]}")


def wait_for_change(walk, condition, seconds=30):
    """Wait until something outside the browser is so."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "nothing happened"
        walk.page.wait_for_timeout(200)
    return found


def first_run(walk, number):
    """Make the first plan, look at it, approve it, watch it, and see it end well."""
    news = members(walk, NEWS)
    run = start(walk, number)
    walk.stop()
    wait_for(walk, run, "planned")
    assert written(walk, "mailchimp") == [], "M-15: nothing is written before the plan was seen"
    walk.go(f"/admin/runs/{run}/plan/")
    walk.stop()
    assert registry.catalogue()["BRAKE-FIRST-RUN"].why.say(walk.language) in walk.main()
    assert walk.page.locator("tbody ins").count() > 5, "each field is shown before and after"

    # Slow enough to be watched.
    walk.vendors.faults({"kind": "delay", "vendor": "mailchimp", "path": "/batches", "seconds": 0.5})
    walk.press("button[name=do][value=approve].button-main")
    confirm(walk)
    wait_for(walk, run, "applying")
    assert walk.page.locator("[data-live] progress").count() == 1
    walk.stop()
    wait_for(walk, run, "done", "held")
    walk.vendors.faults()
    walk.stop()

    found = members(walk)
    assert len(found) >= 8, "M-08"
    assert {item["status"] for item in found.values()} == {"transactional"}, "M-10: nobody was subscribed"
    assert all({"QuickBooks Online"} <= {tag["name"] for tag in item["tags"]} for item in found.values()), "M-09"
    assert members(walk, NEWS) == news, "M-07: the other audience is as it was"
    assert len(store(walk)["orders"]) >= 6
    return run


def confirm(walk):
    """Read what is asked once more, and say yes."""
    walk.stop()
    walk.press("main form .button-main")


@pytest.fixture
def synced(traveller, rooms):
    """A traveller whose integration is set up and has had its first run, all by clicking."""
    if not rooms.synced:
        number = set_up(traveller)
        first_run(traveller, number)
        rooms.synced = number
    return traveller


def run_to_end(walk, *states):
    """Start a run, approve what waits, and wait for its end."""
    run = start(walk, walk.rooms.synced)
    if wait_for(walk, run, "planned", *states) == "planned":
        walk.go(f"/admin/runs/{run}/plan/")
        walk.press("button[name=do][value=approve].button-main")
        confirm(walk)
        wait_for(walk, run, *states)
    return run


@pytest.mark.row("M-16")
def test_an_account_is_connected_planned_approved_watched_and_seen_to_have_worked(synced, rooms):
    walk = synced
    walk.go(f"/admin/integrations/{rooms.synced}/")
    walk.stop()
    told = walk.main()
    assert re.search(r"\d{1,2}[:\s]?h?\s?\d\d", told), "the time of the last run"
    created = len(members(walk)) + len(store(walk)["orders"]) + len(store(walk)["products"])
    counted = [int(number) for number in re.findall(r"\d+", walk.page.inner_text(".alert-ok, .alert-warn >> nth=0"))]
    assert created in counted, (created, counted)
    walk.go("/admin/")
    walk.stop()


def test_a_person_finds_a_record_and_reads_why_it_is_where_it_is(synced):
    walk = synced
    address, contact = next(iter(members(walk).items()))
    walk.go("/admin/find/")
    walk.stop()
    walk.page.fill("input[name=q]", address)
    walk.press(".find-form .button-main")
    walk.page.wait_for_url(re.compile(r"/find/\?q="))
    walk.stop()
    walk.press(f'tbody tr:has-text("{COMPANY}") a[href^="/admin/records/"]')
    walk.page.wait_for_url("**/admin/records/*/")
    walk.stop()
    told = walk.page.content()
    assert address in told and contact["contact_id"] in told, "both sides are named"
    assert walk.page.locator("section[aria-labelledby=history-h] a[href^='/admin/runs/']").count() >= 1
    for headline in ("next-h", "links-h", "history-h", "calls-h", "facts-h"):
        assert walk.page.locator(f"#{headline}").is_visible()


def test_a_held_record_is_mended_and_retried(synced):
    walk = synced
    edit(walk, customer(7001, "aucun@aucun.example, deux@deux.example", DisplayName="Hector Retenu (fictif)"))
    run_to_end(walk, "held")
    walk.stop()
    walk.go("/admin/held/")
    walk.stop()
    walk.press('tbody a[href*="/held/CONTACT-EMAIL-SEVERAL/"]')
    walk.stop()
    assert "Hector Retenu" in walk.main()
    mended = "hector.retenu@courriel.example"
    edit(walk, {"Id": "7001", "PrimaryEmailAddr": {"Address": mended}})
    assert mended not in members(walk)
    walk.press('form[action*="/retry/"] button')
    walk.stop()
    wait_for_change(walk, lambda: mended in members(walk))


def test_a_grant_that_dies_in_the_middle_asks_to_reconnect_and_then_catches_up(synced, rooms):
    walk = synced
    people = [customer(number, DisplayName=f"Zoé Fictive {number}") for number in range(7101, 7105)]
    edit(walk, *people)
    wanted = {person["PrimaryEmailAddr"]["Address"] for person in people}
    walk.vendors.faults({"kind": "delay", "vendor": "quickbooks", "path": "/v3/", "seconds": 1.5})
    run = start(walk, rooms.synced)
    wait_for(walk, run, "reading")
    walk.vendors.control("POST", "faults", [{"kind": "revoke", "vendor": "quickbooks"}])
    wait_for(walk, run, "incomplete", "interrupted", "stopped")
    walk.stop()
    assert not wanted & members(walk).keys()

    walk.go("/admin/")
    walk.stop()
    walk.press('main a[href*="/admin/connections/"]')
    walk.page.wait_for_url("**/admin/connections/**")
    if "?" in walk.path():
        walk.press('tbody a[href^="/admin/connections/"]')
        walk.page.wait_for_url(re.compile(r"/admin/connections/\d+/$"))
    walk.stop()
    assert walk.page.locator(".alert-bad").count() == 1, "the banner"
    walk.press('main a[href$="/connect/"]')
    walk.page.wait_for_url("**/connect/")
    walk.stop()
    walk.vendors.faults()
    consent_to_quickbooks(walk)
    walk.stop()
    assert walk.page.locator(".alert-bad").count() == 0
    run_to_end(walk, "done", "held")
    assert wanted <= members(walk).keys(), "what came meanwhile was caught up with"


def test_the_language_switch_keeps_the_page_and_what_was_typed(synced, rooms):
    walk = synced
    walk.go(f"/admin/integrations/{rooms.synced}/setup/settings/")
    here = walk.path()
    walk.page.fill("input[name=tag]", "Pas encore enregistré")
    other = {"fr": "en", "en": "fr"}[walk.language]
    walk.press(f"[data-language-form] button[value={other}]")
    walk.page.wait_for_function(f"document.documentElement.lang === '{other}'")
    assert walk.path() == here
    assert walk.page.input_value("input[name=tag]") == "Pas encore enregistré"
    assert plain(setting("tag").help.say(other)) in walk.main()
    walk.press(f"[data-language-form] button[value={walk.language}]")
    walk.page.wait_for_function(f"document.documentElement.lang === '{walk.language}'")
    assert walk.path() == here
    assert walk.page.input_value("input[name=tag]") == "Pas encore enregistré"
    walk.stop()


@pytest.mark.row("M-24")
@pytest.mark.row("M-25")
@pytest.mark.row("M-26")
@pytest.mark.row("M-27")
def test_disconnecting_is_told_first_then_removes_the_orders_and_keeps_the_contacts(synced, rooms):
    walk = synced
    people, seen = members(walk), {vendor: len(walk.vendors.calls(vendor)) for vendor in ("quickbooks", "mailchimp")}
    walk.go(f"/admin/integrations/{rooms.synced}/")
    walk.press("main .actions .button-danger")
    walk.page.wait_for_url("**/disconnect/")
    walk.stop()
    effects = walk.page.locator(".rights li")
    assert effects.count() >= 4
    for sentence in RECIPE.disconnect.effects:
        assert plain(walk.says(sentence))[:25] in walk.main()
    walk.press("main form .button-danger")
    walk.page.wait_for_selector(".error-summary")
    walk.stop()
    assert written(walk, "mailchimp", seen["mailchimp"]) == [], "M-27: one press changes nothing"
    assert store(walk)["orders"]

    walk.page.check("input[name=understood]")
    walk.press("main form .button-danger")
    walk.stop()
    wait_for_change(walk, lambda: not store(walk).get("orders"))
    wait_for_change(walk, lambda: walk.page.reload() and walk.page.locator("[data-open=yes]").count() == 0)
    walk.stop()
    left = members(walk)
    assert left.keys() == people.keys(), "M-25"
    assert all(left[address]["merge_fields"] == people[address]["merge_fields"] for address in people)
    assert written(walk, "quickbooks", seen["quickbooks"]) == [], "M-26"
    rooms.spend()
