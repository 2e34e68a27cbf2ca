"""Words of the recipe: why a record does not go, help, and where to go on."""

from connectors.contract import Explanation, HelpTopic, Text
from connectors.highlevel.brand import NAME
from connectors.recipes.words import explanation, text

_NOTHING = ("Nothing needs doing.", "Il n’y a rien à faire.")
_SETUP = ("Change it in the settings of the integration.", "Changez-le dans les réglages de l’intégration.")

CATALOGUE: tuple[Explanation, ...] = (
    explanation(
        "QBHL-STATUS",
        ("Excluded: status {label}.", "Exclue : état {label_fr}."),
        (f"An invoice goes to the books once it is marked as sent in {NAME}.",
         f"Une facture passe aux livres une fois marquée comme envoyée dans {NAME}."),
        (f"Mark it as sent in {NAME} when it is ready.", f"Marquez-la comme envoyée dans {NAME} quand elle est prête."),
    ),
    explanation(
        "QBHL-NOT-PAID",
        ("Excluded: the payment is “{status}”.", "Exclu : le paiement est « {status} »."),
        ("Only money that was received becomes a sales receipt or a payment.",
         "Seul l’argent reçu devient un reçu de vente ou un paiement."),
        ("It goes by itself once the payment succeeds.", "Il passera de lui-même si le paiement réussit."),
    ),
    explanation(
        "QBHL-TEST",
        ("Excluded: made in test mode.", "Exclu : fait en mode d’essai."),
        ("No money moved.", "Aucun argent n’a circulé."),
        _NOTHING,
    ),
    explanation(
        "QBHL-POSTED",
        (f"{NAME}’s own QuickBooks integration has posted it already ({{id}}).",
         f"L’intégration QuickBooks de {NAME} l’a déjà inscrit ({{id}})."),
        ("Posting it again would count the money twice.", "L’inscrire de nouveau compterait l’argent deux fois."),
        (f"Disconnect that integration in {NAME}; what it has posted stays as it is.",
         f"Déconnectez cette intégration dans {NAME} ; ce qu’elle a inscrit reste tel quel."),
    ),
    explanation(
        "QBHL-BEFORE",
        ("Excluded: made on {made}, before the first day ({since}).",
         "Exclu : fait le {made}, avant le premier jour ({since})."),
        ("Only what was made from the first day on goes to the books.",
         "Seul ce qui a été fait à partir du premier jour passe aux livres."),
        ("Choose an earlier first day in the settings, if the books do not hold it yet.",
         "Choisissez un premier jour plus ancien dans les réglages, si les livres ne le contiennent pas encore."),
    ),
    explanation(
        "QBHL-IMPORTED",
        ("Not sent back: imported.", "Non renvoyée : importée."),
        ("This invoice came from QuickBooks. Changes made to it here are not sent back.",
         "Cette facture vient de QuickBooks. Les changements faits ici ne sont pas renvoyés."),
        ("Change the invoice in QuickBooks if it is wrong there.",
         "Corrigez la facture dans QuickBooks si elle y est inexacte."),
    ),
    explanation(
        "QBHL-REFUND-AMOUNT",
        ("A payment is marked as refunded, but not how much.",
         "Un paiement est marqué comme remboursé, sans montant."),
        (f"The money was given back outside {NAME}, which does not know the amount.",
         f"L’argent a été rendu hors de {NAME}, qui n’en connaît pas le montant."),
        ("Look up the refund at the payment provider and enter it in QuickBooks, then leave this line out.",
         "Trouvez le remboursement chez le fournisseur de paiement et inscrivez-le dans QuickBooks, puis excluez cette "
         "ligne."),
    ),
    explanation(
        "QBHL-ITEM-NOT-MADE",
        ("No item of QuickBooks is called “{name}”.", "Aucun article de QuickBooks ne s’appelle « {name} »."),
        ("The settings do not let items be created.", "Les réglages ne permettent pas de créer des articles."),
        ("Create the item in QuickBooks, map it, or let items be created.",
         "Créez l’article dans QuickBooks, associez-le ou permettez la création d’articles."),
    ),
    explanation(
        "QBHL-NAMELESS",
        ("This contact has neither name nor address.", "Cette fiche n’a ni nom ni courriel."),
        ("There is nothing to call it by.", "Il n’y a rien pour la nommer."),
        ("Give it a name, or leave it.", "Donnez-lui un nom, ou laissez-la."),
    ),
    explanation(
        "QBHL-REVIEWS-OFF",
        ("Review requests are off.", "Les demandes d’avis sont désactivées."),
        ("The settings say so.", "Les réglages le veulent."),
        _SETUP,
    ),
    explanation(
        "QBHL-REVIEW-NOT-YET",
        ("No invoice is fully paid yet.", "Aucune facture n’est entièrement payée."),
        ("A review is asked for when the first invoice since the first day is fully paid in QuickBooks.",
         "Un avis est demandé quand la première facture depuis le premier jour est entièrement payée dans QuickBooks."),
        _NOTHING,
    ),
    explanation(
        "QBHL-IMPORT-STATUS",
        ("There is nothing to import of it.", "Il n’y a rien à en importer."),
        ("It has no amount.", "Elle n’a pas de montant."),
        _NOTHING,
    ),
)  # fmt: skip

