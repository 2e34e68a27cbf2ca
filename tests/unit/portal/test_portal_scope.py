"""Every address of the portal, with every role, method and form of id: one's own, and nobody else's."""

import ast
import re
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver, reverse

from bridge.hub.models import Membership
from bridge.portal import frame
from tests import factories
from tests.unit.portal.conftest import Place, person

pytestmark = pytest.mark.django_db
PORTAL = Path(frame.__file__).parent
ANYBODY = {"start"}  # addresses without anything of a client in them


def own(place: Place) -> dict[str, dict[str, Any]]:
    """Return, by address, the rows of a client it shows. An address that is missing here fails the walk."""
    at, pair, asked = place.connection.pk, place.integration.pk, place.question.pk
    return {
        "start": {},
        "invited": {"public_id": place.connection.public_id},
        "home": {},
        "documents": {"integration": pair, "side": "left"},
        "questions": {},
        "question": {"pk": asked},
        "question_mails": {},
        "question_answer": {"pk": asked},
        "question_comment": {"pk": asked},
        "question_pass": {"pk": asked},
        "moved": {},
        "moved_csv": {},
        "differences": {},
        "differences_comment": {"integration": pair},
        "reports": {},
        "report_ask": {},
        "report_plan": {},
        "report": {"pk": place.report.pk},
        "report_pdf": {"pk": place.report.pk},
        "report_csv": {"pk": place.report.pk},
        "report_xlsx": {"pk": place.report.pk},
        "connections": {},
        "connect": {"pk": at},
        "revoke": {"pk": at},
        "people": {},
        "member_again": {"pk": place.member.pk},
        "member_remove": {"pk": place.member.pk},
        "activity": {},
        "activity_csv": {},
    }


def patterns() -> dict[str, Any]:
    """Return every address of the portal by name."""
    found: dict[str, Any] = {}

    def walk(some: Any) -> None:
        for item in some:
            if hasattr(item, "url_patterns"):
                walk(item.url_patterns)
            else:
                found[item.name] = item

    walk(get_resolver("bridge.portal.urls").url_patterns)
    return found


NAMES = sorted(patterns())
SCOPED = sorted(set(NAMES) - ANYBODY - {"invited"})
NAMING = [name for name in SCOPED if set(patterns()[name].pattern.regex.groupindex) - {"side"}]  # rows besides


def address(name: str, place: Place, rows: dict[str, Any] | None = None) -> str:
    given = dict(own(place)[name] if rows is None else rows)
    if name in SCOPED:
        given["organization"] = given.get("organization", place.organization.pk)
    return reverse(f"portal:{name}", kwargs=given)


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))  # files too


def test_every_address_has_a_sample_here(mine):
    assert set(own(mine)) == set(NAMES)
    assert len(NAMES) > 15


@pytest.mark.fault("S01")
@pytest.mark.parametrize("name", NAMES)
def test_nobody_who_is_not_signed_in_gets_in(client, mine, name):
    answer = client.get(address(name, mine))
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    answer = client.post(address(name, mine))
    assert answer.status_code in (302, 405) and mine.secret not in body(answer)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", Membership.Role.values)
def test_ones_own_pages_open_and_hold_nothing_of_the_other_client(client, mine, theirs, name, role):
    client.force_login(person(mine.organization, role))
    answer = client.get(address(name, mine))
    assert answer.status_code in (200, 302), answer.status_code
    assert theirs.secret not in body(answer) and theirs.organization.name not in body(answer)


