"""Screens to edit by hand: lists and forms, so that a change made here can be watched arriving on the other side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html import escape
from urllib.parse import urlencode

from connectors.sandbox.core import Document, Request, Response, SandboxError
from connectors.sandbox.hubspot import control, links, pages, schema
from connectors.sandbox.hubspot.account import PERSON, Account, Record
from connectors.sandbox.hubspot.links import End
from connectors.sandbox.hubspot.records import archive, restore
from connectors.sandbox.hubspot.values import told
from connectors.sandbox.hubspot.wire import Refusal, form_of, is_number, wrong_url

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Screen:
    """What the list and the form of one type show."""

    columns: tuple[str, ...]
    fields: tuple[str, ...]
    links: tuple[str, ...] = ()


SCREENS: Mapping[str, Screen] = {
    "contacts": Screen(
        ("firstname", "lastname", "email", "phone", "company"),
        ("email", "hs_additional_emails", "firstname", "lastname", "phone", "company", "address", "city", "zip"),
        ("deals", "invoices", "commerce_payments"),
    ),
    "deals": Screen(
        ("dealname", "dealstage", "amount"), ("dealname", "dealstage", "amount"), ("contacts", "invoices", "notes")
    ),
    "products": Screen(("name", "hs_sku", "price"), ("name", "hs_sku", "price", "description")),
    "invoices": Screen(
        ("hs_number", "hs_invoice_status", "hs_invoice_source", "hs_amount_billed", "hs_balance_due", "hs_currency"),
        ("hs_title", "hs_invoice_status", "hs_due_date", "hs_comments"),
        ("contacts", "deals", "line_items", "commerce_payments"),
    ),
    "commerce_payments": Screen(
        ("hs_initial_amount", "hs_initiated_date", "hs_latest_status", "hs_reference_number"),
        ("hs_latest_status", "hs_refunds_amount", "hs_reference_number"),
        ("invoices", "contacts", "deals"),
    ),
    "notes": Screen(("hs_timestamp", "hs_note_body"), ("hs_note_body",), ("deals", "contacts")),
}
_TEXTS = {
    "en": {
        "accounts": "HubSpot accounts (local sandbox)",
        "new": "New",
        "search": "Search",
        "save": "Save",
        "saved": "Saved.",
        "archive": "Delete",
        "restore": "Restore",
        "gone": "In the recycle bin",
        "link": "Link with",
        "unlink": "Unlink",
        "linked": "Linked records",
        "pay": "Record a payment",
        "amount": "Amount",
        "none": "No records.",
        "more": "Only the first {n} of {total} are shown.",
        "note": "This is a simulator. Everything is invented and nothing leaves this machine.",
        "id": "Record id",
        "open": "Open",
    },
    "fr": {
        "accounts": "Comptes HubSpot (simulateur local)",
        "new": "Nouveau",
        "search": "Rechercher",
        "save": "Enregistrer",
        "saved": "Enregistré.",
        "archive": "Supprimer",
        "restore": "Restaurer",
        "gone": "Dans la corbeille",
        "link": "Associer à",
        "unlink": "Dissocier",
        "linked": "Fiches associées",
        "pay": "Inscrire un paiement",
        "amount": "Montant",
        "none": "Aucune fiche.",
        "more": "Seules les {n} premières sur {total} sont affichées.",
        "note": "Ceci est un simulateur. Tout est inventé et rien ne sort de cette machine.",
        "id": "Numéro de fiche",
        "open": "Ouvrir",
    },
}
_WORDS = {
    "en": {
        "contacts": "Contacts",
        "deals": "Deals",
        "products": "Products",
        "invoices": "Invoices",
        "commerce_payments": "Payments",
        "notes": "Notes",
        "line_items": "Line items",
        "email": "E-mail",
        "hs_additional_emails": "Other e-mail addresses (separated by ;)",
        "firstname": "First name",
        "lastname": "Last name",
        "phone": "Phone",
        "company": "Company",
        "zip": "Postcode",
        "dealname": "Deal",
        "dealstage": "Stage",
        "hs_sku": "SKU",
    },
    "fr": {
        "contacts": "Contacts",
        "deals": "Transactions",
        "products": "Produits",
        "invoices": "Factures",
        "commerce_payments": "Paiements",
        "notes": "Notes",
        "line_items": "Lignes",
        "email": "Courriel",
        "hs_additional_emails": "Autres courriels (séparés par ;)",
        "firstname": "Prénom",
        "lastname": "Nom",
        "phone": "Téléphone",
        "company": "Entreprise",
        "address": "Adresse",
        "city": "Ville",
        "zip": "Code postal",
        "dealname": "Transaction",
        "dealstage": "Étape",
        "amount": "Montant",
        "name": "Nom",
        "hs_sku": "UGS",
        "price": "Prix",
        "description": "Description",
        "hs_number": "Numéro",
        "hs_title": "Titre",
        "hs_invoice_status": "État",
        "hs_invoice_source": "Source",
        "hs_amount_billed": "Montant facturé",
        "hs_balance_due": "Solde",
        "hs_currency": "Devise",
        "hs_due_date": "Échéance",
        "hs_comments": "Commentaires",
        "hs_initial_amount": "Montant",
        "hs_initiated_date": "Date",
        "hs_latest_status": "État",
        "hs_refunds_amount": "Remboursé",
        "hs_reference_number": "Référence",
        "hs_timestamp": "Date",
        "hs_note_body": "Texte",
    },
}


@dataclass(frozen=True, slots=True)
class View:
    """One look at one account."""

    request: Request
    account: Account
    kind: str
    lang: str

    @property
    def home(self) -> str:
        return f"{self.request.base_url}/app/{self.account.portal}"

    def say(self, name: str) -> str:
        return _TEXTS[self.lang][name]

    def word(self, name: str) -> str:
        return _WORDS[self.lang].get(name) or name.removeprefix("hs_").replace("_", " ").capitalize()


def serve(request: Request, parts: list[str], accounts: Mapping[int, Account]) -> Response:
    """Answer a screen: `app`, `app/{portal}/{type}[/{id}|/new]`, or the product's own address of a record."""
    lang = pages.language(request.headers.get("accept-language", ""))
    if parts == ["app"]:
        return _accounts(request, accounts, lang)
    if parts[0] == "contacts":
        parts = ["app", parts[1], *parts[3:]]
    account = accounts.get(int(parts[1]) if is_number(parts[1]) else 0)
    kind = schema.BY_WORD.get(parts[2] if len(parts) > 2 else "contacts")
    if account is None or kind is None or kind.name not in SCREENS or len(parts) > 4:
        return wrong_url()
    view = View(request, account, kind.name, lang)
    if len(parts) < 4:
        return _listing(view)
    if parts[3] == "new":
        return _save(view, None) if request.method == "POST" else _form(view, None)
    record = account.shelf(kind.name).find(parts[3])
    if record is None:
        return wrong_url()
    return _save(view, record) if request.method == "POST" else _form(view, record)


