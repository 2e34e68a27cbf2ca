"""What the codes of this vendor mean, for people. Several vendor codes share an entry where the cure is one."""

from __future__ import annotations

from connectors.contract import Explanation, Text

_Pair = tuple[str, str]  # English, French


def _entry(code: str, what: _Pair, why: _Pair, cure: _Pair, *, who: str = "staff", retry: bool = True) -> Explanation:
    return Explanation(code, Text(*what), Text(*why), Text(*cure), who=who, can_retry=retry)


_SUPPORT = (
    "Send the run's report to support; repeating cannot help.",
    "Envoyez le rapport de la synchronisation au soutien; répéter n’aiderait pas.",
)
_LATER = (
    "Nothing needs doing: Bridge tries again by itself.",
    "Il n’y a rien à faire : Bridge réessaie de lui-même.",
)
_RECONNECT = (
    "Open the connection and connect again, as an administrator of the company.",
    "Ouvrez la connexion et reconnectez-la, comme administrateur de l’entreprise.",
)
_IN_QUICKBOOKS = (
    "Correct it in QuickBooks or at the source, then choose “Fix and retry”.",
    "Corrigez dans QuickBooks ou à la source, puis choisissez « Corriger et réessayer ».",
)

_SIGN_IN = (
    _entry(
        "QBO-3200",
        ("QuickBooks no longer accepts our access.", "QuickBooks n’accepte plus notre accès."),
        (
            "The access was revoked or has ended, and renewing it did not help.",
            "L’accès a été révoqué ou a expiré, et son renouvellement n’a rien donné.",
        ),
        _RECONNECT,
        who="client",
    ),
    _entry(
        "QBO-GRANT-GONE",
        ("The connection to QuickBooks has ended.", "La connexion à QuickBooks a pris fin."),
        (
            "It was disconnected in QuickBooks, was unused for 100 days, or has reached its five years.",
            "Elle a été débranchée dans QuickBooks, est restée inutilisée 100 jours ou a atteint ses cinq ans.",
        ),
        _RECONNECT,
        who="client",
    ),
    _entry(
        "QBO-CODE-GONE",
        ("The sign-in could not be completed.", "La connexion n’a pas pu être achevée."),
        (
            "The code from QuickBooks was used already or is more than a few minutes old.",
            "Le code de QuickBooks a déjà servi ou date de plus de quelques minutes.",
        ),
        ("Start connecting again.", "Recommencez la connexion."),
    ),
    _entry(
        "QBO-CONSENT",
        ("Consent was not given in QuickBooks.", "Le consentement n’a pas été donné dans QuickBooks."),
        (
            "The person chose not to connect ({vendor_code}).",
            "La personne a choisi de ne pas connecter ({vendor_code}).",
        ),
        ("Start again when the client agrees.", "Recommencez quand le client est d’accord."),
        who="client",
    ),
    _entry(
        "QBO-CALLBACK",
        ("QuickBooks sent back no company.", "QuickBooks n’a renvoyé aucune entreprise."),
        (
            "The return address was opened without a code or a company id.",
            "L’adresse de retour a été ouverte sans code ou sans identifiant d’entreprise.",
        ),
        (
            "Start connecting again from the connections page.",
            "Recommencez la connexion depuis la page des connexions.",
        ),
    ),
    _entry(
        "QBO-CLIENT",
        ("QuickBooks does not know our application.", "QuickBooks ne reconnaît pas notre application."),
        (
            "The client id or secret is wrong, or belongs to the other environment.",
            "L’identifiant ou le secret client est erroné, ou appartient à l’autre environnement.",
        ),
        (
            "Check the application's keys in the environment settings.",
            "Vérifiez les clés de l’application dans les réglages d’environnement.",
        ),
        who="support",
    ),
    _entry(
        "QBO-120",
        ("The person who connected has lost their rights.", "La personne qui a connecté a perdu ses droits."),
        (
            "Only an administrator of the company may keep it connected.",
            "Seul un administrateur de l’entreprise peut la garder connectée.",
        ),
        _RECONNECT,
        who="client",
    ),
    _entry(
        "QBO-3100",
        ("QuickBooks refuses us this company.", "QuickBooks nous refuse cette entreprise."),
        (
            "The app is not connected to it, or the keys are those of the other environment (test or live).",
            "L’application n’y est pas connectée, ou les clés sont celles de l’autre environnement (essai ou réel).",
        ),
        _RECONNECT,
    ),
)

