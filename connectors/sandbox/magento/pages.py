"""The store's admin as far as an integration needs it: the list, the activation form, the four values to copy."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from connectors.sandbox.core import Response
from connectors.sandbox.magento.oauth import Integration
from connectors.sandbox.magento.wire import HTML

_TEXTS = {
    "en": {
        "title": "Integrations (local sandbox)",
        "note": "This is a simulator. The store is invented and nothing leaves this machine.",
        "show": "Show the keys",
        "new": "Activate a new integration",
        "name": "Name",
        "callback": "Callback URL",
        "identity": "Identity link URL",
        "activate": "Activate",
        "keys": "Integration tokens for extensions",
        "consumer_key": "Consumer Key",
        "consumer_secret": "Consumer Secret",
        "token": "Access Token",
        "token_secret": "Access Token Secret",
        "done": "The integration is active",
        "close": "You can close this window.",
        "failed": "The integration could not be activated",
        "active": "active",
        "waiting": "waiting for the handshake",
        "inactive": "inactive",
        "address": "Store address",
    },
    "fr": {
        "title": "Intégrations (simulateur local)",
        "note": "Ceci est un simulateur. La boutique est inventée et rien ne sort de cette machine.",
        "show": "Afficher les clés",
        "new": "Activer une nouvelle intégration",
        "name": "Nom",
        "callback": "Adresse de rappel (Callback URL)",
        "identity": "Adresse d'identité (Identity link URL)",
        "activate": "Activer",
        "keys": "Clés de l'intégration",
        "consumer_key": "Clé du consommateur (Consumer Key)",
        "consumer_secret": "Secret du consommateur (Consumer Secret)",
        "token": "Jeton d'accès (Access Token)",
        "token_secret": "Secret du jeton d'accès (Access Token Secret)",
        "done": "L'intégration est active",
        "close": "Vous pouvez fermer cette fenêtre.",
        "failed": "L'intégration n'a pas pu être activée",
        "active": "active",
        "waiting": "en attente de la poignée de main",
        "inactive": "inactive",
        "address": "Adresse de la boutique",
    },
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f5f1ec;color:#26221f;margin:0}"
    "main{max-width:40rem;margin:6vh auto;background:#fff;padding:2rem;border-radius:12px;border:1px solid #ddd6cd}"
    "h1{font-size:1.35rem;margin-top:0}h2{font-size:1.1rem}label{display:block;padding:.35rem 0}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.45rem;border:1px solid #8d857c;border-radius:6px}"
    "button{font:inherit;padding:.6rem 1.4rem;border-radius:6px;border:1px solid #a8480b;background:#a8480b;color:#fff}"
    "dt{font-weight:600;margin-top:.75rem}dd{margin:0}code{overflow-wrap:anywhere}p.note{color:#5c544d;font-size:.9rem}"
)


def language(accept: str) -> str:
    """French or English, by what the browser would rather read."""
    return "fr" if accept.strip().lower().startswith("fr") else "en"


def listing(
    integrations: Iterable[Integration], base_url: str, lang: str, filled: tuple[str, str] = ("", "")
) -> Response:
    """All integrations, and the form to activate one with the handshake."""
    text = _TEXTS[lang]
    rows = "".join(
        f"<li>{escape(one.name)} <small>({text[one.state]})</small> "
        f'<a href="{escape(base_url)}/admin/integrations/{escape(one.consumer_key)}">{text["show"]}</a></li>'
        for one in integrations
    )
    fields = "".join(
        f'<label>{text[name]}<input name="{key}" value="{escape(value)}" required></label>'
        for name, key, value in (
            ("name", "name", "Bridge"),
            ("callback", "callback_url", filled[0]),
            ("identity", "identity_url", filled[1]),
        )
    )
    body = (
        f"<h1>{text['title']}</h1><p>{text['address']}: <code>{escape(base_url)}</code></p><ul>{rows}</ul>"
        f'<h2>{text["new"]}</h2><form method="post" action="{escape(base_url)}/admin/integrations">'
        f'{fields}<p><button>{text["activate"]}</button></p></form><p class="note">{text["note"]}</p>'
    )
    return _page(text["title"], body, lang)


def keys(one: Integration, base_url: str, lang: str) -> Response:
    """The four values a person copies."""
    text = _TEXTS[lang]
    values = "".join(
        f'<dt>{text[name]}</dt><dd><code id="{name}">{escape(getattr(one, name))}</code></dd>'
        for name in ("consumer_key", "consumer_secret", "token", "token_secret")
    )
    body = (
        f"<h1>{text['keys']}: {escape(one.name)}</h1><p>{text['address']}: <code>{escape(base_url)}</code></p>"
        f'<dl>{values}</dl><p class="note">{text["note"]}</p>'
    )
    return _page(text["keys"], body, lang)


def done(lang: str) -> Response:
    """Where the pop-up ends."""
    text = _TEXTS[lang]
    return _page(text["done"], f"<h1>{text['done']}</h1><p>{text['close']}</p>", lang)


def failed(why: str, lang: str, status: int = 400) -> Response:
    """The activation did not work, and why."""
    text = _TEXTS[lang]
    return _page(text["failed"], f"<h1>{text['failed']}</h1><p>{escape(why)}</p>", lang, status)


def _page(title: str, body: str, lang: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return Response(status, html.encode(), {**HTML, "Cache-Control": "no-store"})