def _accounts(request: Request, accounts: Mapping[int, Account], lang: str) -> Response:
    rows = "".join(
        f'<li><a href="{escape(request.base_url)}/app/{account.portal}/contacts">{escape(account.name)}</a> '
        f"<small>({account.portal}, {escape(account.type)})</small></li>"
        for account in accounts.values()
    )
    text = _TEXTS[lang]
    return pages.page(text["accounts"], f'<ul>{rows}</ul><p class="note">{text["note"]}</p>', lang)


def _page(view: View, title: str, body: str, status: int = 200) -> Response:
    tabs = "".join(f'<a href="{escape(view.home)}/{kind}">{escape(view.word(kind))}</a>' for kind in SCREENS)
    foot = f'<p class="note">{view.say("note")}</p>'
    return pages.page(f"{view.account.name} - {title}", f"<nav>{tabs}</nav>{body}{foot}", view.lang, status, wide=True)


# Lists


def _listing(view: View) -> Response:
    shelf, screen = view.account.shelf(view.kind), SCREENS[view.kind]
    query = (view.request.arg("q") or "").strip()
    parts = query.lower().split()
    found = [
        record
        for record in shelf.live()
        if all(part in "\n".join([record.id, *record.values.values()]).lower() for part in parts)
    ]
    heads = "".join(f'<th scope="col">{escape(view.word(name))}</th>' for name in screen.columns)
    rows = "".join(_row(view, record) for record in found[-MOST_ROWS:][::-1])
    table = f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    more = view.say("more").format(n=MOST_ROWS, total=len(found)) if len(found) > MOST_ROWS else ""
    new = (
        ""
        if view.kind in ("commerce_payments", "invoices", "notes")
        else (f'<p><a href="{escape(view.home)}/{view.kind}/new">{view.say("new")}</a></p>')
    )
    nothing = f"<p>{view.say('none')}</p>"
    body = (
        f'<form method="get"><label>{view.say("search")}<input type="search" name="q" value="{escape(query)}"></label>'
        f'<button class="no">{view.say("search")}</button></form>{new}'
        f"{table if found else nothing}<p>{more}</p>"
    )
    return _page(view, view.word(view.kind), body)


def _row(view: View, record: Record) -> str:
    shelf = view.account.shelf(view.kind)
    cells = [escape((told(shelf, record, name) or "")[:80]) for name in SCREENS[view.kind].columns]
    address = f"{view.home}/{view.kind}/{record.id}"
    cells[0] = f'<a href="{escape(address)}">{cells[0] or record.id}</a>'
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


# Forms