_COMPANY = (
    _entry(
        "QBO-140",
        ("The company is locked in QuickBooks.", "L’entreprise est verrouillée dans QuickBooks."),
        ("Intuit has shut it for now.", "Intuit l’a fermée pour le moment."),
        ("Ask the company to contact Intuit.", "Demandez à l’entreprise de communiquer avec Intuit."),
        who="client",
    ),
    _entry(
        "QBO-6190",
        ("The QuickBooks subscription does not allow writing.", "L’abonnement QuickBooks ne permet pas d’écrire."),
        (
            "It has ended, was cancelled or is unpaid: the company is read-only or closed.",
            "Il a pris fin, a été annulé ou est impayé : l’entreprise est en lecture seule ou fermée.",
        ),
        ("Renew the subscription in QuickBooks.", "Renouvelez l’abonnement dans QuickBooks."),
        who="client",
    ),
    _entry(
        "QBO-10200",
        ("The company was reset in QuickBooks.", "L’entreprise a été réinitialisée dans QuickBooks."),
        (
            "Every id we knew is void.",
            "Tous les identifiants connus sont périmés.",
        ),
        (
            "Disconnect and set up the integration anew.",
            "Déconnectez et reconfigurez l’intégration.",
        ),
        retry=False,
    ),
    _entry(
        "QBO-3001",
        ("QuickBooks asks us to slow down.", "QuickBooks nous demande de ralentir."),
        (
            "Too many calls were made to this company, by all its apps together.",
            "Trop d’appels ont été faits à cette entreprise, toutes applications confondues.",
        ),
        _LATER,
        who="support",
    ),
    _entry(
        "QBO-LATER",
        ("QuickBooks is not available just now.", "QuickBooks n’est pas disponible en ce moment."),
        ("It answered with an error of its own.", "Il a répondu par une erreur interne."),
        _LATER,
        who="support",
    ),
)

