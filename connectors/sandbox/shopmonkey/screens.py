"""Screens to work by hand: orders with their lines, to be authorized, invoiced, paid, refunded or opened again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html import escape

from connectors.sandbox.core import Document, Request, Response, SandboxError
from connectors.sandbox.shopmonkey import control, money, orders, pages
from connectors.sandbox.shopmonkey.shop import Company
from connectors.sandbox.shopmonkey.wire import Refusal, is_number, no_record

MOST_ROWS = 100
KINDS = ("orders", "customers", "inventory_parts")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "orders": ("number", "generatedCustomerName", "status", "invoicedDate", "totalCostCents", "remainingCostCents"),
    "customers": ("name", "customerType", "email", "phone", "city"),
    "inventory_parts": ("number", "name", "quantity", "retailCostCents", "wholesaleCostCents"),
}
SUMS = (
    "laborCents", "partsCents", "tiresCents", "subcontractsCents", "feesCents", "epaCents", "shopSuppliesCents",
    "gstCents", "pstCents", "hstCents", "taxCents", "totalCostCents", "paidCostCents", "remainingCostCents",
)  # fmt: skip
MEANS = ("Cash", "Card", "Check", "Other")
_TEXTS = {
    "en": {
        "companies": "Shopmonkey shops (local sandbox)",
        "note": "This is a simulator. Everything is invented and nothing leaves this machine.",
        "search": "Search",
        "none": "Nothing here.",
        "more": "Only the newest {n} of {total} are shown.",
        "done": "Done.",
        "authorize": "Authorize",
        "invoice": "Mark as invoiced",
        "estimate": "Back to estimate",
        "pay": "Record a payment",
        "refund": "Refund",
        "decline": "Decline: {name}",
        "delete": "Delete",
        "gone": "Deleted",
        "amount": "Amount",
        "means": "Paid by",
        "payments": "Payments",
        "sums": "Totals",
        "deferred": "not in the total",
        "wrong": "That is not an amount of money.",
    },
    "fr": {
        "companies": "Ateliers Shopmonkey (simulateur local)",
        "note": "Ceci est un simulateur. Tout est inventé et rien ne sort de cette machine.",
        "search": "Rechercher",
        "none": "Rien ici.",
        "more": "Seuls les {n} plus récents sur {total} sont affichés.",
        "done": "C’est fait.",
        "authorize": "Autoriser",
        "invoice": "Facturer",
        "estimate": "Remettre en estimation",
        "pay": "Inscrire un paiement",
        "refund": "Rembourser",
        "decline": "Refuser\u00a0: {name}",
        "delete": "Supprimer",
        "gone": "Supprimée",
        "amount": "Montant",
        "means": "Payé par",
        "payments": "Paiements",
        "sums": "Totaux",
        "deferred": "hors du total",
        "wrong": "Ce n’est pas une somme d’argent.",
    },
}
_WORDS = {
    "en": {
        "orders": "Orders", "customers": "Customers", "inventory_parts": "Parts", "number": "Number",
        "generatedCustomerName": "Customer", "status": "Status", "invoicedDate": "Invoiced", "totalCostCents": "Total",
        "remainingCostCents": "Left to pay", "paidCostCents": "Paid", "name": "Name", "customerType": "Type",
        "email": "E-mail", "phone": "Phone", "city": "City", "quantity": "Quantity", "retailCostCents": "Price",
        "wholesaleCostCents": "Cost", "laborCents": "Labor", "partsCents": "Parts", "tiresCents": "Tires",
        "subcontractsCents": "Subcontracts", "feesCents": "Fees", "epaCents": "EPA",
        "shopSuppliesCents": "Shop supplies", "gstCents": "GST", "pstCents": "PST", "hstCents": "HST",
        "taxCents": "Tax",
        "Estimate": "Estimate", "RepairOrder": "Repair order", "Invoice": "Invoice", "Customer": "Person",
        "Fleet": "Fleet", "Cash": "Cash", "Card": "Card", "Check": "Cheque", "Other": "Other",
        "Charge": "Charge", "Refund": "Refund", "Transfer": "Transfer",
        "NotAuthorized": "not authorized", "Authorized": "authorized", "Declined": "declined",
    },
    "fr": {
        "orders": "Commandes", "customers": "Clients", "inventory_parts": "Pièces", "number": "Numéro",
        "generatedCustomerName": "Client", "status": "État", "invoicedDate": "Facturée", "totalCostCents": "Total",
        "remainingCostCents": "Reste à payer", "paidCostCents": "Payé", "name": "Nom", "customerType": "Type",
        "email": "Courriel", "phone": "Téléphone", "city": "Ville", "quantity": "Quantité", "retailCostCents": "Prix",
        "wholesaleCostCents": "Coût", "laborCents": "Main-d’œuvre", "partsCents": "Pièces", "tiresCents": "Pneus",
        "subcontractsCents": "Sous-traitance", "feesCents": "Frais", "epaCents": "Frais environnementaux",
        "shopSuppliesCents": "Fournitures d’atelier", "gstCents": "TPS", "pstCents": "TVQ", "hstCents": "TVH",
        "taxCents": "Taxes", "Estimate": "Estimation", "RepairOrder": "Bon de travail", "Invoice": "Facture",
        "Customer": "Personne", "Fleet": "Parc", "Cash": "Comptant", "Card": "Carte", "Check": "Chèque",
        "Other": "Autre", "Charge": "Paiement", "Refund": "Remboursement", "Transfer": "Transfert",
        "NotAuthorized": "non autorisé", "Authorized": "autorisé", "Declined": "refusé",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """One look at one company."""

    request: Request
    company: Company
    lang: str

    @property
    def home(self) -> str:
        return f"{self.request.base_url}/app/{self.company.id}"

    def say(self, name: str) -> str:
        return _TEXTS[self.lang][name]

    def word(self, name: object) -> str:
        return escape(_WORDS[self.lang].get(str(name), str(name)))

    def money(self, cents: object) -> str:
        """An amount as people of the language write it."""
        if cents is None:
            return ""
        text = f"{Decimal(str(cents)) / 100:,.2f}"
        return f"${text}" if self.lang == "en" else f"{text.replace(',', chr(160)).replace('.', ',')}{chr(160)}$"

    def page(self, title: str, body: str, status: int = 200) -> Response:
        tabs = "".join(f'<a href="{escape(self.home)}/{kind}">{self.word(kind)}</a>' for kind in KINDS)
        foot = f'<p class="note">{self.say("note")}</p>'
        return pages.page(
            f"{self.company.name} - {title}", f"<nav>{tabs}</nav>{body}{foot}", self.lang, status, wide=True
        )


def serve(request: Request, parts: list[str], companies: Mapping[str, Company]) -> Response:
    """Answer a screen: `app`, `app/{company}[/{table}]`, `app/{company}/orders/{id}`. Raises `Refusal` (404)."""
    lang = pages.language(request.headers.get("accept-language", ""))
    if parts in (["app"], ["app", ""]):
        return _companies(request, companies, lang)
    company = companies.get(parts[1])
    if company is None:
        raise no_record()
    view = View(request, company, lang)
    match parts[2:]:
        case []:
            return _listing(view, "orders")
        case [kind] if kind in KINDS:
            return _listing(view, kind)
        case ["orders", id] if id in company["orders"]:
            return _act(view, id) if request.method == "POST" else _order(view, id)
    raise no_record()


def _companies(request: Request, companies: Mapping[str, Company], lang: str) -> Response:
    rows = "".join(
        f'<li><a href="{escape(request.base_url)}/app/{one.id}/orders">{escape(one.name)}</a></li>'
        for one in companies.values()
    )
    text = _TEXTS[lang]
    return pages.page(text["companies"], f'<ul>{rows}</ul><p class="note">{text["note"]}</p>', lang)


# Lists


def _listing(view: View, kind: str) -> Response:
    query = (view.request.arg("q") or "").strip()
    rows = [_row(view, kind, one) for one in view.company[kind].values()]
    found = [row for row in rows if all(part in " ".join(row).lower() for part in query.lower().split())]
    heads = "".join(f'<th scope="col"{_side(name)}>{view.word(name)}</th>' for name in COLUMNS[kind])
    lines = "".join(
        "<tr>"
        + "".join(f"<td{_side(name)}>{cell}</td>" for name, cell in zip(COLUMNS[kind], row, strict=True))
        + "</tr>"
        for row in found[-MOST_ROWS:][::-1]
    )
    region = f'<div class="scroll" role="region" tabindex="0" aria-label="{view.word(kind)}">'
    table = f"{region}<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    more = view.say("more").format(n=MOST_ROWS, total=len(found)) if len(found) > MOST_ROWS else ""
    return view.page(
        view.word(kind),
        f'<form method="get"><label>{view.say("search")}<input type="search" name="q" value="{escape(query)}"></label>'
        f'<button class="no">{view.say("search")}</button></form>'
        f"{table if found else '<p>' + view.say('none') + '</p>'}<p>{more}</p>",
    )


def _side(name: str) -> str:
    return ' class="sum"' if name.endswith("Cents") else ""


def _row(view: View, kind: str, row: Document) -> list[str]:
    cells = []
    for name in COLUMNS[kind]:
        value = row.get(name)
        if kind == "customers":
            value = {
                "name": orders.customer_name(view.company, row["id"]),
                "email": ", ".join(one["email"] for one in row["emails"]),
                "phone": ", ".join(one["number"] for one in row["phoneNumbers"]),
                "customerType": view.word(row["customerType"]),
            }.get(name, value)
        if name.endswith("Cents"):
            cells.append(view.money(value))
        elif name == "status":
            cells.append(view.say("gone") if row["deleted"] else view.word(value))
        else:
            cells.append(escape(str(value or "")[:60]))
    if kind == "orders":
        cells[0] = f'<a href="{escape(view.home)}/orders/{row["id"]}">{cells[0] or row["id"]}</a>'
    return cells


# One order


def _order(view: View, id: str, trouble: str = "") -> Response:
    order = view.company["orders"][id]
    told = f'<p class="bad" role="alert">{escape(trouble)}</p>' if trouble else ""
    if not trouble and view.request.arg("done"):
        told = f'<p class="done" role="status">{view.say("done")}</p>'
    status = view.say("gone") if order["deleted"] else view.word(order["status"])
    names = [order["generatedCustomerName"], order["generatedVehicleName"]]
    head = f"<p>{' · '.join([status, *(escape(name) for name in names if name)])}</p>"
    services = "".join(_service(view, order, one) for one in view.company.services_of(id))
    sums = "".join(
        f'<tr><th scope="row">{view.word(name)}</th><td class="sum">{view.money(order[name])}</td></tr>'
        for name in SUMS
        if order[name] is not None
    )
    body = f"{told}{head}{_buttons(view, order)}{services}<h2>{view.say('sums')}</h2><table>{sums}</table>"
    return view.page(
        f"{view.word(order['status'])} {order['number']}", body + _payments(view, order), 400 if trouble else 200
    )


def _buttons(view: View, order: Document) -> str:
    if order["deleted"]:
        return ""
    acts = ["estimate"] if order["invoiced"] else ["authorize", "invoice", "delete"]
    found = "".join(
        f'<button class="{"yes" if act == "invoice" else "no"}" name="do" value="{act}">{view.say(act)}</button>'
        for act in acts
    )
    return f'<form method="post"><div class="buttons">{found}</div></form>'


def _service(view: View, order: Document, service: Document) -> str:
    is_in = money.counts(service, invoiced=order["invoiced"])
    status = view.word(service["authorizationStatus"]) + ("" if is_in else f", {view.say('deferred')}")
    lines = "".join(
        f'<tr><td>{escape(str(line["name"] or ""))}</td><td class="sum">{view.money(money.net(kind, line))}</td></tr>'
        for kind in money.KINDS
        for line in service[kind]
    )
    lines += "".join(
        f'<tr><td>{escape(fee["name"])}</td><td class="sum">{view.money(fee["subtotalCents"])}</td></tr>'
        for fee in service["fees"]
    )
    decline = view.say("decline").format(name=escape(service["name"]))
    button = (
        f'<form method="post"><input type="hidden" name="service" value="{service["id"]}">'
        f'<button class="no" name="do" value="decline">{decline}</button></form>'
        if is_in and not order["invoiced"] and not order["deleted"]
        else ""
    )
    return f"<h2>{escape(service['name'])} <small>({status})</small></h2><table>{lines}</table>{button}"


def _payments(view: View, order: Document) -> str:
    rows = ""
    for one in view.company.payments_of(order["id"]):
        left = one["amountCents"] - (one["refundedAmountCents"] or 0)
        refund = (
            f'<form method="post"><input type="hidden" name="charge" value="{one["id"]}">'
            f'<button class="no" name="do" value="refund">{view.say("refund")} {one["receiptNumber"]}</button></form>'
            if one["transactionType"] == "Charge" and left > 0
            else ""
        )
        kind = f"{view.word(one['transactionType'])}, {view.word(one['paymentType'])}"
        rows += (
            f"<tr><td>{one['receiptNumber']}</td><td>{kind}"
            f'</td><td class="sum">{view.money(one["amountCents"])}</td><td>{refund}</td></tr>'
        )
    title = view.say("payments")
    found = (
        f'<h2>{title}</h2><div class="scroll" role="region" tabindex="0" aria-label="{title}">'
        f"<table>{rows}</table></div>"
    )
    if order["deleted"]:
        return found
    choices = "".join(f'<option value="{one}">{view.word(one)}</option>' for one in MEANS)
    left = view.money(order["remainingCostCents"]).strip("$\u00a0")
    return (
        f'{found}<form method="post"><label>{view.say("amount")}<input type="text" name="amount" inputmode="decimal" '
        f'value="{left}"></label><label>{view.say("means")}<select name="means">{choices}</select></label>'
        f'<button class="yes" name="do" value="pay">{view.say("pay")}</button></form>'
    )


def _act(view: View, id: str) -> Response:
    """Do what a button asks for, then show the order anew; or say what is wrong."""
    try:
        form = view.request.form()
        _do(view, id, form.get("do", ""), form)
    except (Refusal, SandboxError) as error:
        return _order(view, id, str(error))
    except (UnicodeDecodeError, InvalidOperation):
        return _order(view, id, view.say("wrong"))
    return Response(303, b"", {"Location": f"{view.home}/orders/{id}?done=1"})


def _do(view: View, id: str, act: str, form: Mapping[str, str]) -> None:
    company = view.company
    if act in ("authorize", "invoice", "estimate"):
        control.act(company, id, {act: True})
    elif act == "delete":
        control.act(company, id, {"deleted": True})
    elif act == "pay":
        means = form.get("means", "Cash")
        more = {"paymentType": means if means in MEANS else "Other"}
        orders.pay(company, {"orderId": id, "amountCents": _cents(form.get("amount", "")), **more})
    elif act == "refund" and any(one["id"] == form.get("charge") for one in company.payments_of(id)):
        orders.refund(company, form["charge"])
    elif act == "decline" and any(one["id"] == form.get("service") for one in company.services_of(id)):
        orders.decline(company, form["service"])
    else:
        raise no_record()


def _cents(text: str) -> int:
    """Cents of an amount as people write it. Raises `InvalidOperation`."""
    plain = "".join(letter for letter in text if letter not in "\u00a0\u202f $")
    if "," in plain:
        plain = plain.replace(",", "") if "." in plain else plain.replace(",", ".")
    amount = Decimal(plain)
    if not amount.is_finite() or not is_number(amount):
        raise InvalidOperation
    return int((amount * 100).to_integral_value())
