"""Signing in: OAuth 2 by code, or an API key.

The token does not expire and there is no refresh token; what can change is the data centre an account lives in, so
"renewing" a grant asks the metadata address once where the account is now.
Sources: https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/ and
https://mailchimp.com/developer/marketing/docs/fundamentals/, read 2026-11-21.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from connectors.contract import (
    ApiKey,
    App,
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    Http,
    OAuth2,
    RateLimited,
    Setting,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)

DATA_CENTRE = re.compile(r"[a-z]{2,5}[0-9]{1,4}")
KEY = re.compile(r"[A-Za-z0-9_.-]{16,80}-([a-z]{2,5}[0-9]{1,4})")

ENVIRONMENTS = {
    "live": Hosts(
        api="https://{dc}.api.mailchimp.com/3.0",
        authorize="https://login.mailchimp.com/oauth2/authorize",
        token="https://login.mailchimp.com/oauth2/token",  # noqa: S106 - an address
        extra={"metadata": "https://login.mailchimp.com/oauth2/metadata"},
    ),
    "local_sandbox": Hosts(
        api="{sandbox}/mailchimp/3.0",
        authorize="{sandbox}/mailchimp/oauth2/authorize",
        token="{sandbox}/mailchimp/oauth2/token",  # noqa: S106 - an address
        extra={"metadata": "{sandbox}/mailchimp/oauth2/metadata"},
    ),
}


def authorize_url(hosts: Hosts, app: App, redirect_uri: str, state: str) -> str:
    """Where a person says yes. There are no scopes: the app gets what the person's role has."""
    asked = {"response_type": "code", "client_id": app.client_id, "redirect_uri": redirect_uri, "state": state}
    return f"{hosts.authorize}?{urlencode(asked)}"


def exchange(
    http: Http, hosts: Hosts, app: App, redirect_uri: str, callback: Mapping[str, str]
) -> tuple[Grant, str | None]:
    """Turn the code into a grant that knows its data centre. The account id is not told here: `identify` asks."""
    if callback.get("error") or not callback.get("code"):
        raise SettingInvalid("MC-CONSENT-REFUSED", detail=callback.get("error_description", callback.get("error", "")))
    form = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uri": redirect_uri,
        "code": callback["code"],
    }
    status, answer = http.call("POST", hosts.token, form=form)
    if status != 200 or not isinstance(answer.get("access_token"), str):
        raise _refused(status, answer)
    # expires_in is 0 and means "never": a date made of it would lock the client out at once.
    grant = Grant(access_token=answer["access_token"], extra={"kind": "oauth"})
    return locate(http, hosts, grant), None


def renew(http: Http, hosts: Hosts, app: App, grant: Grant) -> Grant:
    """Ask once where the account lives now, after an answer 401. AuthorizationExpired: a person must connect again."""
    if grant.extra.get("kind") != "oauth":
        raise AuthorizationExpired("MC-TOKEN")
    return locate(http, hosts, grant)


def locate(http: Http, hosts: Hosts, grant: Grant) -> Grant:
    """The grant with the data centre the vendor names for it. The header says "OAuth" here, not "Bearer"."""
    headers = {"Authorization": f"OAuth {grant.access_token}"}
    status, answer = http.call("GET", hosts.extra["metadata"], headers=headers)
    if status in (400, 401, 403) or answer.get("error"):
        raise AuthorizationExpired("MC-TOKEN", detail=str(answer.get("error_description", answer.get("error", ""))))
    if status == 429:
        raise RateLimited("MC-BUSY")
    if status >= 500:
        raise VendorUnavailable("MC-DOWN", params={"status": status})
    centre = str(answer.get("dc", ""))
    if not DATA_CENTRE.fullmatch(centre):
        raise ContractBroken("MC-UNEXPECTED", params={"status": status}, detail="the metadata name no data centre")
    told = {"dc": centre, "api_endpoint": str(answer.get("api_endpoint", "")), "role": str(answer.get("role") or "")}
    return replace(grant, extra={**grant.extra, **told})


def _refused(status: int, answer: Mapping[str, Any]) -> SyncError:
    if status == 429:
        return RateLimited("MC-BUSY")
    if status >= 500:
        return VendorUnavailable("MC-DOWN", params={"status": status})
    return SettingInvalid(
        "MC-SIGN-IN", params={"status": status}, detail=str(answer.get("error_description", answer.get("error", "")))
    )


