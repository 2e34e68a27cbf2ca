"""QuickBooks Online with Shopmonkey: a garage’s invoices, payments and refunds into the books; customers and parts of
the books into the garage once, when a person says so.

Every line goes to the item mapped for its kind. The set-up has five steps in order, as the garage's own program has.

Source: https://help.shopmonkey.io (QuickBooks Online integration; read 2026-11)
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.contract import (
    Check,
    Column,
    Demo,
    Disconnect,
    Excluded,
    Finding,
    GuideStep,
    OneTimeImport,
    Recipe,
    RecipeFlow,
    RuleSpec,
    Setting,
    ValueMapSpec,
    Wanted,
)
from connectors.contract.recipe import Associated
from connectors.recipes import sales_settings as sales
from connectors.recipes.quickbooks_shopmonkey_texts import CATALOGUE, HELP, HOW_ITEMS, HOW_KEY, HOW_TAXES, NEXT_STEPS
from connectors.recipes.readiness import finding, side
from connectors.recipes.sales_values import payment_maps, seen_kinds, seen_paid, seen_store, seen_taxes, tax_map
from connectors.recipes.words import text

Given = Mapping[str, Any]
Settings = Mapping[str, str]
Reason = Mapping[str, object] | None

ORDERS = text("Which orders", "Quelles commandes")
STOCK_GROUP = text("Parts", "Pièces")
DEPOSITS = text("Payments before their invoice", "Paiements reçus avant leur facture")

SETTINGS = (
    Setting(
        key="orders_since",
        group=ORDERS,
        label=text("Invoices from this day on", "Factures à partir de ce jour"),
        kind="date",
        help=text(
            "By the day of the invoice, where the garage is. Earlier ones never go.",
            "Selon le jour de la facture, là où est le garage. Les factures antérieures ne passent jamais.",
        ),
    ),
    Setting(
        key="locations",
        group=ORDERS,
        label=text("Locations", "Emplacements du garage"),
        required=False,
        pattern=r"[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+)*",
        help=text(
            "Ids, with commas between. Blank: all that the key sees.",
            "Des identifiants séparés par des virgules. Vide : tous ceux que voit la clé.",
        ),
    ),
    Setting(
        key="fixed_price",
        group=ORDERS,
        label=text("A service at a fixed price", "Un service à prix fixe"),
        kind="choice",
        default="spread",
        required=False,
        choices=(
            ("spread", text("Is spread over its lines", "Est réparti sur ses lignes")),
            ("service", text("Is one line", "Est une seule ligne")),
        ),
    ),
    sales.NUMBER, sales.PREFIX,
    Setting(
        key="generic_customer_id",
        group=sales.CUSTOMERS,
        label=text("Customer for sales without one", "Client des ventes sans client"),
        kind="choice",
        required=False,
        choices_from="customers",
        side="left",
        help=text("None: such an invoice is held.", "Aucun : une telle facture est retenue."),
    ),
    Setting(
        key="income_account",
        group=sales.PRODUCTS,
        label=text("Income account of items that are made", "Compte de revenus des articles créés"),
        kind="choice",
        required=False,
        choices_from="income_accounts",
        side="left",
        help=text("Asked only where Bridge makes the missing items.", "Sert seulement si Bridge crée les "
                  "articles absents."),
    ),
    Setting(
        key="linked_items",
        group=STOCK_GROUP,
        label=text("Inventory is kept in step", "L’inventaire est tenu au pas"),
        kind="choice",
        default="no",
        required=False,
        choices=(
            ("no", text("No: every part goes to the item of its kind", "Non : chaque pièce va à l’article "
             "de sa sorte")),
            ("yes", text("Yes: a part goes to the item with its number", "Oui : une pièce va à l’article de "
             "son numéro")),
        ),
        help=text(
            "QuickBooks then takes sold parts off its stock, and its quantities are set in Shopmonkey. Turn the flow "
            "“Stock” on as well.",
            "QuickBooks retire alors les pièces vendues de son stock, et ses quantités sont mises dans Shopmonkey. "
            "Activez aussi le flux « Stock ».",
        ),
    ),
    Setting(
        key="location",
        group=STOCK_GROUP,
        label=text("Location of imported parts", "Emplacement des pièces importées"),
        kind="choice",
        required=False,
        choices_from="locations",
        side="right",
        help=text("Needed where the key sees several.", "Nécessaire si la clé en voit plusieurs."),
    ),
    *(item for item in sales.OWN_ITEMS if item.key in ("discount_item", "rounding_item")),
    *sales.PLACES, sales.PAYMENTS,
    Setting(
        key="deposits",
        group=sales.MONEY,
        label=DEPOSITS,
        kind="choice",
        default="wait",
        required=False,
        choices=(
            ("wait", text("Wait for the invoice", "Attendent la facture")),
            ("unapplied", text("Go at once, and are applied later", "Passent tout de suite et sont affectés ensuite")),
        ),
        needs=("payments", "on"),
    ),
    sales.TAX, sales.CLOSED_BOOKS, sales.UNEXPLAINED, sales.LANGUAGE,
)  # fmt: skip


def context(settings: Settings, left: Given, right: Given) -> Mapping[str, str]:
    """What bodies, reading and posting need beyond settings: lines go by their kind."""
    found = {
        "items_by": "kind",
        "country": str(left.get("country") or ""),
        "home_currency": str(left.get("home_currency") or left.get("currency") or ""),
        "multi_currency": "true" if left.get("multi_currency") else "",
        "stock_start": str(settings.get("orders_since") or ""),
    }
    return {key: value for key, value in found.items() if value}


# Who does not go


def _before(source: Given, target: Given | None, settings: Settings) -> Reason:
    since, dated = str(settings.get("orders_since") or "")[:10], source.get("date")
    if target is not None or not since or not isinstance(dated, date) or dated >= date.fromisoformat(since):
        return None
    return {"date": dated.isoformat(), "start": since}


def _not_invoiced(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"number": str(source.get("number") or "")} if target is None and source.get("status") != "invoice" else None


def _reopened(source: Given, target: Given | None, settings: Settings) -> Reason:
    gone_back = target is not None and source.get("status") != "invoice"
    return {"number": str(source.get("number") or "")} if gone_back else None


def _migrated(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if target is None and source.get("source") == "imported" else None


def _nothing(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("total") == Decimal(0) else None


def _payments_off(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("payments") == "off" else None


def _transfer(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("kind") == "transfer" else None


def _processing(source: Given, target: Given | None, settings: Settings) -> Reason:
    told = source.get("status")
    return {"status": str(told)} if target is None and told not in (None, "succeeded") else None


def _not_billed(source: Given, target: Given | None, settings: Settings) -> Reason:
    """A deposit alone makes a customer of the books only where deposits go before their invoice."""
    if target is not None or settings.get("deposits") == "unapplied":
        return None
    return None if any(sale.get("status") == "invoice" for sale in source.get("sales") or ()) else {}


def _inactive(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("active") is False else None


def _untracked(source: Given, target: Given | None, settings: Settings) -> Reason:
    return None if source.get("tracked") else {}


def _no_part(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"sku": str(source.get("sku") or "")} if target is None else None


def _not_linked(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if settings.get("linked_items") != "yes" else None


# Flows


def _rules(*names: str, toward: Any = "left", when: Any = "always", on_conflict: Any = "ask") -> tuple[RuleSpec, ...]:
    return tuple(RuleSpec(name, name, toward=toward, when=when, on_conflict=on_conflict) for name in names)


PAYERS: Mapping[str, Any] = {
    "any": [
        {"all": [{"field": "sales.status", "test": "equals", "value": "invoice"}]},
        {"all": [{"field": "payments.status", "test": "equals", "value": "succeeded"}]},
    ]
}
CONTACT = RecipeFlow(
    entity="contact",
    label=text("Customers with an invoice → customers", "Clients ayant une facture → clients"),
    left=("customers",),
    right=("customers",),
    directions=("left",),
    rules=_rules("name", "given_name", "family_name", "company", "email", "phone", "mobile", "address", when="create"),
    match_on=("email",),
    suspects=("name", "phone"),
    default_filter=PAYERS,
    associated=(Associated("sales", "right", "orders"), Associated("payments", "right", "payments")),
    exclusions=(Excluded("QBSM-NOT-BILLED", "skip", _not_billed),),
    posting="contact",
    sentence=text(
        "Who has an invoice becomes a customer of the books, found by e-mail; known customers are left as they are.",
        "Qui a une facture devient un client des livres, trouvé par son courriel ; les clients connus restent "
        "tels quels.",
    ),
)
SALE = RecipeFlow(
    entity="sale",
    label=text("Invoices → invoices", "Factures → factures"),
    left=("invoices",),
    right=("orders",),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("QBSM-MIGRATED", "skip", _migrated),
        Excluded("QBSM-NOT-INVOICED", "skip", _not_invoiced),
        Excluded("QBSM-REOPENED", "hold", _reopened),
        Excluded("BEFORE-START", "skip", _before),
    ),
    removes="void",
    side_of_totals=True,
    posting="sale",
    looks_up=("items",),
    sentence=text(
        "Each invoice of the garage becomes one invoice of the books with the same lines and total.",
        "Chaque facture du garage devient une facture des livres, avec les mêmes lignes et le même total.",
    ),
)
PAYMENT = RecipeFlow(
    entity="payment",
    label=text("Payments → payments received", "Paiements → paiements reçus"),
    left=("payments",),
    right=("payments",),
    directions=("left",),
    rules=(),
    exclusions=(
        Excluded("SALES-PAYMENTS-OFF", "skip", _payments_off),
        Excluded("QBSM-TRANSFER", "hold", _transfer),
        Excluded("QBSM-PROCESSING", "skip", _processing),
        Excluded("SALES-NOTHING", "skip", _nothing),
    ),
    removes="void",
    posting="payment",
    sentence=text(
        "Money taken is recorded on its invoice, in the clearing account of its kind.",
        "L’argent reçu est inscrit sur sa facture, dans le compte de compensation de sa sorte.",
    ),
)
REFUND = RecipeFlow(
    entity="refund",
    label=text("Refunds → credit memos or refunds", "Remboursements → notes de crédit ou remboursements"),
    left=("credit_memos", "refund_receipts"),
    right=("refunds",),
    directions=("left",),
    rules=(),
    exclusions=(Excluded("QBSM-PROCESSING", "skip", _processing), Excluded("SALES-NOTHING", "skip", _nothing)),
    removes="remove",  # the books cannot void a refund
    posting="refund",
    looks_up=("items",),
    sentence=text(
        "Refunds become credit memos, or refund receipts where the money went back by card.",
        "Les remboursements deviennent des notes de crédit, ou des reçus de remboursement si la carte a été "
        "recréditée.",
    ),
)
STOCK = RecipeFlow(
    entity="stock_level",
    label=text("Stock of the books → stock of the garage", "Stock des livres → stock du garage"),
    left=("stock_levels",),
    right=("stock",),
    directions=("right",),
    rules=(),
    match_on=("sku",),
    exclusions=(
        Excluded("QBSM-STOCK-UNLINKED", "skip", _not_linked),
        Excluded("STOCK-UNTRACKED", "skip", _untracked),
        Excluded("QBSM-NO-PART", "skip", _no_part),
    ),
    posting="stock_level",
    starts_on=False,
    sentence=text(
        "Quantities counted in the books are set in Shopmonkey.", "Les quantités des livres sont mises dans Shopmonkey."
    ),
)


# One-time imports


def _imported(*names: str) -> tuple[RuleSpec, ...]:
    """What the books say goes again where it changed there; where both differ from the start the garage "
    "keeps its own."""
    return _rules(*names, toward="right", on_conflict="target")


