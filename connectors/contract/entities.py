"""The canonical entities and their fields, in one table; staff see it as choices.

A `lines` value is a list of mappings: id, kind (item, labor, part, tire, subcontract, fee, shop_supplies, epa,
shipping, discount, gift_card, store_credit, rounding, tax, note), product (Ref or None), name, quantity, unit_price,
amount, tax_code.
A line as a shop tells it has more: sku, amount (net of tax, before discount; gift cards and store credit negative),
discount (net, positive), tax_amount, taxes (a list of code, title, percent, amount), unshipped (quantity). A line as
the books take it names what is the books' own by id: item_id (where no product stands for it), class_id.
A `taxes` value is a list of mappings: code, title, percent, amount as a shop tells them; rate_id, percent, net, amount
as the books take them.
A `records` value is a list of mappings: what the associated records of that name tell, each as its own values.
An `address` value is a mapping: line1, line2, city, region, postcode, country (two letters).
"""

from dataclasses import dataclass

from connectors.contract.text import Text


@dataclass(frozen=True, slots=True)
class EntityField:
    """One canonical field. `kind`: text, email, phone, address, money, number, date, instant, flag, choice, ref,
    lines, tags, refs and records (of the entity they refer to).
    """

    name: str
    kind: str
    label: Text
    refers_to: str = ""


def _f(name: str, kind: str, en: str, fr: str, refers_to: str = "") -> EntityField:
    return EntityField(name, kind, Text(en, fr), refers_to)


ENTITY_LABELS = {
    "shop": Text("Store", "Boutique"),
    "contact": Text("Contact", "Contact"),
    "product": Text("Product", "Produit"),
    "sale": Text("Sale", "Vente"),
    "payment": Text("Payment", "Paiement"),
    "refund": Text("Refund", "Remboursement"),
    "stock_level": Text("Stock level", "Niveau de stock"),
    "deal": Text("Deal", "Transaction"),
    "review": Text("Review request", "Demande d’avis"),
    "subscription": Text("Subscription", "Abonnement"),
}

# Parents first: the order in which a plan is carried out.
STAGES = ("shop", "contact", "product", "sale", "payment", "refund", "stock_level", "deal", "review")

# What must have settled before an entity's own writes begin; what is not named here goes side by side.
PARENTS: dict[str, tuple[str, ...]] = {
    "shop": (),
    "contact": (),
    "product": ("shop",),
    "sale": ("shop", "contact", "product"),
    "payment": ("contact", "sale"),
    "refund": ("contact", "product", "sale"),
    "stock_level": ("product",),
    "deal": ("sale", "payment"),
    "review": ("contact",),
}

_DOCUMENT = (
    _f("document", "choice", "Document", "Document"),
    _f("number", "text", "Number", "Numéro"),
    _f("date", "date", "Date", "Date"),
    _f("contact", "ref", "Customer", "Client", "contact"),
    _f("currency", "text", "Currency", "Devise"),
    _f("total", "money", "Total", "Total"),
    _f("memo", "text", "Memo", "Mémo"),
    _f("contact_id", "text", "Customer in the books", "Client dans les livres"),
    _f("exchange_rate", "number", "Exchange rate", "Taux de change"),
    _f("home_currency", "text", "Home currency", "Devise du pays"),
    _f("email", "email", "E-mail", "Courriel"),
    _f("account_id", "text", "Deposited to", "Déposé dans"),
    _f("method_id", "text", "Payment method in the books", "Mode de paiement dans les livres"),
    _f("class_id", "text", "Class in the books", "Catégorie comptable dans les livres"),
    _f("location_id", "text", "Location in the books", "Emplacement dans les livres"),
    _f("posted_by", "text", "Posted already as", "Déjà inscrit comme"),
)

