"""Invitations and links by mail: one use, for a while, for the invited person only."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import SignInLink, User
from bridge.jobs import links
from tests import factories
from tests.unit.accounts.conftest import PASSWORD, give_app, link_in, sign_in, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"password1": PASSWORD, "password2": PASSWORD}


def work_the_queue() -> list[str]:
    """Do what a worker would do with links that were asked for."""
    return [
        links.send(pk) for pk in SignInLink.objects.filter(kind="sign_in", mailed_at=None).values_list("pk", flat=True)
    ]


def ask(client: Client, email: str, **more: str):
    """Ask for a link by mail, and have the worker send it."""
    answer = client.post("/accounts/link/", {"email": email, **more})
    work_the_queue()
    return answer


@pytest.fixture
def invited(ann) -> User:
    """Somebody of a client, just invited, who reads French."""
    person = factories.client_person(
        factories.organization(name="Atelier Inventé"), email="paul@client.example", language="fr"
    )
    assert links.invite(person, ann)
    return person


def test_an_invited_person_of_a_client_chooses_a_password_or_comes_in_without(client, invited):
    assert mail.outbox[0].to == ["paul@client.example"] and "Atelier Inventé" in mail.outbox[0].body
    path = link_in()
    for _ in range(3):  # mail programs look at links before people do
        assert client.get(path).status_code == 200
    assert client.post(path, {"password1": "", "password2": ""})["Location"] == "/"
    assert signed_in(client)
    invited.refresh_from_db()
    assert not invited.has_usable_password() and invited.last_login


def test_a_chosen_password_is_the_password_from_then_on(client, invited):
    path = link_in()
    refused = client.post(path, {"password1": PASSWORD, "password2": "another one"})
    assert refused.status_code == 200 and not signed_in(client)
    assert client.post(path, {"password1": "12345678", "password2": "12345678"}).status_code == 200
    assert client.post(path, NEW).status_code == 302 and signed_in(client)
    other = Client()
    assert sign_in(other, invited).status_code == 302 and signed_in(other)


@pytest.mark.fault("S12")
def test_the_office_needs_a_password_and_then_the_second_step(client, ann):
    new = factories.staff("new@house.example")
    links.invite(new, ann)
    path = link_in()
    assert client.post(path, {"password1": "", "password2": ""}).status_code == 200 and not signed_in(client)
    client.post(path, NEW)
    assert client.get("/admin/")["Location"] == reverse("mfa_index")


def test_a_link_works_once(client, invited):
    path = link_in()
    client.post(path, NEW)
    other = Client()
    assert other.get(path).status_code == 404
    assert other.post(path, NEW).status_code == 404 and not signed_in(other)


def test_two_who_press_at_once_are_one_who_comes_in(invited):
    secret = link_in().rstrip("/").rpartition("/")[2]
    first, second = links.find(secret), links.find(secret)
    assert [links.use(first), links.use(second)] == [True, False]


def test_a_link_runs_out(client, invited):
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link_in()).status_code == 404
    assert client.post(link_in(), NEW).status_code == 404 and not signed_in(client)


def test_sending_again_ends_the_link_sent_before(client, invited, ann):
    first = link_in()
    client.force_login(ann)
    client.session.save()
    links.invite(invited, ann)
    guest = Client()
    assert guest.get(first).status_code == 404 and guest.get(link_in()).status_code == 200


def test_an_invitation_taken_back_opens_nothing_and_can_be_given_again(client, invited, ann, settings):
    settings.STAFF_SECOND_STEP = False
    client.force_login(ann)
    path = link_in()
    assert "sent " in client.get(reverse("admin:hub_user_changelist")).content.decode()
    client.post(reverse("admin:invitation_withdraw", args=[invited.pk]))
    guest = Client()
    assert guest.get(path).status_code == 404
    ask(guest, invited.email)
    assert len(mail.outbox) == 1, "a link went to somebody whose invitation was taken back"
    assert "taken back" in client.get(reverse("admin:hub_user_changelist")).content.decode()
    client.post(reverse("admin:invite", args=[invited.pk]))
    assert guest.post(link_in(), NEW).status_code == 302 and signed_in(guest)


def test_managers_see_who_was_invited_send_again_and_take_back(client, carla):
    organization = carla.memberships.get().organization
    client.force_login(carla)
    here = reverse("portal:people", args=[organization.pk])
    client.post(here, {"email": "zoe@client.example", "name": "Zoé Fictive", "role": "viewer", "language": "fr"})
    zoe = organization.memberships.get(user__email="zoe@client.example")
    page = client.get(here).content.decode()
    assert "Invited, not come in yet" in page and "Zoé Fictive" in page and "good until" in page
    first = link_in()
    client.post(reverse("portal:member_again", args=[organization.pk, zoe.pk]))
    assert len(mail.outbox) == 2 and Client().get(first).status_code == 404
    client.post(reverse("portal:member_remove", args=[organization.pk, zoe.pk]), {"confirmed": "yes"})
    assert Client().get(link_in()).status_code == 404
    assert not organization.memberships.filter(user__email="zoe@client.example").exists()
    zoe.user.refresh_from_db()
    assert not zoe.user.is_active


def test_somebody_switched_off_by_the_office_is_not_let_in_by_a_client(client, carla):
    organization = carla.memberships.get().organization
    factories.client_person(factories.organization(), email="gone@client.example", is_active=False)
    client.force_login(carla)
    told = client.post(
        reverse("portal:people", args=[organization.pk]),
        {"email": "gone@client.example", "name": "", "role": "viewer", "language": "en"},
    ).content.decode()
    assert "switched off" in told and not organization.memberships.filter(user__email="gone@client.example").exists()


def test_who_has_come_in_gets_no_invitation_but_a_way_to_a_new_password(client, ann, carla, settings):
    settings.STAFF_SECOND_STEP = False
    sign_in(Client(), carla)
    client.force_login(ann)
    client.post(reverse("admin:invite", args=[carla.pk]))
    assert "/accounts/password/reset/key/" in mail.outbox[-1].body


# Links to sign in


def test_a_client_comes_in_with_a_link_and_lands_where_it_was_wanted(client, carla):
    organization = carla.memberships.get().organization_id
    wanted = f"/portal/{organization}/questions/"
    ask(client, " Carla@Client.example ", next=wanted)
    phone = Client()
    path = link_in()
    assert phone.get(path).status_code == 200 and not signed_in(phone)
    assert phone.post(path)["Location"] == wanted and signed_in(phone)
    assert Client().post(path).status_code == 404


@pytest.mark.fault("S13")
def test_the_answer_is_the_same_for_every_address(client, carla, ann):
    switched_off = factories.client_person(factories.organization(), email="off@client.example", is_active=False)
    told = []
    for email in (carla.email, ann.email, switched_off.email, "nobody@elsewhere.example"):
        answer = client.post("/accounts/link/", {"email": email})
        told.append((answer.status_code, answer["Location"], sorted(answer.cookies)))
    assert len(set(map(str, told))) == 1
    work_the_queue()
    assert {message.to[0] for message in mail.outbox} == {carla.email, ann.email}


@pytest.mark.fault("S12")
def test_a_link_is_no_way_round_the_second_step(client, ann, carla):
    ask(client, ann.email)
    assert "/accounts/link/" not in mail.outbox[-1].body and "/accounts/login/" in mail.outbox[-1].body
    # nor where somebody came to the office after asking
    client.post("/accounts/link/", {"email": carla.email})
    work_the_queue()
    path = link_in()
    User.objects.filter(pk=carla.pk).update(is_staff=True)
    assert client.post(path).status_code == 404 and not signed_in(client)


def test_a_client_with_a_second_step_takes_it_after_the_link_too(client, carla):
    give_app(carla)
    ask(client, carla.email)
    assert client.post(link_in())["Location"] == reverse("mfa_authenticate") and not signed_in(client)


def test_links_to_one_address_are_few_and_to_all_from_one_place_limited(client, carla):
    for _ in range(6):
        assert ask(client, carla.email).status_code == 302
    assert len(mail.outbox) == 3
    codes = [client.post("/accounts/link/", {"email": f"x{n}@elsewhere.example"}).status_code for n in range(20)]
    assert 429 in codes


def test_the_secret_stands_in_the_mail_and_nowhere_else(client, carla, caplog):
    ask(client, carla.email)
    secret = link_in().rstrip("/").rpartition("/")[2]
    stored = str(list(SignInLink.objects.values()))
    assert secret not in stored and secret not in caplog.text
    from django_q.models import OrmQ, Task

    assert secret not in "".join(item.payload for item in OrmQ.objects.all()) + str(list(Task.objects.values()))


def test_the_link_is_built_from_the_settings_whatever_the_request_says(client, carla, settings):
    settings.BRIDGE_BASE_URL = "https://bridge.example.com"
    settings.ALLOWED_HOSTS = ["*"]
    client.post("/accounts/link/", {"email": carla.email}, headers={"host": "evil.example"})
    work_the_queue()
    assert "https://bridge.example.com/accounts/link/" in mail.outbox[-1].body and "evil" not in mail.outbox[-1].body
    client.post("/accounts/password/reset/", {"email": carla.email}, headers={"host": "evil.example"})
    assert "https://bridge.example.com/accounts/password/" in mail.outbox[-1].body
    assert "evil" not in mail.outbox[-1].body


def test_whoever_is_signed_in_as_somebody_else_becomes_the_person_of_the_link(client, carla):
    client.force_login(factories.client_person(factories.organization(), email="dan@other.example"))
    before = client.session.session_key
    client.get("/accounts/link/sent/")
    links.ask(carla.email)
    work_the_queue()
    client.post(link_in())
    assert int(client.session["_auth_user_id"]) == carla.pk and client.session.session_key != before
