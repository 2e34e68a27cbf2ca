"""The named worlds: which accounts, audiences and people there are at the start. Everybody is invented."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.mailchimp import merge, people
from connectors.sandbox.mailchimp.account import Account, Audience, World
from connectors.sandbox.worlds import Person
from connectors.sandbox.worlds import people as invented_people

FIRST_ACCOUNT = "f1c7000000000000000000001"
SECOND_ACCOUNT = "f1c7000000000000000000002"
NEWSLETTER = "b0rea1news"
CUSTOMERS = "b0rea1cust"
SECOND_LIST = "ph4re10001"
FIRST_KEY = "SECRET-sandbox-atelier-boreal-us19"
SECOND_KEY = "SECRET-sandbox-phare-perdu-us19"
MANAGER_KEY = "SECRET-sandbox-atelier-boreal-2-us19"
EMPTY_LISTS = ("empty00001", "empty00002")
CREATED = int(datetime(2024, 3, 1, 14, tzinfo=UTC).timestamp())
JOINED = int(datetime(2025, 2, 3, 15, tzinfo=UTC).timestamp())
DAY = 86400
NEWSLETTER_PEOPLE = 84
STRANGERS = 36
FRENCH_TAG, ENGLISH_TAG, FAIR_TAG, VIP_TAG = "Infolettre FR", "Newsletter EN", "Salon 2025", "Fidèle"
STRANGE_NAMES = ("Alix", "Camille", "Dominique", "Frédérique", "Maxence", "Sacha")
STRANGE_FAMILIES = ("Nullepart", "Personne", "Quiconque", "Sansadresse", "Trucmuche", "Untel")


def build(world: World, name: str) -> dict[str, Account]:
    """The accounts of a named world by id. Raises `SandboxError` for a name that is none."""
    if name == "empty":
        account = _account(world, FIRST_ACCOUNT, "Compte vide (fictif)", "vide", {FIRST_KEY, MANAGER_KEY})
        for place, list_id in enumerate(EMPTY_LISTS):
            new_audience(account, list_id, ("Infolettre", "Clients")[place])
        return {account.id: account}
    if name != "demo":
        raise SandboxError(f"mailchimp has no world {name!r}; known: demo, empty")
    first = _account(world, FIRST_ACCOUNT, "Atelier Boréal (fictif)", "boreal", {FIRST_KEY, MANAGER_KEY})
    _fill_newsletter(new_audience(first, NEWSLETTER, "Infolettre de l'Atelier Boréal", phone_format="none"))
    new_audience(first, CUSTOMERS, "Clients")
    second = _account(world, SECOND_ACCOUNT, "Phare Perdu (fictif)", "phare", {SECOND_KEY})
    new_audience(second, SECOND_LIST, "Amis du Phare", double_optin=True)
    return {first.id: first, second.id: second}


def _account(world: World, account_id: str, name: str, login: str, keys: set[str]) -> Account:
    details: Document = {
        "login_id": int(account_id[-4:]) + 7000,
        "name": f"sandbox-{login}",
        "email": f"{login}@connexion.example",
        "first_name": "Ariane",
        "last_name": "Fictive",
    }
    return Account(account_id, name, details, keys, world)


def new_audience(
    account: Account, list_id: str, name: str, *, double_optin: bool = False, phone_format: str = "US"
) -> Audience:
    """An audience with the merge fields every new one has."""
    contact: Document = {
        "company": account.name,
        "address1": "1, rue Inventée",
        "city": "Montréal",
        "state": "QC",
        "zip": "H2X 1A1",
        "country": "CA",
    }
    sender: Document = {
        "from_name": account.name,
        "from_email": account.login["email"],
        "subject": "",
        "language": "fr",
    }
    number = account.number()
    audience = Audience(
        id=list_id,
        web_id=number,
        name=name,
        created=CREATED + (number - 100_001) * DAY,
        account=account,
        double_optin=double_optin,
        details={"contact": contact, "campaign_defaults": sender, "permission_reminder": "Vous êtes inscrit."},
        merge_fields=merge.default_fields(phone_format),
    )
    account.audiences[list_id] = audience
    return audience


def _fill_newsletter(audience: Audience) -> None:
    """People who are customers elsewhere too, and some who are known only here, in every status."""
    field = merge.new_field(6, {"tag": "COMPANY", "name": "Entreprise", "type": "text"})
    audience.merge_fields[6] = field
    known = [person for person in invented_people() if person.email][:NEWSLETTER_PEOPLE]
    seen: set[str] = set()
    for place, person in enumerate(known):
        if person.email.lower() not in seen:
            seen.add(person.email.lower())
            _add(audience, place, _subscriber(person, place))
    for place in range(STRANGERS):
        _add(audience, NEWSLETTER_PEOPLE + place, _stranger(place))


def _status(place: int) -> Document:
    """Most are subscribed; the rest are there so that every rule about consent can be met."""
    special: dict[int, Document] = {
        3: {"status": "unsubscribed", "unsubscribe_reason": "Je ne veux plus recevoir ces courriels"},
        7: {"status": "unsubscribed"},
        11: {"status": "cleaned"},
        13: {"status": "archived"},
        17: {"status": "transactional"},
        19: {"status": "unsubscribed", "unsubscribe_reason": "Signalé comme spam"},
    }
    return special.get(place % 21, {"status": "subscribed"})


def _subscriber(person: Person, place: int) -> Document:
    french = person.language == "fr"
    values: Document = {"FNAME": person.given_name, "LNAME": person.family_name, "COMPANY": person.company}
    if place % 2:
        values["PHONE"] = person.phone
    if place % 3 == 0:
        values["ADDRESS"] = {
            "addr1": person.street[:45],
            "city": person.city,
            "state": person.region,
            "zip": person.postcode,
            "country": person.country,
        }
    tags = [FRENCH_TAG if french else ENGLISH_TAG, *([VIP_TAG] if place % 9 == 0 else [])]
    email = person.email.upper() if place == 5 else person.email  # people write addresses as they like
    return {
        "email_address": email,
        "merge_fields": values,
        "language": "fr_CA" if french else "en",
        "vip": place % 29 == 0,
        "tags": tags,
        **_status(place),
    }


def _stranger(place: int) -> Document:
    given, family = STRANGE_NAMES[place % 6], STRANGE_FAMILIES[place // 6]
    return {
        "email_address": f"{given}.{family}@lecteurs.example".replace("é", "e"),
        "merge_fields": {"FNAME": given, "LNAME": family},
        "language": "fr_CA",
        "tags": [FRENCH_TAG, FAIR_TAG] if place % 2 else [FAIR_TAG],
        **_status(place),
    }


def _add(audience: Audience, place: int, document: Document) -> None:
    moment = datetime.fromtimestamp(JOINED + place * DAY // 2, UTC).isoformat()
    people.load(audience, {**document, "timestamp_opt": moment, "last_changed": moment})
