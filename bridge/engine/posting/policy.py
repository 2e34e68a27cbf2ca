"""What decides how a sale is posted: the settings of an integration (`Policy`) and the facts of its books (`Books`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bridge.engine.model import CannotMap
from bridge.engine.wording import text
from connectors.contract import Text

Key = tuple[str, str]  # resource, remote id


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of posting: its default, the values it may have (none: free), and what the default does."""

    key: str
    default: str
    choices: tuple[str, ...]
    meaning: Text


def _o(key: str, default: str, choices: str, en: str, fr: str) -> Option:
    return Option(key, default, tuple(choices.split()), text((en, fr)))


_HELD_EN = "None: an order that needs it is held."
_HELD_FR = "Aucun : une commande qui en a besoin est retenue."

# Every setting that posting reads, with the default that applies while it is blank. Recipes show this table.
OPTIONS: tuple[Option, ...] = (
    _o("document", "invoice", "invoice sales_receipt told", "Orders become invoices.",
       "Les commandes deviennent des factures."),
    _o("number", "source", "source books", "The number of the order is kept.", "Le numéro de la commande est gardé."),
    _o("number_prefix", "", "", "No prefix.", "Aucun préfixe."),
    _o("customer", "person", "person company generic", "The person who ordered.", "La personne qui a commandé."),
    _o("generic_customer_id", "", "", _HELD_EN, _HELD_FR),
    _o("same_name", "mark", "mark hold", "A buyer whose name another customer has is told apart by the e-mail address.",
       "Un acheteur dont un autre client porte le nom est distingué par son adresse courriel."),
    _o("items_by", "sku", "sku name title kind", "Items are found by SKU.", "Les articles sont trouvés par leur UGS."),
    _o("linked_items", "no", "no yes", "Every line goes to the item of its kind.",
       "Chaque ligne va à l’article de sa sorte."),
    _o("default_item", "", "", "None: an order with an unknown item is held.",
       "Aucun : une commande dont un article est inconnu est retenue."),
    _o("shipping_item", "", "", _HELD_EN, _HELD_FR),
    _o("discount_item", "", "", _HELD_EN, _HELD_FR),
    _o("gift_card_item", "", "", _HELD_EN, _HELD_FR),
    _o("store_credit_item", "", "", _HELD_EN, _HELD_FR),
    _o("fee_item", "", "", _HELD_EN, _HELD_FR),
    _o("rounding_item", "", "", _HELD_EN, _HELD_FR),
    _o("refund_item", "", "", _HELD_EN, _HELD_FR),
    _o("restock", "yes", "yes no", "Refunded goods go back to stock.", "Les articles remboursés retournent en stock."),
    _o("class_id", "", "", "No class.", "Aucune catégorie."),
    _o("location_id", "", "", "No location.", "Aucun emplacement."),
    _o("terms_id", "", "", "The books’ own terms.", "Les modalités des livres."),
    _o("deposits", "wait", "wait unapplied", "A payment before its invoice waits for it.",
       "Un paiement reçu avant sa facture l’attend."),
    _o("payments", "on", "on off", "Payments are recorded.", "Les paiements sont inscrits."),
    _o("tax", "auto", "auto code none fold",
       "The books’ own calculation where they have one, otherwise a tax code by tax.",
       "Le calcul des livres s’ils en ont un, sinon un code de taxe par taxe."),
    _o("prices", "net", "source net gross", "Lines are written without tax.", "Les lignes sont écrites sans taxe."),
    _o("cancellations", "void", "void flag", "The document of a cancelled order is voided.",
       "Le document d’une commande annulée est annulé."),
    _o("closed_books", "hold", "hold first_open_day ask", "A document in a closed period is held.",
       "Un document d’une période fermée est retenu."),
    _o("refunds", "auto", "auto credit_memo refund_receipt",
       "A refund receipt where money went out through the gateway, otherwise a credit memo.",
       "Un reçu de remboursement si la passerelle a rendu l’argent, sinon une note de crédit."),
    _o("unexplained", "hold", "hold fee", "An amount that no line of the order explains holds it.",
       "Un montant qu’aucune ligne de la commande n’explique la retient."),
    _o("rounding_tolerance", "5", "", "Up to 5 of the currency’s smallest unit go to the rounding item.",
       "Jusqu’à 5 fois la plus petite unité de la devise vont à l’article d’arrondi."),
    _o("language", "en", "en fr", "Notes on documents are in English.", "Les notes des documents sont en anglais."),
)  # fmt: skip
DEFAULTS: Mapping[str, str] = {item.key: item.default for item in OPTIONS}


