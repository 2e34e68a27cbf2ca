"""Signing in: an integration's four values, which do not expire, sign every call. Pasted, or brought by an activation.

The store signs what it sees: where its address is another one than ours (a proxy that ends the encryption, a redirect,
a rewritten host) every signature is refused. Its token alone is taken only where a setting of the store allows it.

Source: https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth/,
…/gs-authentication-token/ (read 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.contract import (
    Activation,
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    Http,
    OAuth1,
    Setting,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)
from connectors.magento.errors import TITLES
from connectors.transport import Signer, redact

VALUE = re.compile(r"[A-Za-z0-9._~-]{1,128}\Z")
_REST = re.compile(r"/rest(?:/.*)?\Z")
_CLOUD = "api.commerce.adobe.com"
_FOUR = ("consumer_key", "consumer_secret", "access_token", "token_secret")


def root(hosts: Hosts) -> str:
    """The root of the store: what a person gave, without the part that names the interface."""
    base = _REST.sub("", hosts.api.rstrip("/"))
    if (urlsplit(base).hostname or "").endswith(_CLOUD):
        raise SettingInvalid("MAG-CLOUD", field="base_url")
    if not base:
        raise SettingInvalid("ADDRESS-FORM", field="base_url")
    return base


def base_url(hosts: Hosts, grant: Grant, account_id: str) -> str:
    """The root of the store's paths, in its default view."""
    return f"{root(hosts)}/rest"


def grant_from_values(values: Mapping[str, str], hosts: Hosts) -> Grant:
    """A grant from the pasted values. SettingInvalid MAG-VALUE-SHAPE names the first that cannot be one."""
    root(hosts)
    bearer = values.get("bearer") in ("true", "on", "1", "yes")
    for name in ("access_token",) if bearer else _FOUR:
        if not VALUE.match(values.get(name, "")):
            raise SettingInvalid("MAG-VALUE-SHAPE", params={"value": _label(name).en}, field=name)
    if bearer:
        return Grant(access_token=values["access_token"], extra={"kind": "bearer"})
    return _signing(*(values[name] for name in _FOUR))


def _signing(key: str, secret: str, token: str, token_secret: str) -> Grant:
    extra = {"kind": "signed", "consumer_key": key, "consumer_secret": secret, "token_secret": token_secret}
    return Grant(access_token=token, extra=extra)


def _label(name: str) -> Text:
    return next(item.label for item in SETTINGS if item.key == name)


def headers(grant: Grant) -> Mapping[str, str]:
    """Nothing that is the same for every call: each is signed."""
    return {}


def sign(grant: Grant, method: str, url: str) -> Mapping[str, str]:
    """What authorises one call; with a new nonce every time it is asked."""
    if grant.extra.get("kind") == "bearer":
        return {"Authorization": f"Bearer {grant.access_token}"}
    signer = Signer(
        str(grant.extra.get("consumer_key", "")),
        str(grant.extra.get("consumer_secret", "")),
        grant.access_token,
        str(grant.extra.get("token_secret", "")),
    )
    return {"Authorization": signer.header(method, url)}


# activation


def activation(form: Mapping[str, str]) -> Activation:
    """Read what the store's server posts; ValueError when it is something else."""
    names = ("oauth_consumer_key", "oauth_consumer_secret", "oauth_verifier")
    values = [form.get(name, "") for name in names]
    address = form.get("store_base_url", "")
    if not all(VALUE.match(value) for value in values) or urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("no activation")
    return Activation(values[0], values[1], values[2], address)


def returns(query: Mapping[str, str]) -> tuple[str, str]:
    """Read what the person's browser brings: the consumer key, and where it goes back to."""
    key, back = query.get("oauth_consumer_key", ""), query.get("success_call_back", "")
    if not VALUE.match(key) or urlsplit(back).scheme not in ("http", "https"):
        raise ValueError("no return")
    return key, back


def exchange(http: Http, hosts: Hosts, brought: Activation) -> Grant:
    """Fetch the access token: first a request token, then that and the verifier for the real one."""
    base = root(hosts)
    pair = Signer(brought.consumer_key, brought.consumer_secret)
    token, secret = _token(http, f"{base}/oauth/token/request", pair, "")
    with_token = Signer(brought.consumer_key, brought.consumer_secret, token, secret)
    token, secret = _token(http, f"{base}/oauth/token/access", with_token, brought.verifier)
    return _signing(brought.consumer_key, brought.consumer_secret, token, secret)


