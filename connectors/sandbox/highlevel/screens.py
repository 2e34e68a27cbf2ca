"""Screens to act by hand: contacts, invoices, sales. What is done here can be watched arriving on the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html import escape
from urllib.parse import quote

from connectors.sandbox.core import Document, Request, Response, SandboxError
from connectors.sandbox.highlevel import control, invoices, pages, payments
from connectors.sandbox.highlevel.place import Location
from connectors.sandbox.highlevel.wire import Refusal, form_of, is_mail, nobody_serves

MOST_ROWS = 100
KINDS = ("order_form", "subscription", "checkout", "calendar")
FIELDS = (
    "firstName",
    "lastName",
    "email",
    "phone",
    "companyName",
    "address1",
    "city",
    "state",
    "postalCode",
    "country",
)
LISTS = ("contacts", "invoices", "sales")
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "places": "{brand} accounts (local sandbox)",
        "contacts": "Contacts",
        "invoices": "Invoices",
        "sales": "Sales",
        "new_contact": "New contact",
        "new_invoice": "New draft invoice",
        "save": "Save",
        "saved": "Saved.",
        "none": "Nothing here yet.",
        "send": "Mark as sent",
        "void": "Void",
        "delete": "Delete",
        "pay": "Record a payment",
        "sell": "Take a payment",
        "amount": "Amount",
        "kind": "Kind",
        "search": "Search",
        "lines": "Lines",
        "line": "Line: name; quantity; unit price",
        "number": "Number",
        "status": "Status",
        "total": "Total",
        "due": "Due",
        "contact": "Contact",
        "firstName": "First name",
        "lastName": "Last name",
        "email": "E-mail",
        "phone": "Phone",
        "companyName": "Company",
        "address1": "Address",
        "city": "City",
        "state": "Province or state",
        "postalCode": "Postal code",
        "country": "Country (2 letters)",
        "issueDate": "Issue date",
        "dueDate": "Due date",
        "order_form": "order form",
        "subscription": "subscription",
        "checkout": "checkout",
        "calendar": "calendar",
        "draft": "Draft",
        "voided": "Void",
        "sent": "Sent",
        "paid": "Paid",
        "partially_paid": "Partly paid",
        "payment_processing": "Processing",
        "date": "Date",
        "refunded": "Refunded",
        "succeeded": "Succeeded",
        "failed": "Failed",
        "pending": "Pending",
        "bad_line": "A line is written: name; quantity; unit price",
        "bad_mail": "This is no e-mail address.",
        "bad_amount": "This is no amount.",
        "source": "Source",
        "newest": "The {n} newest of {total} are shown.",
        "note": "This is a simulator. Everybody is invented and nothing leaves this machine.",
    },
    "fr": {
        "places": "Comptes {brand} (simulateur local)",
        "contacts": "Contacts",
        "invoices": "Factures",
        "sales": "Ventes",
        "new_contact": "Nouveau contact",
        "new_invoice": "Nouvelle facture (brouillon)",
        "save": "Enregistrer",
        "saved": "Enregistré.",
        "none": "Rien pour l’instant.",
        "send": "Marquer comme envoyée",
        "void": "Annuler la facture",
        "delete": "Supprimer",
        "pay": "Inscrire un paiement",
        "sell": "Encaisser un paiement",
        "amount": "Montant",
        "kind": "Genre",
        "search": "Chercher",
        "lines": "Lignes",
        "line": "Ligne\u00a0: nom; quantité; prix unitaire",
        "number": "Numéro",
        "status": "État",
        "total": "Total",
        "due": "Solde",
        "contact": "Contact",
        "firstName": "Prénom",
        "lastName": "Nom",
        "email": "Courriel",
        "phone": "Téléphone",
        "companyName": "Entreprise",
        "address1": "Adresse",
        "city": "Ville",
        "state": "Province ou État",
        "postalCode": "Code postal",
        "country": "Pays (2 lettres)",
        "issueDate": "Date",
        "dueDate": "Échéance",
        "order_form": "formulaire de commande",
        "subscription": "abonnement",
        "checkout": "page de paiement",
        "calendar": "calendrier",
        "draft": "Brouillon",
        "voided": "Annulée",
        "sent": "Envoyée",
        "paid": "Payée",
        "partially_paid": "Payée en partie",
        "payment_processing": "En traitement",
        "date": "Date",
        "refunded": "Remboursé",
        "succeeded": "Réussi",
        "failed": "Échoué",
        "pending": "En attente",
        "bad_line": "Une ligne s’écrit\u00a0: nom; quantité; prix unitaire",
        "bad_mail": "Ce n’est pas une adresse courriel.",
        "bad_amount": "Ce n’est pas un montant.",
        "source": "Source",
        "newest": "Les {n} plus récentes sur {total} sont affichées.",
        "note": "Ceci est un simulateur. Tout le monde est inventé et rien ne sort de cette machine.",
    },
}


@dataclass(frozen=True, slots=True)
class View:
    """One screen of one location, in one language."""

    request: Request
    location: Location
    lang: str

    @property
    def home(self) -> str:
        return f"{self.request.base_url}/app/{quote(self.location.id)}"

    def say(self, word: str) -> str:
        return escape(_TEXTS[self.lang].get(word, word))

    def status(self, invoice: Document) -> str:
        """The state of an invoice in words ("void" alone is the button)."""
        return self.say("voided" if invoice["status"] == "void" else invoice["status"])


def serve(request: Request, parts: list[str], locations: Mapping[str, Location], brand: str) -> Response:
    """`app`, `app/{location}/{contacts|invoices|sales}[/{id}|/new]`; or the product's own address of a contact."""
    lang = pages.language(request.headers.get("accept-language", ""))
    if parts in (["app"], ["app", ""]):
        rows = "".join(
            f'<li><a href="{escape(request.base_url)}/app/{quote(one.id)}/invoices">{escape(one.name)}</a></li>'
            for one in locations.values()
        )
        return pages.page(_TEXTS[lang]["places"].format(brand=brand), f"<ul>{rows}</ul>", lang, wide=True)
    if parts[:2] == ["v2", "location"] and parts[3:5] == ["contacts", "detail"]:
        parts = ["app", parts[2], "contacts", *parts[5:]]
    location = locations.get(parts[1])
    if parts[0] != "app" or location is None or len(parts) not in (3, 4) or parts[2] not in LISTS:
        raise nobody_serves(request)
    view = View(request, location, lang)
    if len(parts) == 3:
        return _LISTINGS[parts[2]](view)
    if parts[2] == "sales":
        raise nobody_serves(request)
    return (_contact if parts[2] == "contacts" else _invoice)(view, parts[3])


