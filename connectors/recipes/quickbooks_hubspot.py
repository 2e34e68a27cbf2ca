"""QuickBooks Online with HubSpot: customers and contacts both ways, items and invoices toward HubSpot.

The books stay the books: invoices are never written back, and HubSpot's own figures stand beside QuickBooks' exact
ones. A deal shows its newest invoice, and payments appear on its timeline.
"""

from collections.abc import Mapping
from typing import Any, Literal

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
    Recipe,
    RecipeFlow,
    Record,
    Ref,
    RuleSpec,
    Setting,
)
from connectors.contract.normal import normal_email, split_emails
from connectors.contract.recipe import Tree
from connectors.recipes.contact_rules import NAMED_ONCE
from connectors.recipes.quickbooks_hubspot_texts import CATALOGUE, HELP, NEXT_STEPS
from connectors.recipes.readiness import finding, side
from connectors.recipes.words import text

Given = Mapping[str, Any]
Settings = Mapping[str, str]
Reason = Mapping[str, object] | None


# Settings

SETTINGS = (
    Setting(
        key="items_by",
        label=text("Products are the same when they share", "Les produits sont les mêmes s’ils ont en commun"),
        kind="choice",
        default="sku",
        required=False,
        choices=(("sku", text("The SKU", "L’UGS")), ("name", text("The name", "Le nom"))),
        help=text(
            "Used once, to find products that are on both sides already.",
            "Sert une fois, à trouver les produits déjà présents des deux côtés.",
        ),
    ),
    Setting(
        key="note_language",
        label=text("Language of notes in HubSpot", "Langue des notes dans HubSpot"),
        kind="choice",
        default="fr",
        required=False,
        choices=(("fr", text("French", "Français")), ("en", text("English", "Anglais"))),
        help=text(
            "Payments appear as notes on the timeline of their deal.",
            "Les paiements apparaissent comme notes dans le fil de leur transaction.",
        ),
    ),
    Setting(
        key="income_account",
        label=text("Income account of new items", "Compte de revenus des nouveaux articles"),
        kind="choice",
        required=False,
        choices_from="income_accounts",
        side="left",
        help=text(
            "Needed only where products also go to QuickBooks: an item cannot be made without one.",
            "Requis seulement si des produits vont aussi dans QuickBooks : un article ne peut se créer sans lui.",
        ),
    ),
)


def context(settings: Settings, left: Given, right: Given) -> Mapping[str, str]:
    """What paths and bodies need beyond settings: whose ids ours are, and the currencies HubSpot knows."""
    currencies = [right.get("currency"), *(right.get("additional_currencies") or ())]
    found = {
        "realm": str(left.get("account_id") or ""),
        "language": settings.get("note_language") or "fr",
        "currency": str(left.get("currency") or ""),
        "currencies": " ".join(str(item) for item in currencies if item),
        "multi_currency": "true" if left.get("multi_currency") else "",
    }
    return {key: value for key, value in found.items() if value}


# Who does not go


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


