"""The canonical entities and their fields, in one table; staff see it as choices.

A `lines` value is a list of mappings: id, kind (item, labor, part, tire, subcontract, fee, shop_supplies, epa,
shipping, discount, tax, note), product (Ref or None), name, quantity, unit_price, amount, tax_code.
An `address` value is a mapping: line1, line2, city, region, postcode, country (two letters).
"""

from dataclasses import dataclass

from connectors.contract.text import Text


@dataclass(frozen=True, slots=True)
class EntityField:
    """One canonical field. `kind`: text, email, phone, address, money, number, date, instant, flag, choice, ref,
    lines, tags.
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
}

# Parents first: the order in which a plan is carried out.
STAGES = ("shop", "contact", "product", "sale", "payment", "refund", "stock_level")

# What must have settled before an entity's own writes begin; what is not named here goes side by side.
PARENTS: dict[str, tuple[str, ...]] = {
    "shop": (),
    "contact": (),
    "product": ("shop",),
    "sale": ("shop", "contact", "product"),
    "payment": ("contact", "sale"),
    "refund": ("contact", "product", "sale"),
    "stock_level": ("product",),
}

_DOCUMENT = (
    _f("document", "choice", "Document", "Document"),
    _f("number", "text", "Number", "Numéro"),
    _f("date", "date", "Date", "Date"),
    _f("contact", "ref", "Customer", "Client", "contact"),
    _f("currency", "text", "Currency", "Devise"),
    _f("total", "money", "Total", "Total"),
    _f("memo", "text", "Memo", "Mémo"),
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
        _f("updated_at", "instant", "Changed", "Modifié le"),
    ),
    "payment": (
        *_DOCUMENT,
        _f("method", "text", "Payment method", "Mode de paiement"),
        _f("unapplied", "money", "Not applied", "Non affecté"),
        _f("applied", "lines", "Applied to", "Affecté à"),
    ),
    "refund": (
        *_DOCUMENT,
        _f("method", "text", "Payment method", "Mode de paiement"),
        _f("tax_total", "money", "Taxes", "Taxes"),
        _f("balance", "money", "Remaining credit", "Crédit restant"),
        _f("lines", "lines", "Lines", "Lignes"),
    ),
    "stock_level": (
        _f("product", "ref", "Product", "Produit", "product"),
        _f("quantity", "number", "Quantity", "Quantité"),
    ),
}


def entity_fields(entity: str) -> dict[str, EntityField]:
    """Return the fields of an entity by name; an unknown entity is a KeyError."""
    return {item.name: item for item in ENTITIES[entity]}
