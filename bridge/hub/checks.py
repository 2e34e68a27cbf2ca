"""System checks: each with an id and a cure."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from bridge import registry
from bridge.hub import vault, wall


@register(Tags.security)
def keys_open(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The key ring must be readable, and its keys used for nothing else."""
    try:
        vault.ring()
    except vault.VaultClosed as error:
        return [
            Error(
                str(error),
                hint='Make one: python -c "import os,base64;print(base64.b64encode(os.urandom(32)).'
                'decode())" and set BRIDGE_KEYS=2026a:<that>.',
                id="bridge.E001",
            )
        ]
    if any(part.partition(":")[2] == settings.SECRET_KEY for part in settings.BRIDGE_KEYS.split(",")):
        return [Error("SECRET_KEY is also a key of BRIDGE_KEYS.", hint="Make a key of its own.", id="bridge.E002")]
    return []


@register()
def connectors_fit(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Connectors and recipes must load and agree with each other."""
    return [
        Error(text, hint="Mend the connector or take its line out of settings.", id="bridge.E003")
        for text in registry.problems()
    ]


def _wall_stands() -> bool:
    """Tell whether the portal can be shown; a database that cannot be asked is another check's matter."""
    try:
        return wall.is_built()
    except DatabaseError:
        return True


@register(Tags.security, deploy=True)
def fit_for_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a real installation needs beyond Django's own list."""
    found: list[CheckMessage] = []
    if not settings.PRODUCTION:
        found.append(Warning("BRIDGE_PRODUCTION is off.", hint="Set BRIDGE_PRODUCTION=1.", id="bridge.W001"))
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(Warning("SQLite is for a first look.", hint="Set DATABASE_URL to PostgreSQL.", id="bridge.W002"))
    if not settings.BRIDGE_BASE_URL.startswith("https://"):
        found.append(Warning("BRIDGE_BASE_URL is not https.", hint="Vendors only return to https.", id="bridge.W003"))
    if not settings.EMAIL_HOST:
        found.append(
            Warning("No mail server is set.", hint="Set EMAIL_HOST: reconnect notices go by mail.", id="bridge.W004")
        )
    if not _wall_stands():
        found.append(Warning("The portal's wall in the database is not built.", hint=wall.HOW, id="bridge.W006"))
    if not settings.STAFF_SECOND_STEP:
        found.append(
            Warning(
                "People of the office sign in without a second step.",
                hint="Take BRIDGE_STAFF_SECOND_STEP=0 out of the environment; only a demonstration may do without.",
                id="bridge.W005",
            )
        )
    return found
