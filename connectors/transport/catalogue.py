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
        "ADDRESS-FORM",
        Text("This is not a web address.", "Ce n’est pas une adresse web."),
        Text(
            "An address is https:// and the name of the shop, perhaps with a folder; it has no question mark or “#”.",
            "Une adresse est formée de https:// et du nom de la boutique, parfois suivi d’un dossier, sans point "
            "d’interrogation ni « # ».",
        ),
        Text(
            "Copy it from the browser, on the shop's home page.",
            "Copiez-la du navigateur, à la page d’accueil de la boutique.",
        ),
        who="client",
    ),
    Explanation(
        "ADDRESS-HTTPS",
        Text("The address must begin with https://.", "L’adresse doit commencer par https://."),
        Text(
            "Without encryption anyone on the way could read and change what is sent.",
            "Sans chiffrement, quiconque se trouve sur le trajet pourrait lire et changer ce qui est envoyé.",
        ),
        Text(
            "Use the shop's https address; if it has none, its host can set one up.",
            "Utilisez l’adresse https de la boutique; s’il n’y en a pas, son hébergeur peut en créer une.",
        ),
        who="client",
    ),
    Explanation(
        "ADDRESS-USERINFO",
        Text(
            "The address holds a user name or a password.",
            "L’adresse contient un nom d’utilisateur ou un mot de passe.",
        ),
        Text(
            "What stands before an “@” is not part of the shop's name, and is a way to disguise another one.",
            "Ce qui précède un « @ » ne fait pas partie du nom de la boutique et sert parfois à en cacher un autre.",
        ),
        Text("Give the address without it.", "Donnez l’adresse sans cette partie."),
        who="client",
    ),
    Explanation(
        "ADDRESS-PORT",
        Text("The address names a port.", "L’adresse contient un numéro de port."),
        Text("Shops are called at the usual port only.", "Les boutiques sont appelées au port habituel seulement."),
        Text("Give the address without it.", "Donnez l’adresse sans cette partie."),
        who="client",
    ),
    Explanation(
        "ADDRESS-NUMBER",
        Text("The address is a number, not a name.", "L’adresse est un numéro, pas un nom."),
        Text(
            "A certificate proves a name; a number could be any machine.",
            "Un certificat prouve un nom; un numéro pourrait être n’importe quelle machine.",
        ),
        Text(
            "Give the shop's name, such as shop.example.com.",
            "Donnez le nom de la boutique, par exemple shop.example.com.",
        ),
        who="client",
    ),
    Explanation(
        "ADDRESS-INSIDE",
        Text("{host} is not on the public internet.", "{host} n’est pas sur l’internet public."),
        Text(
            "Its name leads to a private network or to this machine, and Bridge calls nothing there.",
            "Ce nom mène à un réseau privé ou à cette machine, et Bridge n’y appelle rien.",
        ),
        Text(
            "Give the address customers use. A shop behind a firewall must let Bridge in at a public name.",
            "Donnez l’adresse que la clientèle utilise. Une boutique derrière un pare-feu doit laisser entrer Bridge "
            "par un nom public.",
        ),
    ),
    Explanation(
        "ADDRESS-MOVED",
        Text("The shop sends us on to {where}.", "La boutique nous renvoie à {where}."),
        Text(
            "A signed call holds for one address only, and is never taken to another one.",
            "Un appel signé ne vaut que pour une adresse et n’est jamais porté à une autre.",
        ),
        Text(
            "Correct the address of the connection to the one the shop really uses, with or without www, then test it.",
            "Corrigez l’adresse de la connexion pour celle que la boutique utilise vraiment (avec ou sans www), puis "
            "testez-la.",
        ),
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