CUSTOMERS = OneTimeImport(
    key="customers",
    label=text("Customers", "Clients"),
    help=text("Matched by e-mail; the same name or number is put before a person.",
              "Appariés par courriel ; même nom ou numéro, une personne décide."),
    flow=RecipeFlow(
        entity="contact",
        label=text("Customers of the books → customers", "Clients des livres → clients"),
        left=("customers",),
        right=("customers",),
        directions=("right",),
        rules=(
            *_rules("name", toward="right", when="create"),
            *_imported("given_name", "family_name", "company", "email", "phone", "mobile", "address"),
        ),
        match_on=("email",),
        suspects=("name", "phone"),
        exclusions=(Excluded("SOURCE-INACTIVE", "skip", _inactive),),
        sentence=text("Customers that Shopmonkey lacks are added.", "Les clients absents de Shopmonkey y "
                      "sont ajoutés."),
    ),
    columns=(
        Column("First Name", "given_name"), Column("Last Name", "family_name"), Column("Company Name", "company"),
        Column("Email", "email"), Column("Phone", "phone"), Column("Mobile", "mobile"),
        Column("Address", "address.line1"), Column("Address 2", "address.line2"), Column("City", "address.city"),
        Column("State", "address.region"), Column("Zip", "address.postcode"), Column("Country", "address.country"),
    ),
)  # fmt: skip