@dataclass(frozen=True, slots=True)
class Policy:
    """How one integration posts. Ids are the books'; "" is none. `maps`: kind -> source key -> id in the books.

    `items_by` "kind": the lines of a work order go to the item mapped for their kind; with `linked_items` those of
    goods that are an item of the books go to that one. `items_by` "title": a line's name is the item's. `document`
    "told": each sale says itself what it becomes, under `document`. `tax` "fold": discounts and taxes are inside the
    prices of lines, and the books are told of neither.

    Kinds of maps: tax (by sorted rate codes joined by "+", "none" for untaxed), payment_method and method (account and
    payment method in the books, by the shop's method, "none" without one), class and location (by store), terms (by the
    shop's code), item (by SKU), line_kind (by the kind of a line).
    """

    document: str
    number: str
    number_prefix: str
    customer: str
    generic_customer_id: str
    same_name: str
    items_by: str
    linked_items: bool
    default_item: str
    shipping_item: str
    discount_item: str
    gift_card_item: str
    store_credit_item: str
    fee_item: str
    rounding_item: str
    refund_item: str
    restock: bool
    class_id: str
    location_id: str
    terms_id: str
    deposits: str
    payments: bool
    tax: str
    prices: str
    cancellations: str
    closed_books: str
    refunds: str
    unexplained: str
    rounding_tolerance: int
    language: str
    maps: Mapping[str, Mapping[str, str]]

    def mapped(self, kind: str, key: object) -> str:
        """Return what a value map says; "" where it says nothing."""
        found = self.maps.get(kind)
        return found.get(str(key), "") if found and key is not None else ""


def policy(settings: Mapping[str, str], maps: Mapping[str, Mapping[str, str]]) -> Policy:
    """Return the policy that settings and value maps make; blank settings get their defaults.

    CannotMap SETTING-INVALID names a setting with a value it cannot have.
    """
    told = {item.key: _valid(item, settings.get(item.key) or item.default) for item in OPTIONS}
    typed: dict[str, object] = dict(told)
    typed["linked_items"] = told["linked_items"] == "yes"
    typed["restock"] = told["restock"] == "yes"
    typed["payments"] = told["payments"] == "on"
    tolerance = told["rounding_tolerance"]
    if not (tolerance.isascii() and tolerance.isdigit()):
        raise CannotMap("SETTING-INVALID", setting="rounding_tolerance", value=tolerance)
    typed["rounding_tolerance"] = int(tolerance)
    return Policy(maps=maps, **typed)  # type: ignore[arg-type]


def _valid(item: Option, value: str) -> str:
    if item.choices and value not in item.choices:
        raise CannotMap("SETTING-INVALID", setting=item.key, value=value)
    return value


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code of the books: its rates as (rate id, percent), none for a code that charges nothing at all."""

    rates: tuple[tuple[str, Decimal], ...] = ()
    active: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """Facts of the books that posting must respect.

    `classes`: kept per "document", per "line", or not ("").
    `linked`: source records with a twin in the books; `expected`: those this run creates.
    `number_holders`: document numbers already used there by something else, and by whom.
    `currencies`: those in use, empty when unknown. `contact_currencies`: by id of a customer in the books.
    `item_names` and `item_skus`: ids of items by exact name and SKU, for products that no flow links.
    `shared_skus`: SKUs that several products of the shop have, with their ids.
    `keeps_tax`: sales tax is turned on there; where it is not, they drop what is sent.
    `flat_codes`: what a line says where the books compute tax themselves: taxable, not taxable.
    `rounded_to`: decimals the books keep.
    """

    country: str = ""
    home_currency: str = ""
    multi_currency: bool = False
    automated_tax: bool = False
    keeps_tax: bool = True
    custom_numbers: bool = True
    closed_until: date | None = None
    tax_codes: Mapping[str, TaxCode] = field(default_factory=dict)
    classes: str = ""
    locations: bool = False
    linked: Mapping[Key, Key] = field(default_factory=dict)
    expected: frozenset[Key] = frozenset()
    number_holders: Mapping[str, str] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset()
    contact_currencies: Mapping[str, str] = field(default_factory=dict)
    item_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    item_skus: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shared_skus: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flat_codes: tuple[str, str] = ("TAX", "NON")
    rounded_to: int = 2
    longest_number: int = 21
    longest_memo: int = 4000
    most_lines: int = 750

    @property
    def computes_tax(self) -> bool:
        """Whether lines only say taxable or not, and the books find the rates themselves."""
        return self.automated_tax or self.country == "US"

    def knows(self, resource: str, remote_id: str) -> bool:
        """Whether a source record has a twin in the books, or will have one at the end of this run."""
        key = (resource, remote_id)
        return key in self.linked or key in self.expected

    def codes_with(self, rates: frozenset[str]) -> list[str]:
        """Return the active tax codes that have exactly these rates."""
        return [
            code
            for code, found in self.tax_codes.items()
            if found.active and frozenset(rate for rate, _ in found.rates) == rates
        ]