def _page(view: View, title: str, body: str, status: int = 200) -> Response:
    tabs = "".join(f'<a href="{escape(view.home)}/{name}">{view.say(name)}</a> ' for name in LISTS)
    foot = f'<p class="note">{view.say("note")}</p>'
    return pages.page(f"{view.location.name} - {title}", f"<nav>{tabs}</nav>{body}{foot}", view.lang, status, wide=True)


# Lists


def _table(view: View, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], total: int) -> str:
    """A table of ready HTML cells."""
    if not rows:
        return f"<p>{view.say('none')}</p>"
    head = "".join(f'<th scope="col">{view.say(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    more = f"<p>{view.say('newest').format(n=MOST_ROWS, total=total)}</p>" if total > len(rows) else ""
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}'


def _searched(view: View, documents: list[Document], order: str) -> tuple[list[Document], str]:
    """Those that have every word of the search, newest first, and the search form."""
    text = view.request.arg("q") or ""
    found = [one for one in documents if all(word in str(one).lower() for word in text.lower().split())]
    found.sort(key=lambda one: str(one[order]), reverse=True)
    form = (
        f'<form method="get"><label>{view.say("search")} <input type="search" name="q" value="{escape(text)}"></label>'
        f'<button class="no">{view.say("search")}</button></form>'
    )
    return found, form


def _link(view: View, kind: str, id: str, text: object) -> str:
    return f'<a href="{escape(view.home)}/{kind}/{quote(id)}">{escape(str(text or id))}</a>'


def _contacts(view: View) -> Response:
    found, form = _searched(view, list(view.location.contacts.values()), "dateAdded")
    rows = [
        (
            _link(view, "contacts", one["id"], one["contactName"]),
            escape(one["email"] or ""),
            escape(one["phone"] or ""),
            escape(one["companyName"] or ""),
        )
        for one in found[:MOST_ROWS]
    ]
    new = f"<p>{_link(view, 'contacts', 'new', _TEXTS[view.lang]['new_contact'])}</p>"
    heads = ("contact", "email", "phone", "companyName")
    return _page(view, view.say("contacts"), form + new + _table(view, heads, rows, len(found)))


