"""What this vendor's refusals mean to people, and what to do: the codes of `errors.py` and of our own checks."""

from connectors.contract import Explanation, Text
from connectors.highlevel.brand import NAME

_WAIT = Text("Nothing needs doing: Bridge goes on by itself.", "Il n’y a rien à faire : Bridge continue de lui-même.")
_SUPPORT = Text(
    "Send the run’s report to support: this is ours to mend.",
    "Envoyez le rapport de la synchronisation au soutien : c’est à nous de corriger.",
)
_RECONNECT = Text("Reconnect, to the same sub-account.", "Reconnectez-vous, au même sous-compte.")
_SAYS = Text(f"{NAME} says: {{said}}", f"{NAME} dit : {{said}}")


def _own(words: str) -> str:
    return words.replace("@", NAME)


def _entry(
    code: str, what: tuple[str, str], why: tuple[str, str] | Text, cure: tuple[str, str] | Text, who: str = "staff",
    can_retry: bool = True,
) -> Explanation:  # fmt: skip
    """A catalogue entry; "@" stands for the brand's name."""

    def put(pair: tuple[str, str] | Text) -> Text:
        return pair if isinstance(pair, Text) else Text(_own(pair[0]), _own(pair[1]))

    return Explanation(code, put(what), put(why), put(cure), who, can_retry)


