"""Words of the recipe: why a record does not go, help, and where to go on in HubSpot."""

from connectors.contract import Explanation, HelpTopic, Text
from connectors.recipes.words import explanation, text

_NOTHING = ("Nothing needs doing.", "Il n’y a rien à faire.")

CATALOGUE: tuple[Explanation, ...] = (
    explanation(
        "HSQB-NAMELESS",
        ("This record has neither a name nor an e-mail.", "Cette fiche n’a ni nom ni courriel."),
        ("Neither side can keep a person without one of them.",
         "Aucun des deux côtés ne peut garder une personne sans l’un ou l’autre."),
        ("Enter a name or an e-mail where the record was made.",
         "Entrez un nom ou un courriel là où la fiche a été créée."),
        who="client",
    ),
    explanation(
        "HSQB-CATEGORY",
        ("This is a category, not a product.", "C’est une catégorie, pas un produit."),
        ("QuickBooks keeps categories among the items.", "QuickBooks garde les catégories parmi les articles."),
        _NOTHING,
        can_retry=False,
    ),
    explanation(
        "HSQB-TIERED",
        ("“{name}” has prices by quantity.", "« {name} » a des prix selon la quantité."),
        ("An item of QuickBooks has one price: any of these would be a guess.",
         "Un article de QuickBooks a un seul prix : en choisir un serait deviner."),
        ("Make the item in QuickBooks by hand, or give the product one price in HubSpot.",
         "Créez l’article à la main dans QuickBooks, ou donnez un seul prix au produit dans HubSpot."),
    ),
    explanation(
        "HSQB-VOID",
        ("The invoice is void.", "La facture est annulée."),
        ("It never was in HubSpot, and there is nothing to show.",
         "Elle n’a jamais été dans HubSpot, et il n’y a rien à montrer."),
        _NOTHING,
        can_retry=False,
    ),
    explanation(
        "HSQB-NO-CUSTOMER",
        ("The invoice names no customer.", "La facture ne nomme aucun client."),
        ("An invoice in HubSpot belongs to a contact.", "Une facture dans HubSpot appartient à un contact."),
        ("Choose the customer of the invoice in QuickBooks.", "Choisissez le client de la facture dans QuickBooks."),
        who="client",
    ),
    explanation(
        "HSQB-CURRENCY",
        ("HubSpot does not know the currency {currency}.", "HubSpot ne connaît pas la devise {currency}."),
        ("The account has only {known}; an invoice in another currency would be refused or shown wrong.",
         "Le compte n’a que {known} ; une facture dans une autre devise serait refusée ou mal affichée."),
        ("Add the currency in HubSpot under Settings, Account defaults, Currency; then retry.",
         "Ajoutez la devise dans HubSpot sous Paramètres, Valeurs par défaut du compte, Devise ; puis réessayez."),
    ),
    explanation(
        "HSQB-DEAL-NO-INVOICE",
        ("No synced invoice belongs to this deal.", "Aucune facture synchronisée n’appartient à cette transaction."),
        ("Invoices are not put on deals by themselves: somebody does so in HubSpot.",
         "Les factures ne vont pas d’elles-mêmes sur une transaction : quelqu’un les y met dans HubSpot."),
        ("Open the invoice in HubSpot and associate the deal, if it should show there.",
         "Ouvrez la facture dans HubSpot et associez-y la transaction, si elle doit y paraître."),
        who="client",
    ),
    explanation(
        "HSQB-NO-DEAL",
        ("Invoice {number} belongs to no deal.", "La facture {number} n’appartient à aucune transaction."),
        ("A payment is noted on the deal of its invoice; invoices are not put on deals by themselves.",
         "Un paiement est noté sur la transaction de sa facture ; les factures n’y vont pas d’elles-mêmes."),
        ("Associate the invoice with a deal in HubSpot; the payment follows at the next run.",
         "Associez la facture à une transaction dans HubSpot ; le paiement suivra à la prochaine synchronisation."),
        who="client",
    ),
    explanation(
        "HSQB-PAYMENT-NO-INVOICE",
        ("The payment pays no invoice that is in HubSpot.",
         "Le paiement ne règle aucune facture présente dans HubSpot."),
        ("It is not applied to an invoice, or that invoice was left out.",
         "Il n’est appliqué à aucune facture, ou cette facture a été laissée de côté."),
        ("Apply the payment in QuickBooks, or look up why the invoice was left out.",
         "Appliquez le paiement dans QuickBooks, ou voyez pourquoi la facture a été laissée de côté."),
    ),
)  # fmt: skip


def _at_hubspot(address: str) -> tuple[tuple[Text, str], ...]:
    return ((text("HubSpot’s own help (English)", "L’aide de HubSpot (en anglais)"), address),)


_FILTERS = "https://knowledge.hubspot.com/integrations/use-data-sync"
_INVOICES = "https://knowledge.hubspot.com/invoices/create-invoices"

