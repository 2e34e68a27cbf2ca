"""What people see in a browser: where to install the app, and why a request cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from connectors.sandbox.core import Response
from connectors.sandbox.highlevel.place import Location

_TEXTS = {
    "en": {
        "title": "Connect to {brand} (local sandbox)",
        "asks": "The application {app} asks for these rights:",
        "where": "Choose where to install it",
        "agency": "The whole agency, for all its locations",
        "connect": "Install",
        "cancel": "Cancel",
        "note": "This is a simulator. The accounts are invented and nothing leaves this machine.",
        "bad": "This sign-in request cannot be used",
    },
    "fr": {
        "title": "Se connecter à {brand} (simulateur local)",
        "asks": "L’application {app} demande ces droits\u00a0:",
        "where": "Choisissez où l’installer",
        "agency": "Toute l’agence, pour tous ses comptes",
        "connect": "Installer",
        "cancel": "Annuler",
        "note": "Ceci est un simulateur. Les comptes sont inventés et rien ne sort de cette machine.",
        "bad": "Cette demande de connexion est inutilisable",
    },
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f2f6f3;color:#17301f;margin:0}"
    "main{max-width:34rem;margin:6vh auto;background:#fff;padding:2rem;border-radius:8px;border:1px solid #c4d6ca}"
    "h1{font-size:1.35rem;margin-top:0}fieldset{border:1px solid #6f8f7c;border-radius:6px;padding:.75rem 1rem}"
    "label{display:block;padding:.35rem 0}button{font:inherit;padding:.55rem 1.3rem;border-radius:4px;cursor:pointer;"
    "border:1px solid #14663a;min-height:2.5rem}button.yes{background:#14663a;color:#fff}"
    "button.no{background:#fff;color:#17301f}p.note{color:#4a6152;font-size:.9rem}"
    "div.buttons{display:flex;gap:1rem;margin-top:1.25rem;flex-wrap:wrap}main{overflow-wrap:break-word}"
    "main.wide{max-width:62rem}h2{font-size:1.1rem}div.scroll{overflow-x:auto}a{color:#0b5c33}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.45rem .6rem}"
    "tr{border-bottom:1px solid #d8e4dc}nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin-bottom:1rem}"
    "input[type=text],input[type=search],select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem;"
    "border:1px solid #6f8f7c;border-radius:4px}"
    "p.done{background:#e5f5ea;border:1px solid #14663a;padding:.6rem 1rem}"
    "p.bad{background:#fdedee;border:1px solid #a5182b;padding:.6rem 1rem}"
)


def language(accept: str) -> str:
    """French or English, by what the browser would rather read."""
    return "fr" if accept.strip().lower().startswith("fr") else "en"


def consent(
    brand: str, locations: Iterable[Location], scopes: Sequence[str], hidden: Mapping[str, str], lang: str
) -> Response:
    """What is asked for, which location, yes or no."""
    text = _TEXTS[lang]
    rights = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes)
    choices = "".join(
        f'<label><input type="radio" name="location" value="{escape(one.id)}"{" checked" if at == 0 else ""}> '
        f"{escape(one.name)} <small>({escape(one.id)})</small></label>"
        for at, one in enumerate(locations)
    )
    choices += f'<label><input type="radio" name="location" value="agency"> {text["agency"]}</label>'
    fields = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in hidden.items())
    return page(
        text["title"].format(brand=brand),
        f"<p>{text['asks'].format(app=escape(hidden['client_id']))}</p><ul>{rights}</ul>"
        f'<form method="post">{fields}<fieldset><legend>{text["where"]}</legend>{choices}</fieldset>'
        f'<div class="buttons"><button class="yes" name="answer" value="connect">{text["connect"]}</button>'
        f'<button class="no" name="answer" value="cancel">{text["cancel"]}</button></div></form>'
        f'<p class="note">{text["note"]}</p>',
        lang,
    )


def refusal(reason: str, lang: str) -> Response:
    """What a person sees when the request cannot even be sent back to where it came from."""
    return page(_TEXTS[lang]["bad"], f"<p>{escape(reason)}</p>", lang, 400)


def page(title: str, body: str, lang: str, status: int = 200, *, wide: bool = False) -> Response:
    """A page with its heading."""
    html = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main{' class=wide' if wide else ''}><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(status, html.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
