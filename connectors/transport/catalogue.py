"""What the codes of calls mean, for people."""

from connectors.contract import Explanation, Text

_LATER = Text(
    "Nothing needs doing: Bridge tries again by itself. If it lasts, look at the vendor's status page.",
    "Il n’y a rien à faire : Bridge réessaie de lui-même. Si cela dure, consultez la page d’état du fournisseur.",
)
_LOOK = Text(
    "Nothing needs doing: before a write is repeated, Bridge looks whether the first one arrived.",
    "Il n’y a rien à faire : avant de répéter une écriture, Bridge vérifie si la première est arrivée.",
)
_SUPPORT = Text(
    "Send the run's report to support; the request id in it names the answer.",
    "Envoyez le rapport de la synchronisation au soutien; l’identifiant de requête y désigne la réponse.",
)

CATALOGUE: tuple[Explanation, ...] = (
    Explanation(
        "CALL-REFUSED",
        Text("The vendor could not be reached.", "Le fournisseur n’a pas pu être joint."),
        Text(
            "No connection could be made, or its certificate was not valid; nothing was sent.",
            "Aucune connexion n’a pu être établie ou son certificat n’était pas valide; rien n’a été envoyé.",
        ),
        _LATER,
        who="support",
    ),
    Explanation(
        "CALL-LOST",
        Text("The vendor hung up without an answer.", "Le fournisseur a raccroché sans répondre."),
        Text(
            "The request had left, so it may or may not have been carried out.",
            "La requête était partie : elle a pu être exécutée ou non.",
        ),
        _LOOK,
        who="support",
    ),
    Explanation(
        "CALL-TIMEOUT",
        Text("The vendor took too long to answer.", "Le fournisseur a mis trop de temps à répondre."),
        Text(
            "The request had left and its time was over before the whole answer came.",
            "La requête était partie et son délai s’est écoulé avant l’arrivée de la réponse entière.",
        ),
        _LOOK,
        who="support",
    ),
    Explanation(
        "CALL-REDIRECTED",
        Text("The vendor sent us to another address.", "Le fournisseur nous a renvoyés à une autre adresse."),
        Text(
            "Redirects are never followed: they could carry the access to another host.",
            "Les redirections ne sont jamais suivies : elles pourraient porter l’accès vers un autre hôte.",
        ),
        Text(
            "Check the address given for this connection, then test the connection.",
            "Vérifiez l’adresse donnée pour cette connexion, puis testez la connexion.",
        ),
    ),
    Explanation(
        "CALL-SETTING-MISSING",
        Text("The setting “{setting}” is missing.", "Le réglage « {setting} » manque."),
        Text("The call cannot be addressed without it.", "Sans lui, l’appel ne peut pas être adressé."),
        Text(
            "Open the setup of the integration and choose it.",
            "Ouvrez la configuration de l’intégration et choisissez-le.",
        ),
    ),
    Explanation(
        "CALL-ADDRESS",
        Text("The address of this connection is not valid.", "L’adresse de cette connexion n’est pas valide."),
        Text("It cannot be read as a web address.", "Elle ne peut pas être lue comme une adresse web."),
        Text("Correct it in the connection's settings.", "Corrigez-la dans les réglages de la connexion."),
    ),
    Explanation(
        "CALL-LINK",
        Text(
            "A file the vendor offered could not be fetched.",
            "Un fichier offert par le fournisseur n’a pas pu être récupéré.",
        ),
        Text("Its link has ended or is not safe to follow.", "Son lien a expiré ou n’est pas sûr."),
        _LATER,
        who="support",
    ),
    Explanation(
        "CALL-CIRCUIT-OPEN",
        Text("Calls to this account are resting.", "Les appels à ce compte sont en pause."),
        Text(
            "Several in a row had failed; one call tries from time to time.",
            "Plusieurs appels de suite avaient échoué; un appel essaie de temps à autre.",
        ),
        _LATER,
        who="support",
    ),
    Explanation(
        "ANSWER-NOT-JSON",
        Text(
            "The vendor answered with a page instead of data.",
            "Le fournisseur a répondu par une page, pas des données.",
        ),
        Text("It is often a maintenance or error page.", "C’est souvent une page d’entretien ou d’erreur."),
        _LATER,
        who="support",
    ),
    Explanation(
        "ANSWER-TRUNCATED",
        Text("The vendor's answer was cut off.", "La réponse du fournisseur a été coupée."),
        Text(
            "The connection ended before the whole answer came.", "La connexion a pris fin avant la fin de la réponse."
        ),
        _LOOK,
        who="support",
    ),
    Explanation(
        "ANSWER-TOO-LARGE",
        Text("The vendor's answer was larger than allowed.", "La réponse du fournisseur dépassait la taille permise."),
        Text("Bridge stops reading there to protect itself.", "Bridge cesse alors de lire pour se protéger."),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    Explanation(
        "ANSWER-SHAPE",
        Text("The vendor's answer has an unknown shape.", "La réponse du fournisseur a une forme inconnue."),
        Text(
            "It is not what the vendor documents; nothing was taken from it.",
            "Elle n’est pas conforme à la documentation du fournisseur; rien n’en a été retenu.",
        ),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
)