_OURS = (
    _entry(
        "QBO-REQUEST",
        ("QuickBooks did not understand our request.", "QuickBooks n’a pas compris notre requête."),
        (
            "This is a fault in Bridge (code {vendor_code}).",
            "C’est une faute de Bridge (code {vendor_code}).",
        ),
        _SUPPORT,
        who="support",
        retry=False,
    ),
    _entry(
        "QBO-UNKNOWN",
        ("QuickBooks gave an error we do not know.", "QuickBooks a donné une erreur que nous ne connaissons pas."),
        ("Its code is {vendor_code}: {detail}", "Son code est {vendor_code} : {detail}"),
        _SUPPORT,
        who="support",
    ),
    _entry(
        "QBO-ORDER",
        ("QuickBooks listed records out of order.", "QuickBooks a énuméré des fiches dans le désordre."),
        (
            "Reading on could have missed some, so it stopped.",
            "Poursuivre aurait pu en manquer; la lecture s’est arrêtée.",
        ),
        _SUPPORT,
        who="support",
    ),
    _entry(
        "QBO-OTHER-OBJECT",
        ("QuickBooks answered about another record.", "QuickBooks a répondu au sujet d’une autre fiche."),
        (
            "Record {asked} was written and {id} came back.",
            "La fiche {asked} a été écrite et {id} est revenue.",
        ),
        _SUPPORT,
        who="support",
    ),
    _entry(
        "QBO-BATCH-ITEM",
        ("QuickBooks left out one record of a batch.", "QuickBooks a omis une fiche d’un lot."),
        (
            "Whether it was written is not known.",
            "On ignore si elle a été écrite.",
        ),
        (
            "Nothing needs doing: Bridge looks before it repeats.",
            "Il n’y a rien à faire : Bridge vérifie avant de répéter.",
        ),
        who="support",
    ),
    _entry(
        "QBO-AMBIGUOUS",
        (
            "Several records fit a write whose answer was lost.",
            "Plusieurs fiches correspondent à une écriture sans réponse.",
        ),
        (
            "{count} records hold what was sent: {ids}.",
            "{count} fiches contiennent ce qui a été envoyé : {ids}.",
        ),
        ("Open the record and link the right one.", "Ouvrez la fiche et liez la bonne."),
    ),
    _entry(
        "QBO-600",
        ("QuickBooks has seen this request before.", "QuickBooks a déjà vu cette requête."),
        (
            "A first try had arrived; its result is looked up.",
            "Un premier essai était arrivé; son résultat est recherché.",
        ),
        _LATER,
        who="support",
    ),
    _entry(
        "QBO-WEBHOOK",
        ("A notice from QuickBooks could not be read.", "Un avis de QuickBooks n’a pas pu être lu."),
        ("It has neither of the known forms.", "Il n’a aucune des formes connues."),
        (
            "Nothing is lost: the next reading finds what changed. Tell support if it lasts.",
            "Rien n’est perdu : la prochaine lecture trouvera les changements. Avisez le soutien si cela dure.",
        ),
        who="support",
    ),
)