@pytest.mark.fault("S01")
@pytest.mark.parametrize("name", [*SCOPED, "invited"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head"])
def test_another_clients_address_is_answered_like_one_that_does_not_exist(carla, mine, theirs, name, method):
    call = getattr(carla, method)
    answer = call(address(name, theirs))
    assert answer.status_code == 404
    gone = dict(own(theirs)[name])
    if name == "invited":
        gone["public_id"] = uuid.uuid4()
    else:
        gone["organization"] = 10**7
    missing = call(address(name, theirs, gone))
    assert missing.status_code == 404 and without_token(missing) == without_token(answer)


def without_token(answer: Any) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return re.sub(r'name="next" value="[^"]*"', "", text)


@pytest.mark.fault("S01")
@pytest.mark.parametrize("name", NAMING)
@pytest.mark.parametrize("role", Membership.Role.values)
def test_another_clients_rows_under_ones_own_address_are_not_found(client, mine, theirs, name, role):
    """Every argument but the organization is taken from the other client, then from nobody."""
    rows = own(theirs)[name]
    foreign = {key: value for key, value in rows.items() if key != "side"}
    client.force_login(person(mine.organization, role))
    fixed = {key: value for key, value in rows.items() if key == "side"}
    for values in (foreign, dict.fromkeys(foreign, 10**7), dict.fromkeys(foreign, 10**30), dict.fromkeys(foreign, 0)):
        place = address(name, mine, {**fixed, **values, "organization": mine.organization.pk})
        assert client.get(place).status_code == 404
        answer = client.post(place, {"confirmed": "yes", "answer": "1", "text": "x", "about": "x"})
        assert answer.status_code in (403, 404, 405)
        assert theirs.secret not in body(answer)


@pytest.mark.parametrize("form", ["-1", "abc", "1%00", "%27", "999999999999999999999999999999", "٣"])
def test_odd_numbers_are_not_found_and_break_nothing(carla, form):
    for tail in ("", "questions/", "moved.csv"):
        assert carla.get(f"/portal/{form}/{tail}").status_code == 404


WRITES = {name: pattern.callback.post_right for name, pattern in patterns().items() if name in SCOPED}


@pytest.mark.parametrize("name", SCOPED)
@pytest.mark.parametrize("role", [*Membership.Role.values, ""])
def test_what_changes_something_asks_for_its_right_and_the_rest_takes_no_post(client, mine, name, role):
    """Role "": somebody of the office who looks at the client's pages."""
    if role:
        client.force_login(person(mine.organization, role))
    else:
        client.force_login(factories.staff())
        session = client.session
        session["seeing_as"] = {"organization": mine.organization.pk, "until": time.time() + 60}
        session.save()
        assert client.get(address(name, mine)).status_code in (200, 302)
    answer = client.post(address(name, mine))
    right = WRITES[name]
    if not right:
        assert answer.status_code == 405
    elif right in frame.RIGHTS.get(role, frozenset()):
        assert answer.status_code in (200, 302)
    else:
        assert answer.status_code == 403


def test_staff_see_no_clients_pages_unless_they_look_as_one(client, mine, theirs):
    client.force_login(factories.staff())
    assert client.get(address("home", mine)).status_code == 404
    session = client.session
    session["seeing_as"] = {"organization": mine.organization.pk, "until": time.time() + 60}
    session.save()
    page = client.get(address("home", mine))
    assert page.status_code == 200 and "Nothing can be changed from here" in body(page)
    assert client.get(address("home", theirs)).status_code == 404


def test_somebody_sent_away_or_switched_off_sees_nothing_any_more(client, mine):
    dan = person(mine.organization, "manager")
    client.force_login(dan)
    assert client.get(address("home", mine)).status_code == 200
    Membership.objects.filter(user=dan).delete()
    assert client.get(address("home", mine)).status_code == 404
    Membership.objects.create(user=dan, organization=mine.organization)
    dan.is_active = False
    dan.save()
    assert client.get(address("home", mine)).status_code == 302


def test_no_view_of_the_portal_reads_rows_but_through_for_user():
    """`Model.objects` is followed by `for_user`, or keeps to the person's own (`user=request.user`)."""
    wrong = []
    for path in sorted(PORTAL.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            if isinstance(owner, ast.Attribute) and owner.attr in ("objects", "_default_manager", "_base_manager"):
                mine_only = any(key.arg == "user" and "request.user" in ast.unparse(key.value) for key in node.keywords)
                if node.func.attr != "for_user" and not mine_only:
                    wrong.append(f"{path.name}:{node.lineno} {ast.unparse(node)[:80]}")
    assert not wrong, wrong


def test_every_view_but_the_two_doors_is_made_by_the_portals_own_guard():
    for name, pattern in patterns().items():
        assert hasattr(pattern.callback, "post_right") == (name in SCOPED), name
