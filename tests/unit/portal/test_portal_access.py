"""Connecting with one's own login, withdrawing it, and who may see the pages."""

import re
from urllib.parse import urlsplit

import pytest
import requests
from django.core import mail
from django.test import Client
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, Membership, SignInState, User
from bridge.jobs import activity, connections, members
from connectors.contract import SettingInvalid
from tests import factories
from tests.house import House, Server
from tests.unit.portal.conftest import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def vendors():
    """The stand-ins of the vendors."""
    running = Server("demo")
    yield running
    running.close()


@pytest.fixture
def place(vendors, transactional_db, settings):
    """A client whose company was connected by staff; its consent has ended since."""
    settings.BRIDGE_SANDBOX_URL = vendors.url
    vendors.reset("demo")
    found = House(vendors)
    found.books = found.connect("quickbooks")
    pair = factories.integration(found.organization, left=found.books)
    Connection.objects.filter(pk=found.books.pk).update(state="attention", reason_code="QBO-GRANT-GONE")
    found.pair = pair
    return found


def sign_in(of, role="manager", **more) -> Client:
    client = Client()
    client.force_login(person(of, role, **{"language": "en", **more}))
    return client


def consent(answer, **choice):
    """Go to the vendor's page as the browser would, say yes there, and return the address it sends back to."""
    assert answer.status_code == 302 and answer["Referrer-Policy"] == "no-referrer"
    back = requests.get(answer["Location"], params={"auto": "1", **choice}, allow_redirects=False, timeout=20)
    return urlsplit(back.headers["Location"])


def link_of(connection) -> str:
    return urlsplit(connections.invitation_url(connection)).path


# connections


@pytest.mark.parametrize("role", ["manager", "accountant"])
def test_a_client_reconnects_by_the_link_with_their_own_login(place, role):
    client = sign_in(place.organization, role)
    page = client.get(link_of(place.books), follow=True)
    assert place.books.account_name in page.content.decode()
    host = registry.hosts("quickbooks", "local_sandbox").authorize
    assert f"form-action 'self' {'/'.join(host.split('/')[:3])};" in page["Content-Security-Policy"]
    here = page.redirect_chain[-1][0]
    back = consent(client.post(here, {"by": "consent"}))
    answer = client.get(f"{back.path}?{back.query}", follow=True)
    assert "is connected. What waited goes on by itself." in answer.content.decode()
    place.books.refresh_from_db()
    assert (place.books.state, place.books.reason_code) == ("connected", "")
    assert place.books.connected_by.memberships.get().role == role
    assert answer.redirect_chain[-1][0] == f"/portal/{place.organization.pk}/connections/"


def test_another_company_is_refused_in_plain_words(place):
    client = sign_in(place.organization)
    here = f"/portal/{place.organization.pk}/connections/{place.books.pk}/connect/"
    back = consent(client.post(here, {"by": "consent"}), realm="9130000000000002")
    answer = client.get(f"{back.path}?{back.query}", follow=True)
    assert "This is another account" in answer.content.decode()
    place.books.refresh_from_db()
    assert place.books.state == "attention"


def test_the_way_back_of_one_person_is_no_way_for_another(place):
    one, other = sign_in(place.organization), sign_in(place.organization)
    stranger = sign_in(factories.organization())
    here = f"/portal/{place.organization.pk}/connections/{place.books.pk}/connect/"
    back = consent(one.post(here, {"by": "consent"}))
    for client in (other, stranger):
        assert client.get(f"{back.path}?{back.query}").status_code == 404
    assert Client().get(f"{back.path}?{back.query}")["Location"].startswith("/accounts/login/")
    place.books.refresh_from_db()
    assert place.books.state == "attention" and SignInState.objects.latest("pk").used_at is None


def test_the_link_leads_nobody_of_another_client_anywhere_and_strangers_to_the_door(place):
    assert sign_in(factories.organization()).get(link_of(place.books)).status_code == 404
    answer = Client().get(link_of(place.books))
    assert answer["Location"] == f"/accounts/login/?next={link_of(place.books)}"


def test_a_viewer_reads_but_connects_and_withdraws_nothing(place):
    client = sign_in(place.organization, "viewer")
    here = f"/portal/{place.organization.pk}/connections/{place.books.pk}/"
    page = client.get(f"{here}connect/")
    assert page.status_code == 200 and 'name="by"' not in page.content.decode()
    assert client.post(f"{here}connect/", {"by": "consent"}).status_code == 403
    assert client.post(f"{here}revoke/", {"confirmed": "yes"}).status_code == 403
    trip = SignInState.objects.create(
        state="s", connection=place.books, user=User.objects.get(pk=client.session["_auth_user_id"]), session_key="x"
    )
    assert client.get("/connect/quickbooks/callback/", {"state": trip.state, "code": "c"}).status_code == 403


def test_withdrawing_wipes_the_access_at_once_and_the_vendor_is_told(place, vendors):
    client = sign_in(place.organization, first_name="Carla", last_name="Fictive")
    here = f"/portal/{place.organization.pk}/connections/{place.books.pk}/"
    back = consent(client.post(f"{here}connect/", {"by": "consent"}))
    client.get(f"{back.path}?{back.query}")
    run = factories.run(place.pair, state="reading")
    page = client.get(f"{here}revoke/").content.decode()
    assert "Our access to this account ends at once" in page
    assert client.post(f"{here}revoke/", {}).status_code == 200
    place.books.refresh_from_db()
    assert place.books.state == "connected" and place.books.sealed_grant
    client.post(f"{here}revoke/", {"confirmed": "yes"})
    place.books.refresh_from_db()
    run.refresh_from_db()
    assert (place.books.state, place.books.sealed_grant) == ("attention", "")
    assert place.books.reason_code == "CONNECTION-REVOKED" and run.stop_asked
    assert any("revoke" in call["path"] for call in vendors.calls("quickbooks"))
    told = client.get(f"/portal/{place.organization.pk}/connections/").content.decode()
    assert "Carla Fictive withdrew the access to this account." in told and "Reconnect needed" in told
    back = consent(client.post(f"{here}connect/", {"by": "consent"}))
    client.get(f"{back.path}?{back.query}")
    place.books.refresh_from_db()
    assert place.books.state == "connected"


