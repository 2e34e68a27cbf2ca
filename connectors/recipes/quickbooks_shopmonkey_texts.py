"""Words of the recipe: why a record does not go, how to make what is missing, help, and where to go on."""

from connectors.contract import Explanation, HelpTopic, Text
from connectors.recipes.words import explanation, text

_NOTHING = ("Nothing needs doing.", "Il n’y a rien à faire.")

CATALOGUE: tuple[Explanation, ...] = (
    explanation(
        "QBSM-NOT-INVOICED",
        ("Order {number} is not an invoice yet.", "La commande {number} n’est pas encore une facture."),
        ("Only invoices go to the books.", "Seules les factures vont aux livres."),
        ("It goes once it is an invoice in Shopmonkey.",
         "Elle passera dès qu’elle sera une facture dans Shopmonkey."),
    ),
    explanation(
        "QBSM-REOPENED",
        ("Invoice {number} was turned back into an estimate.", "La facture {number} est redevenue une estimation."),
        ("Its document in the books stays as it was sent until it is an invoice again.",
         "Son document des livres reste tel qu’envoyé jusqu’à ce qu’elle soit une facture de nouveau."),
        ("Make it an invoice again in Shopmonkey: the document then follows. If the work was called off, "
         "void the document in "
         "QuickBooks.",
         "Refaites-en une facture dans Shopmonkey : le document suivra. Si le travail est abandonné, annulez "
         "le document "
         "dans QuickBooks."),
        who="client",
    ),
    explanation(
        "QBSM-MIGRATED",
        ("This invoice came into Shopmonkey from an older program.",
         "Cette facture est venue dans Shopmonkey d’un ancien logiciel."),
        ("What was migrated is in the books already.", "Ce qui a été migré est déjà dans les livres."),
        _NOTHING,
    ),
    explanation(
        "QBSM-NOT-BILLED",
        ("This customer has no invoice yet.", "Ce client n’a pas encore de facture."),
        ("Customers go to the books with their first invoice.",
         "Les clients vont aux livres avec leur première facture."),
        _NOTHING,
    ),
    explanation(
        "QBSM-TRANSFER",
        ("This moved money from one order to another.", "Ceci a déplacé de l’argent d’une commande à une autre."),
        ("How it is to stand in the books is for a person to say.",
         "La façon de l’inscrire aux livres revient à une personne."),
        ("Move it by hand in QuickBooks, then leave this record out.",
         "Déplacez-le à la main dans QuickBooks, puis laissez cette fiche de côté."),
    ),
    explanation(
        "QBSM-PROCESSING",
        ("The card company has not confirmed it yet ({status}).",
         "L’émetteur de la carte ne l’a pas encore confirmé ({status})."),
        ("Money that may not come is not recorded.", "L’argent qui pourrait ne pas venir n’est pas inscrit."),
        ("It goes once it is confirmed.", "Il passera dès sa confirmation."),
    ),
    explanation(
        "QBSM-LINE-ITEM",
        ("This item stands for a kind of line.", "Cet article représente une sorte de ligne."),
        ("It is no part of the garage.", "Ce n’est pas une pièce du garage."),
        _NOTHING,
    ),
    explanation(
        "QBSM-STOCK-UNLINKED",
        ("Parts are not sold as the items they are.", "Les pièces ne sont pas vendues comme les articles "
         "qu’elles sont."),
        ("QuickBooks does not take sold parts off its stock, so its quantities would be wrong in Shopmonkey.",
         "QuickBooks ne retire pas les pièces vendues de son stock : ses quantités seraient fausses dans Shopmonkey."),
        ("Choose “Inventory is kept in step” in the settings, or turn this flow off.",
         "Choisissez « L’inventaire est tenu au pas » dans les réglages, ou désactivez ce flux."),
    ),
    explanation(
        "QBSM-NO-PART",
        ("No part of Shopmonkey has the number {sku}.", "Aucune pièce de Shopmonkey n’a le numéro {sku}."),
        ("Stock is set where both sides have the same number.",
         "Le stock est mis là où les deux côtés ont le même numéro."),
        ("Run the one-time import of inventory, or give the part its number.",
         "Lancez l’importation ponctuelle de l’inventaire, ou donnez son numéro à la pièce."),
    ),
    explanation(
        "QBSM-CHECK-PLAN",
        ("The plan of QuickBooks.", "Le forfait de QuickBooks."),
        ("Items by kind, classes and stock need Plus or higher.",
         "Les articles par sorte, les catégories et le stock exigent Plus ou supérieur."),
        ("Change the plan in QuickBooks, then check the account again.",
         "Changez de forfait dans QuickBooks, puis vérifiez le compte de nouveau."),
    ),
    explanation(
        "QBSM-CHECK-SINCE",
        ("The first day of invoices.", "Le premier jour des factures."),
        ("Earlier ones never go.", "Les précédentes ne passent jamais."),
        ("Choose it in the settings.", "Choisissez-le dans les réglages."),
    ),
    explanation(
        "QBSM-CHECK-TAX",
        ("Sales tax in QuickBooks.", "La taxe de vente dans QuickBooks."),
        ("Without it taxed invoices cannot be written.", "Sans elle, les factures taxées ne peuvent être inscrites."),
        ("Turn it on under Taxes in QuickBooks.", "Activez-la sous Taxes dans QuickBooks."),
    ),
    explanation(
        "QBSM-CHECK-NUMBERS",
        ("Numbers of documents.", "Les numéros des documents."),
        ("QuickBooks numbers documents itself, or takes the numbers it is given.",
         "QuickBooks numérote les documents lui-même, ou prend les numéros qu’on lui donne."),
        ("Change it in QuickBooks under Account and settings, Sales, or in the settings here.",
         "Changez-le dans QuickBooks sous Compte et paramètres, Ventes, ou dans les réglages ici."),
    ),
    explanation(
        "QBSM-CHECK-DISCOUNTS",
        ("The item for discounts.", "L’article des remises."),
        ("Discounts are lines of their own.", "Les remises sont des lignes à part."),
        ("Choose it in the settings.", "Choisissez-le dans les réglages."),
    ),
)  # fmt: skip

