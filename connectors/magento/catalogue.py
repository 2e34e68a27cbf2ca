"""What a shop's refusals mean to people, and what to do: the codes of `errors.py`, of signing in and of the check."""

from connectors.contract import Explanation, Text


def _entry(
    code: str, en: tuple[str, str, str], fr: tuple[str, str, str], who: str = "staff", can_retry: bool = True
) -> Explanation:
    what, why, cure = (Text(one, other) for one, other in zip(en, fr, strict=True))
    return Explanation(code, what, why, cure, who, can_retry)


_ACCESS = (
    _entry(
        "MAG-ACL",
        ("The shop’s integration lacks a right: {resource}.",
         "It was not ticked when the integration was made, or was taken away since.",
         "In the shop’s admin, open System > Extensions > Integrations, edit “Bridge”, tick {title} under API, save "
         "and authorize it again. The rest goes on meanwhile."),
        ("Il manque un droit à l’intégration de la boutique : {resource}.",
         "Il n’a pas été coché à la création de l’intégration, ou a été retiré depuis.",
         "Dans l’administration de la boutique, ouvrez System > Extensions > Integrations, modifiez « Bridge », cochez "
         "{title} sous API, enregistrez et autorisez-la de nouveau. Le reste continue pendant ce temps."),
    ),
    _entry(
        "MAG-SIGNATURE",
        ("The shop refuses our signature.",
         "A value was copied wrongly, or the shop sees another address than the one given here: a redirect, a missing "
         "www, or a proxy that ends the encryption without telling the shop.",
         "Compare the address with the shop’s own (Stores > Configuration > Web), copy the four values again, and have "
         "the host check that X-Forwarded-Proto reaches the shop."),
        ("La boutique refuse notre signature.",
         "Une valeur a été mal copiée, ou la boutique voit une autre adresse que celle donnée ici : une redirection, "
         "un www manquant ou un serveur mandataire qui met fin au chiffrement sans le dire à la boutique.",
         "Comparez l’adresse avec celle de la boutique (Stores > Configuration > Web), copiez de nouveau les quatre "
         "valeurs et demandez à l’hébergeur de vérifier que X-Forwarded-Proto parvient à la boutique."),
    ),
    _entry(
        "MAG-CLOCK",
        ("The shop refuses the time of our call.", "Its clock and ours are more than some minutes apart.",
         "Check this machine’s clock, then have the shop’s host check theirs."),
        ("La boutique refuse l’heure de notre appel.", "Son horloge et la nôtre diffèrent de plus de quelques minutes.",
         "Vérifiez l’horloge de cette machine, puis demandez à l’hébergeur de la boutique de vérifier la sienne."),
    ),
    _entry(
        "MAG-NONCE",
        ("The shop says it has seen our call before.",
         "Each call is signed once; something on the way sends it twice.",
         "Test the connection. If it stays, ask the shop’s host about a cache or proxy that repeats calls."),
        ("La boutique dit avoir déjà vu notre appel.",
         "Chaque appel est signé une seule fois; quelque chose sur le trajet l’envoie deux fois.",
         "Testez la connexion. Si cela persiste, demandez à l’hébergeur si une cache ou un mandataire répète les "
         "appels."),
    ),
    _entry(
        "MAG-TOKEN",
        ("The shop no longer accepts this connection: {said}",
         "The integration was deactivated, deleted or authorized anew; or the access token is used alone and the shop "
         "does not allow that (Stores > Configuration > Services > OAuth).",
         "Activate the integration in the shop’s admin and paste its four values again."),
        ("La boutique n’accepte plus cette connexion : {said}",
         "L’intégration a été désactivée, supprimée ou autorisée de nouveau; ou le jeton d’accès est utilisé seul et "
         "la boutique ne le permet pas (Stores > Configuration > Services > OAuth).",
         "Activez l’intégration dans l’administration de la boutique et collez de nouveau ses quatre valeurs."),
    ),
    _entry(
        "MAG-EXCHANGE",
        ("The shop did not hand over the access token: {said}",
         "The activation was interrupted, or its proof was used already.",
         "Press Reauthorize on the integration in the shop’s admin."),
        ("La boutique n’a pas remis le jeton d’accès : {said}",
         "L’activation a été interrompue, ou sa preuve a déjà servi.",
         "Choisissez Reauthorize pour l’intégration dans l’administration de la boutique."),
    ),
    _entry(
        "MAG-VALUE-SHAPE",
        ("This cannot be right: {value}.", "The shop’s values are letters and digits, without blanks.",
         "Copy the whole value from the integration’s page."),
        ("Ceci ne peut pas être juste : {value}.",
         "Les valeurs de la boutique sont des lettres et des chiffres, sans espace.",
         "Copiez la valeur entière depuis la page de l’intégration."),
    ),
    _entry(
        "MAG-CLOUD",
        ("This is Adobe Commerce as a Cloud Service, which Bridge does not speak to.",
         "It is signed in to in another way than shops that run on their own server.",
         "Nothing can be done here. Tell us if a client needs it."),
        ("C’est Adobe Commerce as a Cloud Service, auquel Bridge ne parle pas.",
         "On s’y connecte autrement qu’aux boutiques qui ont leur propre serveur.",
         "Il n’y a rien à faire ici. Dites-le-nous si un client en a besoin."),
        can_retry=False,
    ),
)  # fmt: skip

