"""What people see in a browser: the consent page, and why a request cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from connectors.sandbox.core import Response
from connectors.sandbox.hubspot.account import Account

_TEXTS = {
    "en": {
        "title": "Connect to HubSpot (local sandbox)",
        "asks": "The application {app} asks for these rights:",
        "account": "Choose an account",
        "connect": "Connect app",
        "cancel": "Cancel",
        "note": "This is a simulator. The accounts are invented and nothing leaves this machine.",
        "bad": "This sign-in request cannot be used",
        "lacking": "The subscription of {account} does not include: {scopes}. The app cannot be installed.",
    },
    "fr": {
        "title": "Se connecter à HubSpot (simulateur local)",
        "asks": "L’application {app} demande ces droits\u00a0:",
        "account": "Choisissez un compte",
        "connect": "Connecter l’application",
        "cancel": "Annuler",
        "note": "Ceci est un simulateur. Les comptes sont inventés et rien ne sort de cette machine.",
        "bad": "Cette demande de connexion est inutilisable",
        "lacking": "L’abonnement de {account} ne comprend pas\u00a0: {scopes}. "
        "L’application ne peut pas être installée.",
    },
}
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f5f8fa;color:#213343;margin:0}"
    "main{max-width:34rem;margin:6vh auto;background:#fff;padding:2rem;border-radius:8px;border:1px solid #cbd6e2}"
    "main.wide{max-width:62rem}h1{font-size:1.35rem;margin-top:0}h2{font-size:1.1rem}"
    "fieldset{border:1px solid #7c98b6;border-radius:6px;padding:.75rem 1rem}label{display:block;padding:.35rem 0}"
    "input[type=text],input[type=search],select{font:inherit;width:100%;box-sizing:border-box;padding:.4rem;"
    "border:1px solid #7c98b6;border-radius:4px}button{font:inherit;padding:.55rem 1.3rem;border-radius:4px;"
    "cursor:pointer;border:1px solid #a93b1f;min-height:2.5rem}button.yes{background:#a93b1f;color:#fff}"
    "button.no{background:#fff;color:#213343}p.note{color:#425b76;font-size:.9rem}"
    "div.buttons{display:flex;gap:1rem;margin-top:1.25rem;flex-wrap:wrap}div.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.45rem .6rem}"
    "tr{border-bottom:1px solid #dfe3eb}"
    "nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin-bottom:1rem}nav a{padding:.2rem 0}a{color:#00637e}"
    "h3{font-size:1rem}main{overflow-wrap:break-word}"
    "p.done{background:#e5f5f1;border:1px solid #00695c;padding:.6rem 1rem}"
    "p.bad{background:#fdedee;border:1px solid #a5182b;padding:.6rem 1rem}"
)


def language(accept: str) -> str:
    """French or English, by what the browser would rather read."""
    return "fr" if accept.strip().lower().startswith("fr") else "en"


def consent(accounts: Iterable[Account], scopes: Sequence[str], hidden: Mapping[str, str], lang: str) -> Response:
    """What is asked for, which account, yes or no."""
    text = _TEXTS[lang]
    rights = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes)
    choices = "".join(
        f'<label><input type="radio" name="account" value="{account.portal}"{" checked" if at == 0 else ""}> '
        f"{escape(account.name)} <small>({account.portal}, {escape(account.type)}, {escape(account.tier)})</small>"
        "</label>"
        for at, account in enumerate(accounts)
    )
    fields = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in hidden.items())
    return page(
        text["title"],
        f"<p>{text['asks'].format(app=escape(hidden['client_id']))}</p><ul>{rights}</ul>"
        f'<form method="post">{fields}<fieldset><legend>{text["account"]}</legend>{choices}</fieldset>'
        f'<div class="buttons"><button class="yes" name="answer" value="connect">{text["connect"]}</button>'
        f'<button class="no" name="answer" value="cancel">{text["cancel"]}</button></div></form>'
        f'<p class="note">{text["note"]}</p>',
        lang,
    )


def lacking(account: str, scopes: Sequence[str], lang: str) -> str:
    """Why an account cannot give what is asked for."""
    return _TEXTS[lang]["lacking"].format(account=account, scopes=", ".join(scopes))


def refusal(reason: str, lang: str) -> Response:
    """What a person sees when the request cannot even be sent back to where it came from."""
    return page(_TEXTS[lang]["bad"], f"<p>{escape(reason)}</p>", lang, 400)


def page(title: str, body: str, lang: str, status: int = 200, *, wide: bool = False) -> Response:
    """A page with its heading."""
    html = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main{' class=wide' if wide else ''}><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(status, html.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
