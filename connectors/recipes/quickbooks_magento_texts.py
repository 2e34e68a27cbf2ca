"""Words of the recipe: why a record does not go, help, terms, and where to go on."""

from connectors.contract import Explanation, HelpTopic, Text
from connectors.recipes.words import explanation, text

_NOTHING = ("Nothing needs doing.", "Il n’y a rien à faire.")
_SETUP = ("Change it in the settings of the integration.", "Changez-le dans les réglages de l’intégration.")

CATALOGUE: tuple[Explanation, ...] = (
    explanation(
        "SALES-GENERIC-CUSTOMER",
        ("One customer stands on all sales.", "Un seul client figure sur toutes les ventes."),
        ("The settings say so; no individual customers are made.",
         "Les réglages le veulent ; aucun client individuel n’est créé."),
        _SETUP,
    ),
    explanation(
        "SALES-STATUS",
        ("The order is “{status}”.", "La commande est « {status} »."),
        ("Only these statuses go: {chosen}.", "Seuls ces états passent : {chosen}."),
        ("It goes once its status is one of them.", "Elle passera dès que son état sera l’un d’eux."),
    ),
    explanation(
        "SALES-PAYMENTS-OFF",
        ("Payments are not recorded.", "Les paiements ne sont pas inscrits."),
        ("The settings say so: invoices stay open in the books.",
         "Les réglages le veulent : les factures restent ouvertes dans les livres."),
        _SETUP,
    ),
    explanation(
        "SALES-IN-RECEIPT",
        ("The sales receipt holds the payment already.", "Le reçu de vente contient déjà le paiement."),
        ("A sales receipt says that the money was received.", "Un reçu de vente dit que l’argent a été reçu."),
        _NOTHING,
    ),
    explanation(
        "SALES-NOTHING",
        ("Its amount is nothing.", "Son montant est nul."),
        ("There is nothing to record.", "Il n’y a rien à inscrire."),
        _NOTHING,
    ),
    explanation(
        "MAGE-COMPOSITE",
        ("A product of type “{kind}” stands for others.", "Un produit de type « {kind} » en représente d’autres."),
        ("The products it is made of are items; it has no stock of its own.",
         "Les produits qui le composent sont des articles ; il n’a pas de stock à lui."),
        _NOTHING,
    ),
    explanation(
        "MAGE-NO-SKU",
        ("“{name}” has no SKU.", "« {name} » n’a pas d’UGS."),
        ("Items are found by their SKU.", "Les articles sont trouvés par leur UGS."),
        ("Give the product a SKU in Magento.", "Donnez une UGS au produit dans Magento."),
        who="client",
    ),
    explanation(
        "MAGE-UNSOLD",
        ("This product has not been sold.", "Ce produit n’a pas été vendu."),
        ("Only products used in sales go.", "Seuls les produits des ventes passent."),
        _SETUP,
    ),
    explanation(
        "MAGE-ITEM-NOT-MADE",
        ("No item of QuickBooks has the SKU {sku}.", "Aucun article de QuickBooks n’a l’UGS {sku}."),
        ("The settings do not let items be created.", "Les réglages ne permettent pas de créer des articles."),
        ("Create the item in QuickBooks, map it, or let items be created.",
         "Créez l’article dans QuickBooks, associez-le ou permettez la création d’articles."),
    ),
    explanation(
        "STOCK-UNTRACKED",
        ("QuickBooks does not count this item’s stock.", "QuickBooks ne suit pas le stock de cet article."),
        ("Without a count there is nothing to set in the shop.",
         "Sans décompte, il n’y a rien à mettre dans la boutique."),
        ("Turn stock tracking on for the item in QuickBooks.",
         "Activez le suivi du stock de l’article dans QuickBooks."),
    ),
    explanation(
        "STOCK-NO-PRODUCT",
        ("No product of the shop has the SKU {sku}.", "Aucun produit de la boutique n’a l’UGS {sku}."),
        ("Stock is set where both sides have the same SKU.",
         "Le stock est mis là où les deux côtés ont la même UGS."),
        ("Give the product the same SKU on both sides.", "Donnez au produit la même UGS des deux côtés."),
    ),
    explanation(
        "STOCK-SHOP-UNTRACKED",
        ("The shop does not count the stock of {sku}.", "La boutique ne suit pas le stock de {sku}."),
        ("It sells the product without a limit.", "Elle vend le produit sans limite."),
        ("Turn “Manage stock” on for the product in Magento.",
         "Activez « Manage stock » pour le produit dans Magento."),
    ),
)  # fmt: skip

HELP: tuple[HelpTopic, ...] = (
    HelpTopic(
        "start",
        text("How sales reach the books", "Comment les ventes arrivent dans les livres"),
        text(
            "Each order becomes one invoice or sales receipt, with its own number, customer, items, taxes and total. "
            "Nothing is written before the plan is approved. What does not add up to the cent is held, with the "
            "reason.",
            "Chaque commande devient une facture ou un reçu de vente, avec son numéro, son client, ses articles, ses "
            "taxes et son total. Rien n’est écrit avant l’approbation du plan. Ce qui ne balance pas au cent près est "
            "retenu, avec la raison.",
        ),
    ),
    HelpTopic(
        "clearing",
        text("Clearing accounts", "Comptes de compensation"),
        text(
            "A clearing account holds the money of a payment method until the bank receives the deposit. If you are "
            "not "
            "sure which account to choose, ask the accountant from the mappings page: the documents wait meanwhile.",
            "Un compte de compensation garde l’argent d’un mode de paiement jusqu’au dépôt à la banque. En cas de "
            "doute, demandez au comptable depuis la page des correspondances : les documents attendent entre-temps.",
        ),
    ),
    HelpTopic(
        "stock",
        text("Stock never wipes", "Le stock n’est jamais effacé"),
        text(
            "Set the quantities in QuickBooks first. If too many products of the shop would fall to zero, the stock "
            "plan "
            "is blocked and says how many.",
            "Mettez d’abord les quantités dans QuickBooks. Si trop de produits de la boutique tombaient à zéro, le "
            "plan "
            "de stock est bloqué et dit combien.",
        ),
    ),
)

NEXT_STEPS: tuple[tuple[Text, str], ...] = ()

TERMS: tuple[Text, ...] = (
    text(
        "Automatic sync writes documents to QuickBooks without asking each time, within the settings, mappings and "
        "limits chosen here.",
        "La synchronisation automatique écrit des documents dans QuickBooks sans demander chaque fois, dans les "
        "limites "
        "des réglages et des correspondances choisis ici.",
    ),
    text(
        "The accounts, tax codes and items chosen were checked with whoever keeps the books.",
        "Les comptes, les codes de taxe et les articles choisis ont été vérifiés avec la personne qui tient les "
        "livres.",
    ),
    text(
        "Held documents are looked at regularly: they are not in the books until somebody decides.",
        "Les documents retenus sont consultés régulièrement : ils ne sont pas dans les livres avant une décision.",
    ),
)