def _invoices(view: View) -> Response:
    found, form = _searched(view, list(view.location.invoices.values()), "createdAt")
    rows = [
        (
            _link(view, "invoices", one["_id"], f"{one.get('invoiceNumberPrefix') or ''}{one['invoiceNumber']}"),
            escape(str(one["contactDetails"].get("name") or "")),
            view.status(one),
            escape(one["issueDate"]),
            f"{one['total']} {escape(one['currency'])}",
            f"{one['amountDue']}",
        )
        for one in found[:MOST_ROWS]
    ]
    heads = ("number", "contact", "status", "issueDate", "total", "due")
    return _page(view, view.say("invoices"), form + _table(view, heads, rows, len(found)))


def _sales(view: View) -> Response:
    found, form = _searched(view, list(view.location.transactions.values()), "createdAt")
    rows = [
        (
            escape(str(one.get("_fulfilledAt") or one["createdAt"])[:10]),
            escape(str(payments.transaction_row(one)["contactName"] or "")),
            escape(str((one.get("entitySource") or {}).get("name") or "")),
            view.say(one["status"]),
            f"{one['amount']} {escape(str(one['currency']))}",
            str(one.get("amountRefunded") or ""),
        )
        for one in found[:MOST_ROWS]
    ]
    heads = ("date", "contact", "source", "status", "amount", "refunded")
    return _page(view, view.say("sales"), form + _table(view, heads, rows, len(found)))


_LISTINGS = {"contacts": _contacts, "invoices": _invoices, "sales": _sales}


# Forms


def _input(view: View, name: str, value: object) -> str:
    return (
        f"<label>{view.say(name)}"
        f'<input type="text" name="{name}" value="{escape("" if value is None else str(value))}"></label>'
    )


def _button(view: View, act: str, kind: str = "no") -> str:
    return f'<button class="{kind}" name="do" value="{act}">{view.say(act)}</button>'


def _told(view: View, trouble: str) -> str:
    if trouble:
        return f'<p class="bad" role="alert">{escape(trouble)}</p>'
    return f'<p class="done" role="status">{view.say("saved")}</p>' if view.request.arg("saved") else ""


def _act(view: View, document: Document, resource: str, back: str) -> Response | str:
    """Do it as control would; where to go next, or what is wrong."""
    try:
        made = control.load(view.location, resource, document)
    except (Refusal, SandboxError) as error:
        return str(error)
    id = made.get("_id") or made.get("id") or ""
    address = back if resource == "payments" or document.get("deleted") else f"{back}/{quote(str(id))}"
    return Response(303, b"", {"Location": f"{view.home}/{address}?saved=1"})


def _contact(view: View, id: str) -> Response:
    known = view.location.contacts.get(id)
    if known is None and id != "new":
        raise nobody_serves(view.request)
    given, trouble = known or {"country": view.location.country}, ""
    if view.request.method == "POST":
        done = _on_contact(view, known, form_of(view.request))
        if isinstance(done, Response):
            return done
        trouble = done
    fields = "".join(_input(view, name, given.get(name)) for name in FIELDS)
    buttons = _button(view, "save", "yes") + (_button(view, "delete") if known else "")
    body = f'{_told(view, trouble)}<form method="post">{fields}<div class="buttons">{buttons}</div></form>'
    if known:
        kinds = "".join(f'<option value="{kind}">{view.say(kind)}</option>' for kind in KINDS)
        body += (
            f'<h2>{view.say("sell")}</h2><form method="post"><label>{view.say("kind")}<select name="kind">{kinds}'
            f"</select></label>{_input(view, 'amount', '')}{_button(view, 'sell', 'yes')}</form>"
            f'<h2>{view.say("new_invoice")}</h2><form method="post">{_input(view, "line", "")}'
            f"{_button(view, 'new_invoice', 'yes')}</form>"
        )
    title = str(given.get("contactName") or _TEXTS[view.lang]["new_contact"])
    return _page(view, title, body, 400 if trouble else 200)