HOW_KEY = (
    text("In QuickBooks: sign in as an administrator and accept.",
         "Dans QuickBooks : ouvrez une session d’administrateur et acceptez."),
    text("In Shopmonkey: Settings, Integration, API Keys, as an administrator; make a key and paste it here.",
         "Dans Shopmonkey : Settings, Integration, API Keys, en administrateur ; créez une clé et collez-la ici."),
)  # fmt: skip
HOW_ITEMS = (
    text("In QuickBooks, open the gear, then Products and services.",
         "Dans QuickBooks, ouvrez l’engrenage, puis Produits et services."),
    text("Choose New, then the type.", "Choisissez Nouveau, puis le type."),
    text("Give the name and the income account.", "Donnez le nom et le compte de revenus."),
    text("Choose Save and close, come back here and refresh the lists.",
         "Choisissez Enregistrer et fermer, revenez ici et actualisez les listes."),
)  # fmt: skip
HOW_TAXES = (
    text("In QuickBooks, open Taxes.", "Dans QuickBooks, ouvrez Taxes."),
    text("Set up sales tax, and add the agency you report to.",
         "Configurez la taxe de vente et ajoutez l’administration à qui vous déclarez."),
    text("Come back here and refresh the lists.", "Revenez ici et actualisez les listes."),
)  # fmt: skip

HELP = (
    HelpTopic(
        "items",
        text("Products and services for the kinds of line", "Produits et services des sortes de ligne"),
        Text(
            "\n\n".join(
                ("Each kind of line goes to one item of QuickBooks. Create those missing:",
                 *(f"{n}. {item.en}" for n, item in enumerate(HOW_ITEMS, 1)),
                 "Labor is a service; part, tire, subcontract, EPA, shop supplies and fees are non-inventory.")),
            "\n\n".join(
                ("Chaque sorte de ligne va à un article de QuickBooks. Créez ceux qui manquent :",
                 *(f"{n}. {item.fr}" for n, item in enumerate(HOW_ITEMS, 1)),
                 "La main-d’œuvre (Travail) est un service ; pièce, pneu, sous-traitance, EPA, fournitures "
                 "d’atelier et "
                 "frais sont hors stock.")),
        ),
        ((text("Products and services in QuickBooks", "Produits et services dans QuickBooks"),
          "https://qbo.intuit.com/app/items"),),
    ),
    HelpTopic(
        "imports",
        text("One-time imports", "Importations ponctuelles"),
        text(
            "Customers, inventory and non-inventory of QuickBooks can be brought to Shopmonkey, each by "
            "itself, whenever "
            "you press the button. A plan is shown first. Nothing in Shopmonkey is ever deleted.",
            "Les clients, les articles en stock et hors stock de QuickBooks peuvent être apportés à "
            "Shopmonkey, chacun à "
            "part, quand vous pressez le bouton. Un plan est d’abord montré. Rien n’est jamais supprimé "
            "dans Shopmonkey.",
        ),
    ),
    HelpTopic(
        "reopened",
        text("An invoice turned back into an estimate", "Une facture redevenue une estimation"),
        text(
            "Its document in QuickBooks stays as it is, and the order waits under Held. Once it is an "
            "invoice again the "
            "document gets its new lines.",
            "Son document dans QuickBooks reste tel quel et la commande attend sous Retenus. Une fois "
            "redevenue une facture, "
            "le document reçoit ses nouvelles lignes.",
        ),
    ),
)  # fmt: skip

NEXT_STEPS: tuple[tuple[Text, str], ...] = (
    (text("Shopmonkey’s help on QuickBooks", "L’aide de Shopmonkey sur QuickBooks"), "https://help.shopmonkey.io"),
)