_IN_FRONT = (
    _entry(
        "MAG-WALL",
        ("Something in front of the shop asks for a password.",
         "The shop is closed to the public, or a test copy is protected by its server.",
         "Have the shop’s host let /rest through without it."),
        ("Quelque chose devant la boutique demande un mot de passe.",
         "La boutique est fermée au public, ou une copie d’essai est protégée par son serveur.",
         "Demandez à l’hébergeur de la boutique de laisser passer /rest sans lui."),
    ),
    _entry(
        "MAG-FORBIDDEN",
        ("Something in front of the shop turns us away ({status}).",
         "A firewall or content network blocks our address, or a list of allowed addresses lacks it.",
         "Have the shop’s host allow the address of this server."),
        ("Quelque chose devant la boutique nous refuse l’accès ({status}).",
         "Un pare-feu ou un réseau de diffusion bloque notre adresse, ou elle manque dans la liste des adresses "
         "permises.",
         "Demandez à l’hébergeur de la boutique de permettre l’adresse de ce serveur."),
    ),
    _entry(
        "MAG-PAGE",
        ("The shop answered with a page instead of data.",
         "A login wall, a question for humans or a notice stands in front of /rest.",
         "Have the shop’s host let /rest through, and check the address of this connection."),
        ("La boutique a répondu par une page au lieu de données.",
         "Un mur de connexion, une question pour humains ou un avis se trouve devant /rest.",
         "Demandez à l’hébergeur de laisser passer /rest et vérifiez l’adresse de cette connexion."),
    ),
    _entry(
        "MAG-ROUTE",
        ("The shop does not know this way to ask ({status}).",
         "The address lacks a folder or “/index.php”, or the part of the shop that answers is switched off.",
         "Check the address of the connection, then test it."),
        ("La boutique ne connaît pas cette façon de demander ({status}).",
         "Il manque un dossier ou « /index.php » à l’adresse, ou la partie de la boutique qui répond est désactivée.",
         "Vérifiez l’adresse de la connexion, puis testez-la."),
    ),
    _entry(
        "MAG-BUSY",
        ("The shop asks us to slow down.", "Its server or network counts calls.",
         "Nothing needs doing: Bridge tries again by itself."),
        ("La boutique nous demande de ralentir.", "Son serveur ou son réseau compte les appels.",
         "Il n’y a rien à faire : Bridge réessaie de lui-même."),
        who="support",
    ),
    _entry(
        "MAG-MAINTENANCE",
        ("The shop is under maintenance.", "It shows its maintenance page.",
         "Nothing needs doing: Bridge tries again every few minutes. If it lasts for more than an hour, ask the shop."),
        ("La boutique est en entretien.", "Elle affiche sa page d’entretien.",
         "Il n’y a rien à faire : Bridge réessaie toutes les quelques minutes. Si cela dure plus d’une heure, demandez "
         "à la boutique."),
        who="support",
    ),
    _entry(
        "MAG-DOWN",
        ("The shop’s server gave no answer of its own ({status}).", "It is overloaded or being restarted.",
         "Nothing needs doing: Bridge tries again by itself."),
        ("Le serveur de la boutique n’a pas répondu de lui-même ({status}).", "Il est surchargé ou redémarre.",
         "Il n’y a rien à faire : Bridge réessaie de lui-même."),
        who="support",
    ),
)  # fmt: skip