CATALOGUE: tuple[Explanation, ...] = (
    # signing in
    _entry(
        "HL-CONSENT-REFUSED",
        ("@ was not connected.", "@ n’a pas été connecté."),
        ("The person on its page did not agree, or came back without a code.",
         "La personne n’a pas accepté à sa page, ou est revenue sans code."),
        ("Connect again as an administrator of the sub-account, and agree.",
         "Reconnectez-vous comme administrateur du sous-compte, et acceptez."),
        who="client",
    ),
    _entry(
        "HL-SCOPES-MISSING",
        ("@ did not grant these rights: {scopes}", "@ n’a pas accordé ces droits : {scopes}"),
        ("The app asks for fewer rights than Bridge needs, or the person could not grant them. Nothing was read or "
         "written.",
         "L’application demande moins de droits que Bridge n’en a besoin, ou la personne ne pouvait pas les accorder. "
         "Rien n’a été lu ni écrit."),
        ("Check the rights of the app in the marketplace, then connect again.",
         "Vérifiez les droits de l’application dans la place de marché, puis reconnectez-vous."),
        who="support",
    ),
    _entry(
        "HL-AGENCY",
        ("A whole agency was chosen ({count} sub-accounts).", "Toute une agence a été choisie ({count} sous-comptes)."),
        ("Each connection is of one sub-account.", "Chaque connexion est celle d’un seul sous-compte."),
        ("Connect again, and choose the one sub-account on the page.",
         "Reconnectez-vous et choisissez le sous-compte à la page."),
        who="client",
    ),
    _entry(
        "HL-SIGN-IN",
        ("@ does not accept Bridge’s own registration.", "@ n’accepte pas l’inscription de Bridge lui-même."),
        _SAYS,
        ("Check the app under Vendor apps: identifier, secret and return address. A code works once.",
         "Vérifiez l’application sous Applications des fournisseurs : identifiant, secret et adresse de retour. Un "
         "code "
         "ne sert qu’une fois."),
        who="support",
    ),
    _entry(
        "HL-GRANT-GONE",
        ("@ no longer lets Bridge in.", "@ ne laisse plus entrer Bridge."),
        ("The app was removed there, or the answer that held the next single-use key was lost on its way. Nothing "
         "else is "
         "lost: work waits where it stands.",
         "L’application y a été retirée, ou la réponse qui contenait la prochaine clé à usage unique s’est perdue en "
         "route. Rien d’autre n’est perdu : le travail attend où il en est."),
        _RECONNECT,
        who="client",
    ),
    _entry(
        "HL-TOKEN",
        ("Access to @ was refused.", "L’accès à @ a été refusé."),
        ("It ran out or was withdrawn, and could not be renewed.",
         "Il est échu ou a été retiré, et n’a pas pu être renouvelé."),
        _RECONNECT,
        who="client",
    ),
    _entry(
        "HL-SCOPE",
        ("A right is missing in @.", "Un droit manque dans @."),
        _SAYS,
        ("Reconnect as an administrator, and agree to all rights.",
         "Reconnectez-vous comme administrateur, et acceptez tous les droits."),
        who="client",
    ),
    _entry(
        "HL-PLACE",
        ("The connection is not for this sub-account.", "La connexion n’est pas celle de ce sous-compte."),
        _SAYS,
        ("Reconnect, and choose the right sub-account.", "Reconnectez-vous et choisissez le bon sous-compte."),
        who="client",
    ),
    _entry(
        "HL-SETTING-MISSING",
        ("A setting is missing: {setting}", "Un réglage manque : {setting}"),
        ("Without it this cannot be written.", "Sans lui, l’écriture est impossible."),
        ("Give it in the settings of the integration; “user” is told by connecting again, or is given beside a private "
         "integration token.",
         "Donnez-le dans les réglages de l’intégration ; « user » s’obtient en se reconnectant, ou se donne à côté "
         "d’un jeton d’intégration privée."),
    ),
    _entry(
        "HL-PRIVATE-SHAPE",
        ("This is no private integration token.", "Ce n’est pas un jeton d’intégration privée."),
        ("Such a token begins with “pit-”.", "Un tel jeton commence par « pit- »."),
        ("Copy the whole token from @, Settings, Private Integrations.",
         "Copiez le jeton entier depuis @, Paramètres, Intégrations privées."),
        who="client",
    ),
    _entry(
        "HL-PRIVATE-LOCATION",
        ("This names no sub-account.", "Ceci ne désigne aucun sous-compte."),
        ("A token does not tell whose it is.", "Un jeton ne dit pas à qui il est."),
        ("Paste the address of a page of the sub-account: its identifier stands in it.",
         "Collez l’adresse d’une page du sous-compte : son identifiant y figure."),
        who="client",
    ),
    _entry(
        "HL-PRIVATE-USER",
        ("This names no member of the team.", "Ceci ne désigne aucun membre de l’équipe."),
        ("The identifier is one word of letters and digits.", "L’identifiant est un mot de lettres et de chiffres."),
        ("Give the identifier of somebody of the team, or leave it blank.",
         "Donnez l’identifiant d’une personne de l’équipe, ou laissez la case vide."),
        who="client",
    ),
    # records
    _entry(
        "HL-NOT-FOUND",
        ("@ does not have this record any more.", "@ n’a plus cette fiche."),
        ("It was deleted there, or merged into another one.", "Elle y a été supprimée, ou fusionnée à une autre."),
        ("Look for it there; then try again, or leave it out.", "Cherchez-la là-bas, puis réessayez, ou excluez-la."),
    ),
    _entry(
        "HL-DUPLICATE",
        ("Another contact of @ has the same {field}: {existing}",
         "Un autre contact de @ a le même {field} : {existing}"),
        ("The sub-account allows no duplicates, or two people share a phone number: Bridge does not take one for the "
         "other.",
         "Le sous-compte n’admet pas de doublons, ou deux personnes partagent un numéro : Bridge ne prend pas l’une "
         "pour "
         "l’autre."),
        ("Compare the two. If they are one person, give both the same e-mail address; else allow duplicates, or "
         "remove the "
         "number from one of them.",
         "Comparez les deux. S’il s’agit d’une seule personne, donnez-leur le même courriel ; sinon, autorisez les "
         "doublons ou retirez le numéro de l’un d’eux."),
    ),
    _entry(
        "HL-REFUSED",
        ("@ refused this record.", "@ a refusé cette fiche."),
        _SAYS,
        ("Correct the record in QuickBooks, then try again.", "Corrigez la fiche dans QuickBooks, puis réessayez."),
    ),
    _entry(
        "HL-INVALID",
        ("@ cannot take a value of this record.", "@ ne peut pas prendre une valeur de cette fiche."),
        _SAYS,
        ("Correct the value in QuickBooks, then try again.", "Corrigez la valeur dans QuickBooks, puis réessayez."),
    ),
    _entry(
        "HL-CONTACT-NAMELESS",
        ("A customer without name, e-mail or phone.", "Un client sans nom, courriel ni téléphone."),
        ("@ needs one of them for a contact.", "@ exige l’un d’eux pour un contact."),
        ("Give the customer a name in QuickBooks.", "Donnez un nom au client dans QuickBooks."),
        who="client",
    ),
    _entry(
        "HL-INVOICE-NO-ADDRESS",
        ("Invoice {number} has nobody with an e-mail address.", "La facture {number} n’a personne avec un courriel."),
        ("@ takes no invoice without one.", "@ n’accepte pas de facture sans courriel."),
        ("Give the customer an e-mail address in QuickBooks, then import again.",
         "Donnez un courriel au client dans QuickBooks, puis importez de nouveau."),
        who="client",
    ),
    _entry(
        "HL-NUMBER-TAKEN",
        ("Another invoice has this number.", "Une autre facture a ce numéro."),
        _SAYS,
        ("Change one of the two numbers.", "Changez l’un des deux numéros."),
    ),
    # review requests
    _entry(
        "HL-WORKFLOW",
        ("The workflow does not take this contact.", "Le workflow ne prend pas ce contact."),
        _SAYS,
        ("Publish the workflow in @, or choose another one in the settings.",
         "Publiez le workflow dans @, ou choisissez-en un autre dans les réglages."),
    ),
    _entry(
        "HL-REVIEW-UNREACHABLE",
        ("{contact} cannot be asked for a review.", "On ne peut pas demander d’avis à {contact}."),
        ("The contact does not want messages, or has neither e-mail nor phone.",
         "Le contact ne veut pas de messages, ou n’a ni courriel ni téléphone."),
        ("Nothing, unless the contact changes that.", "Rien, à moins que le contact ne change cela."),
    ),
    _entry(
        "HL-REVIEW-UNSURE",
        ("It is not known whether {contact} was asked for a review.",
         "On ne sait pas si un avis a été demandé à {contact}."),
        ("The answer of @ was lost while the contact was put into the workflow, and nothing tells who is in it. "
         "Bridge does "
         "not ask twice.",
         "La réponse de @ s’est perdue pendant l’ajout du contact au workflow, et rien ne dit qui s’y trouve. Bridge "
         "ne "
         "demande pas deux fois."),
        ("Open the contact’s history in @. If the workflow is there, leave the request out; if not, take the tag "
         "bridge-review-asking away and try again.",
         "Ouvrez l’historique du contact dans @. Si le workflow y est, excluez la demande ; sinon, retirez "
         "l’étiquette bridge-review-asking et réessayez."),
    ),
    # the service
    _entry(
        "HL-BUSY",
        ("@ takes no more calls for some seconds.", "@ ne prend plus d’appels pour quelques secondes."),
        ("There is a limit of calls in ten seconds for each sub-account.",
         "Il y a une limite d’appels par dix secondes pour chaque sous-compte."),
        _WAIT,
    ),
    _entry(
        "HL-DAILY",
        ("The day’s calls to @ are used up.", "Les appels du jour à @ sont épuisés."),
        ("Each sub-account has a number of calls a day, for all its apps. It goes on at {until}.",
         "Chaque sous-compte a un nombre d’appels par jour, pour toutes ses applications. Cela reprend à {until}."),
        ("Nothing needs doing: Bridge goes on at {until}.", "Il n’y a rien à faire : Bridge reprend à {until}."),
    ),
    _entry(
        "HL-DOWN",
        ("@ does not answer.", "@ ne répond pas."),
        ("Its service is down or busy (status {status}).", "Son service est en panne ou surchargé (état {status})."),
        _WAIT,
    ),
    _entry(
        "HL-EDGE",
        ("@ cannot be reached.", "@ ne peut être joint."),
        ("The network in front of it answers instead (status {status}).",
         "Le réseau placé devant répond à sa place (état {status})."),
        _WAIT,
    ),
    _entry(
        "HL-OUR-FAULT",
        ("Bridge asked for something @ does not know.", "Bridge a demandé ce que @ ne connaît pas."),
        _SAYS,
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    _entry(
        "HL-UNEXPECTED",
        ("@ answered in a way Bridge does not know.", "@ a répondu d’une façon que Bridge ne connaît pas."),
        ("Status {status}. {said}", "État {status}. {said}"),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    _entry(
        "HL-UNKNOWN",
        ("It is not known whether @ carried this out.", "On ne sait pas si @ l’a fait."),
        ("Its answer was lost.", "Sa réponse s’est perdue."),
        _WAIT,
    ),
    _entry(
        "HL-WEBHOOK",
        ("A notice of @ could not be read.", "Un avis de @ n’a pas pu être lu."),
        ("It had another shape than @ describes.", "Il avait une autre forme que celle que @ décrit."),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
)  # fmt: skip