_RECORDS = (
    _entry(
        "QBO-5010",
        ("The record changed in QuickBooks meanwhile.", "La fiche a changé dans QuickBooks entre-temps."),
        ("Somebody saved it after we had read it.", "Quelqu’un l’a enregistrée après notre lecture."),
        (
            "Nothing needs doing: it is read again and planned anew.",
            "Il n’y a rien à faire : elle est relue et replanifiée.",
        ),
    ),
    _entry(
        "QBO-620",
        ("The documents could not be linked.", "Les documents n’ont pas pu être liés."),
        (
            "One of them was paid, voided or changed meanwhile.",
            "L’un d’eux a été payé, annulé ou modifié entre-temps.",
        ),
        (
            "Nothing needs doing: it is read again and planned anew.",
            "Il n’y a rien à faire : ils sont relus et replanifiés.",
        ),
    ),
    _entry(
        "QBO-610",
        (
            "QuickBooks does not find the record, or something it uses.",
            "QuickBooks ne trouve pas la fiche ou un élément utilisé.",
        ),
        (
            "It was deleted, or an account, item or customer in it was made inactive.",
            "Elle a été supprimée, ou un compte, un article ou un client y a été rendu inactif.",
        ),
        (
            "Make it active again in QuickBooks, or link the record to another one.",
            "Réactivez l’élément dans QuickBooks ou liez la fiche à une autre.",
        ),
    ),
    _entry(
        "QBO-630",
        ("The record exists in QuickBooks already.", "La fiche existe déjà dans QuickBooks."),
        ("Another one with the same key was found.", "Une autre avec la même clé a été trouvée."),
        ("Open Duplicates and link the two.", "Ouvrez les doublons et liez les deux."),
    ),
    _entry(
        "QBO-6240",
        ("QuickBooks already uses this name.", "QuickBooks utilise déjà ce nom."),
        (
            "Names are shared by customers, vendors and employees, inactive ones too (code 6240).",
            "Les noms sont communs aux clients, fournisseurs et employés, même inactifs (code 6240).",
        ),
        (
            "Link the record to the existing customer, or make its name different.",
            "Liez la fiche au client existant ou changez son nom.",
        ),
    ),
    _entry(
        "QBO-6140",
        ("QuickBooks already has a document with this number.", "QuickBooks a déjà un document portant ce numéro."),
        (
            "Numbers may be used once for each type of document (code 6140).",
            "Un numéro ne sert qu’une fois par type de document (code 6140).",
        ),
        (
            "If it is the same document, link the two; otherwise change the number.",
            "Si c’est le même document, liez les deux; sinon, changez le numéro.",
        ),
    ),
    _entry(
        "QBO-NAME-CUSTOMER",
        ("Another customer in QuickBooks has this name.", "Un autre client dans QuickBooks porte ce nom."),
        (
            "“{holder}” (no. {id}) is there with other details (code 6240).",
            "« {holder} » (no {id}) s’y trouve avec d’autres coordonnées (code 6240).",
        ),
        (
            "If it is the same person, link the two; otherwise make the name different.",
            "S’il s’agit de la même personne, liez les deux; sinon, rendez le nom différent.",
        ),
    ),
    _entry(
        "QBO-NAME-VENDOR",
        ("A vendor in QuickBooks has this name.", "Un fournisseur dans QuickBooks porte ce nom."),
        (
            "“{holder}” (no. {id}) is a vendor, and vendors share their names with customers (code 6240).",
            "« {holder} » (no {id}) est un fournisseur, et les noms sont communs aux clients et aux fournisseurs "
            "(code 6240).",
        ),
        (
            "Make the customer's name different, for example with “(C)” at its end.",
            "Rendez le nom du client différent, par exemple en ajoutant « (C) » à la fin.",
        ),
    ),
    _entry(
        "QBO-NAME-EMPLOYEE",
        ("An employee in QuickBooks has this name.", "Un employé dans QuickBooks porte ce nom."),
        (
            "“{holder}” (no. {id}) is an employee, and employees share their names with customers (code 6240).",
            "« {holder} » (no {id}) est un employé, et les noms sont communs aux clients et aux employés (code 6240).",
        ),
        (
            "Make the customer's name different, for example with “(C)” at its end.",
            "Rendez le nom du client différent, par exemple en ajoutant « (C) » à la fin.",
        ),
    ),
    _entry(
        "QBO-NAME-ITEM",
        ("Another item in QuickBooks has this name.", "Un autre article dans QuickBooks porte ce nom."),
        (
            "“{holder}” (no. {id}) is there with other details (code 6240).",
            "« {holder} » (no {id}) s’y trouve avec d’autres renseignements (code 6240).",
        ),
        (
            "If it is the same product, link the two; otherwise make the name different.",
            "S’il s’agit du même produit, liez les deux; sinon, rendez le nom différent.",
        ),
    ),
    _entry(
        "QBO-NUMBER-HELD",
        (
            "Another document in QuickBooks has the number {number}.",
            "Un autre document dans QuickBooks porte le numéro {number}.",
        ),
        (
            "It is no. {id} of {date}, for {holder}, {total} in all, and differs from what was to be written.",
            "C’est le no {id} du {date}, pour {holder}, de {total} au total; il diffère de ce qui devait être écrit.",
        ),
        (
            "If it is the same sale, link the two; otherwise change the number or its prefix.",
            "S’il s’agit de la même vente, liez les deux; sinon, changez le numéro ou son préfixe.",
        ),
    ),
    _entry(
        "QBO-NUMBER-LONG",
        ("The number {number} is too long for QuickBooks.", "Le numéro {number} est trop long pour QuickBooks."),
        (
            "It has {length} characters; QuickBooks takes {most}.",
            "Il compte {length} caractères; QuickBooks en accepte {most}.",
        ),
        (
            "Shorten the prefix, or let QuickBooks number the documents.",
            "Raccourcissez le préfixe ou laissez QuickBooks numéroter les documents.",
        ),
    ),
    _entry(
        "QBO-APPLIED",
        (
            "The payment has no document to be applied to.",
            "Le paiement n’a pas de document auquel l’affecter.",
        ),
        (
            "An amount of {amount} is meant for a document that is not in QuickBooks, or that takes no payments.",
            "Un montant de {amount} vise un document absent de QuickBooks ou qui n’accepte pas de paiements.",
        ),
        (
            "Sync the sale first, as an invoice, then retry.",
            "Synchronisez d’abord la vente, comme facture, puis réessayez.",
        ),
    ),
    _entry(
        "QBO-ITEM-ACCOUNT",
        (
            "The item “{name}” cannot be made without its accounts.",
            "L’article « {name} » ne peut être créé sans ses comptes.",
        ),
        (
            "An item needs an income account; one whose stock is counted also an expense and an asset account.",
            "Un article exige un compte de revenus; si son stock est suivi, aussi un compte de dépenses et un compte "
            "d’actif.",
        ),
        (
            "Choose the accounts in the setup, then retry.",
            "Choisissez les comptes dans la configuration, puis réessayez.",
        ),
    ),
    _entry(
        "QBO-2500",
        (
            "Something the record refers to is not in QuickBooks.",
            "Un élément cité par la fiche n’est pas dans QuickBooks.",
        ),
        (
            "An account, item, class, location or customer was removed, or is of the wrong kind.",
            "Un compte, article, catégorie, emplacement ou client a été retiré, ou n’est pas du bon type.",
        ),
        (
            "Choose another one in the value maps, then retry.",
            "Choisissez-en un autre dans les correspondances, puis réessayez.",
        ),
    ),
    _entry(
        "QBO-PARENT",
        ("The parent of this record is not valid.", "Le parent de cette fiche n’est pas valide."),
        (
            "It is missing, is below itself, or would be more than five levels deep.",
            "Il manque, dépend de lui-même ou dépasserait cinq niveaux.",
        ),
        _IN_QUICKBOOKS,
    ),
    _entry(
        "QBO-REFUSED",
        ("QuickBooks refused to save the record.", "QuickBooks a refusé d’enregistrer la fiche."),
        ("In its words: {detail}", "Dans ses mots : {detail}"),
        _IN_QUICKBOOKS,
    ),
    _entry(
        "QBO-MISSING",
        ("Something QuickBooks requires is missing.", "Un élément exigé par QuickBooks manque."),
        ("In its words: {detail}", "Dans ses mots : {detail}"),
        ("Complete the record or the mapping, then retry.", "Complétez la fiche ou la correspondance, puis réessayez."),
    ),
    _entry(
        "QBO-LINE-ITEM",
        ("A line names no product.", "Une ligne n’indique aucun produit."),
        (
            "QuickBooks would take “{line}” for a comment and drop its amount.",
            "QuickBooks prendrait « {line} » pour un commentaire et ignorerait son montant.",
        ),
        (
            "Map the product, or choose a default item in the setup.",
            "Associez le produit ou choisissez un article par défaut dans la configuration.",
        ),
    ),
    _entry(
        "QBO-2050",
        ("A text is too long for QuickBooks.", "Un texte est trop long pour QuickBooks."),
        ("In its words: {detail}", "Dans ses mots : {detail}"),
        ("Shorten it at the source, or by a rule.", "Raccourcissez-le à la source ou par une règle."),
    ),
    _entry(
        "QBO-VALUE",
        ("QuickBooks does not accept a value.", "QuickBooks n’accepte pas une valeur."),
        ("In its words (code {vendor_code}): {detail}", "Dans ses mots (code {vendor_code}) : {detail}"),
        ("Correct the value at the source, or by a rule.", "Corrigez la valeur à la source ou par une règle."),
    ),
    _entry(
        "QBO-2210",
        ("The e-mail address is not valid for QuickBooks.", "L’adresse courriel n’est pas valide pour QuickBooks."),
        ("It must hold an @ and a point.", "Elle doit contenir un @ et un point."),
        ("Correct the address at the source.", "Corrigez l’adresse à la source."),
    ),
    _entry(
        "QBO-2290",
        ("QuickBooks does not accept a negative amount here.", "QuickBooks n’accepte pas ici de montant négatif."),
        ("A reduction is larger than what it reduces.", "Une réduction dépasse ce qu’elle réduit."),
        ("Book it as a credit memo or a refund.", "Passez-le en note de crédit ou en remboursement."),
    ),
    _entry(
        "QBO-5020",
        ("The company's plan lacks a feature.", "Le forfait de l’entreprise n’a pas une fonction."),
        ("In its words: {detail}", "Dans ses mots : {detail}"),
        (
            "Turn the feature on in QuickBooks, or leave the field out of the mapping.",
            "Activez la fonction dans QuickBooks ou retirez le champ de la correspondance.",
        ),
    ),
    _entry(
        "QBO-6000",
        ("A rule of QuickBooks forbids this.", "Une règle de QuickBooks l’interdit."),
        ("In its words: {detail}", "Dans ses mots : {detail}"),
        _IN_QUICKBOOKS,
    ),
    _entry(
        "QBO-6070",
        ("A line's amount is not quantity times price.", "Le montant d’une ligne n’est pas quantité fois prix."),
        ("QuickBooks checks it to the cent.", "QuickBooks le vérifie au cent près."),
        _SUPPORT,
        who="support",
    ),
    _entry(
        "QBO-TAX",
        (
            "QuickBooks does not accept the taxes of this document.",
            "QuickBooks n’accepte pas les taxes de ce document.",
        ),
        (
            "A line's tax code does not fit the company's country or settings (code {vendor_code}).",
            "Le code de taxe d’une ligne ne convient pas au pays ou aux réglages (code {vendor_code}).",
        ),
        ("Check the tax mapping.", "Vérifiez la correspondance des taxes."),
    ),
    _entry(
        "QBO-ACCOUNT",
        ("The account has the wrong type.", "Le compte n’est pas du bon type."),
        ("This use needs another kind of account.", "Cet usage demande un autre type de compte."),
        ("Choose another account in the setup.", "Choisissez un autre compte dans la configuration."),
    ),
    _entry(
        "QBO-6200",
        ("The books are closed for this date.", "Les livres sont fermés à cette date."),
        (
            "The document is dated before the closing date.",
            "Le document est daté d’avant la date de fermeture.",
        ),
        (
            "Ask the accountant to open the period, or change the date.",
            "Demandez au comptable d’ouvrir la période ou changez la date.",
        ),
        who="client",
    ),
    _entry(
        "QBO-6220",
        ("The record still has a balance.", "La fiche a encore un solde."),
        (
            "QuickBooks keeps it active until the balance is zero.",
            "QuickBooks la garde active tant que le solde n’est pas nul.",
        ),
        ("Settle the balance first.", "Réglez d’abord le solde."),
    ),
    _entry(
        "QBO-6250",
        ("This customer cannot be billed here.", "Ce client ne peut pas être facturé ici."),
        (
            "It is not a valid customer for the sale, or bills with its parent.",
            "Il n’est pas valide pour la vente, ou est facturé avec son parent.",
        ),
        _IN_QUICKBOOKS,
    ),
    _entry(
        "QBO-6270",
        ("The document is dated before the item's stock began.", "Le document précède le début du stock de l’article."),
        ("The item counts its stock from a later date.", "L’article compte son stock depuis une date ultérieure."),
        ("Change the date, or the item's start date.", "Changez la date, ou la date de début de l’article."),
    ),
    _entry(
        "QBO-6280",
        ("The customer has expenses not billed yet.", "Le client a des dépenses non facturées."),
        ("QuickBooks keeps it active until they are billed.", "QuickBooks le garde actif jusqu’à leur facturation."),
        ("Bill or remove them first.", "Facturez-les ou retirez-les d’abord."),
    ),
    _entry(
        "QBO-LOCKED",
        ("The document can no longer be changed.", "Le document ne peut plus être modifié."),
        (
            "It is part of a deposit, was reconciled or settled (code {vendor_code}).",
            "Il fait partie d’un dépôt, a été rapproché ou réglé (code {vendor_code}).",
        ),
        (
            "Take it out of its deposit in QuickBooks, or book the opposite.",
            "Retirez-le de son dépôt dans QuickBooks ou passez l’écriture inverse.",
        ),
    ),
    _entry(
        "QBO-6530",
        ("A card number was found in a text.", "Un numéro de carte a été trouvé dans un texte."),
        ("QuickBooks refuses to keep it.", "QuickBooks refuse de le conserver."),
        ("Remove the number at the source.", "Retirez le numéro à la source."),
    ),
    _entry(
        "QBO-FILE",
        ("The request is too large for QuickBooks.", "La requête est trop grande pour QuickBooks."),
        ("A document or file exceeds the limit.", "Un document ou un fichier dépasse la limite."),
        ("Make it smaller.", "Réduisez-le."),
    ),
)

