"""What this vendor's refusals mean to people, and what to do: the codes of `errors.py` and of our own checks."""

from connectors.contract import Explanation, Text

_WAIT = Text(
    "Nothing needs doing: Bridge tries again by itself.", "Il n’y a rien à faire : Bridge réessaie de lui-même."
)
_SUPPORT = Text(
    "Send the run’s report to support: this is ours to mend.",
    "Envoyez le rapport de la synchronisation au soutien : c’est à nous de corriger.",
)
_RECONNECT = Text("Connect again, to the same account.", "Reconnectez-vous, au même compte.")
_SAYS = Text("HubSpot says: {said}", "HubSpot dit : {said}")
_FIX_RECORD = Text(
    "Correct the record in QuickBooks, then try again.", "Corrigez la fiche dans QuickBooks, puis réessayez."
)

_SIGN_IN = (
    Explanation(
        "HS-CONSENT-REFUSED",
        Text("HubSpot was not connected.", "HubSpot n’a pas été connecté."),
        Text(
            "The person on HubSpot’s page did not agree, may not install apps, or came back without a code.",
            "La personne n’a pas accepté à la page de HubSpot, ne peut pas y installer d’applications, ou est revenue "
            "sans code.",
        ),
        Text(
            "Connect again as a super admin of the account, and agree.",
            "Reconnectez-vous comme super administrateur du compte, et acceptez.",
        ),
        who="client",
    ),
    Explanation(
        "HS-SCOPES-MISSING",
        Text("HubSpot did not grant these rights: {scopes}", "HubSpot n’a pas accordé ces droits : {scopes}"),
        Text(
            "The person who agreed may not grant them, or the account’s plan does not offer them. Nothing was read or "
            "written.",
            "La personne qui a accepté ne peut pas les accorder, ou le forfait du compte ne les offre pas. Rien n’a "
            "été lu ni écrit.",
        ),
        Text(
            "Connect again as a super admin, and leave every right on the page ticked.",
            "Reconnectez-vous comme super administrateur, et laissez cochés tous les droits de la page.",
        ),
        who="client",
    ),
    Explanation(
        "HS-SIGN-IN",
        Text(
            "HubSpot does not accept Bridge’s own registration ({vendor_code}).",
            "HubSpot n’accepte pas l’inscription de Bridge lui-même ({vendor_code}).",
        ),
        Text(
            "The app’s identifier, secret or return address is not what HubSpot has, or the code was used already. "
            "The account’s connection itself is not at fault.",
            "L’identifiant, le secret ou l’adresse de retour de l’application n’est pas celui que connaît HubSpot, ou "
            "le code a déjà servi. La connexion du compte n’est pas en cause.",
        ),
        Text(
            "Check the app under Vendor apps against HubSpot’s developer page, then try again.",
            "Comparez l’application, sous Applications des fournisseurs, à la page de développeur de HubSpot, puis "
            "réessayez.",
        ),
        who="support",
    ),
    Explanation(
        "HS-GRANT-GONE",
        Text("HubSpot no longer lets Bridge in.", "HubSpot ne laisse plus entrer Bridge."),
        Text(
            "The app was uninstalled in HubSpot, or its access was withdrawn.",
            "L’application a été désinstallée dans HubSpot, ou son accès a été retiré.",
        ),
        _RECONNECT,
        who="client",
    ),
    Explanation(
        "HS-TOKEN-OLD",
        Text("Access to HubSpot had run out.", "L’accès à HubSpot était échu."),
        Text(
            "Access lasts half an hour and is renewed ahead of time; this renewal did not come in time.",
            "L’accès dure une demi-heure et se renouvelle d’avance ; ce renouvellement n’est pas arrivé à temps.",
        ),
        _RECONNECT,
    ),
    Explanation(
        "HS-TOKEN",
        Text("HubSpot no longer accepts this connection.", "HubSpot n’accepte plus cette connexion."),
        Text(
            "The app was uninstalled, or its access was withdrawn in HubSpot.",
            "L’application a été désinstallée, ou son accès a été retiré dans HubSpot.",
        ),
        _RECONNECT,
        who="client",
    ),
    Explanation(
        "HS-SCOPE",
        Text(
            "HubSpot asks for a right we do not have: {scopes}",
            "HubSpot exige un droit que nous n’avons pas : {scopes}",
        ),
        Text(
            "It was not granted when the account was connected, or the account’s plan lacks what it is for. The "
            "connection itself is in order.",
            "Il n’a pas été accordé à la connexion du compte, ou le forfait n’offre pas ce qu’il permet. La connexion "
            "elle-même est en règle.",
        ),
        Text(
            "Connect again as someone who may grant this right, or turn off what needs it.",
            "Reconnectez-vous avec une personne qui peut accorder ce droit, ou désactivez ce qui en a besoin.",
        ),
        who="client",
    ),
    Explanation(
        "HS-FORBIDDEN",
        Text("HubSpot does not allow this: {said}", "HubSpot ne permet pas cette action : {said}"),
        Text(
            "The account’s plan or set-up lacks it. The connection itself is in order.",
            "Le forfait ou la configuration du compte ne l’offre pas. La connexion elle-même est en règle.",
        ),
        Text(
            "Look at the account’s plan in HubSpot, or turn off what needs it.",
            "Vérifiez le forfait du compte dans HubSpot, ou désactivez ce qui en a besoin.",
        ),
        who="client",
    ),
    Explanation(
        "HS-SETTING-MISSING",
        Text("A setting is missing: {setting}", "Un réglage manque : {setting}"),
        Text("The set-up was not finished.", "La configuration n’a pas été achevée."),
        Text("Finish the set-up of this integration.", "Achevez la configuration de cette intégration."),
    ),
    Explanation(
        "HS-PROPERTY-TAKEN",
        Text(
            "HubSpot has a property {property} that Bridge did not make.",
            "HubSpot a une propriété {property} que Bridge n’a pas créée.",
        ),
        Text(
            "Bridge keeps its own figures and references in properties of these names; this one is of another type, or "
            "is not unique.",
            "Bridge garde ses chiffres et ses références dans des propriétés de ces noms ; celle-ci est d’un autre "
            "type, ou n’est pas unique.",
        ),
        Text(
            "Archive that property in HubSpot under Settings, Properties, then check the connection again.",
            "Archivez cette propriété dans HubSpot, sous Paramètres, Propriétés, puis revérifiez la connexion.",
        ),
        who="client",
    ),
)

