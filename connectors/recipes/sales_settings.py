"""The settings of every recipe that posts sales into the books: what is asked, in words, with where choices come from.

Keys and values are those of the engine's posting; defaults apply while a setting is blank and are shown as such.
"""

from connectors.contract import Setting, Text
from connectors.recipes.words import text

_NONE = text("None: what needs it is held.", "Aucun : ce qui en a besoin est retenu.")
# What is shown together.
DOCUMENTS = text("Documents", "Documents")
CUSTOMERS = text("Customers", "Clients")
PRODUCTS = text("Products", "Produits")
OTHER_LINES = text("Shipping, discounts and other lines", "Livraison, remises et autres lignes")
MONEY = text("Taxes and payments", "Taxes et paiements")
PLACED = text("Class and location", "Catégorie et emplacement")
SPECIAL = text("Special cases", "Cas particuliers")


def _choice(
    group: Text, key: str, label: Text, default: str, *choices: tuple[str, Text], help: Text | None = None,
    needs: tuple[str, str] | None = None,
) -> Setting:  # fmt: skip
    return Setting(
        key=key, label=label, kind="choice", default=default, required=False, choices=choices, help=help, needs=needs,
        group=group,
    )  # fmt: skip


def _from(
    group: Text, key: str, label: Text, source: str, help: Text | None = None, needs: tuple[str, str] | None = None
) -> Setting:
    return Setting(
        key=key, label=label, kind="choice", required=False, help=help or _NONE, choices_from=source, side="left",
        needs=needs, group=group,
    )  # fmt: skip