_CHECKS = (
    _entry(
        "QBO-COMPANY",
        ("The company answers.", "L’entreprise répond."),
        ("Its name was read with the present access.", "Son nom a été lu avec l’accès actuel."),
        ("Check that it is the right company.", "Vérifiez que c’est la bonne entreprise."),
    ),
    _entry(
        "QBO-COUNTRY",
        ("The company's country.", "Le pays de l’entreprise."),
        ("Taxes and offers depend on it.", "Les taxes et l’offre en dépendent."),
        (
            "Set it in QuickBooks, under Account and settings.",
            "Indiquez-le dans QuickBooks, sous Compte et paramètres.",
        ),
    ),
    _entry(
        "QBO-PLAN",
        ("The company's plan.", "Le forfait de l’entreprise."),
        (
            "Classes, locations and stock need Plus or Advanced.",
            "Catégories, emplacements et stock exigent Plus ou Avancé.",
        ),
        ("Change the plan in QuickBooks if needed.", "Changez de forfait dans QuickBooks au besoin."),
    ),
    _entry(
        "QBO-SUBSCRIPTION",
        ("The state of the subscription.", "L’état de l’abonnement."),
        ("A company without a subscription is read-only.", "Une entreprise sans abonnement est en lecture seule."),
        ("Renew it in QuickBooks.", "Renouvelez-le dans QuickBooks."),
        who="client",
    ),
    _entry(
        "QBO-CURRENCY",
        ("The company's currency.", "La devise de l’entreprise."),
        ("Amounts are compared in it.", "Les montants sont comparés dans cette devise."),
        (
            "Check it in QuickBooks, under Account and settings.",
            "Vérifiez-la dans QuickBooks, sous Compte et paramètres.",
        ),
    ),
    _entry(
        "QBO-NUMBERS",
        ("Who numbers documents.", "Qui numérote les documents."),
        (
            "With your own numbers on, QuickBooks keeps what it is sent, also nothing.",
            "Avec vos propres numéros, QuickBooks garde ce qu’on lui envoie, même rien.",
        ),
        (
            "Change “Custom transaction numbers” if needed.",
            "Changez « Numéros de transaction personnalisés » au besoin.",
        ),
    ),
    _entry(
        "QBO-CLOSING",
        ("The closing date of the books.", "La date de fermeture des livres."),
        ("Nothing dated before it can be written.", "Rien d’antérieur ne peut être écrit."),
        ("Start the sync after that date.", "Commencez la synchronisation après cette date."),
    ),
    _entry(
        "QBO-SALES-TAX",
        ("How taxes are computed.", "Comment les taxes sont calculées."),
        ("It decides which tax codes lines must carry.", "Cela décide des codes de taxe des lignes."),
        (
            "Turn taxes on in QuickBooks if sales are taxed.",
            "Activez les taxes dans QuickBooks si les ventes sont taxées.",
        ),
    ),
)

CATALOGUE: tuple[Explanation, ...] = (*_SIGN_IN, *_COMPANY, *_OURS, *_RECORDS, *_CHECKS)