def test_no_secret_stands_on_the_pages(place):
    client = sign_in(place.organization)
    for tail in ("", "connections/", f"connections/{place.books.pk}/connect/", "activity/"):
        page = client.get(f"/portal/{place.organization.pk}/{tail}").content.decode()
        assert "SECRET" not in page and place.books.sealed_grant[:20] not in page


# people


def test_a_manager_invites_somebody_who_gets_a_link_in_their_language(place):
    client = sign_in(place.organization)
    here = f"/portal/{place.organization.pk}/people/"
    new = {"email": "Marc@Client.example", "name": "Marc Fictif", "role": "accountant", "language": "fr"}
    told = client.post(here, new, follow=True).content.decode()
    assert "on its way to marc@client.example" in told and "Marc Fictif" in told
    marc = User.objects.get(email="marc@client.example")
    assert (marc.language, marc.has_usable_password(), marc.is_staff) == ("fr", False, False)
    assert marc.memberships.get().role == "accountant"
    assert mail.outbox[0].to == ["marc@client.example"] and "/accounts/link/" in mail.outbox[0].body
    again = client.post(here, new).content.decode()
    assert "marc@client.example can see this already." in again and Membership.objects.filter(user=marc).count() == 1


@pytest.mark.parametrize(
    "bad",
    [{"email": "nobody"}, {"email": ""}, {"role": "owner"}, {"language": "de"}, {"email": "x" * 300 + "@a.example"}],
)
def test_a_form_that_is_not_right_says_what_and_keeps_what_was_typed(place, bad):
    client = sign_in(place.organization)
    given = {"email": "a@client.example", "name": "Anaïs", "role": "viewer", "language": "fr", **bad}
    page = client.post(f"/portal/{place.organization.pk}/people/", given)
    assert page.status_code == 200 and "error-summary" in page.content.decode() and "Anaïs" in page.content.decode()
    assert not User.objects.filter(first_name="Anaïs").exists()


def test_staff_are_not_invited_and_a_person_of_two_clients_keeps_both(place):
    client = sign_in(place.organization)
    here = f"/portal/{place.organization.pk}/people/"
    ann = factories.staff("ann@house.example")
    given = {"email": ann.email, "name": "", "role": "manager", "language": "fr"}
    assert "belongs to the office" in client.post(here, given).content.decode()
    dan = person(factories.organization(), "manager", email="dan@both.example")
    client.post(here, {**given, "email": dan.email, "role": "viewer"})
    assert sorted(dan.memberships.values_list("role", flat=True)) == ["manager", "viewer"]


def test_a_person_sent_away_is_gone_and_the_last_manager_stays(place):
    client = sign_in(place.organization)
    marc = person(place.organization, "accountant")
    member = Membership.objects.get(user=marc)
    here = f"/portal/{place.organization.pk}/people/{member.pk}/remove/"
    client.post(here, {})
    assert Membership.objects.filter(pk=member.pk).exists()
    client.post(here, {"confirmed": "yes"})
    assert not Membership.objects.filter(pk=member.pk).exists() and User.objects.filter(pk=marc.pk).exists()
    me = Membership.objects.get(organization=place.organization)
    kept = client.post(f"/portal/{place.organization.pk}/people/{me.pk}/remove/", {"confirmed": "yes"}, follow=True)
    assert "is the only manager" in kept.content.decode() and Membership.objects.filter(pk=me.pk).exists()
    with pytest.raises(SettingInvalid):
        members.remove(me, me.user)


def test_people_are_listed_with_when_they_were_last_seen(place):
    client = sign_in(place.organization)
    person(place.organization, "viewer", first_name="Never", last_name="Here")
    User.objects.filter(first_name="Carla").update(last_login=timezone.now())
    page = re.sub(r"<[^>]+>", " ", client.get(f"/portal/{place.organization.pk}/people/").content.decode())
    assert "Never Here" in page and "Invited, not come in yet" in page and "not sent yet" in page


# activity


def test_activity_tells_decisions_by_whom_newest_first_and_exports_them(carla, mine):
    found = list(activity.decisions(carla_of(carla), mine.organization))
    assert [item.at for item in found] == sorted((item.at for item in found), reverse=True)
    page = carla.get(f"/portal/{mine.organization.pk}/activity/").content.decode()
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for words in (
        f"Zoé {mine.secret}", "are the same", f"Commented: Hm {mine.secret}", "Approved 1 planned record", "Connected Books",
    ):  # fmt: skip
        assert words in told, words
    sheet = b"".join(carla.get(f"/portal/{mine.organization.pk}/activity.csv").streaming_content).decode("utf-8-sig")
    assert len(sheet.strip().splitlines()) == len(found) + 1


def carla_of(client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_the_trip_back_needs_its_own_state(place):
    client = sign_in(place.organization)
    for query in ({}, {"state": "x"}, {"state": ""}):
        assert client.get("/connect/quickbooks/callback/", query).status_code == 404
    assert client.get("/connect/nobody/callback/", {"state": "x"}).status_code == 404


def test_the_office_sees_the_link_to_send(place):
    ann = Client()
    ann.force_login(place.ann)
    page = ann.get(f"/admin/connections/{place.books.pk}/").content.decode()
    assert connections.invitation_url(place.books) in page