ENTITIES: dict[str, tuple[EntityField, ...]] = {
    "shop": (
        _f("name", "text", "Name", "Nom"),
        _f("currency", "text", "Currency", "Devise"),
        _f("country", "text", "Country", "Pays"),
        _f("language", "text", "Language", "Langue"),
        _f("time_zone", "text", "Time zone", "Fuseau horaire"),
        _f("email", "email", "E-mail", "Courriel"),
        _f("phone", "phone", "Phone", "Téléphone"),
        _f("address", "address", "Address", "Adresse"),
        _f("importing", "flag", "First import under way", "Première importation en cours"),
    ),
    "contact": (
        _f("name", "text", "Display name", "Nom affiché"),
        _f("given_name", "text", "First name", "Prénom"),
        _f("family_name", "text", "Last name", "Nom de famille"),
        _f("company", "text", "Company", "Entreprise"),
        _f("email", "email", "E-mail", "Courriel"),
        _f("phone", "phone", "Phone", "Téléphone"),
        _f("mobile", "phone", "Mobile", "Cellulaire"),
        _f("address", "address", "Business address", "Adresse d’affaires"),
        _f("website", "text", "Website", "Site web"),
        _f("notes", "text", "Notes", "Notes"),
        _f("active", "flag", "Active", "Actif"),
        _f("consent", "choice", "Marketing consent", "Consentement marketing"),
        _f("tags", "tags", "Tags", "Étiquettes"),
        _f("currency", "text", "Currency", "Devise"),
        _f("balance", "money", "Open balance", "Solde ouvert"),
        _f("language", "text", "Language", "Langue"),
        _f("created_at", "instant", "Created", "Créé le"),
        _f("other_emails", "tags", "Other e-mails", "Autres courriels"),
        _f("sales", "records", "Associated invoice", "Facture associée", "sale"),
        _f("payments", "records", "Associated payment", "Paiement associé", "payment"),
        _f("subscriptions", "records", "Associated subscription", "Abonnement associé", "subscription"),
    ),
    "product": (
        _f("name", "text", "Name", "Nom"),
        _f("sku", "text", "SKU", "UGS"),
        _f("kind", "choice", "Type", "Type"),
        _f("description", "text", "Description", "Description"),
        _f("price", "money", "Price", "Prix"),
        _f("currency", "text", "Currency", "Devise"),
        _f("active", "flag", "Active", "Actif"),
        _f("quantity", "number", "Quantity on hand", "Quantité en main"),
        _f("category", "text", "Category", "Catégorie"),
        _f("url", "text", "Web page", "Page web"),
        _f("tracked", "flag", "Stock is tracked", "Stock suivi"),
        _f("cost", "money", "Cost", "Coût"),
        _f("taxable", "flag", "Taxable", "Taxable"),
        _f("tax_class", "text", "Tax category", "Catégorie de taxe"),
        _f("sold", "flag", "Has been sold", "A été vendu"),
        _f("income_account_id", "text", "Income account", "Compte de revenus"),
        _f("expense_account_id", "text", "Expense account", "Compte de dépenses"),
        _f("asset_account_id", "text", "Inventory asset account", "Compte d’actif des stocks"),
    ),
    "sale": (
        *_DOCUMENT,
        _f("due_date", "date", "Due date", "Échéance"),
        _f("status", "choice", "Status", "État"),
        _f("balance", "money", "Balance due", "Solde dû"),
        _f("subtotal", "money", "Subtotal", "Sous-total"),
        _f("tax_total", "money", "Taxes", "Taxes"),
        _f("discount_total", "money", "Discount", "Remise"),
        _f("shipping_total", "money", "Shipping", "Livraison"),
        _f("lines", "lines", "Lines", "Lignes"),
        _f("billing_address", "address", "Billing address", "Adresse de facturation"),
        _f("shipping_address", "address", "Shipping address", "Adresse de livraison"),
        _f("class_name", "text", "Class", "Catégorie comptable"),
        _f("location", "text", "Location", "Emplacement"),
        _f("taxes", "lines", "Taxes by rate", "Taxes par taux"),
        _f("prices_include_tax", "flag", "Prices include tax", "Prix taxes comprises"),
        _f("paid", "money", "Paid", "Payé"),
        _f("payment_method", "text", "Payment method", "Mode de paiement"),
        _f("store", "text", "Store view", "Vue de boutique"),
        _f("terms", "text", "Terms", "Modalités"),
        _f("terms_id", "text", "Terms in the books", "Modalités dans les livres"),
        _f("updated_at", "instant", "Changed", "Modifié le"),
        _f("source", "choice", "Made in", "Créée dans"),
        _f("subscription", "text", "Subscription", "Abonnement"),
        _f("created_at", "instant", "Created", "Créé le"),
    ),
    "payment": (
        *_DOCUMENT,
        _f("method", "text", "Payment method", "Mode de paiement"),
        _f("sale", "ref", "Sale", "Vente", "sale"),
        _f("unapplied", "money", "Not applied", "Non affecté"),
        _f("kind", "choice", "Kind of payment", "Sorte de paiement"),
        _f("status", "choice", "Status", "État"),
        _f("applied", "lines", "Applied to", "Affecté à"),
        _f("deal_ids", "tags", "Deals", "Transactions"),
        _f("created_at", "instant", "Created", "Créé le"),
    ),
    "refund": (
        *_DOCUMENT,
        _f("method", "text", "Payment method", "Mode de paiement"),
        _f("sale", "ref", "Sale", "Vente", "sale"),
        _f("online", "flag", "Paid back by the gateway", "Remboursé par la passerelle"),
        _f("taxes", "lines", "Taxes by rate", "Taxes par taux"),
        _f("prices_include_tax", "flag", "Prices include tax", "Prix taxes comprises"),
        _f("subtotal", "money", "Subtotal", "Sous-total"),
        _f("tax_total", "money", "Taxes", "Taxes"),
        _f("balance", "money", "Remaining credit", "Crédit restant"),
        _f("lines", "lines", "Lines", "Lignes"),
        _f("status", "choice", "Status", "État"),
        _f("created_at", "instant", "Created", "Créé le"),
    ),
    "stock_level": (
        _f("product", "ref", "Product", "Produit", "product"),
        _f("name", "text", "Name", "Nom"),
        _f("quantity", "number", "Quantity", "Quantité"),
        _f("unshipped", "number", "Sold, not yet shipped", "Vendu, pas encore expédié"),
        _f("tracked", "flag", "Stock is tracked", "Stock suivi"),
        _f("source", "text", "Stock source", "Source de stock"),
        _f("sku", "text", "SKU", "UGS"),
    ),
    "deal": (
        _f("name", "text", "Name", "Nom"),
        _f("amount", "money", "Amount", "Montant"),
        _f("currency", "text", "Currency", "Devise"),
        _f("stage", "choice", "Stage", "Étape"),
        _f("date", "date", "Close date", "Date de clôture"),
        _f("contact", "ref", "Contact", "Contact", "contact"),
        _f("invoices", "refs", "Invoices", "Factures", "sale"),
        _f("newest_number", "text", "Newest invoice: number", "Facture la plus récente : numéro"),
        _f("newest_date", "date", "Newest invoice: date", "Facture la plus récente : date"),
        _f("newest_due_date", "date", "Newest invoice: due date", "Facture la plus récente : échéance"),
        _f("newest_total", "money", "Newest invoice: total", "Facture la plus récente : total"),
        _f("newest_balance", "money", "Newest invoice: balance due", "Facture la plus récente : solde dû"),
        _f("newest_status", "choice", "Newest invoice: status", "Facture la plus récente : état"),
        _f("newest_currency", "text", "Newest invoice: currency", "Facture la plus récente : devise"),
        _f("created_at", "instant", "Created", "Créé le"),
    ),
    "review": (
        _f("contact", "ref", "Contact", "Contact", "contact"),
        _f("asked", "flag", "Asked", "Demandé"),
    ),
    # Read only: what it brings comes as sales, one for each charge.
    "subscription": (
        _f("name", "text", "Name", "Nom"),
        _f("number", "text", "Number", "Numéro"),
        _f("status", "choice", "Status", "État"),
        _f("amount", "money", "Amount", "Montant"),
        _f("currency", "text", "Currency", "Devise"),
        _f("contact", "ref", "Contact", "Contact", "contact"),
        _f("created_at", "instant", "Created", "Créé le"),
    ),
}

# Fields an account's people made themselves, by the vendor's own name for them: "custom.cost_centre".
CUSTOM = "custom."


def entity_fields(entity: str) -> dict[str, EntityField]:
    """Return the fields of an entity by name; an unknown entity is a KeyError."""
    return {item.name: item for item in ENTITIES[entity]}