def _kind(*kinds: str) -> Mapping[str, Any]:
    return {"any": [{"all": [{"field": "kind", "test": "equals", "value": kind}]} for kind in kinds]}


def _parts(key: str, label: Any, kind: str, sentence: Any) -> OneTimeImport:
    return OneTimeImport(
        key=key,
        label=label,
        help=text("Matched by part number (the SKU of QuickBooks). A quantity is only told with a new part.",
                  "Appariées par numéro de pièce (l’UGS de QuickBooks). La quantité n’est dite qu’avec une "
                  "nouvelle pièce."),
        flow=RecipeFlow(
            entity="product",
            label=text("Items of the books → parts", "Articles des livres → pièces"),
            left=("items",),
            right=("parts",),
            directions=("right",),
            rules=(
                *_rules("sku", "quantity", toward="right", when="create"),
                *_imported("name", "description", "price", "cost", "taxable"),
            ),
            match_on=("sku",),
            default_filter=_kind(kind),
            exclusions=(
                Excluded("SOURCE-INACTIVE", "skip", _inactive),
                Excluded("QBSM-LINE-ITEM", "skip", _line_item),
            ),
            sentence=sentence,
        ),
        columns=(
            Column("Part Name", "name"), Column("Part Number", "sku"), Column("Note", "description"),
            Column("Retail", "price"), Column("Cost", "cost"), Column("Quantity", "quantity"),
            Column("Taxable", "taxable"),
        ),
    )  # fmt: skip