_ANSWERS = (
    _entry(
        "MAG-INTERNAL",
        ("The shop failed inside (report {report}).",
         "It hides the reason, which is in its own log under that number.",
         "Bridge tries again by itself. If it stays, give the shop’s developer the report number {report}."),
        ("La boutique a eu une panne interne (rapport {report}).",
         "Elle en cache la raison, qui se trouve dans son propre journal sous ce numéro.",
         "Bridge réessaie de lui-même. Si cela persiste, donnez au développeur de la boutique le numéro de rapport "
         "{report}."),
        who="support",
    ),
    _entry(
        "MAG-SIZE",
        ("The shop takes fewer at once: {said}", "A limit on input is switched on there.",
         "Nothing needs doing: Bridge asks for less at once."),
        ("La boutique en accepte moins à la fois : {said}", "Une limite d’entrée y est activée.",
         "Il n’y a rien à faire : Bridge en demande moins à la fois."),
        who="support",
    ),
    _entry(
        "MAG-REFUSED",
        ("The shop refused this record: {said}", "The sentence above is the shop’s own.",
         "Correct the record or the shop’s settings, then retry."),
        ("La boutique a refusé cette fiche : {said}", "La phrase ci-dessus est celle de la boutique.",
         "Corrigez la fiche ou les réglages de la boutique, puis réessayez."),
    ),
    _entry(
        "MAG-NOT-FOUND",
        ("The shop no longer has this: {said}", "It was deleted there, or belongs to another store view.",
         "Unlink the record if it is gone for good. Nothing is removed in the books."),
        ("La boutique n’a plus ceci : {said}", "Il y a été supprimé ou appartient à une autre vue de boutique.",
         "Déliez la fiche si elle a disparu pour de bon. Rien n’est supprimé dans les livres."),
    ),
    _entry(
        "MAG-QUANTITY",
        ("There is no quantity to set.", "The books do not track the stock of this product.",
         "Switch stock tracking on for it in the books, or exclude it."),
        ("Il n’y a pas de quantité à inscrire.", "Les livres ne suivent pas le stock de ce produit.",
         "Activez-y le suivi du stock, ou excluez ce produit."),
    ),
    _entry(
        "MAG-OUR-FAULT",
        ("The shop refused the way we asked ({status}).", "The request was badly made.",
         "Send the run’s report to support: this is ours to mend."),
        ("La boutique a refusé notre façon de demander ({status}).", "La requête était mal faite.",
         "Envoyez le rapport de la synchronisation au soutien : c’est à nous de corriger."),
        who="support", can_retry=False,
    ),
    _entry(
        "MAG-UNEXPECTED",
        ("The shop gave an answer we do not know ({status}).", "It is not among those its documentation names.",
         "Send the run’s report to support: this is ours to mend."),
        ("La boutique a donné une réponse que nous ne connaissons pas ({status}).",
         "Elle n’est pas parmi celles que nomme sa documentation.",
         "Envoyez le rapport de la synchronisation au soutien : c’est à nous de corriger."),
        who="support", can_retry=False,
    ),
)  # fmt: skip

_CHECK = (
    _entry(
        "MAG-SKU-TWICE",
        ("Several products share one SKU: {sku}.", "A SKU names what was sold; shared, it names two products.",
         "Give each product its own SKU in the shop. Orders with them wait until then."),
        ("Plusieurs produits partagent une UGS : {sku}.",
         "L’UGS désigne ce qui a été vendu; partagée, elle désigne deux produits.",
         "Donnez à chaque produit sa propre UGS dans la boutique. Les commandes qui en contiennent attendent."),
    ),
    _entry(
        "MAG-SKU-NONE",
        ("Products have no SKU.", "Without it they cannot be matched with the books.", "Give them one in the shop."),
        ("Des produits n’ont pas d’UGS.", "Sans elle, ils ne peuvent pas être associés aux livres.",
         "Donnez-leur-en une dans la boutique."),
    ),
)  # fmt: skip

CATALOGUE = (*_ACCESS, *_IN_FRONT, *_ANSWERS, *_CHECK)
