"""Journey 7: duplicates decided by keyboard only, a merge undone; in French and in English, looked at on every page."""

import json
import re

import pytest

from tests.browser.installation import ORGANIZATION

# A client whose books and newsletter hold people who may be the same; said with the ORM, as no run is needed for it.
_PEOPLE = f"""
import json
from decimal import Decimal
from django.utils import timezone
from bridge.hub.models import Candidate, Connection, Double, Environment, Flow, Integration, Link, Organization, Record
of = Organization.objects.get(name={ORGANIZATION!r})
left, right = (
    Connection.objects.create(organization=of, vendor=vendor, environment=Environment.LOCAL_SANDBOX,
                              account_id=f"dup-{{vendor}}", account_name=name, state="connected")
    for vendor, name in (("quickbooks", "Livres Boréal (fictif)"), ("mailchimp", "Infolettre Boréal (fictif)"))
)
pair = Integration.objects.create(organization=of, recipe="quickbooks_mailchimp", left=left, right=right, state="paused")
for entity in ("contact", "sale"):
    Flow.objects.create(integration=pair, entity=entity)
made = iter(range(1, 1000))
def customer(given, family, email, phone=""):
    n = str(next(made))
    return Record.objects.create(
        connection=left, resource="customers", remote_id=n, name=f"{{given}} {{family}}", email_key=email,
        name_key=" ".join(sorted(f"{{given}} {{family}}".lower().split())), fingerprint=n.zfill(32), read_at=timezone.now(),
        document={{"Id": n, "DisplayName": f"{{given}} {{family}}", "GivenName": given, "FamilyName": family, "Active": True,
                  "SyncToken": "0", "PrimaryEmailAddr": {{"Address": email}} if email else None,
                  "PrimaryPhone": {{"FreeFormNumber": phone}} if phone else None}})
def member(given, family, email):
    n = f"m{{next(made)}}"
    return Record.objects.create(
        connection=right, resource="members", remote_id=n, name=f"{{given}} {{family}}", email_key=email,
        name_key=" ".join(sorted(f"{{given}} {{family}}".lower().split())), fingerprint=n.zfill(32), read_at=timezone.now(),
        document={{"id": n, "contact_id": n, "email_address": email, "status": "transactional",
                  "merge_fields": {{"FNAME": given, "LNAME": family}}}})
def ask(one, other, score):
    return Candidate.objects.create(integration=pair, entity="contact", left=one, right=other, score=Decimal(score))
jane = customer("Jeanne", "Imaginaire", "jeanne@exemple.example", "514-555-0101")
ids = [ask(jane, member("Jeannette", "Imaginaire", "jeanne@exemple.example"), "0.95").pk,
       ask(customer("Omar", "Fictif", ""), member("Omar", "Fictif", "omar@exemple.example"), "0.80").pk,
       ask(customer("Ana", "Inventée", "ana@exemple.example"), member("Anna", "Inventée", "anna@exemple.example"), "0.70").pk]
ids += [ask(customer(f"Person{{n}}", "Inventé", f"p{{n}}@exemple.example"), member(f"Persone{{n}}", "Inventé", f"p{{n}}@exemple.example"),
            "0.60").pk for n in range(3)]
for n, amount in enumerate((120, 80)):
    Record.objects.create(connection=left, resource="invoices", remote_id=f"i{{n}}", party=jane.remote_id, name=f"F-10{{n}}",
                          number=f"F-10{{n}}", amount=amount, currency="CAD", date="2026-10-0%d" % (n + 1), document={{"Id": f"i{{n}}"}},
                          fingerprint=f"{{n}}", read_at=timezone.now())
one, other = customer("Luc", "Double", "luc@exemple.example"), customer("L.", "Double", "luc@exemple.example", "514-555-0102")
Link.objects.create(integration=pair, entity="contact", left=other, right=member("Luc", "Double", "luc@exemple.example"))
double = Double.objects.create(connection=left, entity="contact", left=one, right=other, score=Decimal("0.85"))
print(json.dumps({{"pairs": ids, "double": double.pk, "link": Link.objects.get().pk}}))
"""
_LINKS = """
import json
from bridge.hub.models import Candidate, Link, Merge, Record
print(json.dumps({
    "links": sorted(Link.objects.values_list("pk", "left__name", "right__name", "shared", "made_by")),
    "decisions": dict(Candidate.objects.values_list("pk", "decision")),
    "merges": list(Merge.objects.values_list("state", flat=True)),
    "merged": list(Record.objects.exclude(merged_into="").values_list("name", flat=True)),
}))
"""


def told(walk, script):
    """What a script says, run beside the web server in its installation."""
    return json.loads(walk.rooms.now.tell(script))


def press(walk, key):
    """Press a key that leads to another page."""
    with walk.page.expect_navigation():
        walk.page.keyboard.press(key)


def focused(walk):
    """What has the focus: its id, or the words of it."""
    return walk.page.evaluate("document.activeElement.id || document.activeElement.innerText")