def grant_from_key(key: str, hosts: Hosts) -> Grant:
    """A grant from a pasted API key, whose end names the data centre. SettingInvalid when it has another shape."""
    found = KEY.fullmatch(key.strip())
    if not found:
        raise SettingInvalid("MC-KEY-SHAPE", field="api_key")
    return Grant(access_token=key.strip(), extra={"kind": "key", "dc": found.group(1)})


def base_url(hosts: Hosts, grant: Grant, account_id: str) -> str:
    """The root of the paths, at the account's data centre; only a well-formed name may become part of the host."""
    if "{dc}" not in hosts.api:  # a stand-in: one host, where the data centre may be part of the path
        root, endpoint = hosts.api.removesuffix("/3.0"), str(grant.extra.get("api_endpoint", "")).rstrip("/")
        return f"{endpoint}/3.0" if endpoint.startswith(f"{root}/") else hosts.api
    centre = str(grant.extra.get("dc", ""))
    if not DATA_CENTRE.fullmatch(centre):
        raise AuthorizationExpired("MC-TOKEN", detail="the data centre of the account is not known")
    return hosts.api.replace("{dc}", centre)


def headers(grant: Grant) -> dict[str, str]:
    """Tokens and API keys both travel as bearer."""
    return {"Authorization": f"Bearer {grant.access_token}"}


OAUTH = OAuth2(
    authorize_url=authorize_url,
    exchange=exchange,
    refresh=renew,
    rights=(
        Text(
            "Read the account, its audiences, contacts, tags and fields.",
            "Lire le compte, ses audiences, ses contacts, ses étiquettes et ses champs.",
        ),
        Text(
            "Add and update contacts in the audience you choose. A contact’s subscription is never raised.",
            "Ajouter des contacts à l’audience choisie et les mettre à jour. L’abonnement d’un contact n’est "
            "jamais rehaussé.",
        ),
        Text(
            "Create one store and keep its products and orders up to date; remove that store when you disconnect.",
            "Créer une boutique et tenir à jour ses produits et ses commandes\u00a0; la supprimer à la déconnexion.",
        ),
        Text(
            "Mailchimp offers no narrower choice: the connection may do what the person who signs in may do. Bridge "
            "does only what is listed here.",
            "Mailchimp n’offre pas de choix plus restreint\u00a0: la connexion peut faire ce que peut faire la "
            "personne qui se connecte. Bridge ne fait que ce qui figure ici.",
        ),
    ),
    before=Text(
        "You need a Mailchimp account, as owner, administrator or manager. If there is none yet, create it first: "
        "Mailchimp’s sign-up page is in English only.",
        "Il vous faut un compte Mailchimp, à titre de propriétaire, d’administrateur ou de gestionnaire. S’il n’y en "
        "a pas encore, créez-le d’abord\u00a0: la page d’inscription de Mailchimp est en anglais seulement.",
    ),
    sign_up_url="https://login.mailchimp.com/signup/",
    after_revoke=Text(
        "Bridge has deleted its access. Mailchimp has no way for us to withdraw it there: open Profile, Extras, "
        "Registered apps in Mailchimp and remove Bridge.",
        "Bridge a effacé son accès. Mailchimp ne nous permet pas de le retirer chez lui\u00a0: dans Mailchimp, ouvrez "
        "Profil, Extras, Applications enregistrées et retirez Bridge.",
    ),
)

API_KEY = ApiKey(
    setting=Setting(
        key="api_key",
        label=Text("API key", "Clé d’API"),
        kind="secret",
        help=Text(
            "In Mailchimp: Profile, Extras, API keys, Create a key. It is shown once and ends in the data centre, "
            "such as -us19.",
            "Dans Mailchimp\u00a0: Profil, Extras, Clés d’API, Créer une clé. Elle ne s’affiche qu’une fois et se "
            "termine par le centre de données, par exemple -us19.",
        ),
        pattern=KEY.pattern,
        example="0123456789abcdef0123456789abcdef-us19",
    ),
    grant=grant_from_key,
)