_WAITING = (
    Explanation(
        "HS-BUSY",
        Text("HubSpot asks us to slow down.", "HubSpot nous demande de ralentir."),
        Text(
            "The account’s apps together make more calls than it allows.",
            "Les applications du compte font ensemble plus d’appels qu’il n’en permet.",
        ),
        _WAIT,
        who="support",
    ),
    Explanation(
        "HS-DAILY",
        Text("HubSpot’s calls for today are used up.", "Les appels à HubSpot permis aujourd’hui sont épuisés."),
        Text(
            "The account allows its apps a number of calls a day; it begins anew at midnight there.",
            "Le compte permet à ses applications un nombre d’appels par jour ; il repart à zéro à minuit, heure du "
            "compte.",
        ),
        Text(
            "Nothing needs doing: work goes on after midnight. If it happens often, look which other apps of the "
            "account call so much.",
            "Il n’y a rien à faire : le travail reprend après minuit. Si cela arrive souvent, cherchez quelles autres "
            "applications du compte appellent autant.",
        ),
        who="support",
    ),
    Explanation(
        "HS-LOCKED",
        Text("HubSpot is busy with these records.", "HubSpot est occupé avec ces fiches."),
        Text("Many writes meet at one place.", "Beaucoup d’écritures se rencontrent au même endroit."),
        _WAIT,
        who="support",
    ),
    Explanation(
        "HS-MOVING",
        Text(
            "The account is being moved between data centres.", "Le compte déménage d’un centre de données à un autre."
        ),
        Text(
            "HubSpot does this now and then; it may take up to a day.",
            "HubSpot le fait de temps à autre ; cela peut prendre jusqu’à une journée.",
        ),
        _WAIT,
        who="support",
    ),
    Explanation(
        "HS-DOWN",
        Text("HubSpot had a failure of its own ({status}).", "HubSpot a eu une panne de son côté ({status})."),
        Text("It is being maintained or overloaded.", "Il est en entretien ou surchargé."),
        _WAIT,
        who="support",
    ),
    Explanation(
        "HS-EDGE",
        Text(
            "HubSpot’s servers could not be reached ({status}).",
            "Les serveurs de HubSpot sont injoignables ({status}).",
        ),
        Text(
            "Something between us and HubSpot is in disorder.", "Quelque chose entre nous et HubSpot est en désordre."
        ),
        Text(
            "Bridge tries again by itself. If it goes on for an hour, ask HubSpot’s support.",
            "Bridge réessaie de lui-même. Si cela dure plus d’une heure, demandez au soutien de HubSpot.",
        ),
        who="support",
    ),
    Explanation(
        "HS-NO-ROW",
        Text(
            "HubSpot did not say what became of this record.", "HubSpot n’a pas dit ce qu’il est advenu de cette fiche."
        ),
        Text("Its answer to many records left this one out.", "Sa réponse sur plusieurs fiches a omis celle-ci."),
        _WAIT,
        who="support",
    ),
)