def _on_contact(view: View, known: Document | None, form: Mapping[str, str]) -> Response | str:
    act = form.get("do", "save")
    if known and act == "delete":
        return _act(view, {"id": known["id"], "deleted": True}, "contacts", "contacts")
    if known and act == "sell":
        amount = _amount(form.get("amount", ""))
        if amount is None:
            return _TEXTS[view.lang]["bad_amount"]
        told = {"kind": form.get("kind", ""), "contact": known["id"], "amount": amount}
        return _act(view, told, "payments", "sales")
    if known and act == "new_invoice":
        lines = _lines(view, form.get("line", ""))
        if lines is None:
            return _TEXTS[view.lang]["bad_line"]
        return _act(view, {"contact": known["id"], "items": lines}, "invoices", "invoices")
    told = {name: form[name].strip() or None for name in FIELDS if name in form}
    if told.get("email") and not is_mail(told["email"]):
        return _TEXTS[view.lang]["bad_mail"]
    return _act(view, {**told, **({"id": known["id"]} if known else {})}, "contacts", "contacts")


def _invoice(view: View, id: str) -> Response:
    if id not in view.location.invoices:
        raise nobody_serves(view.request)
    invoice, trouble = view.location.invoices[id], ""
    if view.request.method == "POST":
        done = _on_invoice(view, invoice, form_of(view.request))
        if isinstance(done, Response):
            return done
        trouble = done
    lines = "\n".join(f"{line['name']}; {line['qty']}; {line['amount']}" for line in invoice["invoiceItems"])
    facts = (
        f"<p>{view.say('status')}: <strong>{view.status(invoice)}</strong>. {view.say('total')}: "
        f"{invoice['total']} {escape(invoice['currency'])}. {view.say('due')}: {invoice['amountDue']}.</p>"
    )
    fields = (
        _input(view, "number", invoice["invoiceNumber"])
        + _input(view, "issueDate", invoice["issueDate"])
        + _input(view, "dueDate", invoice.get("dueDate"))
        + f"<label>{view.say('lines')} <small>({view.say('line')})</small>"
        + f'<textarea name="lines" rows="5">{escape(lines)}</textarea></label>'
    )
    buttons = _button(view, "save", "yes") + "".join(_button(view, act) for act in ("send", "void", "delete"))
    pay = (
        f'<h2>{view.say("pay")}</h2><form method="post">{_input(view, "amount", invoice["amountDue"])}'
        f"{_button(view, 'pay', 'yes')}</form>"
        if invoice["status"] in invoices.OPEN
        else ""
    )
    form = f'<form method="post">{fields}<div class="buttons">{buttons}</div></form>'
    title = f"{view.say('number')} {invoice['invoiceNumber']}"
    return _page(view, title, _told(view, trouble) + facts + form + pay, 400 if trouble else 200)


def _on_invoice(view: View, invoice: Document, form: Mapping[str, str]) -> Response | str:
    act, told = form.get("do", "save"), {"_id": invoice["_id"]}
    if act in ("send", "void"):
        return _act(view, {**told, act: True}, "invoices", "invoices")
    if act == "delete":
        return _act(view, {**told, "deleted": True}, "invoices", "invoices")
    if act == "pay":
        amount = _amount(form.get("amount", ""))
        if amount is None:
            return _TEXTS[view.lang]["bad_amount"]
        return _act(view, {**told, "pay": amount, "provider": "manual", "mode": "cash"}, "invoices", "invoices")
    items = _lines(view, form.get("lines", ""), invoice["invoiceItems"])
    if items is None:
        return _TEXTS[view.lang]["bad_line"]
    changed: Document = {"invoiceNumber": form.get("number", ""), "issueDate": form.get("issueDate", "")}
    changed |= {"dueDate": form.get("dueDate") or None, "items": items}
    return _act(view, {**told, **changed}, "invoices", "invoices")


def _amount(text: str) -> Decimal | None:
    """An amount as people write it, more than 0; None when it is none."""
    try:
        found = Decimal(text.strip().replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 < found < 10**9 else None


def _lines(view: View, text: str, old: list[Document] | None = None) -> list[Document] | None:
    """Lines `name; quantity; price`: one that was there keeps product and taxes, a new one gets the first one's."""
    known = {line["name"]: line for line in old or []}
    taxes = old[0]["taxes"] if old else []
    found: list[Document] = []
    for row in filter(None, map(str.strip, text.splitlines())):
        parts = [part.strip() for part in row.rsplit(";", 2)]
        quantity, price = (_amount(part) for part in parts[1:]) if len(parts) == 3 else (None, None)
        if not parts[0] or quantity is None or price is None:
            return None
        line = known.get(parts[0], {"taxes": taxes, "currency": view.location.currency})
        found.append({**line, "name": parts[0], "qty": quantity, "amount": price})
    return found or None
