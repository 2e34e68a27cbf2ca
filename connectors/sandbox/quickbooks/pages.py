"""The consent page a person clicks through: what is asked for, which company, yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from connectors.sandbox.core import Response

_TEXTS = {
    "en": {
        "title": "Connect to QuickBooks (local sandbox)",
        "asks": "The application {app} asks for these rights:",
        "company": "Choose a company",
        "connect": "Connect",
        "cancel": "Cancel",
        "note": "This is a simulator. The companies are invented and nothing leaves this machine.",
        "bad": "This sign-in request cannot be used",
        "who": "Sign in with Intuit (local sandbox)",
        "account": "Choose an account",
        "go_on": "Sign in",
        "people": "This is a simulator. The people are invented and nothing leaves this machine.",
        "verified": "address verified",
        "unverified": "address not verified",
    },
    "fr": {
        "title": "Se connecter à QuickBooks (simulateur local)",
        "asks": "L'application {app} demande ces droits :",
        "company": "Choisissez une entreprise",
        "connect": "Connecter",
        "cancel": "Annuler",
        "note": "Ceci est un simulateur. Les entreprises sont inventées et rien ne sort de cette machine.",
        "bad": "Cette demande de connexion est inutilisable",
        "who": "Se connecter avec Intuit (simulateur local)",
        "account": "Choisissez un compte",
        "go_on": "Se connecter",
        "people": "Ceci est un simulateur. Les personnes sont inventées et rien ne sort de cette machine.",
        "verified": "adresse vérifiée",
        "unverified": "adresse non vérifiée",
    },
}
_RIGHTS = {
    "en": {
        "com.intuit.quickbooks.accounting": "Read and write the books: customers, products, invoices, payments",
        "com.intuit.quickbooks.payment": "Process payments",
        "openid": "Know who you are",
        "profile": "Read your name",
        "email": "Read your e-mail address",
        "phone": "Read your phone number",
        "address": "Read your address",
    },
    "fr": {
        "com.intuit.quickbooks.accounting": "Lire et écrire la comptabilité : clients, produits, factures, paiements",
        "com.intuit.quickbooks.payment": "Traiter des paiements",
        "openid": "Savoir qui vous êtes",
        "profile": "Lire votre nom",
        "email": "Lire votre adresse courriel",
        "phone": "Lire votre numéro de téléphone",
        "address": "Lire votre adresse",
    },
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f2f4f5;color:#21262a;margin:0}"
    "main{max-width:34rem;margin:8vh auto;background:#fff;padding:2rem;border-radius:12px;border:1px solid #d4d7dc}"
    "h1{font-size:1.35rem;margin-top:0}fieldset{border:1px solid #8d9096;border-radius:8px;padding:.75rem 1rem}"
    "label{display:block;padding:.35rem 0}button{font:inherit;padding:.6rem 1.4rem;border-radius:6px;cursor:pointer;"
    "border:1px solid #1a6e12}button.yes{background:#1a6e12;color:#fff}button.no{background:#fff;color:#21262a}"
    "p.note{color:#4b5056;font-size:.9rem}div.buttons{display:flex;gap:1rem;margin-top:1.25rem}"
)


def language(accept: str) -> str:
    """French or English, by what the browser would rather read."""
    return "fr" if accept.strip().lower().startswith("fr") else "en"


def consent_page(
    companies: Iterable[tuple[str, str, str]], scopes: Iterable[str], hidden: Mapping[str, str], lang: str
) -> Response:
    """The page; `companies` are (realm, name, what kind)."""
    text = _TEXTS[lang]
    rights = "".join(f"<li>{escape(_RIGHTS[lang].get(scope, scope))}</li>" for scope in scopes)
    choices = "".join(
        f'<label><input type="radio" name="realm" value="{escape(realm)}"{" checked" if at == 0 else ""}> '
        f"{escape(name)} <small>({escape(kind)})</small></label>"
        for at, (realm, name, kind) in enumerate(companies)
    )
    fields = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in hidden.items())
    body = (
        f"<h1>{text['title']}</h1><p>{text['asks'].format(app=escape(hidden['client_id']))}</p><ul>{rights}</ul>"
        f'<form method="post">{fields}<fieldset><legend>{text["company"]}</legend>{choices}</fieldset>'
        f'<div class="buttons"><button class="yes" name="answer" value="connect">{text["connect"]}</button>'
        f'<button class="no" name="answer" value="cancel">{text["cancel"]}</button></div></form>'
        f'<p class="note">{text["note"]}</p>'
    )
    return _page(200, text["title"], body, lang)


def account_page(accounts: Iterable[tuple[str, str, str]], hidden: Mapping[str, str], lang: str) -> Response:
    """The page that asks who a person is; `accounts` are (sub, name, what is known)."""
    text = _TEXTS[lang]
    choices = "".join(
        f'<label><input type="radio" name="person" value="{escape(sub)}"{" checked" if at == 0 else ""}> '
        f"{escape(name)} <small>({escape(known)})</small></label>"
        for at, (sub, name, known) in enumerate(accounts)
    )
    fields = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in hidden.items())
    body = (
        f"<h1>{text['who']}</h1><p>{text['asks'].format(app=escape(hidden['client_id']))} "
        f"{_RIGHTS[lang]['openid']}, {_RIGHTS[lang]['email']}</p>"
        f'<form method="post">{fields}<fieldset><legend>{text["account"]}</legend>{choices}</fieldset>'
        f'<div class="buttons"><button class="yes" name="answer" value="connect">{text["go_on"]}</button>'
        f'<button class="no" name="answer" value="cancel">{text["cancel"]}</button></div></form>'
        f'<p class="note">{text["people"]}</p>'
    )
    return _page(200, text["who"], body, lang)


def verified(is_verified: bool, lang: str) -> str:
    """Say whether an address was verified."""
    return _TEXTS[lang]["verified" if is_verified else "unverified"]


def refusal_page(reason: str, lang: str) -> Response:
    """What a person sees when the request cannot even be sent back to where it came from."""
    text = _TEXTS[lang]
    return _page(400, text["bad"], f"<h1>{text['bad']}</h1><p><code>{escape(reason)}</code></p>", lang)


def _page(status: int, title: str, body: str, lang: str) -> Response:
    html = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )
    return Response(status, html.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