def _token(http: Http, url: str, signer: Signer, verifier: str) -> tuple[str, str]:
    authorization = signer.header("POST", url, verifier=verifier)
    status, answer = http.call("POST", url, headers={"Authorization": authorization})
    token, secret = answer.get("oauth_token"), answer.get("oauth_token_secret")
    if status == 200 and isinstance(token, str) and isinstance(secret, str) and token and secret:
        return token, secret
    raise _refused(status, answer)


def _refused(status: int, answer: Mapping[str, Any]) -> SyncError:
    said = redact(str(answer.get("oauth_problem") or answer.get("message") or ""))
    params = {"status": status, "said": said[:300] or "–"}
    if status >= 500:
        return VendorUnavailable("MAG-DOWN", params=params)
    if status in (400, 401, 403):
        code = "MAG-SIGNATURE" if "signature" in said.lower() else "MAG-EXCHANGE"
        return AuthorizationExpired(code, params=params, detail=said)
    if status == 404:
        return SettingInvalid("MAG-ROUTE", params=params, detail=said)
    return ContractBroken("MAG-UNEXPECTED", params=params, detail=said)


ENVIRONMENTS = {
    "live": Hosts("{address}", public_only=True),
    "local_sandbox": Hosts(
        "{sandbox}/magento", extra={"values": "{sandbox}/magento/admin/integrations/sandbox-consumer"}
    ),
}

ADDRESS = Setting(
    key="base_url",
    label=Text("Address of the shop", "Adresse de la boutique"),
    kind="url",
    help=Text(
        "The address customers use, with https:// and, if there is one, the folder.",
        "L’adresse que la clientèle utilise, avec https:// et, s’il y en a un, le dossier.",
    ),
    example="https://shop.example.com",
)


def _secret(key: str, en: str, fr: str) -> Setting:
    return Setting(key=key, label=Text(en, fr), kind="secret", pattern=VALUE.pattern)


SETTINGS = (
    _secret("consumer_key", "Consumer key", "Clé du consommateur (Consumer Key)"),
    _secret("consumer_secret", "Consumer secret", "Secret du consommateur (Consumer Secret)"),
    _secret("access_token", "Access token", "Jeton d’accès (Access Token)"),
    _secret("token_secret", "Access token secret", "Secret du jeton d’accès (Access Token Secret)"),
    Setting(
        key="bearer",
        label=Text("Use the access token alone", "Utiliser le jeton d’accès seul"),
        kind="flag",
        required=False,
        help=Text(
            "Only for shops that allow it in Stores > Configuration > Services > OAuth. Signed calls are safer.",
            "Seulement pour les boutiques qui le permettent dans Stores > Configuration > Services > OAuth. Les appels "
            "signés sont plus sûrs.",
        ),
    ),
)

_TICKED = (
    "Magento_Sales::actions_view",
    "Magento_Sales::sales_invoice",
    "Magento_Sales::sales_creditmemo",
    "Magento_Sales::transactions",
    "Magento_Sales::transactions_fetch",
    "Magento_Catalog::products",
    "Magento_CatalogInventory::cataloginventory",
    "Magento_Tax::manage_tax",
    "Magento_Backend::store",
    "Magento_InventoryApi::source",
    "Magento_InventoryApi::stock_source_item_assign",
)

SIGN_IN = OAuth1(
    settings=SETTINGS,
    grant=grant_from_values,
    activation=activation,
    returns=returns,
    exchange=exchange,
    rights=tuple(TITLES[name] for name in _TICKED),
    steps=(
        Text(
            "In the shop’s admin, open System > Extensions > Integrations and choose Add New Integration. Name it "
            "“Bridge”.",
            "Dans l’administration de la boutique, ouvrez System > Extensions > Integrations et choisissez Add New "
            "Integration. Nommez-la « Bridge ».",
        ),
        Text(
            "Under API, tick the rights listed below, then save.",
            "Sous API, cochez les droits de la liste ci-dessous, puis enregistrez.",
        ),
        Text(
            "Press Activate, then Allow. The page shows four values: copy each into its field here.",
            "Choisissez Activate, puis Allow. La page affiche quatre valeurs : copiez chacune dans son champ ici.",
        ),
    ),
    after_revoke=Text(
        "Bridge has deleted its access. The shop has no way for us to withdraw it there: deactivate or delete the "
        "integration “Bridge” in System > Extensions > Integrations.",
        "Bridge a effacé son accès. La boutique ne nous permet pas de le retirer chez elle : désactivez ou supprimez "
        "l’intégration « Bridge » dans System > Extensions > Integrations.",
    ),
    simulator={
        "consumer_key": "sandbox-consumer",
        "consumer_secret": "SECRET-sandbox-consumer-secret",
        "access_token": "SECRET-sandbox-access-token",
        "token_secret": "SECRET-sandbox-access-token-secret",
    },
)