_RECORDS = (
    Explanation(
        "HS-EMAIL-INVALID",
        Text("HubSpot does not accept this e-mail address.", "HubSpot n’accepte pas cette adresse courriel."),
        _SAYS,
        Text("Correct the address in QuickBooks.", "Corrigez l’adresse dans QuickBooks."),
        who="client",
    ),
    Explanation(
        "HS-FORGOTTEN",
        Text(
            "This person’s data was deleted for good in HubSpot.",
            "Les données de cette personne ont été supprimées définitivement de HubSpot.",
        ),
        Text(
            "HubSpot then blocks the address: only the person can come back, through a form.",
            "HubSpot bloque alors l’adresse : seule la personne peut revenir, par un formulaire.",
        ),
        Text("Leave this customer out.", "Laissez ce client de côté."),
        who="client",
        can_retry=False,
    ),
    Explanation(
        "HS-EMAIL-SECONDARY",
        Text(
            "{email} is a secondary address of {contact} in HubSpot (record {existing}).",
            "{email} est une adresse secondaire de {contact} dans HubSpot (fiche {existing}).",
        ),
        Text(
            "An address belongs to one contact only there, also a secondary one, so no second contact can have it.",
            "Une adresse, même secondaire, n’y appartient qu’à un contact ; aucun autre ne peut l’avoir.",
        ),
        Text(
            "If they are the same person, link the customer to {contact} under Duplicates. If not, remove {email} from "
            "{contact} in HubSpot and try again.",
            "S’il s’agit de la même personne, liez le client à {contact} sous Doublons. Sinon, retirez {email} de la "
            "fiche de {contact} dans HubSpot et réessayez.",
        ),
    ),
    Explanation(
        "HS-EMAIL-TAKEN",
        Text(
            "{contact} has the address {email} in HubSpot already (record {existing}).",
            "{contact} a déjà l’adresse {email} dans HubSpot (fiche {existing}).",
        ),
        Text(
            "An address belongs to one contact only. It was made meanwhile, or two customers share it.",
            "Une adresse n’appartient qu’à un contact. Celui-ci a été créé entre-temps, ou deux clients ont la même "
            "adresse.",
        ),
        Text(
            "If they are the same person, link the two under Duplicates; if not, give one of them another address.",
            "S’il s’agit de la même personne, liez les deux sous Doublons ; sinon, donnez une autre adresse à l’un "
            "des deux.",
        ),
    ),
    Explanation(
        "HS-CONFLICT",
        Text("HubSpot already has a record with this value.", "HubSpot a déjà une fiche avec cette valeur."),
        _SAYS,
        Text(
            "Look at record {existing} in HubSpot, and link the two under Duplicates if they are the same.",
            "Regardez la fiche {existing} dans HubSpot, et liez les deux sous Doublons si elles sont la même chose.",
        ),
    ),
    Explanation(
        "HS-EXISTS",
        Text("HubSpot has this already.", "HubSpot l’a déjà."),
        _SAYS,
        _SUPPORT,
        who="support",
    ),
    Explanation(
        "HS-CONTACT-NAMELESS",
        Text("This customer has neither a name nor an address.", "Ce client n’a ni nom ni adresse courriel."),
        Text(
            "HubSpot takes no contact without an e-mail address, a first name or a last name.",
            "HubSpot n’accepte aucun contact sans courriel, prénom ou nom.",
        ),
        _FIX_RECORD,
        who="client",
    ),
    Explanation(
        "HS-PROPERTY-UNKNOWN",
        Text("HubSpot has no property {field}.", "HubSpot n’a pas de propriété {field}."),
        Text(
            "It was renamed or archived there since the fields were set up.",
            "Elle y a été renommée ou archivée depuis le réglage des champs.",
        ),
        Text(
            "Open the fields of this object and choose another property, or restore it in HubSpot.",
            "Ouvrez les champs de cet objet et choisissez une autre propriété, ou rétablissez-la dans HubSpot.",
        ),
    ),
    Explanation(
        "HS-PROPERTY-READ-ONLY",
        Text("HubSpot’s property {field} cannot be written.", "La propriété {field} de HubSpot ne peut pas s’écrire."),
        _SAYS,
        Text("Open the fields of this object and take it out.", "Ouvrez les champs de cet objet et retirez-la."),
    ),
    Explanation(
        "HS-OPTION",
        Text("HubSpot does not know this value of {field}.", "HubSpot ne connaît pas cette valeur de {field}."),
        _SAYS,
        Text(
            "Add the option to the property in HubSpot, or correct the value.",
            "Ajoutez l’option à la propriété dans HubSpot, ou corrigez la valeur.",
        ),
    ),
    Explanation(
        "HS-RULE",
        Text("A rule of the HubSpot account refuses this: {said}", "Une règle du compte HubSpot refuse ceci : {said}"),
        Text(
            "An administrator of the account made a validation rule for {field}.",
            "Un administrateur du compte a créé une règle de validation pour {field}.",
        ),
        Text(
            "Correct the value in QuickBooks, or have the rule changed in HubSpot under Settings, Properties.",
            "Corrigez la valeur dans QuickBooks, ou faites changer la règle dans HubSpot, sous Paramètres, Propriétés.",
        ),
        who="client",
    ),
    Explanation(
        "HS-REQUIRED",
        Text("HubSpot wants a value that is missing: {field}", "HubSpot exige une valeur qui manque : {field}"),
        _SAYS,
        Text(
            "Fill it in QuickBooks, add a rule that gives it, or have the requirement lifted in HubSpot.",
            "Remplissez-la dans QuickBooks, ajoutez une règle qui la donne, ou faites lever l’exigence dans HubSpot.",
        ),
        who="client",
    ),
    Explanation(
        "HS-TOO-LONG",
        Text("A text is too long for HubSpot: {field}", "Un texte est trop long pour HubSpot : {field}"),
        _SAYS,
        Text("Shorten it in QuickBooks.", "Raccourcissez-le dans QuickBooks."),
        who="client",
    ),
    Explanation(
        "HS-INVALID",
        Text("HubSpot refused this record: {said}", "HubSpot a refusé cette fiche : {said}"),
        Text("A value does not fit what HubSpot takes.", "Une valeur ne convient pas à ce que HubSpot accepte."),
        _FIX_RECORD,
    ),
    Explanation(
        "HS-AMOUNT",
        Text("{value} is no amount HubSpot can keep.", "{value} n’est pas un montant que HubSpot peut garder."),
        Text("It is no number.", "Ce n’est pas un nombre."),
        _FIX_RECORD,
    ),
    Explanation(
        "HS-NOT-FOUND",
        Text("The record is not in HubSpot any more.", "La fiche n’est plus dans HubSpot."),
        Text("It was deleted, archived or merged there.", "Elle y a été supprimée, archivée ou fusionnée."),
        Text(
            "Run again: Bridge looks for it anew. If it was archived, restore it in HubSpot or unlink the two.",
            "Lancez une nouvelle synchronisation : Bridge la cherche de nouveau. Si elle a été archivée, "
            "rétablissez-la dans HubSpot ou déliez les deux.",
        ),
    ),
)

_OURS = (
    Explanation(
        "HS-OUR-FAULT",
        Text("HubSpot did not understand our request ({status}).", "HubSpot n’a pas compris notre requête ({status})."),
        _SAYS,
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    Explanation(
        "HS-WRONG-URL",
        Text("HubSpot has nothing at the address we called.", "HubSpot n’a rien à l’adresse que nous avons appelée."),
        Text(
            "The version of its interface we speak is not served there any more.",
            "La version de son interface que nous parlons n’y est plus offerte.",
        ),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    Explanation(
        "HS-UNEXPECTED",
        Text(
            "HubSpot answered {status}, which we do not know.",
            "HubSpot a répondu {status}, que nous ne connaissons pas.",
        ),
        _SAYS,
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    Explanation(
        "HS-WEBHOOK",
        Text("A notice from HubSpot could not be read.", "Un avis de HubSpot n’a pas pu être lu."),
        Text("It is not of the form HubSpot documents.", "Il n’a pas la forme que HubSpot documente."),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
)

CATALOGUE = (*_SIGN_IN, *_WAITING, *_RECORDS, *_OURS)
