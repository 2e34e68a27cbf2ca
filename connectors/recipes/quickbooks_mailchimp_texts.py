"""Words of the recipe: why a record does not go, help, and where to go on in Mailchimp."""

from connectors.contract import Explanation, HelpTopic, Text
from connectors.recipes.words import explanation, text

_LEAVE = (
    "Nothing: only the person can come back, with a sign-up form.",
    "Rien : seule la personne peut revenir, par un formulaire d’inscription.",
)
_NEVER = (
    "Bridge never subscribes anybody again, and does not update people who left.",
    "Bridge ne réabonne jamais personne et ne met pas à jour les gens qui sont partis.",
)
_SETUP = ("Choose it in the setup.", "Choisissez-le dans la configuration.")

CATALOGUE: tuple[Explanation, ...] = (
    explanation(
        "QBMC-EMAIL-MADE-UP",
        ("“{email}” stands for no address.", "« {email} » tient lieu d’adresse, sans en être une."),
        (
            "Such addresses are typed where none is known; Mailchimp refuses them.",
            "On tape de telles adresses quand on n’en connaît pas ; Mailchimp les refuse.",
        ),
        ("Empty the field in QuickBooks, or enter the real one.", "Videz le champ dans QuickBooks ou entrez la vraie."),
        who="client",
    ),
    explanation(
        "QBMC-UNSUBSCRIBED",
        ("{email} unsubscribed in Mailchimp.", "{email} s’est désabonné dans Mailchimp."),
        _NEVER,
        _LEAVE,
        can_retry=False,
    ),
    explanation(
        "QBMC-BOUNCED",
        (
            "Mail to {email} bounced; Mailchimp cleaned the contact.",
            "Les courriels à {email} rebondissent ; Mailchimp a écarté le contact.",
        ),
        _NEVER,
        ("Ask the client for a working address.", "Demandez au client une adresse qui fonctionne."),
        who="client",
    ),
    explanation(
        "QBMC-ARCHIVED",
        ("{email} is archived in Mailchimp.", "{email} est archivé dans Mailchimp."),
        (
            "Somebody put this contact away; an update could bring it back against their wish.",
            "Quelqu’un a rangé ce contact ; une mise à jour pourrait le ramener malgré lui.",
        ),
        (
            "Unarchive the contact in Mailchimp if it should be kept up to date.",
            "Désarchivez le contact dans Mailchimp s’il doit être tenu à jour.",
        ),
    ),
    explanation(
        "QBMC-CATEGORY",
        ("This is a category, not a product.", "C’est une catégorie, pas un produit."),
        ("QuickBooks keeps categories among the items.", "QuickBooks garde les catégories parmi les articles."),
        ("Nothing needs doing.", "Il n’y a rien à faire."),
        can_retry=False,
    ),
    explanation(
        "QBMC-VOID",
        ("This document was voided before it was sent.", "Ce document a été annulé avant d’être envoyé."),
        ("There is nothing in Mailchimp to cancel.", "Il n’y a rien à annuler dans Mailchimp."),
        ("Nothing needs doing.", "Il n’y a rien à faire."),
        can_retry=False,
    ),
    explanation(
        "QBMC-NO-CUSTOMER",
        ("This document names no customer.", "Ce document ne nomme aucun client."),
        ("An order in Mailchimp belongs to a contact.", "Dans Mailchimp, une commande appartient à un contact."),
        (
            "Give the document a customer in QuickBooks if it should go.",
            "Donnez un client au document dans QuickBooks s’il doit passer.",
        ),
        who="client",
    ),
    explanation(
        "QBMC-NEGATIVE",
        ("The total of this document is negative ({total}).", "Le total de ce document est négatif ({total})."),
        ("Mailchimp has no orders below zero.", "Mailchimp n’a pas de commande sous zéro."),
        (
            "Correct the document in QuickBooks, or exclude it.",
            "Corrigez le document dans QuickBooks ou excluez-le.",
        ),
    ),
    explanation(
        "QBMC-CURRENCY",
        ("This sale is in {currency}, the store in {home}.", "Cette vente est en {currency}, la boutique en {home}."),
        (
            "Mailchimp may mix currencies in its reports and segments.",
            "Mailchimp peut mêler les devises dans ses rapports et ses segments.",
        ),
        (
            "Let sales in another currency go in the settings, or exclude the document.",
            "Laissez passer les ventes dans une autre devise dans les réglages, ou excluez le document.",
        ),
    ),
    explanation(
        "QBMC-CHECK-AUDIENCE",
        ("No audience is chosen.", "Aucune audience n’est choisie."),
        ("Customers and orders go to one audience.", "Les clients et les commandes vont dans une audience."),
        _SETUP,
    ),
    explanation(
        "QBMC-CHECK-STATUS",
        ("The status of new contacts is not chosen.", "L’état des nouveaux contacts n’est pas choisi."),
        (
            "Whether people may be sent marketing is yours to say, not ours to guess.",
            "C’est à vous de dire si les gens peuvent recevoir du marketing, pas à nous de le deviner.",
        ),
        _SETUP,
    ),
    explanation(
        "QBMC-CHECK-CONSENT",
        (
            "The basis of the consent is not recorded, or has ended.",
            "Le fondement du consentement n’est pas inscrit ou a pris fin.",
        ),
        (
            "Marketing without consent is unlawful in Canada and elsewhere.",
            "Le marketing sans consentement est illégal au Canada et ailleurs.",
        ),
        (
            "Record the basis, its date and how it was obtained, or choose “non-subscribed”.",
            "Inscrivez le fondement, sa date et la façon dont il a été obtenu, ou choisissez « non abonné ».",
        ),
    ),
    explanation(
        "QBMC-CHECK-CURRENCY",
        ("The company’s currency is not known.", "La devise de l’entreprise n’est pas connue."),
        ("The store needs one.", "La boutique en a besoin."),
        ("Test the QuickBooks connection.", "Testez la connexion QuickBooks."),
    ),
    explanation(
        "QBMC-CHECK-ROLE",
        ("The role {role} in Mailchimp is too low.", "Le rôle {role} dans Mailchimp est trop bas."),
        (
            "Authors and viewers may not write contacts.",
            "Les auteurs et les lecteurs ne peuvent pas écrire de contacts.",
        ),
        (
            "Connect as owner, administrator or manager.",
            "Connectez-vous comme propriétaire, administrateur ou gestionnaire.",
        ),
    ),
)