def _form(view: View, record: Record | None, trouble: str = "", given: Mapping[str, str] | None = None) -> Response:
    values = dict(record.values) if record is not None else {}
    values |= given or {}
    fields = "".join(_field(view, name, values.get(name, "")) for name in SCREENS[view.kind].fields)
    told_so = f'<p class="bad" role="alert">{escape(trouble)}</p>' if trouble else ""
    if not trouble and view.request.arg("saved"):
        told_so = f'<p class="done" role="status">{view.say("saved")}</p>'
    buttons = f'<div class="buttons"><button class="yes" name="do" value="save">{view.say("save")}</button>'
    if record is not None and record.archived is None:
        buttons += f'<button class="no" name="do" value="archive">{view.say("archive")}</button>'
    elif record is not None:
        buttons += f'<button class="no" name="do" value="restore">{view.say("restore")}</button>'
    title = view.say("new") if record is None else f"{view.word(view.kind)} {record.id}"
    gone = f'<p class="bad">{view.say("gone")}</p>' if record is not None and record.archived is not None else ""
    body = f'{told_so}{gone}<form method="post">{fields}{buttons}</div></form>'
    if record is not None:
        body += _links(view, record) + (_payment(view, record) if view.kind == "invoices" else "")
    return _page(view, title, body, 400 if trouble else 200)


def _field(view: View, name: str, value: str) -> str:
    definition = view.account.shelf(view.kind).definitions[name]
    label = escape(view.word(name))
    if definition["type"] == "enumeration":
        options = "".join(
            f'<option value="{escape(option["value"])}"{" selected" if option["value"] == value else ""}>'
            f"{escape(option['label'])}</option>"
            for option in definition["options"]
        )
        return f'<label>{label}<select name="{name}"><option value=""></option>{options}</select></label>'
    return f'<label>{label}<input type="text" name="{name}" value="{escape(value)}"></label>'


def _links(view: View, record: Record) -> str:
    found = ""
    for kind in SCREENS[view.kind].links:
        rows = ""
        for id in links.linked(view.account, End(view.kind, record.id), kind):
            shown = escape(_title(view.account, kind, id))
            link = f'<a href="{escape(view.home)}/{kind}/{id}">{shown}</a>' if kind in SCREENS else shown
            rows += (
                f'<li><form method="post">{link} <input type="hidden" name="kind" value="{kind}">'
                f'<input type="hidden" name="other" value="{id}">'
                f'<button class="no" name="do" value="unlink">{view.say("unlink")}</button></form></li>'
            )
        nothing = f"<li>{view.say('none')}</li>"
        found += f"<h3>{escape(view.word(kind))}</h3><ul>{rows or nothing}</ul>"
        found += (
            f'<form method="post"><input type="hidden" name="kind" value="{kind}">'
            f"<label>{view.say('link')} ({view.say('id').lower()})"
            '<input type="text" name="other" inputmode="numeric"></label>'
            f'<button class="no" name="do" value="link">{view.say("link")}</button></form>'
        )
    return f"<h2>{view.say('linked')}</h2>{found}" if found else ""


def _title(account: Account, kind: str, id: str) -> str:
    values = account.shelf(kind).records[id].values
    names = ("firstname", "lastname", "dealname", "hs_number", "name", "hs_initial_amount", "amount")
    return " ".join(values[name] for name in names if values.get(name)) or id


def _payment(view: View, record: Record) -> str:
    due = escape(record.values.get("hs_balance_due", ""))
    return (
        f'<h2>{view.say("pay")}</h2><form method="post"><label>{view.say("amount")}'
        f'<input type="text" name="amount" value="{due}" inputmode="decimal"></label>'
        f'<button class="yes" name="do" value="pay">{view.say("pay")}</button></form>'
    )


def _save(view: View, record: Record | None) -> Response:
    """Do what a form asks for, then show the record anew; or say what is wrong with it."""
    form = form_of(view.request)
    given = {name: form[name] for name in SCREENS[view.kind].fields if name in form}
    try:
        saved = _do(view, record, form.get("do", "save"), form, given)
    except Refusal as refusal:
        return _form(view, record, _plainly(refusal), given)
    except (SandboxError, InvalidOperation) as error:
        return _form(view, record, str(error), given)
    query = urlencode({"saved": "1"})
    return Response(303, b"", {"Location": f"{view.home}/{view.kind}/{saved.id}?{query}"})


def _do(view: View, record: Record | None, act: str, form: Mapping[str, str], given: Mapping[str, str]) -> Record:
    account, kind = view.account, view.kind
    if record is None:
        return control.save(account, kind, {"properties": dict(given)})
    if act == "archive":
        archive(account, kind, record, PERSON)
    elif act == "restore":
        restore(account, kind, record, PERSON)
    elif act == "pay":
        control.pay(account, record.id, {"amount": Decimal(form.get("amount", "").replace(",", "."))})
    elif act in ("link", "unlink"):
        ends = {"from": {"type": kind, "id": record.id}, "to": {"type": form["kind"], "id": form.get("other", "")}}
        control.load(account, "associations", {**ends, "removed": act == "unlink"})
    else:
        changed = {name: value for name, value in given.items() if record.values.get(name, "") != value}
        if changed:
            control.save(account, kind, {"id": record.id, "properties": changed})
    return record


def _plainly(refusal: Refusal) -> str:
    """The words of a refusal without its machine part."""
    _, _, rows = refusal.message.partition("valid: ")
    if not rows:
        return refusal.message
    found: list[Document] = json.loads(rows)
    return " ".join(str(row["message"]) for row in found)