def _category(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("kind") == "category" else None


def _tiered(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"name": str(source.get("name") or "")} if source.get("kind") == "tiered" else None


def _void_and_new(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("status") == "void" and target is None else None


def _nobody(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if "contact" in source and source["contact"] is None else None


def _other_currency(source: Given, target: Given | None, settings: Settings) -> Reason:
    """An invoice needs a currency the HubSpot account has; where it did not say, the vendor decides."""
    known, currency = settings.get("currencies", "").split(), str(source.get("currency") or "")
    return {"currency": currency, "known": ", ".join(known)} if known and currency and currency not in known else None


NOT_CONTACTS = (
    Excluded("SOURCE-INACTIVE", "skip", _inactive),
    Excluded("HSQB-NAMELESS", "skip", _nameless),
    Excluded("CONTACT-EMAIL-SEVERAL", "hold", _several_emails),
    Excluded("CONTACT-EMAIL-INVALID", "hold", _invalid_email),
)
NOT_PRODUCTS = (
    Excluded("HSQB-CATEGORY", "skip", _category),
    Excluded("SOURCE-INACTIVE", "skip", _inactive),
    Excluded("HSQB-TIERED", "skip", _tiered),
)
NOT_SALES = (
    Excluded("HSQB-VOID", "skip", _void_and_new),
    Excluded("HSQB-NO-CUSTOMER", "skip", _nobody),
    Excluded("HSQB-CURRENCY", "hold", _other_currency),
)


# What is made of whole records

_NEWEST = ("number", "date", "due_date", "total", "balance", "status", "currency")


def newest_invoice(deal: Record, known: Known, settings: Settings) -> Made:
    """A deal shows the newest of its invoices that come from the books: by date, then by id (H-32)."""
    named = [ref for ref in deal.values.get("invoices") or () if isinstance(ref, Ref)]
    found = known.named("invoices", [ref.remote_id for ref in named]) if named else []
    ours = [item for item in found if item.values.get("source") == "bridge" and item.values.get("date")]
    if not ours:
        if not deal.values.get("newest_number"):
            return Made(action="skip", warnings=(("HSQB-DEAL-NO-INVOICE", {}),))
        return Made({f"newest_{name}": None for name in _NEWEST})
    newest = max(ours, key=lambda item: (item.values["date"], len(item.remote_id), item.remote_id))
    return Made({f"newest_{name}": newest.values.get(name) for name in _NEWEST})


def payment_note(payment: Record, known: Known, settings: Settings) -> Made:
    """A payment appears on the deals of the invoices it pays; without a deal nothing is written (H-05, H-29)."""
    values = payment.values
    paid = [line["document"] for line in values.get("applied") or () if isinstance(line.get("document"), Ref)]
    invoices = [twin for ref in paid if ref.entity == "sale" and (twin := known.twin(ref))]
    if not invoices:
        return Made(action="skip", warnings=(("HSQB-PAYMENT-NO-INVOICE", {}),))
    deals = {
        deal.remote_id: deal
        for item in invoices
        for deal in known.naming("deals", Ref("sale", item.resource, item.remote_id))
    }
    numbers = ", ".join(sorted({str(item.values.get("number") or item.remote_id) for item in invoices}))
    if not deals:
        return Made(action="skip", warnings=(("HSQB-NO-DEAL", {"number": numbers}),))
    told = {name: values.get(name) for name in ("date", "total", "currency", "method", "number")}
    return Made({**told, "memo": numbers, "deal_ids": sorted(deals)})


# Flows


def _both(*names: str, owner: Literal["", "left"] = "") -> tuple[RuleSpec, ...]:
    """The same field on both sides; where both changed, the owner's counts, or else a person decides."""
    right = [RuleSpec(name, name, on_conflict="source" if owner else "ask") for name in names]
    left = [RuleSpec(name, name, on_conflict="target" if owner else "ask", toward="left") for name in names]
    return (*right, *left)


def _right(*names: str) -> tuple[RuleSpec, ...]:
    return tuple(RuleSpec(name, name) for name in names)


# Who may become a customer: contacts that buy. A new pair begins with it, so that no address book fills the books.
BUYERS: Tree = {
    "any": [
        {"all": [{"field": "sales.source", "test": "equals", "value": "hubspot"}]},
        {"all": [{"field": "payments.created_at", "test": "known"}]},
    ]
}
_SHARED = ("email", "given_name", "family_name", "company", "phone", "mobile", "address", "website")

CONTACT = RecipeFlow(
    entity="contact",
    label=text("Customers and contacts", "Clients et contacts"),
    left=("customers",),
    right=("contacts",),
    directions=("both", "right", "left"),
    rules=(
        *NAMED_ONCE,
        *_both(*_SHARED),
    ),
    match_on=("email",),
    suspects=("name", "phone"),
    exclusions=NOT_CONTACTS,
    default_back=BUYERS,
    associated=(Associated("sales", "right", "invoices"), Associated("payments", "right", "payments")),
    presets=(
        FilterPreset(
            "recommended",
            text("Recommended for contacts", "Recommandé pour les contacts"),
            {},
            back=BUYERS,
            direction="both",
            help=text(
                "Both ways. All customers go to HubSpot. To QuickBooks go only contacts with at least one invoice made "
                "in HubSpot, or at least one payment.",
                "Dans les deux sens. Tous les clients vont dans HubSpot. Vers QuickBooks ne vont que les contacts "
                "ayant au moins une facture créée dans HubSpot, ou au moins un paiement.",
            ),
        ),
    ),
    cadence_minutes=5,
    sentence=text(
        "Customers and contacts are kept in step both ways; where both sides changed the same field, a person decides.",
        "Clients et contacts restent au pas dans les deux sens ; si un même champ a changé des deux côtés, une "
        "personne décide.",
    ),
)
PRODUCT = RecipeFlow(
    entity="product",
    label=text("Products and services", "Produits et services"),
    left=("items",),
    right=("products",),
    directions=("right", "both", "left"),
    rules=_both("name", "sku", "description", "price", "cost", owner="left"),
    match_on=("sku",),
    match_by="items_by",
    exclusions=NOT_PRODUCTS,
    presets=(
        FilterPreset(
            "recommended",
            text("Recommended for products", "Recommandé pour les produits"),
            {},
            direction="right",
            help=text(
                "One way, to HubSpot: all products and services.",
                "À sens unique, vers HubSpot : tous les produits et services.",
            ),
        ),
    ),
    cadence_minutes=5,
    sentence=text(
        "Products and services of QuickBooks are in HubSpot’s product library, with their prices.",
        "Les produits et services de QuickBooks sont dans le catalogue de HubSpot, avec leurs prix.",
    ),
)
SALE = RecipeFlow(
    entity="sale",
    label=text("Invoices", "Factures"),
    left=("invoices",),
    right=("invoices",),
    directions=("right",),
    rules=_right(
        "number", "date", "due_date", "contact", "currency", "subtotal", "discount_total", "tax_total", "total",
        "balance", "status", "memo", "lines",
    ),
    exclusions=NOT_SALES,
    presets=(
        FilterPreset(
            "recommended",
            text("Recommended for invoices", "Recommandé pour les factures"),
            {},
            direction="right",
            from_today=True,
            help=text(
                "One way, to HubSpot: invoices dated from today on, midnight where the client is.",
                "À sens unique, vers HubSpot : les factures datées à partir d’aujourd’hui, minuit chez le client.",
            ),
        ),
    ),
    cadence_minutes=5,
    side_of_totals=True,
    sentence=text(
        "Invoices of QuickBooks appear in HubSpot with their number, total, tax and balance; nothing comes back.",
        "Les factures de QuickBooks apparaissent dans HubSpot avec numéro, total, taxes et solde ; rien ne revient.",
    ),
)  # fmt: skip
PAYMENT = RecipeFlow(
    entity="payment",
    label=text("Payments on the deal’s timeline", "Paiements dans le fil de la transaction"),
    left=("payments",),
    right=("payment_notes",),
    directions=("right",),
    rules=(),
    compose=payment_note,
    looks_up=("invoices", "deals"),
    cadence_minutes=5,
    sentence=text(
        "A payment of an invoice that has a deal is noted on the deal: date, amount and method.",
        "Un paiement d’une facture liée à une transaction y est noté : date, montant et mode.",
    ),
)
DEAL = RecipeFlow(
    entity="deal",
    label=text("Newest invoice on the deal", "Facture la plus récente sur la transaction"),
    left=(),
    right=("deals",),
    directions=("right",),
    rules=(),
    inside="right",
    compose=newest_invoice,
    looks_up=("invoices",),
    cadence_minutes=5,
    sentence=text(
        "A deal shows the newest of its invoices; which invoices belong to it is decided in HubSpot.",
        "Une transaction montre la plus récente de ses factures ; c’est dans HubSpot qu’on décide lesquelles en sont.",
    ),
)


# Readiness


def _check_environment(facts: Given, settings: Settings) -> Finding:
    """A test company with a live HubSpot account: said at once, and marked everywhere (H-07)."""
    left, right = side(facts, "left"), side(facts, "right")
    kinds = (str(left.get("environment") or ""), str(right.get("environment") or ""))
    testing = kinds[0] == "vendor_sandbox" or bool(left.get("sandbox"))
    live = str(right.get("account_type") or "STANDARD").upper() == "STANDARD" and kinds[1] != "local_sandbox"
    return finding(
        "HSQB-CHECK-SANDBOX",
        not (testing and live),
        text("Both accounts are of the same kind.", "Les deux comptes sont de même nature."),
        text(
            "The company is a QuickBooks sandbox and the HubSpot account is a live one: invented customers would reach "
            "real people’s screens. Connect a HubSpot test account, or the real company.",
            "L’entreprise est un bac à sable de QuickBooks et le compte HubSpot est réel : des clients inventés "
            "paraîtraient aux écrans de vraies gens. Connectez un compte HubSpot d’essai, ou la vraie entreprise.",
        ),
    )


def _check_numbers(facts: Given, settings: Settings) -> Finding:
    return finding(
        "HSQB-CHECK-NUMBERS",
        side(facts, "left").get("custom_numbers") is not True,
        text("QuickBooks numbers its documents itself.", "QuickBooks numérote lui-même ses documents."),
        text(
            "“Custom transaction numbers” is on in QuickBooks: two invoices may carry the same number, and HubSpot "
            "would show both alike. Turn it off there under Account and settings, Sales. Until then Bridge tells "
            "invoices apart by their id and keeps every number as it is.",
            "« Numéros de transaction personnalisés » est activé dans QuickBooks : deux factures peuvent porter le "
            "même numéro, et HubSpot les montrerait pareilles. Désactivez-le là-bas sous Compte et paramètres, "
            "Ventes. D’ici là, Bridge distingue les factures par leur identifiant et garde chaque numéro tel quel.",
        ),
        "warning",
    )


def _check_scopes(facts: Given, settings: Settings) -> Finding:
    missing = [str(item) for item in side(facts, "right").get("missing_scopes") or ()]
    return finding(
        "HSQB-CHECK-SCOPES",
        not missing,
        text("HubSpot granted every right.", "HubSpot a accordé tous les droits."),
        text(
            "These rights are missing in HubSpot: {scopes}. Connect again as someone who may grant them.",
            "Ces droits manquent dans HubSpot : {scopes}. Reconnectez-vous avec une personne qui peut les accorder.",
        ),
        scopes=", ".join(missing),
    )


def _check_currency(facts: Given, settings: Settings) -> Finding:
    home = str(side(facts, "left").get("currency") or "")
    right = side(facts, "right")
    theirs = [str(item) for item in (right.get("currency"), *(right.get("additional_currencies") or ())) if item]
    return finding(
        "HSQB-CHECK-CURRENCY",
        not home or not theirs or home in theirs,
        text("HubSpot knows the company’s currency.", "HubSpot connaît la devise de l’entreprise."),
        text(
            "The company counts in {home}, HubSpot knows only {theirs}: invoices will be held until the currency is "
            "added there.",
            "L’entreprise compte en {home}, HubSpot ne connaît que {theirs} : les factures seront retenues tant que la "
            "devise n’y est pas ajoutée.",
        ),
        "warning",
        home=home,
        theirs=", ".join(theirs),
    )


CHECKS = (
    Check("HSQB-CHECK-SANDBOX", text("Kind of accounts", "Nature des comptes"), _check_environment),
    Check("HSQB-CHECK-SCOPES", text("Rights in HubSpot", "Droits dans HubSpot"), _check_scopes),
    Check("HSQB-CHECK-NUMBERS", text("Transaction numbers", "Numéros de transaction"), _check_numbers),
    Check("HSQB-CHECK-CURRENCY", text("Currency", "Devise"), _check_currency),
)

DISCONNECT = Disconnect(
    effects=(
        text("Nothing is kept in step any more, in either direction.",
             "Plus rien n’est tenu au pas, dans aucun des deux sens."),
        text("Everything stays where it is: contacts, products and invoices in HubSpot, customers in QuickBooks.",
             "Tout reste où c’est : contacts, produits et factures dans HubSpot, clients dans QuickBooks."),
        text("The properties Bridge added in HubSpot stay, with what they said last.",
             "Les propriétés ajoutées par Bridge dans HubSpot restent, avec ce qu’elles disaient en dernier."),
    ),
)  # fmt: skip


def _edits(left: Given, right: Given) -> tuple[Given, Given]:
    """Two people type another phone number for the same customer."""
    customer = {"Id": left["Id"], "PrimaryPhone": {"FreeFormNumber": "418 555-0141"}}
    return {"Customer": [customer]}, {"contacts": [{"id": right["id"], "properties": {"phone": "418 555-0142"}}]}


# In the simulator's invented workshop and its CRM.
DEMO = Demo(
    presets={"contact": "recommended", "product": "recommended", "sale": "recommended"},
    days=60,
    in_step=True,
    edits=_edits,
)

RECIPE = Recipe(
    key="quickbooks_hubspot",
    label=text("QuickBooks Online and HubSpot", "QuickBooks en ligne et HubSpot"),
    left="quickbooks",
    right="hubspot",
    flows=(CONTACT, PRODUCT, SALE, PAYMENT, DEAL),
    settings=SETTINGS,
    checks=CHECKS,
    disconnect=DISCONNECT,
    help=HELP,
    next_steps=NEXT_STEPS,
    beta=True,
    catalogue=CATALOGUE,
    context=context,
    one_to_one=True,
    demo=DEMO,
    summary=text(
        "Customers and contacts both ways; products and invoices from QuickBooks Online to HubSpot; payments and the "
        "newest invoice on the deal.",
        "Clients et contacts dans les deux sens ; produits et factures de QuickBooks en ligne vers HubSpot ; paiements "
        "et facture la plus récente sur la transaction.",
    ),
)
