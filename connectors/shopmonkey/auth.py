"""Signing in: a key an administrator makes, with the permissions ticked there. It does not expire and can be revoked.

Source: https://shopmonkey.dev/quickstart (read 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.contract import ApiKey, Grant, Hosts, Setting, SettingInvalid, Text

ENVIRONMENTS = {
    "live": Hosts("https://api.shopmonkey.cloud/v3"),
    "local_sandbox": Hosts("{sandbox}/shopmonkey/v3"),
}
# Nothing is published of its shape: what a header can carry, and no shorter than a key can be.
KEY = re.compile(r"[A-Za-z0-9._~+/=-]{16,4096}\Z")


def grant_from_key(key: str, hosts: Hosts) -> Grant:
    """A grant from the pasted key. SettingInvalid SM-KEY-SHAPE: it cannot be one."""
    clean = key.strip()
    clean = clean[7:].strip() if clean[:7].lower() == "bearer " else clean
    if not KEY.match(clean):
        raise SettingInvalid("SM-KEY-SHAPE", field="api_key")
    return Grant(access_token=clean)


def headers(grant: Grant) -> Mapping[str, str]:
    """What authorises a call."""
    return {"Authorization": f"Bearer {grant.access_token}"}


def base_url(hosts: Hosts, grant: Grant, account_id: str) -> str:
    """One address for all accounts: the key says which."""
    return hosts.api


SIGN_IN = ApiKey(
    setting=Setting(
        key="api_key",
        label=Text("API key", "Clé d’API"),
        kind="secret",
        help=Text(
            "An administrator makes it in Shopmonkey: Settings > Integration > API Keys. Tick the right to read "
            "orders, payments, customers, inventory and locations; to write customers and inventory only for the "
            "one-time imports.",
            "Un administrateur la crée dans Shopmonkey : Settings > Integration > API Keys. Cochez le droit de lire "
            "les commandes, les paiements, les clients, l’inventaire et les emplacements ; celui d’écrire les clients "
            "et l’inventaire, seulement pour les importations uniques.",
        ),
    ),
    grant=grant_from_key,
)