HELP: tuple[HelpTopic, ...] = (
    HelpTopic(
        "two-ways",
        text("Both ways, without overwriting", "Dans les deux sens, sans rien écraser"),
        text(
            "Each field is compared with what both sides last agreed on. A field that changed on one side goes to the "
            "other. A field that changed on both sides waits in Conflicts: you see what was agreed, what each side "
            "says now, and choose; you can also make the choice a rule for that field. What Bridge wrote itself and "
            "what comes back with other spacing or another phone format is no change.",
            "Chaque champ est comparé à ce dont les deux côtés ont convenu en dernier. Un champ changé d’un côté va à "
            "l’autre. Un champ changé des deux côtés attend dans Conflits : vous voyez ce qui était convenu, ce que "
            "chaque côté dit maintenant, et vous choisissez ; vous pouvez aussi en faire une règle pour ce champ. Ce "
            "que Bridge a écrit lui-même et ce qui revient avec d’autres espaces ou un autre format de téléphone n’est "
            "pas un changement.",
        ),
    ),
    HelpTopic(
        "filters",
        text("Which contacts become customers", "Quels contacts deviennent des clients"),
        text(
            "Most contacts in HubSpot never buy. The recommended filter lets a contact into QuickBooks only with at "
            "least one invoice made in HubSpot, or at least one payment. Filters can be combined with “and” and “or”; "
            "what stays out is listed with the condition that kept it out.",
            "La plupart des contacts de HubSpot n’achètent jamais. Le filtre recommandé ne laisse entrer un contact "
            "dans QuickBooks que s’il a au moins une facture créée dans HubSpot, ou au moins un paiement. Les filtres "
            "se combinent avec « et » et « ou » ; ce qui reste dehors est énuméré avec la condition qui l’y a laissé.",
        ),
        _at_hubspot(_FILTERS),
    ),
    HelpTopic(
        "invoices",
        text("Invoices in HubSpot", "Les factures dans HubSpot"),
        text(
            "An invoice of QuickBooks becomes a record in HubSpot that shows it: HubSpot neither numbers it, nor mails "
            "it, nor collects it. HubSpot computes its own amounts from the lines; the exact figures of the books "
            "stand beside them in the group “Bridge (QuickBooks)”: number, dates, subtotal, taxes, total, balance and "
            "status. Lists, workflows and reports can use them; the status changes once when the invoice is paid. An "
            "invoice is never put on a deal by itself: associate it in HubSpot, and the deal shows its newest invoice "
            "and the payments.",
            "Une facture de QuickBooks devient dans HubSpot une fiche qui la montre : HubSpot ne la numérote pas, ne "
            "l’envoie pas et ne l’encaisse pas. HubSpot calcule ses propres montants d’après les lignes ; les chiffres "
            "exacts des livres se trouvent à côté, dans le groupe « Bridge (QuickBooks) » : numéro, dates, "
            "sous-total, taxes, total, solde et état. Listes, workflows et rapports peuvent s’en servir ; l’état "
            "change une seule fois quand la facture est payée. Une facture ne va jamais d’elle-même sur une "
            "transaction : associez-la dans HubSpot, et la transaction montre sa facture la plus récente et les "
            "paiements.",
        ),
        _at_hubspot(_INVOICES),
    ),
    HelpTopic(
        "numbers",
        text("Custom transaction numbers", "Numéros de transaction personnalisés"),
        text(
            "When “Custom transaction numbers” is on in QuickBooks, people type the numbers, and two invoices may "
            "carry the same one. Bridge never renumbers: it tells invoices apart by their id in QuickBooks and shows "
            "each number as it is. To turn the setting off: gear, Account and settings, Sales, Sales form content.",
            "Quand « Numéros de transaction personnalisés » est activé dans QuickBooks, les gens tapent les numéros, "
            "et deux factures peuvent porter le même. Bridge ne renumérote jamais : il distingue les factures par leur "
            "identifiant dans QuickBooks et montre chaque numéro tel quel. Pour désactiver l’option : engrenage, "
            "Compte et paramètres, Ventes, Contenu du formulaire de vente.",
        ),
    ),
    HelpTopic(
        "off-and-on",
        text("Turning an object off and on", "Désactiver et réactiver un objet"),
        text(
            "Turned off, an object is left alone in both directions; the others go on. Turned on again, what changed "
            "meanwhile is found and planned. Deleting its sync forgets its settings, filters and rules; linked "
            "records stay on both sides and the history stays readable.",
            "Désactivé, un objet est laissé tranquille dans les deux sens ; les autres continuent. Réactivé, ce qui a "
            "changé entre-temps est trouvé et planifié. Supprimer sa synchronisation oublie ses réglages, filtres et "
            "règles ; les fiches liées restent des deux côtés et l’historique reste lisible.",
        ),
    ),
)

NEXT_STEPS: tuple[tuple[Text, str], ...] = (
    (text("Open the invoices in HubSpot", "Ouvrir les factures dans HubSpot"), "https://app.hubspot.com/l/invoices"),
    (text("Build a list from invoice status", "Bâtir une liste selon l’état des factures"),
     "https://app.hubspot.com/l/lists"),
    (text("Start a workflow when an invoice is paid", "Démarrer un workflow quand une facture est payée"),
     "https://app.hubspot.com/l/workflows"),
)  # fmt: skip