def _line_item(source: Given, target: Given | None, settings: Settings) -> Reason:
    """The items that stand for kinds of line are no parts."""
    return {} if str(source.get("name") or "").casefold() in LINE_ITEMS else None


# Value maps

SERVICE, GOODS = text("Service", "Service"), text("Non-inventory", "Hors stock")
LINES = {
    "labor": Wanted(text("Labor", "Main-d’œuvre"), "Shopmonkey Labor", "service", SERVICE, ("Shopmonkey Travail",)),
    "part": Wanted(text("Part", "Pièce"), "Shopmonkey Part", "non_inventory", GOODS, ("Shopmonkey Pièce",)),
    "tire": Wanted(text("Tire", "Pneu"), "Shopmonkey Tire", "non_inventory", GOODS, ("Shopmonkey Pneu",)),
    "subcontract": Wanted(
        text("Subcontract", "Sous-traitance"), "Shopmonkey Subcontract", "non_inventory", GOODS,
        ("Shopmonkey Sous-traitance",),
    ),
    "epa": Wanted(text("EPA", "Frais environnementaux (EPA)"), "Shopmonkey EPA", "non_inventory", GOODS),
    "shop_supplies": Wanted(
        text("Shop supplies", "Fournitures d’atelier"), "Shopmonkey Shop Supplies", "non_inventory", GOODS,
        ("Shopmonkey Fournitures d’atelier",),
    ),
    "fee": Wanted(text("Fees", "Frais"), "Shopmonkey Fees", "non_inventory", GOODS, ("Shopmonkey Frais",)),
}  # fmt: skip
LINE_ITEMS = {name.casefold() for wanted in LINES.values() for name in (wanted.name, *wanted.others)}

IMPORTS = (
    CUSTOMERS,
    _parts("inventory", text("Inventory", "Articles en stock"), "inventory",
           text("Items whose stock QuickBooks counts become parts.",
                "Les articles dont QuickBooks suit le stock deviennent des pièces.")),
    _parts("non-inventory", text("Non-inventory", "Articles hors stock"), "non_inventory",
           text("Items without a count become parts.", "Les articles sans décompte deviennent des pièces.")),
)  # fmt: skip