_SEGMENTS = "https://mailchimp.com/help/getting-started-with-segments/"
_AUTOMATIONS = "https://mailchimp.com/help/about-classic-automations/"
_CAMPAIGNS = "https://mailchimp.com/help/getting-started-with-campaigns/"


def _at_mailchimp(address: str) -> tuple[tuple[Text, str], ...]:
    return ((text("Mailchimp’s own help (English)", "L’aide de Mailchimp (en anglais)"), address),)


HELP: tuple[HelpTopic, ...] = (
    HelpTopic(
        "segments",
        text("Segments", "Segments"),
        text(
            "A segment is the part of an audience that meets conditions. With the orders Bridge sends you can find, "
            "for "
            "example, everybody with at least two orders, who spent more than a given amount, or who bought a given "
            "product. In Mailchimp: Audience, Segments, Create segment, then choose a condition under “Purchase "
            "activity”. The tag “QuickBooks Online” finds the contacts that Bridge added.",
            "Un segment est la partie d’une audience qui répond à des conditions. Grâce aux commandes que Bridge "
            "envoie, "
            "vous pouvez trouver par exemple les gens qui ont au moins deux commandes, qui ont dépensé plus qu’un "
            "certain montant ou qui ont acheté un produit donné. Dans Mailchimp : Audience, Segments, Créer un "
            "segment, "
            "puis une condition sous « Activité d’achat ». L’étiquette « QuickBooks Online » trouve les contacts que "
            "Bridge a ajoutés.",
        ),
        _at_mailchimp(_SEGMENTS),
    ),
    HelpTopic(
        "automations",
        text("Classic automations", "Automatisations classiques"),
        text(
            "An automation sends mail by itself when something happens: a welcome, a thank-you after a purchase, a "
            "word "
            "to those who have not bought for a while. While the first import is under way the store is marked as "
            "syncing, so that old purchases start none of them; afterwards new orders do. Only subscribed contacts get "
            "marketing mail.",
            "Une automatisation envoie d’elle-même un courriel lorsque quelque chose survient : un mot de bienvenue, "
            "un "
            "merci après un achat, un rappel à ceux qui n’ont pas acheté depuis longtemps. Pendant la première "
            "importation, la boutique est marquée comme en synchronisation, pour que les anciens achats n’en "
            "déclenchent "
            "aucune ; ensuite, les nouvelles commandes le font. Seuls les contacts abonnés reçoivent du marketing.",
        ),
        _at_mailchimp(_AUTOMATIONS),
    ),
    HelpTopic(
        "campaigns",
        text("Campaigns", "Campagnes"),
        text(
            "A campaign is one mailing to an audience or to a segment. Write it in Mailchimp under Campaigns, choose "
            "the "
            "audience this integration fills, then a segment or the tag “QuickBooks Online”. People marked as "
            "non-subscribed, unsubscribed or cleaned are left out by Mailchimp.",
            "Une campagne est un envoi à une audience ou à un segment. Rédigez-la dans Mailchimp sous Campagnes, "
            "choisissez l’audience que cette intégration alimente, puis un segment ou l’étiquette « QuickBooks "
            "Online ». "
            "Mailchimp laisse de côté les personnes non abonnées, désabonnées ou écartées.",
        ),
        _at_mailchimp(_CAMPAIGNS),
    ),
    HelpTopic(
        "what-moves",
        text("What goes and what does not", "Ce qui passe et ce qui ne passe pas"),
        text(
            "Go: customers with an e-mail, products and services, invoices and sales receipts. Do not go: customers "
            "without an e-mail and their sales, inactive customers, people who unsubscribed, bounced or were archived, "
            "voided documents, credit memos, refund receipts, payments and estimates. A paid invoice shows as a paid "
            "order; a credit does not lower an order. Quantities that are not whole travel as one piece at the amount "
            "of the line.",
            "Passent : les clients qui ont un courriel, les produits et services, les factures et les reçus de "
            "vente. Ne "
            "passent pas : les clients sans courriel et leurs ventes, les clients inactifs, les personnes désabonnées, "
            "écartées ou archivées, les documents annulés, les notes de crédit, les reçus de remboursement, les "
            "paiements et les devis. Une facture payée devient une commande payée ; un crédit ne réduit pas une "
            "commande. Les quantités non entières passent comme une seule unité au montant de la ligne.",
        ),
    ),
    HelpTopic(
        "consent",
        text("Consent and status", "Consentement et état"),
        text(
            "“Subscribed” means that a person agreed to receive marketing; “non-subscribed” that they did not opt in. "
            "Bridge gives new contacts the status you chose, or a lower one, and never changes that of contacts who "
            "are "
            "there. Who unsubscribed stays unsubscribed.",
            "« Abonné » veut dire qu’une personne a accepté de recevoir du marketing ; « non abonné », qu’elle n’a pas "
            "donné son accord. Bridge donne aux nouveaux contacts l’état que vous avez choisi, ou un état inférieur, "
            "et "
            "ne change jamais celui des contacts qui y sont. Qui s’est désabonné le reste.",
        ),
    ),
)

NEXT_STEPS: tuple[tuple[Text, str], ...] = (
    (text("Create a campaign", "Créer une campagne"), "https://admin.mailchimp.com/campaigns/"),
    (
        text("Open the segments, ready with purchase data", "Ouvrir les segments, prêts avec les données d’achat"),
        "https://admin.mailchimp.com/audience/segments/",
    ),
    (text("Set up an automation", "Préparer une automatisation"), "https://admin.mailchimp.com/customer-journey/"),
    (text("Review contacts by tag", "Revoir les contacts par étiquette"), "https://admin.mailchimp.com/audience/tags/"),
)