@pytest.fixture
def people(rooms, traveller):
    """The pairs, in an installation nobody used; it is spent afterwards."""
    made = told(traveller, _PEOPLE)
    yield made
    rooms.spend()


def test_duplicates_are_decided_by_keyboard_only_and_the_merge_is_undone(traveller, people):
    walk, first = traveller, people["pairs"]
    before = told(walk, _LINKS)
    walk.go("/admin/duplicates/")
    walk.stop()
    walk.page.keyboard.press("?")
    assert walk.page.get_by_text(walk.words("tick this line, or take the tick away")).is_visible()
    walk.stop()
    walk.page.keyboard.press("j")
    walk.page.keyboard.press("j")
    assert "Omar Fictif" in focused(walk)
    walk.page.keyboard.press("t")
    assert walk.page.locator("[name=pick]:checked").count() == 1
    walk.page.keyboard.press("t")

    press(walk, "o")
    assert walk.path() == f"/admin/duplicates/between/{first[0]}/"
    walk.stop()
    assert "F-101" in walk.main()
    assert walk.page.locator("ins", has_text="Jeannette").count() == 2, "in the name shown and in the first name"
    press(walk, "s")
    assert walk.path().startswith(f"/admin/duplicates/between/{first[1]}/")
    assert focused(walk) == "pair", "the focus is where the next decision is made"
    walk.stop()
    press(walk, "d")
    assert walk.path().startswith(f"/admin/duplicates/between/{first[2]}/")
    press(walk, "l")
    now = told(walk, _LINKS)
    assert [now["decisions"][str(pk)] for pk in first[:3]] == ["same", "never", "later"]
    assert len(now["links"]) == 2
    for _ in range(3):
        press(walk, "u")
        walk.stop()
    assert walk.path().startswith(f"/admin/duplicates/between/{first[0]}/")
    assert told(walk, _LINKS) == before, "three times undo, and all is as it was"

    press(walk, "j")
    press(walk, "k")
    assert walk.path().startswith(f"/admin/duplicates/between/{first[0]}/")

    walk.go(f"/admin/duplicates/inside/{people['double']}/")
    walk.stop()
    press(walk, "m")
    walk.stop()
    walk.page.keyboard.press("Tab")
    for _ in range(60):
        if walk.page.evaluate("document.activeElement.name") == "keep":
            break
        walk.page.keyboard.press("Tab")
    assert walk.page.evaluate("document.activeElement.checked"), "the one more hangs on is suggested"
    walk.page.keyboard.press("ArrowUp")
    press(walk, "Enter")
    walk.page.wait_for_url(re.compile(r"/duplicates/merges/\d+/$"))
    walk.stop()
    merged = told(walk, _LINKS)
    assert (merged["merges"], merged["merged"]) == (["done"], ["L. Double"])
    assert [link[1:4] for link in merged["links"]] == [
        ["Luc Double", "Luc Double", False],
        ["L. Double", "Luc Double", True],
    ]
    press(walk, "u")
    walk.stop()
    after = told(walk, _LINKS)
    assert after == {**before, "merges": ["undone"]}
    assert walk.path() == f"/admin/duplicates/inside/{people['double']}/"
    press(walk, "x")
    assert walk.path() == f"/admin/duplicates/links/{people['link']}/split/"
    walk.stop()
    walk.go("/admin/duplicates/merges/")
    walk.stop()


def test_keys_can_be_turned_off_and_many_are_decided_after_asking(traveller, people):
    walk, first = traveller, people["pairs"]
    walk.go(f"/admin/duplicates/between/{first[0]}/")
    walk.page.keyboard.press("?")
    walk.page.locator("[data-keys-on]").uncheck()
    walk.page.locator("h1").click()
    walk.page.keyboard.press("d")
    walk.page.wait_for_timeout(300)
    assert told(walk, _LINKS)["decisions"][str(first[0])] == "open"
    walk.page.reload()
    walk.page.keyboard.press("d")
    walk.page.wait_for_timeout(300)
    assert told(walk, _LINKS)["decisions"][str(first[0])] == "open", "turned off stays off"
    walk.page.locator(".keys summary").click()
    walk.page.locator("[data-keys-on]").check()

    walk.go("/admin/duplicates/?equal=email")
    walk.stop()
    walk.page.locator("input[name=all][value='1']").check()
    walk.press("button[name=do][value=later]")
    walk.stop()
    walk.press("main form .button-main")
    now = told(walk, _LINKS)["decisions"]
    assert sorted(pk for pk, decision in now.items() if decision == "later") == sorted(
        str(pk) for pk in (first[0], *first[3:])
    )
    walk.go("/admin/duplicates/?state=later")
    walk.stop()
    walk.go("/admin/duplicates/?state=never")
    walk.stop()
    walk.go("/admin/duplicates/?kind=inside")
    walk.stop()
    walk.press("form[action$='/duplicates/search/'] button")
    walk.page.wait_for_selector("[data-open=no]", timeout=60_000)
    walk.go(walk.path())  # the page is about to reload itself: be ahead of it
    walk.stop()
    walk.go("/admin/duplicates/documents/1/")
    walk.stop()