HELP: tuple[HelpTopic, ...] = (
    HelpTopic(
        "start",
        text("What goes to the books, and when", "Ce qui passe aux livres, et quand"),
        text(
            f"{NAME} drives sales and automation, QuickBooks keeps the books. An invoice goes once it is marked as "
            f"sent, "
            "and stays in step until it is paid or void. Money from order forms, subscriptions, checkouts and "
            "calendars "
            "becomes a sales receipt for each payment. A customer is made in QuickBooks only for somebody who bought.",
            f"{NAME} mène les ventes et l’automatisation, QuickBooks tient les livres. Une facture passe une fois "
            f"marquée "
            "comme envoyée, et reste au pas jusqu’à ce qu’elle soit payée ou annulée. L’argent des formulaires de "
            "commande, des abonnements, des paiements en ligne et des calendriers devient un reçu de vente par "
            "paiement. "
            "Un client n’est créé dans QuickBooks que pour quelqu’un qui a acheté.",
        ),
    ),
    HelpTopic(
        "who-wins",
        text("When both sides changed", "Quand les deux côtés ont changé"),
        text(
            "In documents, what the bookkeeper changed in QuickBooks stands. Of contacts, address and company are "
            "those of "
            f"QuickBooks; names, phone and website those of {NAME}. An e-mail address changed on both sides is put "
            f"before a "
            "person.",
            "Dans les documents, ce que le comptable a changé dans QuickBooks demeure. Des contacts, l’adresse et "
            f"l’entreprise sont celles de QuickBooks ; le nom, le téléphone et le site sont ceux de {NAME}. Un "
            f"courriel "
            "changé des deux côtés est soumis à une personne.",
        ),
    ),
    HelpTopic(
        "reviews",
        text("Asking for reviews", "Demander des avis"),
        text(
            "When a customer’s first invoice since the first day is fully paid in QuickBooks, the contact gets a tag "
            "once, or "
            f"is put into a workflow once. Build the workflow in {NAME}: with the tag as its trigger, or published and "
            "chosen in the settings. The tag is the safer way: giving it twice does nothing.",
            "Quand la première facture d’un client depuis le premier jour est entièrement payée dans QuickBooks, le "
            "contact "
            f"reçoit une étiquette une fois, ou entre une fois dans un workflow. Bâtissez le workflow dans {NAME} : "
            f"avec "
            "l’étiquette comme déclencheur, ou publié et choisi dans les réglages. L’étiquette est la voie la plus "
            "sûre : "
            "la donner deux fois ne fait rien.",
        ),
    ),
    HelpTopic(
        "trouble",
        text("When something does not arrive", "Quand quelque chose n’arrive pas"),
        text(
            "1. Press Diagnose on both connections. 2. Open the record and read why it did not go. 3. Press Send a "
            "test: an "
            "invoice made for that goes through and is voided again. 4. For a customer that is there twice, compare "
            "the "
            "e-mail addresses on the page of duplicates.",
            "1. Pressez Diagnostiquer sur les deux connexions. 2. Ouvrez la fiche et lisez pourquoi elle n’est pas "
            "passée. "
            "3. Pressez Envoyer un essai : une facture faite pour cela passe, puis est annulée. 4. Pour un client en "
            "double, "
            "comparez les courriels à la page des doublons.",
        ),
    ),
)

NEXT_STEPS: tuple[tuple[Text, str], ...] = ()

TERMS: tuple[Text, ...] = (
    text(
        "Automatic sync writes documents to QuickBooks without asking each time, within the settings, mappings and "
        "limits "
        "chosen here.",
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
