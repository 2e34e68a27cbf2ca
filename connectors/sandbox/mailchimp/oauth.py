"""Signing in: the consent page, the token exchange, and where the account lives.

Source: https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/, read 2026-11-21.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.sandbox.core import Document, Request, Response, json_response
from connectors.sandbox.mailchimp.account import Account, Settings, World

CODE_SECONDS = 600

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; background: #f6f6f4; color: #241c15; margin: 0; }}
main {{ max-width: 30rem; margin: 4rem auto; padding: 2rem; background: #fff; border: 1px solid #dedddc; }}
h1 {{ font-size: 1.4rem; margin-top: 0; }}
button {{ font: inherit; padding: .6rem 1.4rem; margin-right: .6rem; border: 1px solid #007c89; cursor: pointer; }}
button[value=allow] {{ background: #007c89; color: #fff; }}
button[value=cancel] {{ background: #fff; color: #007c89; }}
.note {{ color: #6b6560; font-size: .875rem; }}
</style></head><body><main>{body}</main></body></html>"""

CONSENT = """<h1>Connect your account</h1>
<p><strong>Sandbox stand-in for Mailchimp.</strong> The application <code>{client}</code> wants to read and change
audiences, contacts and e-commerce data of the account <strong>{account}</strong> on your behalf.</p>
<form method="post" action="{action}">{hidden}
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="cancel">Cancel</button></form>
<p class="note">Signed in as {login}. {others}</p>"""


@dataclass(frozen=True, slots=True)
class Grant:
    """A code waiting to be exchanged, once, with the same redirect address."""

    account_id: str
    redirect_uri: str
    expires: float


class SignIn:
    """Consent, codes and tokens of all accounts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, Grant] = {}

    def authorize(self, request: Request, accounts: dict[str, Account]) -> Response:
        """Show the consent page, or (`auto=1`, or the form sent) send the browser back."""
        given = {name: values[0] for name, values in request.query.items()}
        if request.method == "POST":
            given |= request.form()
        settings = self._world.settings
        trouble = _trouble(given, settings)
        if trouble:
            return _page(400, "Authorization error", f"<h1>Authorization error</h1><p>{escape(trouble)}</p>")
        account = accounts.get(given["account"]) if "account" in given else next(iter(accounts.values()))
        if account is None:
            return _page(400, "Authorization error", "<h1>Authorization error</h1><p>No such account.</p>")
        if given.get("decision") == "cancel":
            return _back(given, {"error": "access_denied"})
        if given.get("auto") == "1" or given.get("decision") == "allow":
            return _back(given, {"code": self._code(account, given["redirect_uri"])})
        return _page(200, f"Connect {account.name}", _consent(request, given, account, accounts))

    def _code(self, account: Account, redirect_uri: str) -> str:
        code = f"SECRET-code-{secrets.token_hex(16)}"
        expires = self._world.clock.now().timestamp() + CODE_SECONDS
        self._codes[code] = Grant(account.id, redirect_uri, expires)
        return code

    def token(self, request: Request, accounts: dict[str, Account]) -> Response:
        """Exchange a code for a token that never expires. There is no refresh token and no other grant."""
        if request.method != "POST":
            return _oauth_error(405, "invalid_request", "Use POST")
        try:
            form = request.form()
        except UnicodeDecodeError:
            form = {}
        settings = self._world.settings
        if form.get("grant_type") != "authorization_code":
            return _oauth_error(400, "unsupported_grant_type", "The grant type must be authorization_code")
        right = form.get("client_id") == settings.client_id and form.get("client_secret") == settings.client_secret
        if not right:
            return _oauth_error(401, "invalid_client", "The client credentials are invalid")
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.account_id not in accounts or grant.expires < self._world.clock.now().timestamp():
            return _oauth_error(400, "invalid_grant", "Invalid grant: authorization code is invalid or expired")
        if grant.redirect_uri != form.get("redirect_uri"):
            return _oauth_error(400, "invalid_grant", "Invalid grant: redirect_uri does not match")
        token = f"SECRET-{secrets.token_hex(16)}"
        accounts[grant.account_id].tokens.add(token)
        return json_response({"access_token": token, "expires_in": 0, "scope": None})

    def metadata(self, request: Request, accounts: dict[str, Account]) -> Response:
        """Data centre and account of a token; the header says `OAuth`, not `Bearer`."""
        word, _, token = request.headers.get("authorization", "").partition(" ")
        account = next((account for account in accounts.values() if token in account.tokens), None)
        if word != "OAuth" or account is None:
            return _oauth_error(401, "invalid_token", "The access token is missing or invalid")
        return json_response(_metadata(account, self._world.settings, request.base_url))


def _metadata(account: Account, settings: Settings, base_url: str) -> Document:
    return {
        "dc": settings.dc,
        "role": settings.role,
        "accountname": account.name,
        "user_id": account.login["login_id"],
        "login": {
            "email": account.login["email"],
            "avatar": None,
            "login_id": account.login["login_id"],
            "login_name": account.login["name"],
            "login_email": account.login["email"],
        },
        "login_url": base_url,
        "api_endpoint": f"{base_url}/{settings.dc}" if settings.dc_in_path else base_url,
    }


def _trouble(given: dict[str, str], settings: Settings) -> str:
    """Why the request cannot be trusted enough to send the browser back; empty when it can."""
    if given.get("response_type") != "code":
        return "response_type must be code."
    if given.get("client_id") != settings.client_id:
        return "The client_id is unknown."
    redirect_uri = given.get("redirect_uri", "")
    if urlsplit(redirect_uri).scheme not in ("http", "https"):
        return "The redirect_uri is missing or not a web address."
    if settings.redirect_uris and redirect_uri not in settings.redirect_uris:
        return "The redirect_uri does not match a registered one."
    return ""


def _back(given: dict[str, str], answer: dict[str, str]) -> Response:
    parts = urlsplit(given["redirect_uri"])
    state = {"state": given["state"]} if "state" in given else {}
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *answer.items(), *state.items()])
    return Response(302, b"", {"Location": urlunsplit(parts._replace(query=query))})


def _consent(request: Request, given: dict[str, str], account: Account, accounts: dict[str, Account]) -> str:
    kept = ("response_type", "client_id", "redirect_uri", "state")
    values = {**{name: given[name] for name in kept if name in given}, "account": account.id}
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )
    action = f"{request.base_url}/oauth2/authorize"
    links = [
        f'<a href="{escape(action + "?" + urlencode({**values, "account": other.id}))}">{escape(other.name)}</a>'
        for other in accounts.values()
        if other.id != account.id
    ]
    return CONSENT.format(
        client=escape(given["client_id"]),
        account=escape(account.name),
        action=escape(action),
        hidden=hidden,
        login=escape(account.login["email"]),
        others=f"Use another account: {', '.join(links)}" if links else "",
    )


def _page(status: int, title: str, body: str) -> Response:
    html = PAGE.format(title=escape(title), body=body)
    return Response(status, html.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _oauth_error(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status)