VALUE_MAPS = (
    ValueMapSpec(
        kind="line_kind",
        label=text("Kinds of line", "Sortes de ligne"),
        targets="items",
        side="left",
        entities=("sale", "refund"),
        seen=seen_kinds,
        sources="line_kinds",
        wanted=LINES,
        help=text(
            "Each kind of line gets an item of the books. An invoice with a kind that has none waits.",
            "Chaque sorte de ligne reçoit un article des livres. Une facture dont une sorte n’en a "
            "pas attend.",
        ),
    ),
    tax_map(
        seen_taxes,
        text(
            "Each combination of taxes on a line gets a tax code of the books.",
            "Chaque combinaison de taxes d’une ligne reçoit un code de taxe des livres.",
        ),
    ),
    *payment_maps(
        seen_paid,
        text(
            "Where the money of each kind of payment arrives until the bank’s deposit.",
            "Où l’argent de chaque sorte de paiement arrive avant le dépôt à la banque.",
        ),
        ("payment", "refund"),
    ),
    ValueMapSpec(
        kind="class", label=text("Classes by location", "Catégories par emplacement"), targets="classes", side="left",
        required=False, seen=seen_store, sources="locations",
    ),
    ValueMapSpec(
        kind="location", label=text("Locations", "Emplacements"), targets="departments", side="left", required=False,
        seen=seen_store, sources="locations",
    ),
)  # fmt: skip


# Readiness


def _check_plan(facts: Given, settings: Settings) -> Finding:
    plan = str(side(facts, "left").get("plan") or "")
    return finding(
        "QBSM-CHECK-PLAN",
        not plan or "plus" in plan.casefold() or "advanced" in plan.casefold(),
        text("The plan of QuickBooks is Plus or higher.", "Le forfait de QuickBooks est Plus ou supérieur."),
        text(
            "QuickBooks Online Plus or higher is needed; this company has “{plan}”. Change the plan in "
            "QuickBooks first.",
            "QuickBooks en ligne Plus ou supérieur est nécessaire ; cette entreprise a « {plan} ». Changez d’abord de "
            "forfait dans QuickBooks.",
        ),
        plan=plan,
    )


def _check_since(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBSM-CHECK-SINCE",
        bool(settings.get("orders_since")),
        text("Invoices go from {date} on.", "Les factures passent à partir du {date}."),
        text("The first day of invoices is not chosen.", "Le premier jour des factures n’est pas choisi."),
        date=str(settings.get("orders_since") or ""),
    )


def _check_tax(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBSM-CHECK-TAX",
        side(facts, "left").get("uses_sales_tax") is not False,
        text("Sales tax is turned on in QuickBooks.", "La taxe de vente est activée dans QuickBooks."),
        text(
            "Sales tax is turned off in QuickBooks: taxed invoices are held.",
            "La taxe de vente est désactivée dans QuickBooks : les factures taxées sont retenues.",
        ),
        "warning",
    )


def _check_numbers(facts: Given, settings: Settings) -> Finding:
    own, by_books = side(facts, "left").get("custom_numbers") is not False, settings.get("number") == "books"
    return finding(
        "QBSM-CHECK-NUMBERS",
        own != by_books,
        text("Every document will have its number.", "Chaque document aura son numéro."),
        text(
            "“Custom transaction numbers” and the setting of numbers do not fit: turn it on in QuickBooks to keep the "
            "garage’s numbers, off to let the books number.",
            "« Numéros de transaction personnalisés » et le réglage des numéros ne concordent pas : activez-le dans "
            "QuickBooks pour garder les numéros du garage, désactivez-le pour laisser les livres numéroter.",
        ),
        "warning",
    )


def _check_discounts(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBSM-CHECK-DISCOUNTS",
        bool(settings.get("discount_item")),
        text("Discounts have their item.", "Les remises ont leur article."),
        text(
            "No item is chosen for discounts: invoices that have one will be held.",
            "Aucun article n’est choisi pour les remises : les factures qui en ont seront retenues.",
        ),
        "warning",
    )


CHECKS = (
    Check("QBSM-CHECK-PLAN", text("Plan", "Forfait"), _check_plan, first=True),
    Check("QBSM-CHECK-SINCE", text("First day", "Premier jour"), _check_since),
    Check("QBSM-CHECK-TAX", text("Taxes", "Taxes"), _check_tax),
    Check("QBSM-CHECK-NUMBERS", text("Numbers", "Numéros"), _check_numbers),
    Check("QBSM-CHECK-DISCOUNTS", text("Discounts", "Remises"), _check_discounts),
)

