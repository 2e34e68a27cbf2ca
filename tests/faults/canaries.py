"""Marked secrets in every place that keeps one, and a look for them in everything that leaves: the database as it lies
on the disk, logs, pages, exports, mails, task tables and the cache.
"""

import io
import re
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bridge import registry

# Where a value may stand by its nature: a session's key is what the browser shows, and it is looked up by it.
OWN_PLACES = {"django_session"}
QUEUE, CACHE = "django_q_", "hub_cache"
Found = dict[str, list[str]]


def plant(house: Any, world: Any) -> dict[str, str]:
    """Put a marked secret into every place that keeps one; returns each by the name of its place."""
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.models import Authenticator

    from bridge.hub.models import Connection, Environment, User, VendorApp
    from tests import factories

    made: dict[str, str] = {}

    def mark(place: str) -> str:
        made[place] = f"CANARY-{len(made):02d}-{place}-0d1e2a3d"
        return made[place]

    for vendor in registry.connectors():
        app = VendorApp(vendor=vendor, environment=Environment.VENDOR_SANDBOX, client_id=f"public-{vendor}")
        app.secret, app.webhook_secrets = mark(f"app-{vendor}"), [mark(f"webhook-{vendor}")]
        app.save()
        row = factories.connection(world.place.organization, vendor, path_secret="")
        row.grant = {"access_token": mark(f"access-{vendor}"), "refresh_token": mark(f"refresh-{vendor}"),
                     "key": mark(f"key-{vendor}")}  # fmt: skip
        row.webhook_secret = mark(f"hook-{vendor}")
        Connection.objects.filter(pk=row.pk).update(
            sealed_grant=row.sealed_grant, sealed_webhook_secret=row.sealed_webhook_secret
        )
    person: User = world.place.member.user
    person.set_password(mark("password"))
    person.save()
    seal = get_adapter().encrypt
    for kind, name in (("totp", "secret"), ("recovery_codes", "seed")):
        Authenticator.objects.create(user=person, type=kind, data={name: seal(mark(kind))})
    return made


def kept_by(house: Any) -> dict[str, str]:
    """Return the secrets nobody could choose: what the stand-ins granted, keys of ours, and links on their way."""
    from django.conf import settings

    from bridge.hub.models import Connection

    made = {"key of Django": settings.SECRET_KEY}
    for number, key in enumerate(filter(None, re.split(r"[\s,:]+", settings.BRIDGE_KEYS))):
        if len(key) >= 16:
            made[f"key ring {number}"] = key
    for row in Connection.objects.filter(organization=house.organization):
        made |= {f"{row.vendor} {name}": value for name, value in row.grant.items()
                 if isinstance(value, str) and ("token" in name or "secret" in name) and len(value) >= 12}  # fmt: skip
    return made


def in_links(mails: Iterable[Any]) -> dict[str, str]:
    """Return the secrets of links for signing in that mails carried to whom they are for."""
    told = "\n".join(str(mail.body) for mail in mails)
    return {f"link {number}": secret for number, secret in enumerate(re.findall(r"/accounts/link/([\w-]{20,})", told))}


# looking


def texts_of(content: bytes) -> Iterator[str]:
    """Return what a file says: as it is, and what it holds packed (workbooks, PDF)."""
    yield content.decode("utf-8", errors="replace")
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for name in book.namelist():
                yield book.read(name).decode("utf-8", errors="replace")
    if content[:4] == b"%PDF":
        done = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True, timeout=60)
        yield done.stdout.decode()


class Scan:
    """What was found of some secrets, by kind of place."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.secrets = secrets
        self.found: Found = defaultdict(list)
        self.looked: dict[str, int] = defaultdict(int)

    def text(self, kind: str, where: str, text: str, but: frozenset[str] = frozenset()) -> None:
        """Look into one text."""
        self.looked[kind] += 1
        self.found[kind] += [
            f"{where}: {name}" for name, secret in self.secrets.items() if name not in but and secret in text
        ]
        if not self.found[kind]:
            del self.found[kind]

    def database(self, url: str) -> None:
        """Look into every row of every table, as PostgreSQL would write it into a dump."""
        import psycopg

        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
            for (table,) in rows:
                if table in OWN_PLACES:
                    continue
                kind = "tasks" if table.startswith(QUEUE) else "cache" if table == CACHE else "database"
                self.looked[kind] += 1
                for (text,) in connection.execute(f'SELECT t::text FROM "{table}" t'):  # type: ignore[arg-type]  # noqa: S608
                    self.text(kind, table, str(text))

    def answer(self, where: str, answer: Any) -> None:
        """Look into one page or file."""
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        sort = answer.headers.get("Content-Type", "").partition(";")[0].rpartition("/")[2].rpartition(".")[2]
        kind = {"html": "page", "csv": "csv", "sheet": "xlsx", "json": "json", "pdf": "pdf"}.get(sort, "other")
        for text in texts_of(content):
            self.text(kind, where, text)

    def mails(self, mails: Iterable[Any], links: frozenset[str]) -> None:
        """Look into mails; a link may stand in the one that carries it."""
        for mail in mails:
            self.text("mail", mail.subject, mail.message().as_string(), links)
            for _name, content, _mime in mail.attachments:
                for text in texts_of(content if isinstance(content, bytes) else content.encode()):
                    self.text("mail", mail.subject, text)
            for other in mail.alternatives:
                self.text("mail", mail.subject, str(other[0]), links)


# Addresses that send a file are asked for every form of it.
ASKS = ({"format": "csv", "what": what} for what in ("values", "rules", "links", "items", "customers"))
FORMS = (*ASKS, {"format": "xlsx", "what": "values"}, {"format": "xlsx", "what": "links"}, {"what": "setup"})


def walk(scan: Scan, world: Any) -> None:
    """Open every address there is, as the office, as the client and as nobody, and look into what comes."""
    from tests import factories
    from tests.unit.rights import samples
    from tests.unit.rights.routes import all_routes
    from tests.unit.rights.test_walk import address, values

    people = {"office": factories.staff(), "client": samples.member(world, "manager"), "nobody": None}
    for who, person in people.items():
        for route in all_routes():
            inside = route.name.startswith("portal:") if who == "client" else route.is_desk
            if who != "nobody" and not inside or route.name.endswith("logout"):
                continue
            browser = samples.signed_in(person)
            place = address(route, values(route, world, "own"))
            for form in FORMS if "export" in route.name else ({},):
                scan.answer(f"{who} {route.name} {form or ''}", browser.get(place, form))