DOCUMENT = _choice(
    DOCUMENTS,
    "document",
    text("Orders become", "Les commandes deviennent"),
    "invoice",
    ("invoice", text("Invoices", "Des factures")),
    ("sales_receipt", text("Sales receipts", "Des reçus de vente")),
)
NUMBER = _choice(
    DOCUMENTS,
    "number",
    text("Document numbers", "Numéros des documents"),
    "source",
    ("source", text("The order’s own number", "Le numéro de la commande")),
    ("books", text("The next number of the books", "Le prochain numéro des livres")),
    help=text(
        "With the books’ numbers, the number of the order is kept in the memo.",
        "Avec les numéros des livres, celui de la commande est gardé dans le mémo.",
    ),
)
PREFIX = Setting(
    key="number_prefix",
    label=text("Prefix of numbers", "Préfixe des numéros"),
    required=False,
    pattern=r"[A-Za-z0-9._/-]{0,10}",
    example="Mag-",
    help=text(
        "Shows which shop a document came from. Prefix and number together have 21 characters at most.",
        "Montre de quelle boutique vient un document. Préfixe et numéro ont ensemble 21 caractères au plus.",
    ),
    needs=("number", "source"),
    group=DOCUMENTS,
)
CUSTOMER = _choice(
    CUSTOMERS,
    "customer",
    text("Customer on documents", "Client des documents"),
    "person",
    ("person", text("The person who ordered", "La personne qui a commandé")),
    ("company", text("Their organization, else the person", "Son organisation, sinon la personne")),
    ("generic", text("One customer for all sales", "Un seul client pour toutes les ventes")),
)
GENERIC = _from(
    CUSTOMERS,
    "generic_customer_id",
    text("The one customer", "Le client unique"),
    "customers",
    text("Stands on every document.", "Figure sur tous les documents."),
    ("customer", "generic"),
)
SAME_NAME = _choice(
    CUSTOMERS,
    "same_name",
    text("A new buyer whose name another customer has", "Un nouvel acheteur qui porte le nom d’un autre client"),
    "mark",
    ("mark", text("Gets the e-mail address after the name", "Reçoit son adresse courriel après son nom")),
    ("hold", text("Is held until a person decides", "Est retenu jusqu’à ce qu’une personne décide")),
    help=text(
        "The books take each name once. The plan says where a name was completed.",
        "Les livres n’acceptent chaque nom qu’une fois. Le plan dit où un nom a été complété.",
    ),
    needs=("customer", "person"),
)
ITEMS_BY = _choice(
    PRODUCTS,
    "items_by",
    text("An item is found by", "Un article est trouvé par"),
    "sku",
    ("sku", text("SKU = SKU in the books", "UGS = UGS dans les livres")),
    ("name", text("SKU = name in the books", "UGS = nom dans les livres")),
)
DEFAULT_ITEM = _from(
    PRODUCTS,
    "default_item",
    text("Item for unknown products", "Article pour les produits inconnus"),
    "items",
    text("Without one, an order with an unknown item is held.", "Sans lui, une commande à l’article inconnu attend."),
)
OWN_ITEMS = (
    _from(OTHER_LINES, "shipping_item", text("Item for shipping", "Article pour la livraison"), "items"),
    _from(OTHER_LINES, "discount_item", text("Item for discounts", "Article pour les remises"), "items"),
    _from(OTHER_LINES, "gift_card_item", text("Item for gift cards", "Article pour les cartes-cadeaux"), "items"),
    _from(
        OTHER_LINES, "store_credit_item", text("Item for store credit", "Article pour le crédit en magasin"), "items"
    ),
    _from(OTHER_LINES, "fee_item", text("Item for fees", "Article pour les frais"), "items"),
    _from(OTHER_LINES, "rounding_item", text("Item for rounding", "Article pour l’arrondi"), "items"),
    _from(
        OTHER_LINES,
        "refund_item",
        text("Item for refunds that do not go back to stock", "Article pour les remboursements hors stock"),
        "items",
    ),
)
RESTOCK = _choice(
    OTHER_LINES,
    "restock",
    text("Refunded goods", "Articles remboursés"),
    "yes",
    ("yes", text("Go back to stock", "Retournent en stock")),
    ("no", text("Do not", "N’y retournent pas")),
)
PLACES = (
    _from(
        PLACED, "class_id", text("Class", "Catégorie"), "classes", text("None: no class.", "Aucune : pas de catégorie.")
    ),
    _from(
        PLACED,
        "location_id",
        text("Location", "Emplacement"),
        "departments",
        text("None: no location.", "Aucun : pas d’emplacement."),
    ),
    _from(
        DOCUMENTS,
        "terms_id",
        text("Terms of invoices", "Modalités des factures"),
        "terms",
        text("None: the books’ own.", "Aucune : celles des livres."),
        ("document", "invoice"),
    ),
)
PAYMENTS = _choice(
    MONEY,
    "payments",
    text("Payments", "Paiements"),
    "on",
    ("on", text("Recorded in their clearing accounts", "Inscrits dans leurs comptes de compensation")),
    ("off", text("Not recorded: invoices stay open", "Non inscrits : les factures restent ouvertes")),
)
TAX = _choice(
    MONEY,
    "tax",
    text("Taxes", "Taxes"),
    "auto",
    ("auto", text("As the books calculate them, else by code", "Selon le calcul des livres, sinon par code")),
    ("code", text("By tax code", "Par code de taxe")),
    ("none", text("None", "Aucune")),
)
PRICES = _choice(
    MONEY,
    "prices",
    text("Prices on documents", "Prix des documents"),
    "net",
    ("net", text("Without tax", "Sans les taxes")),
    ("source", text("As in the shop", "Comme dans la boutique")),
    ("gross", text("With tax", "Taxes comprises")),
)
CANCELLATIONS = _choice(
    SPECIAL,
    "cancellations",
    text("A cancelled order", "Une commande annulée"),
    "void",
    ("void", text("Voids its document", "Annule son document")),
    ("flag", text("Only marks its memo", "Est seulement notée au mémo")),
)
CLOSED_BOOKS = _choice(
    SPECIAL,
    "closed_books",
    text("Dates in a closed period", "Dates d’une période fermée"),
    "hold",
    ("hold", text("Hold the document", "Retenir le document")),
    (
        "first_open_day",
        text("Use the first open day, true date in the memo", "Premier jour ouvert, vraie date au mémo"),
    ),
    ("ask", text("Ask", "Demander")),
)
UNEXPLAINED = _choice(
    SPECIAL,
    "unexplained",
    text("An amount no line explains", "Un montant qu’aucune ligne n’explique"),
    "hold",
    ("hold", text("Holds the order", "Retient la commande")),
    ("fee", text("Goes to the item for fees", "Va à l’article des frais")),
)
LANGUAGE = _choice(
    DOCUMENTS,
    "language",
    text("Language of notes", "Langue des notes"),
    "fr",
    ("fr", text("French", "Français")),
    ("en", text("English", "Anglais")),
)
_FOR_NEW = text("Used for items that are made.", "Utilisé pour les articles créés.")
ACCOUNTS = tuple(
    _from(PRODUCTS, key, label, source, _FOR_NEW, ("create_items", "yes"))
    for key, label, source in (
        ("income_account", text("Income account", "Compte de revenus"), "income_accounts"),
        ("expense_account", text("Expense account", "Compte de dépenses"), "expense_accounts"),
        ("income_account_tracked", text("Income account, tracked items", "Compte de revenus, articles suivis"),
         "income_accounts"),
        ("expense_account_tracked", text("Cost account, tracked items", "Compte de coût, articles suivis"),
         "expense_accounts"),
        ("asset_account_tracked", text("Asset account, tracked items", "Compte d’actif, articles suivis"),
         "asset_accounts"),
    )
)  # fmt: skip