GUIDE = (
    GuideStep(
        "connect", text("Connect", "Connecter"), "connected", how=HOW_KEY,
        help=text("QuickBooks Online Plus or higher, and an administrator on both sides.",
                  "QuickBooks en ligne Plus ou supérieur, et un administrateur des deux côtés."),
    ),
    GuideStep(
        "items", text("Create products and services", "Créer les produits et services"), "present", "line_kind",
        how=HOW_ITEMS,
        link=(text("Products and services in QuickBooks", "Produits et services dans QuickBooks"),
              "https://qbo.intuit.com/app/items"),
        help=text("One for each kind of line; only those missing.", "Un par sorte de ligne ; seulement ceux "
                  "qui manquent."),
    ),
    GuideStep(
        "tax_agency", text("Set up a tax agency", "Configurer une administration fiscale"), "listed", "tax_agencies",
        how=HOW_TAXES,
        link=(text("Taxes in QuickBooks", "Taxes dans QuickBooks"), "https://qbo.intuit.com/app/salestax"),
        help=text("Without one, taxed invoices are held, never sent with a wrong tax.",
                  "Sans elle, les factures taxées sont retenues, jamais envoyées avec une taxe erronée."),
    ),
    GuideStep("map", text("Map", "Associer"), "mapped", "line_kind",
              help=text("Each kind of line to its item; taxes and clearing accounts beside.",
                        "Chaque sorte de ligne à son article ; les taxes et les comptes de compensation aussi.")),
    GuideStep("import", text("Import", "Importer"), "imported",
              help=text("Customers, inventory and non-inventory of QuickBooks, each by itself.",
                        "Clients, articles en stock et hors stock de QuickBooks, chacun à part.")),
)  # fmt: skip

DISCONNECT = Disconnect(
    effects=(
        text("Invoices no longer go to the books.", "Les factures ne vont plus aux livres."),
        text(
            "Every document that was written stays in QuickBooks as it is.",
            "Tous les documents inscrits restent tels quels dans QuickBooks.",
        ),
        text("Nothing is removed in Shopmonkey.", "Rien n’est supprimé dans Shopmonkey."),
    ),
)

# In the simulator's invented garage.
DEMO = Demo(
    settings={
        "orders_since": "2020-01-01",
        "number_prefix": "SM-",
        "discount_item": "Shopmonkey Fees",
        "rounding_item": "Shopmonkey Fees",
    },
    maps={
        "line_kind": {
            "labor": "Shopmonkey Labor",
            "part": "Shopmonkey Part",
            "subcontract": "Shopmonkey Subcontract",
            "shop_supplies": "Shopmonkey Shop Supplies",
            "fee": "Shopmonkey Fees",
            "epa": "Shopmonkey Fees",  # tires are left to decide
        },
        "tax": {"GST 5%+PST 9.975%": "TPS/TVQ QC - 9,975", "HST 13%": "TVH ON", "none": "Détaxé"},
        "payment_method": {
            "Card-Stripe": "Encaissements en ligne",
            "Card": "Encaissements en ligne",
            "Cash": "Fonds non déposés",
            "Check": "Fonds non déposés",
            "Other": "Fonds non déposés",
        },
    },
    in_step=True,
    client=("Garage Point-Mort (fictif)", "fr", "CA", "CAD", "America/Toronto"),
    chosen="&realm=9130000000000004",
    key="smk-SECRET-garage-point-mort-0001",
)

RECIPE = Recipe(
    key="quickbooks_shopmonkey",
    label=text("QuickBooks Online and Shopmonkey", "QuickBooks en ligne et Shopmonkey"),
    left="quickbooks",
    right="shopmonkey",
    flows=(CONTACT, SALE, PAYMENT, REFUND, STOCK),
    settings=SETTINGS,
    value_maps=VALUE_MAPS,
    checks=CHECKS,
    disconnect=DISCONNECT,
    help=HELP,
    next_steps=NEXT_STEPS,
    catalogue=CATALOGUE,
    context=context,
    imports=IMPORTS,
    guide=GUIDE,
    demo=DEMO,
    summary=text(
        "A garage’s invoices, payments and refunds become documents of QuickBooks Online; its customers and parts come "
        "from there once, when you say so.",
        "Les factures, paiements et remboursements d’un garage deviennent des documents de QuickBooks en ligne ; ses "
        "clients et ses pièces en viennent une fois, quand vous le dites.",
    ),
)
