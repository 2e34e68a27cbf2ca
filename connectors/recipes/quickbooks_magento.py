"""QuickBooks Online with Magento 2: a shop's sales, payments and refunds into the books, products too, stock back.

Sales go one way, from the shop; stock the other. Three flows, each optional: sales (with buyers, payments and refunds),
products, stock.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.contract import (
    Check,
    Demo,
    Disconnect,
    Excluded,
    Finding,
    Recipe,
    RecipeFlow,
    RuleSpec,
    SeenValue,
    Setting,
    Terms,
    ValueMapSpec,
)
from connectors.recipes import sales_settings as sales
from connectors.recipes.quickbooks_magento_texts import CATALOGUE, HELP, NEXT_STEPS, TERMS
from connectors.recipes.readiness import finding, side
from connectors.recipes.sales_values import ITEM_MAP, payment_maps, seen_taxes, tax_map
from connectors.recipes.words import text

Given = Mapping[str, Any]
Settings = Mapping[str, str]
Reason = Mapping[str, object] | None
COMPOSITE = ("configurable", "bundle", "grouped")

ORDERS = text("Which orders", "Quelles commandes")
STOCK_GROUP = text("Stock", "Stock")

SETTINGS = (
    Setting(
        key="orders_since",
        group=ORDERS,
        label=text("Orders from this day on", "Commandes à partir de ce jour"),
        kind="date",
        help=text(
            "By the order’s date in the shop’s time zone. Earlier orders never go.",
            "Selon la date de la commande dans le fuseau de la boutique. Les commandes antérieures ne passent jamais.",
        ),
    ),
    Setting(
        key="order_statuses",
        group=ORDERS,
        label=text("Order statuses that go", "États de commande qui passent"),
        default="processing,complete,closed",
        pattern=r"[a-z0-9_]+(\s*,\s*[a-z0-9_]+)*",
        example="processing,complete",
        required=False,
        help=text(
            "Codes, with commas between. An order that has gone stays in step, whatever it becomes.",
            "Des codes séparés par des virgules. Une commande passée reste à jour, quoi qu’elle devienne.",
        ),
    ),
    sales.DOCUMENT, sales.NUMBER, sales.PREFIX, sales.CUSTOMER, sales.GENERIC, sales.SAME_NAME,
    sales.ITEMS_BY, sales.DEFAULT_ITEM,
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
    Setting(
        key="products_scope",
        group=sales.PRODUCTS,
        label=text("Which products", "Quels produits"),
        kind="choice",
        default="sold",
        required=False,
        choices=(
            ("sold", text("Only those used in sales", "Seulement ceux des ventes")),
            ("all", text("All of the shop", "Tous ceux de la boutique")),
        ),
    ),
    *sales.ACCOUNTS, *sales.OWN_ITEMS, sales.RESTOCK, *sales.PLACES, sales.PAYMENTS, sales.TAX, sales.PRICES,
    sales.CANCELLATIONS, sales.CLOSED_BOOKS, sales.UNEXPLAINED, sales.LANGUAGE,
    Setting(
        key="stock_source",
        group=STOCK_GROUP,
        label=text("Stock source", "Source de stock"),
        kind="choice",
        required=False,
        choices_from="stock_sources",
        side="right",
        help=text(
            "Where quantities are written; “default” if blank.", "Où écrire les quantités ; « default » si vide."
        ),
    ),
    Setting(
        key="unshipped",
        group=STOCK_GROUP,
        label=text("Sold but not shipped yet", "Vendu mais pas encore expédié"),
        kind="choice",
        default="add",
        required=False,
        choices=(
            ("add", text("Added: Magento takes it off when it ships", "Ajouté : Magento le retire à l’expédition")),
            ("ignore", text("Not added", "Non ajouté")),
        ),
        help=text(
            "QuickBooks takes goods off when the sale is posted, Magento when they ship. Not adding them takes them "
            "off "
            "twice.",
            "QuickBooks retire les articles à l’inscription de la vente, Magento à leur expédition. Sans l’ajout, ils "
            "seraient retirés deux fois.",
        ),
    ),
)  # fmt: skip


def context(settings: Settings, left: Given, right: Given) -> Mapping[str, str]:
    """What bodies and reading need beyond settings: how the company keeps currencies, and where it is."""
    found = {
        "country": str(left.get("country") or ""),
        "home_currency": str(left.get("home_currency") or left.get("currency") or ""),
        "multi_currency": "true" if left.get("multi_currency") else "",
        "stock_start": str(settings.get("orders_since") or ""),
        "order_statuses": ",".join(_statuses(settings)),
    }
    return {key: value for key, value in found.items() if value}


def _statuses(settings: Settings) -> list[str]:
    return [part.strip() for part in str(settings.get("order_statuses") or "").split(",") if part.strip()]


# Who does not go


def _generic(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("customer") == "generic" else None


def _before(source: Given, target: Given | None, settings: Settings) -> Reason:
    since, dated = str(settings.get("orders_since") or "")[:10], source.get("date")
    if target is not None or not since or not isinstance(dated, date) or dated >= date.fromisoformat(since):
        return None
    return {"date": dated.isoformat(), "start": since}


def _status(source: Given, target: Given | None, settings: Settings) -> Reason:
    chosen = _statuses(settings)
    if target is not None or not chosen or source.get("status") in chosen:
        return None
    return {"status": str(source.get("status") or ""), "chosen": ", ".join(chosen)}


def _free(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("total") == Decimal(0) else None


def _payments_off(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("payments") == "off" else None


def _in_receipt(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("document") == "sales_receipt" else None


def _composite(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"kind": str(source["kind"])} if source.get("kind") in COMPOSITE else None


def _without_sku(source: Given, target: Given | None, settings: Settings) -> Reason:
    return None if str(source.get("sku") or "").strip() else {"name": str(source.get("name") or "")}


def _unsold(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("products_scope") != "all" and not source.get("sold") else None


def _not_made(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"sku": str(source.get("sku") or "")} if target is None and settings.get("create_items") != "yes" else None


def _untracked(source: Given, target: Given | None, settings: Settings) -> Reason:
    return None if source.get("tracked") else {}


def _no_product(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"sku": str(source.get("sku") or "")} if target is None else None


def _target_untracked(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"sku": str(source.get("sku") or "")} if target is not None and target.get("tracked") is False else None


# Flows


def _rules(*names: str, toward: Any = "left", when: Any = "always") -> tuple[RuleSpec, ...]:
    return tuple(RuleSpec(name, name, toward=toward, when=when, on_conflict="ask") for name in names)


CONTACT = RecipeFlow(
    entity="contact",
    label=text("Buyers → customers", "Acheteurs → clients"),
    left=("customers",),
    right=("buyers",),
    directions=("left",),
    rules=_rules(
        "name", "given_name", "family_name", "company", "email", "phone", "address", "currency", when="create"
    ),
    match_on=("email",),
    exclusions=(Excluded("SALES-GENERIC-CUSTOMER", "skip", _generic),),
    posting="contact",
    sentence=text(
        "Who ordered becomes a customer of the books, found by e-mail; known customers are left as they are.",
        "Qui a commandé devient un client des livres, trouvé par son courriel ; les clients connus restent tels quels.",
    ),
)
PRODUCT = RecipeFlow(
    entity="product",
    label=text("Products → items", "Produits → articles"),
    left=("items",),
    right=("products",),
    directions=("left",),
    rules=(
        *_rules("name", "sku", "kind", "tracked", "quantity", "cost", "taxable", when="create"),
        *_rules("description", "price"),
    ),
    match_on=("sku",),
    exclusions=(
        Excluded("MAGE-COMPOSITE", "skip", _composite),
        Excluded("MAGE-NO-SKU", "hold", _without_sku),
        Excluded("MAGE-UNSOLD", "skip", _unsold),
        Excluded("MAGE-ITEM-NOT-MADE", "skip", _not_made),
    ),
    posting="product",
    sentence=text(
        "Products become items of the books; their accounts are never changed afterwards.",
        "Les produits deviennent des articles des livres ; leurs comptes ne sont jamais modifiés par la suite.",
    ),
)
SALE = RecipeFlow(
    entity="sale",
    label=text("Orders → invoices or sales receipts", "Commandes → factures ou reçus de vente"),
    left=("invoices", "sales_receipts"),
    right=("orders",),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("BEFORE-START", "skip", _before),
        Excluded("SALES-STATUS", "skip", _status),
    ),
    removes="void",
    side_of_totals=True,
    posting="sale",
    looks_up=("items",),
    sentence=text(
        "Each order becomes one document with the same total, to the cent; a difference is held and explained.",
        "Chaque commande devient un document de même total, au cent près ; tout écart est retenu et expliqué.",
    ),
)
PAYMENT = RecipeFlow(
    entity="payment",
    label=text("Payments → payments received", "Paiements → paiements reçus"),
    left=("payments",),
    right=("captures",),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("SALES-PAYMENTS-OFF", "skip", _payments_off),
        Excluded("SALES-IN-RECEIPT", "skip", _in_receipt),
        Excluded("SALES-NOTHING", "skip", _free),
    ),
    removes="void",
    posting="payment",
    sentence=text(
        "Money taken is recorded on its invoice, in the clearing account of its method.",
        "L’argent reçu est inscrit sur sa facture, dans le compte de compensation de son mode de paiement.",
    ),
)
REFUND = RecipeFlow(
    entity="refund",
    label=text("Credit memos → credit memos or refunds", "Notes de crédit → notes de crédit ou remboursements"),
    left=("credit_memos", "refund_receipts"),
    right=("credit_memos",),
    directions=("left",),
    rules=(),
    exclusions=(Excluded("SALES-NOTHING", "skip", _free),),
    removes="remove",  # the books cannot void a refund
    posting="refund",
    looks_up=("items",),
    sentence=text(
        "Refunds become credit memos, or refund receipts where money went back.",
        "Les remboursements deviennent des notes de crédit, ou des reçus de remboursement si l’argent est rendu.",
    ),
)
STOCK = RecipeFlow(
    entity="stock_level",
    label=text("Stock of the books → stock of the shop", "Stock des livres → stock de la boutique"),
    left=("stock_levels",),
    right=("stock",),
    directions=("right",),
    rules=(),
    match_on=("sku",),
    exclusions=(
        Excluded("STOCK-UNTRACKED", "skip", _untracked),
        Excluded("STOCK-NO-PRODUCT", "skip", _no_product),
        Excluded("STOCK-SHOP-UNTRACKED", "skip", _target_untracked),
    ),
    posting="stock_level",
    sentence=text(
        "Quantities counted in the books are set in the shop.", "Les quantités des livres sont mises dans la boutique."
    ),
)


# Value maps


def seen_method(values: Given) -> Iterator[SeenValue]:
    """The payment method of a sale."""
    if values.get("payment_method") and values.get("total"):
        yield SeenValue(str(values["payment_method"]))


def seen_store(values: Given) -> Iterator[SeenValue]:
    """The store view of a sale."""
    if values.get("store"):
        yield SeenValue(str(values["store"]))


VALUE_MAPS = (
    tax_map(
        seen_taxes,
        text(
            "Each combination of taxes on an order line gets a tax code of the books.",
            "Chaque combinaison de taxes d’une ligne de commande reçoit un code de taxe des livres.",
        ),
    ),
    *payment_maps(
        seen_method,
        text(
            "Where the money of each payment method arrives until the bank’s deposit.",
            "Où l’argent de chaque mode de paiement arrive avant le dépôt à la banque.",
        ),
    ),
    ITEM_MAP,
    ValueMapSpec(
        kind="class", label=text("Classes by store", "Catégories par boutique"), targets="classes", side="left",
        required=False, seen=seen_store, sources="store_views",
    ),
    ValueMapSpec(
        kind="location", label=text("Locations by store", "Emplacements par boutique"), targets="departments",
        side="left", required=False, seen=seen_store, sources="store_views",
    ),
)  # fmt: skip


# Readiness


def _check_country(facts: Given, settings: Settings) -> Finding:
    country = str(side(facts, "left").get("country") or "")
    return finding(
        "QBMG-CHECK-COUNTRY",
        country != "FR",
        text("QuickBooks Online is offered in this country.", "QuickBooks en ligne est offert dans ce pays."),
        text(
            "QuickBooks Online has not been offered in France since 29 December 2023.",
            "QuickBooks en ligne n’est plus offert en France depuis le 29 décembre 2023.",
        ),
        country=country,
    )


def _check_since(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBMG-CHECK-SINCE",
        bool(settings.get("orders_since")),
        text("Orders go from {date} on.", "Les commandes passent à partir du {date}."),
        text("The first day of orders is not chosen.", "Le premier jour des commandes n’est pas choisi."),
        date=str(settings.get("orders_since") or ""),
    )


def _check_items(facts: Given, settings: Settings) -> Finding:
    missing = [name for name in ("shipping_item", "discount_item") if not settings.get(name)]
    return finding(
        "QBMG-CHECK-ITEMS",
        not missing,
        text("Shipping and discounts have their items.", "La livraison et les remises ont leurs articles."),
        text(
            "No item is chosen for shipping or for discounts: orders that have them will be held.",
            "Aucun article n’est choisi pour la livraison ou les remises : les commandes qui en ont seront retenues.",
        ),
        "warning",
    )


def _check_currency(facts: Given, settings: Settings) -> Finding:
    left, right = side(facts, "left"), side(facts, "right")
    home, theirs = str(left.get("home_currency") or left.get("currency") or ""), str(right.get("currency") or "")
    return finding(
        "QBMG-CHECK-CURRENCY",
        not home or not theirs or home == theirs or bool(left.get("multi_currency")),
        text("The currencies of both sides fit.", "Les devises des deux côtés concordent."),
        text(
            "The shop sells in {theirs}, the company has only {home}: its orders will be held.",
            "La boutique vend en {theirs}, l’entreprise n’a que {home} : ses commandes seront retenues.",
        ),
        home=home,
        theirs=theirs,
    )


def _check_numbers(facts: Given, settings: Settings) -> Finding:
    own, by_books = side(facts, "left").get("custom_numbers") is not False, settings.get("number") == "books"
    bad = text(
        "The company does not use its own transaction numbers: QuickBooks will number the documents.",
        "L’entreprise n’utilise pas ses propres numéros de transaction : QuickBooks numérotera les documents.",
    )
    if own:
        bad = text(
            "“Custom transaction numbers” is on in QuickBooks: it gives none itself, and the documents would have "
            "no number. Turn it off there, or keep the number of the order.",
            "« Numéros de transaction personnalisés » est activé dans QuickBooks : il ne numérote rien lui-même et les "
            "documents n’auraient pas de numéro. Désactivez-le là-bas, ou gardez le numéro de la commande.",
        )
    return finding(
        "QBMG-CHECK-NUMBERS",
        own != by_books,
        text("Every document will have a number.", "Chaque document aura un numéro."),
        bad,
        "warning",
    )


CHECKS = (
    Check("QBMG-CHECK-COUNTRY", text("Country", "Pays"), _check_country),
    Check("QBMG-CHECK-SINCE", text("First day", "Premier jour"), _check_since),
    Check("QBMG-CHECK-CURRENCY", text("Currency", "Devise"), _check_currency),
    Check("QBMG-CHECK-ITEMS", text("Own items", "Articles dédiés"), _check_items),
    Check("QBMG-CHECK-NUMBERS", text("Numbers", "Numéros"), _check_numbers),
)

DISCONNECT = Disconnect(
    effects=(
        text("Orders no longer go to the books.", "Les commandes ne vont plus aux livres."),
        text("Stock is no longer set in the shop.", "Le stock n’est plus mis à jour dans la boutique."),
        text(
            "Every document that was written stays in QuickBooks as it is.",
            "Tous les documents inscrits restent tels quels dans QuickBooks.",
        ),
    ),
)

# In the simulator's invented shop and cabinet maker.
DEMO = Demo(
    settings={
        "orders_since": "2020-01-01",
        "number_prefix": "BB-",
        "shipping_item": "Livraison locale",
        "discount_item": "Bon-cadeau",
        "gift_card_item": "Bon-cadeau",
        "store_credit_item": "Bon-cadeau",
        "rounding_item": "Emballage cadeau",
        "fee_item": "Emballage cadeau",
        "refund_item": "Emballage cadeau",
        "default_item": "Conception sur mesure",
    },
    maps={
        "payment_method": {
            "stripe_payments": "Encaissements en ligne",
            "paypal_express": "Encaissements en ligne",
            "checkmo": "Fonds non déposés",
            "cashondelivery": "Fonds non déposés",
            "banktransfer": "Compte-chèques",
        },
        "tax": {
            "CA-QC-TPS+CA-QC-TVQ": "TPS/TVQ QC - 9,975",
            "CA-QC-TPS": "TPS",
            "CA-ON-TVH": "TVH ON",
            "none": "Détaxé",
        },
    },
    asked={"tax": "CA-QC-TPS"},
)

RECIPE = Recipe(
    key="quickbooks_magento",
    label=text("QuickBooks Online and Magento", "QuickBooks en ligne et Magento"),
    left="quickbooks",
    right="magento",
    flows=(CONTACT, PRODUCT, SALE, PAYMENT, REFUND, STOCK),
    settings=SETTINGS,
    value_maps=VALUE_MAPS,
    checks=CHECKS,
    disconnect=DISCONNECT,
    help=HELP,
    next_steps=NEXT_STEPS,
    beta=True,
    catalogue=CATALOGUE,
    context=context,
    one_to_one=False,
    terms=Terms("2026-11", TERMS),
    demo=DEMO,
    summary=text(
        "Orders, payments and refunds of a shop become documents of QuickBooks Online, to the cent; products too where "
        "wanted, and stock goes back to the shop.",
        "Les commandes, paiements et remboursements d’une boutique deviennent des documents de QuickBooks en ligne, au "
        "cent près ; les produits aussi si on le veut, et le stock retourne à la boutique.",
    ),
)
