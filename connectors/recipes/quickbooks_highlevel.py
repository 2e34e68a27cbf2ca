"""QuickBooks Online with HighLevel: contacts both ways, invoices once sent and money received into the books, review
requests when a first invoice is paid.

The books keep the accounts, HighLevel drives sales and automation: of what both sides changed, the books' word
counts in documents and accounting fields, HighLevel's in the fields of its trade.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.contract import (
    Associated,
    Check,
    Demo,
    Disconnect,
    Excluded,
    FilterPreset,
    Finding,
    Known,
    Made,
    OneTimeImport,
    Recipe,
    RecipeFlow,
    Record,
    Ref,
    RuleSpec,
    SeenValue,
    Setting,
    Terms,
    Text,
    Trial,
)
from connectors.contract.normal import normal_email, split_emails
from connectors.contract.recipe import Tree
from connectors.highlevel.brand import NAME
from connectors.highlevel.trial import make_trial, undo_trial
from connectors.recipes import sales_settings as sales
from connectors.recipes.contact_rules import NAMED_ONCE
from connectors.recipes.quickbooks_highlevel_texts import CATALOGUE, HELP, NEXT_STEPS, TERMS
from connectors.recipes.readiness import finding, side
from connectors.recipes.sales_values import ITEM_MAP, payment_maps, tax_map
from connectors.recipes.words import text

Given = Mapping[str, Any]
Settings = Mapping[str, str]
Reason = Mapping[str, object] | None

SENT = ("sent", "payment_processing", "partially_paid", "paid")
RECEIVED = ("succeeded", "refunded")
STATUS_LABELS = {"draft": text("Draft", "Brouillon")}

START = text("What goes", "Ce qui passe")
REVIEWS = text("Review requests", "Demandes d’avis")

# Settings

SETTINGS = (
    Setting(
        key="import_invoices",
        group=START,
        early=True,
        side="right",
        label=text(f"Bring past invoices of QuickBooks to {NAME}", f"Importer les anciennes factures dans {NAME}"),
        kind="flag",
        required=False,
        help=text(
            "Once, after the first run; you see the plan before anything is written. They are marked as imported, and "
            f"changes made to them in {NAME} are not sent back.",
            "Une fois, après la première synchronisation ; vous voyez le plan avant toute écriture. Elles sont "
            "marquées "
            f"comme importées, et les changements faits dans {NAME} ne sont pas renvoyés.",
        ),
    ),
    Setting(
        key="reviews",
        group=REVIEWS,
        early=True,
        side="right",
        feature="reviews",
        without=text(
            "The rights granted do not let Bridge tag contacts or see workflows. Reconnect and agree to all rights.",
            "Les droits accordés ne permettent pas à Bridge d’étiqueter les contacts ni de voir les workflows. "
            "Reconnectez-vous et acceptez tous les droits.",
        ),
        label=text("Ask for a review after the first paid invoice", "Demander un avis après la première facture payée"),
        kind="flag",
        required=False,
        help=text(
            "Each contact is asked once, when a first invoice is fully paid in QuickBooks.",
            "Chaque contact est sollicité une fois, quand une première facture est entièrement payée dans QuickBooks.",
        ),
    ),
    Setting(
        key="review_by",
        group=REVIEWS,
        side="right",
        feature="reviews",
        label=text("How reviews are asked for", "Comment l’avis est demandé"),
        kind="choice",
        default="tag",
        required=False,
        choices=(
            ("tag", text("By a tag your own workflow begins with", "Par une étiquette qui déclenche votre workflow")),
            ("workflow", text("By putting the contact into a workflow", "En mettant le contact dans un workflow")),
        ),
        help=text(
            "The tag is the safer way: given twice it is there once. With a workflow, an answer lost on its way is put "
            "before a person.",
            "L’étiquette est la voie la plus sûre : donnée deux fois, elle y est une fois. Avec un workflow, une "
            "réponse "
            "perdue en route est soumise à une personne.",
        ),
        needs=("reviews", "yes"),
    ),
    Setting(
        key="review_tag",
        group=REVIEWS,
        label=text("Tag", "Étiquette"),
        default="bridge-review",
        required=False,
        pattern=r"[^\s,;][^,;]{0,60}",
        example="bridge-review",
        needs=("review_by", "tag"),
    ),
    Setting(
        key="review_workflow",
        group=REVIEWS,
        side="right",
        label=text("Workflow", "Workflow"),
        kind="choice",
        required=False,
        choices_from="workflows",
        help=text("Published workflows only.", "Les workflows publiés seulement."),
        needs=("review_by", "workflow"),
    ),
    Setting(
        key="since",
        group=START,
        label=text("First day", "Premier jour"),
        kind="date",
        help=text(
            f"What is made in {NAME} from this day on goes to the books, by the sub-account’s calendar.",
            f"Ce qui est fait dans {NAME} à partir de ce jour passe aux livres, selon le calendrier du sous-compte.",
        ),
    ),
    Setting(
        key="before",
        group=START,
        label=text("What was made before", "Ce qui a été fait avant"),
        kind="choice",
        choices=(
            ("leave", text("Stays out: the books hold it already, or are not to",
             "Reste dehors : les livres l’ont déjà, ou n’ont pas à l’avoir")),
            ("earlier", text("Goes too: I chose an earlier first day",
             "Passe aussi : j’ai choisi un premier jour plus ancien")),
        ),
        help=text(
            "The readiness check says how many invoices and payments there are.",
            "La vérification dit combien de factures et de paiements il y a.",
        ),
    ),
    sales.NUMBER, sales.PREFIX,
    replace(
        sales.ITEMS_BY,
        default="title",
        choices=(
            ("title", text("Its name in the books", "Son nom dans les livres")),
            ("sku", text("SKU = SKU in the books", "UGS = UGS dans les livres")),
        ),
    ),
    sales.DEFAULT_ITEM,
    Setting(
        key="create_items",
        group=sales.PRODUCTS,
        label=text("Products missing in QuickBooks", "Produits absents de QuickBooks"),
        kind="choice",
        default="no",
        required=False,
        choices=(
            ("no", text("Are not created", "Ne sont pas créés")),
            ("yes", text("Are created as items", "Sont créés comme articles")),
        ),
    ),
    *(item for item in sales.ACCOUNTS if not item.key.endswith("_tracked")),
    *(item for item in sales.OWN_ITEMS if item.key in ("shipping_item",
    "discount_item", "fee_item", "rounding_item", "refund_item")),
    sales.RESTOCK, *sales.PLACES, sales.PAYMENTS,
    replace(
        sales.TAX,
        choices=(
            *sales.TAX.choices,
            ("fold", text("Inside the prices, with discounts", "Dans les prix, avec les remises")),
        ),
        help=text(
            "In the US, “inside the prices” is what the platform’s own integration does. Elsewhere each line carries "
            "its "
            "tax code.",
            "Aux États-Unis, « dans les prix » est ce que fait l’intégration de la plateforme. Ailleurs, chaque ligne "
            "porte son code de taxe.",
        ),
    ),
    sales.PRICES, sales.CANCELLATIONS, sales.CLOSED_BOOKS, sales.UNEXPLAINED, sales.LANGUAGE,
)  # fmt: skip


def context(settings: Settings, left: Given, right: Given) -> Mapping[str, str]:
    """What bodies, posting and reading need beyond settings. Each sale says itself what document it becomes."""
    found = {
        "document": "told",
        "realm": str(left.get("account_id") or ""),
        "country": str(left.get("country") or ""),
        "home_currency": str(left.get("home_currency") or left.get("currency") or ""),
        "multi_currency": "true" if left.get("multi_currency") else "",
        "location_zone": str(right.get("time_zone") or ""),
        "location_name": str(right.get("location_name") or ""),
        "user": str(right.get("user") or ""),
    }
    return {key: value for key, value in found.items() if value}


# Who does not go


def made_on(values: Given, settings: Settings) -> date | None:
    """The calendar day something was made, where the sub-account is."""
    made = values.get("created_at")
    if not isinstance(made, datetime):
        return None
    try:
        return made.astimezone(ZoneInfo(settings.get("location_zone") or "UTC")).date()
    except (ZoneInfoNotFoundError, ValueError):
        return made.date()


def _before(source: Given, target: Given | None, settings: Settings) -> Reason:
    since, made = str(settings.get("since") or "")[:10], made_on(source, settings)
    if target is not None or not since or made is None or made >= date.fromisoformat(since):
        return None
    return {"made": made.isoformat(), "since": since}


def _draft(source: Given, target: Given | None, settings: Settings) -> Reason:
    status = str(source.get("status") or "")
    if source.get("document") != "invoice" or status != "draft":
        return None
    words = STATUS_LABELS[status]
    return {"status": status, "label": words.en, "label_fr": words.fr}


def _test(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("status") == "test" else None


def _imported(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("source") == "imported" else None


def _posted(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"id": str(source["posted_by"])} if target is None and source.get("posted_by") else None


def _not_received(source: Given, target: Given | None, settings: Settings) -> Reason:
    status = str(source.get("status") or "")
    if source.get("document") == "invoice" or status in RECEIVED:
        return None
    return {"status": status}


def _free(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("document") != "invoice" and source.get("total") == Decimal(0) else None


def _unknown_refund(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("total") == Decimal(0) else None


def _payments_off(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("payments") == "off" else None


def _not_made(source: Given, target: Given | None, settings: Settings) -> Reason:
    missing = target is None and settings.get("create_items") != "yes"
    return {"name": str(source.get("name") or "")} if missing else None


def _inactive(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("active") is False and target is None else None


def _invalid_email(source: Given, target: Given | None, settings: Settings) -> Reason:
    email = str(source.get("email") or "").strip()
    if not email or normal_email(email) or len(split_emails(email)) > 1:
        return None
    return {"email": email}


def _several_emails(source: Given, target: Given | None, settings: Settings) -> Reason:
    email = str(source.get("email") or "")
    return {"email": email} if len(split_emails(email)) > 1 else None


def _nameless(source: Given, target: Given | None, settings: Settings) -> Reason:
    told = any(source.get(name) for name in ("name", "given_name", "family_name", "company", "email"))
    return None if told else {}


# Flows


def _rules(
    *names: str, toward: Literal["left", "right"], wins: Literal["source", "target", "ask"]
) -> tuple[RuleSpec, ...]:
    return tuple(RuleSpec(name, name, toward=toward, on_conflict=wins) for name in names)


# Whoever was sent an invoice, or paid: a person who only filled in a form is no customer.
BILLABLE: Tree = {
    "any": [
        {"field": "sales.status", "test": "in", "value": list(SENT)},
        {"field": "payments.status", "test": "in", "value": list(RECEIVED)},
    ]
}
_TRADE = ("given_name", "family_name", "phone", "website")  # HighLevel's word counts

CONTACT = RecipeFlow(
    entity="contact",
    label=text("Customers and contacts", "Clients et contacts"),
    left=("customers",),
    right=("contacts",),
    directions=("both", "left", "right"),
    rules=(
        *NAMED_ONCE,
        RuleSpec("company", "company", when="create"),
        *_rules("email", toward="right", wins="ask"),
        *_rules("email", toward="left", wins="ask"),
        *_rules("address", toward="right", wins="source"),
        *_rules("address", "company", toward="left", wins="target"),
        *_rules(*_TRADE, toward="right", wins="target"),
        *_rules(*_TRADE, toward="left", wins="source"),
    ),
    match_on=("email",),
    suspects=("name", "phone"),
    exclusions=(
        Excluded("SOURCE-INACTIVE", "skip", _inactive),
        Excluded("QBHL-NAMELESS", "skip", _nameless),
        Excluded("CONTACT-EMAIL-SEVERAL", "hold", _several_emails),
        Excluded("CONTACT-EMAIL-INVALID", "hold", _invalid_email),
    ),
    default_back=BILLABLE,
    associated=(
        Associated("sales", "right", "invoices"),
        Associated("payments", "right", "receipts"),
        Associated("subscriptions", "right", "subscriptions"),
    ),
    presets=(
        FilterPreset(
            "recommended",
            text("Recommended for contacts", "Recommandé pour les contacts"),
            {},
            back=BILLABLE,
            direction="both",
            help=text(
                f"Both ways. All customers go to {NAME}. To QuickBooks go only contacts who were sent an invoice or "
                f"paid.",
                f"Dans les deux sens. Tous les clients vont dans {NAME}. Vers QuickBooks ne vont que les contacts à "
                f"qui "
                "une facture a été envoyée, ou qui ont payé.",
            ),
        ),
    ),
    cadence_minutes=5,
    sentence=text(
        "Customers and contacts are kept in step, found by e-mail; in QuickBooks a customer is made only for "
        "somebody who "
        "bought.",
        "Clients et contacts restent au pas, trouvés par leur courriel ; un client n’est créé dans QuickBooks que pour "
        "quelqu’un qui a acheté.",
    ),
)
PRODUCT = RecipeFlow(
    entity="product",
    label=text("Products → items", "Produits → articles"),
    left=("items",),
    right=("products",),
    directions=("left",),
    rules=tuple(
        RuleSpec(name, name, toward="left", when="create", on_conflict="ask")
        for name in ("name", "sku", "kind", "price", "description", "taxable")
    ),
    match_on=("name",),
    exclusions=(Excluded("QBHL-ITEM-NOT-MADE", "skip", _not_made),),
    posting="product",
    cadence_minutes=60,
    sentence=text(
        "Products are found among the items of the books by name; missing ones are made only where you say so.",
        "Les produits sont trouvés par leur nom parmi les articles des livres ; ceux qui manquent ne sont créés que si "
        "vous le voulez.",
    ),
)
SALE = RecipeFlow(
    entity="sale",
    label=text("Invoices and money received → QuickBooks", "Factures et argent reçu → QuickBooks"),
    left=("invoices", "sales_receipts"),
    right=("invoices", "receipts"),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("QBHL-IMPORTED", "skip", _imported),
        Excluded("QBHL-TEST", "skip", _test),
        Excluded("QBHL-STATUS", "skip", _draft),
        Excluded("QBHL-BEFORE", "skip", _before),
        Excluded("QBHL-NOT-PAID", "skip", _not_received),
        Excluded("QBHL-POSTED", "skip", _posted),
        Excluded("SALES-NOTHING", "skip", _free),
    ),
    removes="void",
    side_of_totals=True,
    posting="sale",
    looks_up=("items",),
    disputed="target",
    cadence_minutes=5,
    sentence=text(
        "An invoice goes once it is sent, and stays in step; each payment without an invoice becomes a sales receipt.",
        "Une facture passe une fois envoyée, et reste au pas ; chaque paiement sans facture devient un reçu de vente.",
    ),
)
PAYMENT = RecipeFlow(
    entity="payment",
    label=text("Payments of invoices → payments received", "Paiements de factures → paiements reçus"),
    left=("payments",),
    right=("invoice_payments",),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("SALES-PAYMENTS-OFF", "skip", _payments_off),
        Excluded("QBHL-TEST", "skip", _test),
        Excluded("QBHL-NOT-PAID", "skip", _not_received),
        Excluded("QBHL-POSTED", "skip", _posted),
        Excluded("SALES-NOTHING", "skip", _free),
    ),
    removes="void",
    posting="payment",
    disputed="target",
    cadence_minutes=5,
    sentence=text(
        "A payment of an invoice is recorded on it in QuickBooks, in the clearing account of its provider.",
        "Le paiement d’une facture y est inscrit dans QuickBooks, dans le compte de compensation de son fournisseur.",
    ),
)
REFUND = RecipeFlow(
    entity="refund",
    label=text("Refunds → refund receipts", "Remboursements → reçus de remboursement"),
    left=("refund_receipts", "credit_memos"),
    right=("refunds",),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("QBHL-TEST", "skip", _test),
        Excluded("QBHL-REFUND-AMOUNT", "hold", _unknown_refund),
    ),
    removes="remove",  # the books cannot void a refund: one that came to nothing is deleted
    posting="refund",
    looks_up=("items",),
    disputed="target",
    cadence_minutes=60,
    sentence=text(
        "Money given back becomes a refund receipt: one for each payment, which grows with what is given back.",
        "L’argent rendu devient un reçu de remboursement : un par paiement, qui grandit avec ce qui est rendu.",
    ),
)


def review_request(contact: Record, known: Known, settings: Settings) -> Made:
    """Whom to ask for a review: whose first invoice since the first day is fully paid in the books (C-19)."""
    ref, since = contact.values.get("contact"), str(settings.get("since") or "")[:10]
    if settings.get("reviews") != "yes" or not isinstance(ref, Ref) or not since:
        return Made({}, (("QBHL-REVIEWS-OFF", {}),), "skip")
    for invoice in known.across("invoices", ref):
        told = invoice.values
        if told.get("status") == "paid" and told.get("total") and str(told.get("date") or "") >= since:
            return Made({"asked": True})
    return Made({}, (("QBHL-REVIEW-NOT-YET", {}),), "skip")


REVIEW = RecipeFlow(
    entity="review",
    label=text("Review request after the first paid invoice", "Demande d’avis après la première facture payée"),
    left=(),
    right=("review_requests",),
    directions=("right",),
    rules=(),
    inside="right",
    associated=(Associated("sales", "left", "invoices"),),
    compose=review_request,
    cadence_minutes=5,
    sentence=text(
        "Whose first invoice is fully paid in QuickBooks is asked for a review, once.",
        "La personne dont la première facture est entièrement payée dans QuickBooks est priée de donner un avis, une "
        "fois.",
    ),
)

# Past invoices, once


def _no_amount(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if not source.get("total") and source.get("status") != "void" else None


def _from_here(source: Given, target: Given | None, settings: Settings) -> Reason:
    """Past is what was dated before the first day; what came later came from here."""
    since, dated = str(settings.get("since") or "")[:10], source.get("date")
    return {} if since and isinstance(dated, date) and dated >= date.fromisoformat(since) else None


PAST_INVOICES = OneTimeImport(
    key="invoices",
    label=text("Past invoices", "Anciennes factures"),
    help=text(
        f"Invoices of QuickBooks from before the first day appear in {NAME}, marked as imported, without any message "
        f"to "
        f"anybody. Workflows that begin with “invoice sent” may run in {NAME}: pause them first.",
        f"Les factures de QuickBooks d’avant le premier jour paraissent dans {NAME}, marquées comme importées, sans "
        f"aucun "
        f"message à personne. Des workflows déclenchés par « facture envoyée » peuvent démarrer dans {NAME} : "
        f"mettez-les "
        "d’abord en pause.",
    ),
    flow=RecipeFlow(
        entity="sale",
        label=text("Past invoices", "Anciennes factures"),
        left=("invoices",),
        right=("invoices",),
        directions=("right",),
        rules=tuple(
            RuleSpec(name, name, when="create")
            for name in ("number", "date", "due_date", "contact", "currency", "total", "balance", "status", "email")
        ),
        match_on=("number",),
        exclusions=(
            Excluded("QBHL-IMPORT-STATUS", "skip", _no_amount),
            Excluded("QBHL-IMPORT-STATUS", "skip", _from_here),
        ),
    ),
    comes_back=False,
    chosen_by=("import_invoices", "yes"),
)

# Value maps


def seen_taxes(values: Given) -> Iterator[SeenValue]:
    """The combinations of taxes that lines carry; "none" for lines without."""
    for line in values.get("lines") or ():
        taxes = sorted(line.get("taxes") or (), key=lambda tax: str(tax["code"]))
        if taxes:
            percents = tuple(tax["percent"] for tax in taxes if tax.get("percent") is not None)
            label = " + ".join(str(tax.get("title") or tax["code"]) for tax in taxes)
            yield SeenValue("+".join(str(tax["code"]) for tax in taxes), label, percents)
        elif line.get("amount"):
            yield SeenValue("none", "0 %", (Decimal(0),))


def seen_method(values: Given) -> Iterator[SeenValue]:
    """Who took the money of a sale or a payment."""
    found = values.get("payment_method") or values.get("method")
    if found and values.get("total"):
        yield SeenValue(str(found))


VALUE_MAPS = (
    tax_map(
        seen_taxes,
        text(
            "Each combination of taxes on a line gets a tax code of the books.",
            "Chaque combinaison de taxes d’une ligne reçoit un code de taxe des livres.",
        ),
    ),
    *payment_maps(
        seen_method,
        text(
            "Where the money of each provider arrives until the bank’s deposit.",
            "Où l’argent de chaque fournisseur arrive avant le dépôt à la banque.",
        ),
        ("sale", "payment"),
    ),
    ITEM_MAP,
)


# Readiness


def _check_since(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBHL-CHECK-SINCE",
        bool(settings.get("since")),
        text("What is made from {date} on goes.", "Ce qui est fait à partir du {date} passe."),
        text("The first day is not chosen.", "Le premier jour n’est pas choisi."),
        date=str(settings.get("since") or ""),
    )


def _check_before(facts: Given, settings: Settings) -> Finding:
    """Turn it on before billing starts: what is there already is counted and asked about (C-31)."""
    right = side(facts, "right")
    invoices, charges = right.get("invoices_count"), right.get("charges_count")
    there = bool(invoices or charges)
    decided = settings.get("before") in ("leave", "earlier")
    what = {
        "leave": text("They stay out.", "Ils restent dehors."),
        "earlier": text("Those from the first day on go.", "Ceux à partir du premier jour passent."),
    }.get(settings.get("before", ""), text("Say what is to become of them.", "Dites ce qu’il doit en être fait."))
    told = Text(
        f"There were {{invoices}} invoices and {{charges}} payments when connecting. {what.en}",
        f"Il y avait {{invoices}} factures et {{charges}} paiements à la connexion. {what.fr}",
    )
    nothing = text("There was nothing yet when connecting.", "Il n’y avait encore rien à la connexion.")
    return finding(
        "QBHL-CHECK-BEFORE",
        decided or not there,
        told if there else nothing,
        told,
        invoices=invoices if invoices is not None else "?",
        charges=charges if charges is not None else "?",
    )


def _check_currency(facts: Given, settings: Settings) -> Finding:
    left, right = side(facts, "left"), side(facts, "right")
    home, theirs = str(left.get("home_currency") or left.get("currency") or ""), str(right.get("currency") or "")
    return finding(
        "QBHL-CHECK-CURRENCY",
        not home or not theirs or home == theirs or bool(left.get("multi_currency")),
        text("The currencies of both sides fit.", "Les devises des deux côtés concordent."),
        text(
            f"{NAME} sells in {{theirs}}, the company has only {{home}}: its sales will be held.",
            f"{NAME} vend en {{theirs}}, l’entreprise n’a que {{home}} : ses ventes seront retenues.",
        ),
        home=home,
        theirs=theirs,
    )


def _check_scopes(facts: Given, settings: Settings) -> Finding:
    missing = [str(item) for item in side(facts, "right").get("missing_scopes") or ()]
    return finding(
        "QBHL-CHECK-SCOPES",
        not missing,
        text(f"{NAME} granted every right.", f"{NAME} a accordé tous les droits."),
        text(
            "These rights are missing: {scopes}. Reconnect as an administrator.",
            "Ces droits manquent : {scopes}. Reconnectez-vous comme administrateur.",
        ),
        scopes=", ".join(missing),
    )


def _check_numbers(facts: Given, settings: Settings) -> Finding:
    own = side(facts, "left").get("custom_numbers") is not False
    return finding(
        "QBHL-CHECK-NUMBERS",
        own != (settings.get("number") == "books"),
        text("Every document will have a number.", "Chaque document aura un numéro."),
        text(
            f"QuickBooks and this integration do not agree on who numbers documents: the numbers of {NAME} need "
            f"“Custom "
            "transaction numbers” on in QuickBooks, its own need it off.",
            "QuickBooks et cette intégration ne s’entendent pas sur qui numérote les documents : les numéros de "
            f"{NAME} exigent « Numéros de transaction personnalisés » dans QuickBooks, les siens exigent qu’il soit "
            "désactivé.",
        ),
        "warning",
    )


CHECKS = (
    Check("QBHL-CHECK-SINCE", text("First day", "Premier jour"), _check_since),
    Check("QBHL-CHECK-BEFORE", text("What was there before", "Ce qu’il y avait avant"), _check_before),
    Check("QBHL-CHECK-SCOPES", text("Rights", "Droits"), _check_scopes),
    Check("QBHL-CHECK-CURRENCY", text("Currency", "Devise"), _check_currency),
    Check("QBHL-CHECK-NUMBERS", text("Numbers", "Numéros"), _check_numbers),
)

DISCONNECT = Disconnect(
    effects=(
        text("Nothing is kept in step any more, in either direction.",
             "Plus rien n’est tenu au pas, dans aucun des deux sens."),
        text("Every document that was written stays in QuickBooks as it is.",
             "Tous les documents inscrits restent tels quels dans QuickBooks."),
        text("Nobody is asked for a review any more; what was asked stays asked.",
             "Plus personne n’est prié de donner un avis ; ce qui a été demandé le reste."),
    ),
)  # fmt: skip


TRIAL = Trial(
    flow="sale",
    make=make_trial,
    undo=undo_trial,
    sentence=text(
        f"An invoice of 1.00 for a test contact is made in {NAME} and marked as sent without any message, goes to "
        "QuickBooks, is compared there to the cent, and is voided on both sides.",
        f"Une facture de 1,00 pour un contact d’essai est faite dans {NAME} et marquée comme envoyée sans aucun "
        f"message, "
        "passe dans QuickBooks, y est comparée au cent près, puis annulée des deux côtés.",
    ),
)

# In the simulator's invented garden supply and its sub-account.
DEMO = Demo(
    settings={
        "since": "2020-01-01",
        "before": "earlier",
        "default_item": "Garden design",
        "rounding_item": "Garden design",
        "refund_item": "Garden design",
    },  # what discounts are booked on is left to decide
    maps={
        "payment_method": {
            "stripe": "Online clearing",
            "manual": "Undeposited Funds",
            "cheque": "Undeposited Funds",
            "cash": "Undeposited Funds",
            "card": "Online clearing",
        },
        "tax": {"VT sales tax": "TAX", "none": "NON"},
    },
    in_step=True,
    client=("Northwind Garden Supply (fictional)", "en", "US", "USD", "America/New_York"),
    chosen="&realm=9130000000000002&location=locPinecrestGarden02",
)

RECIPE = Recipe(
    key="quickbooks_highlevel",
    label=text(f"QuickBooks Online and {NAME}", f"QuickBooks en ligne et {NAME}"),
    left="quickbooks",
    right="highlevel",
    flows=(CONTACT, PRODUCT, SALE, PAYMENT, REFUND, REVIEW),
    settings=SETTINGS,
    value_maps=VALUE_MAPS,
    checks=CHECKS,
    disconnect=DISCONNECT,
    help=HELP,
    next_steps=NEXT_STEPS,
    beta=True,
    catalogue=CATALOGUE,
    context=context,
    one_to_one=True,
    terms=Terms("2026-11", TERMS),
    demo=DEMO,
    imports=(PAST_INVOICES,),
    trial=TRIAL,
    summary=text(
        "Contacts both ways; invoices once sent, payments and refunds into QuickBooks Online, to the cent; a review "
        "request "
        "when a first invoice is paid.",
        "Contacts dans les deux sens ; factures une fois envoyées, paiements et remboursements dans QuickBooks en "
        "ligne, au "
        "cent près ; une demande d’avis quand une première facture est payée.",
    ),
)
