"""Journey 8: a conflict on one field decided by keyboard, many at once, and a rule; in French and in English."""

import json
import re

import pytest

from tests.browser.installation import ORGANIZATION

# A pair whose people have phones and companies that both sides changed; said with the ORM, as no run is needed for it.
_CONFLICTS = f"""
import json
from django.utils import timezone
from bridge.hub.models import Conflict, Connection, Environment, Flow, Integration, Link, MappingRule, Organization, Record
of = Organization.objects.get(name={ORGANIZATION!r})
left, right = (
    Connection.objects.create(organization=of, vendor=vendor, environment=Environment.LOCAL_SANDBOX,
                              account_id=f"con-{{vendor}}", account_name=name, state="connected")
    for vendor, name in (("quickbooks", "Livres Boréal (fictif)"), ("hubspot", "Contacts Boréal (fictif)"))
)
pair = Integration.objects.create(organization=of, recipe="quickbooks_hubspot", left=left, right=right, state="disconnected")
Integration.objects.filter(pk=pair.pk).update(state="active")
flow = Flow.objects.create(integration=pair, entity="contact", direction="both")
for toward in ("right", "left"):
    for name in ("phone", "company"):
        MappingRule.objects.create(flow=flow, source=name, target=name, toward=toward, on_conflict="ask")
def record(at, resource, n, name):
    return Record.objects.create(connection=at, resource=resource, remote_id=str(n), name=name, fingerprint=str(n).zfill(32),
                                 read_at=timezone.now(), document={{"id": str(n)}})
def conflict(n, name, field, agreed, one, other):
    link = Link.objects.create(integration=pair, entity="contact", left=record(left, "customers", n, name),
                               right=record(right, "contacts", n, name))
    facts = {{"left": {{"changed_at": "2026-11-20T10:00:00+00:00"}}, "right": {{"noticed_at": "2026-11-20T11:00:00+00:00"}}}}
    return Conflict.objects.create(link=link, field=field, twin_field=field, agreed=agreed, left=one, right=other, facts=facts)
ids = [conflict(1, "Jeanne Imaginaire", "phone", "514 555-0100", "514 555-0101", "438 555-0102").pk,
       conflict(2, "Omar Fictif", "phone", None, "514 555-0103", "514 555-0104").pk,
       conflict(3, "Ana Inventée", "phone", "514 555-0105", None, "514 555-0106").pk]
ids += [conflict(10 + n, f"Personne {{n}}", "company", "Fiction", "Fiction inc.", "FICTION INC").pk for n in range(3)]
print(json.dumps({{"conflicts": ids, "pair": pair.pk}}))
"""
_DECIDED = """
import json
from bridge.hub.models import Conflict, MappingRule
print(json.dumps({
    "decisions": dict(Conflict.objects.values_list("pk", "decision")),
    "values": dict(Conflict.objects.values_list("pk", "value")),
    "rules": sorted(MappingRule.objects.filter(target="company", flow__direction="both")
                    .values_list("toward", "on_conflict")),
}))
"""


def told(walk, script):
    """What a script says, run beside the web server in its installation."""
    return json.loads(walk.rooms.now.tell(script))


def press(walk, key):
    """Press a key that leads on, and wait for the next page."""
    with walk.page.expect_navigation():
        walk.page.keyboard.press(key)


def focused(walk):
    """The words of what has the focus."""
    return walk.page.evaluate("document.activeElement.innerText || ''")


@pytest.fixture
def disputes(traveller, rooms):
    """Six conflicts in an installation of their own, which is ended afterwards."""
    yield told(traveller, _CONFLICTS)
    rooms.spend()


def test_conflicts_are_decided_by_keyboard_only(traveller, disputes):
    walk, ids = traveller, [str(pk) for pk in disputes["conflicts"]]
    walk.go("/admin/conflicts/")
    walk.stop()
    walk.page.keyboard.press("?")
    assert walk.page.get_by_text(walk.words("the left system wins")).is_visible()
    walk.stop()
    for _ in range(4):
        walk.page.keyboard.press("j")
    assert "Jeanne" in focused(walk)
    press(walk, "1")
    assert told(walk, _DECIDED)["decisions"][ids[0]] == "left"
    walk.stop()
    assert focused(walk), "the focus is where the next decision is made"
    press(walk, "u")
    assert told(walk, _DECIDED)["decisions"][ids[0]] == "open"
    for _ in range(6):
        walk.page.keyboard.press("j")
        if "Omar" in focused(walk):
            break
    press(walk, "Enter")
    assert f"/admin/conflicts/{ids[1]}/" in walk.path()
    walk.stop()
    press(walk, "2")
    assert told(walk, _DECIDED)["decisions"][ids[1]] == "right"

    walk.go(f"/admin/conflicts/{ids[2]}/")
    walk.stop()
    walk.page.fill("#value", "514 555-0199")
    press(walk, "Enter")
    now = told(walk, _DECIDED)
    assert (now["decisions"][ids[2]], now["values"][ids[2]]) == ("value", "514 555-0199")
    walk.stop()


def test_many_are_decided_after_naming_the_number_and_one_becomes_a_rule(traveller, disputes):
    walk, ids = traveller, [str(pk) for pk in disputes["conflicts"]]
    walk.go("/admin/conflicts/?field=phone")
    walk.stop()
    walk.page.locator("input[name=all][value='1']").check()
    walk.press(".bulk button[value=right]")
    assert re.search(r"\b3\b", walk.main())
    walk.stop()
    walk.press("main form .button-main")
    now = told(walk, _DECIDED)["decisions"]
    assert [now[pk] for pk in ids[:3]] == ["right"] * 3 and now[ids[3]] == "open"
    walk.stop()

    walk.go(f"/admin/conflicts/{ids[3]}/")
    walk.page.keyboard.press("r")
    press(walk, "Enter")
    walk.stop()
    walk.press("main form .button-main")
    now = told(walk, _DECIDED)
    assert now["rules"] == [["left", "target"], ["right", "source"]]
    assert {now["decisions"][pk] for pk in ids[3:]} == {"left"}
    walk.go("/admin/conflicts/")
    walk.stop()


def test_keys_can_be_turned_off_and_the_page_fits_a_phone(traveller, disputes):
    walk, ids = traveller, [str(pk) for pk in disputes["conflicts"]]
    walk.go(f"/admin/conflicts/{ids[0]}/")
    walk.page.keyboard.press("?")
    walk.page.locator("[data-keys-on]").uncheck()
    walk.page.locator("h1").click()
    walk.page.keyboard.press("1")
    walk.page.wait_for_timeout(300)
    assert told(walk, _DECIDED)["decisions"][ids[0]] == "open"
    walk.page.set_viewport_size({"width": 360, "height": 740})
    walk.stop()
    walk.go("/admin/conflicts/")
    walk.stop()
