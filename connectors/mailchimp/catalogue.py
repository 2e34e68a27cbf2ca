"""What this vendor's refusals mean to people, and what to do: the codes of `errors.py` and of the connection check."""

import re

from connectors.contract import Explanation, Text

_BEFORE = re.compile(r" ([:;?!»%])")


def _text(en: str, fr: str) -> Text:
    """French gets the no-break spaces its punctuation wants."""
    return Text(en, _BEFORE.sub("\u00a0\\1", fr).replace("« ", "«\u00a0"))


_WAIT = _text(
    "Nothing needs doing: Bridge tries again by itself.", "Il n’y a rien à faire : Bridge réessaie de lui-même."
)
_SUPPORT = _text(
    "Send the run’s report to support: this is ours to mend.",
    "Envoyez le rapport de la synchronisation au soutien : c’est à nous de corriger.",
)
_MAIL_RULE = _text(
    "Mailchimp protects people who left: only they can come back.",
    "Mailchimp protège les gens qui sont partis : eux seuls peuvent revenir.",
)

_ACCOUNT = (
    Explanation(
        "MC-TOKEN",
        _text("Mailchimp no longer accepts this connection.", "Mailchimp n’accepte plus cette connexion."),
        _text(
            "Bridge was removed from the account’s registered apps, the person who connected it left the account, or "
            "the API key was withdrawn.",
            "Bridge a été retiré des applications du compte, la personne qui l’a connecté a quitté le compte ou la "
            "clé d’API a été retirée.",
        ),
        _text("Connect again, to the same account.", "Reconnectez-vous, au même compte."),
    ),
    Explanation(
        "MC-BUSY",
        _text("Mailchimp asks us to slow down.", "Mailchimp nous demande de ralentir."),
        _text(
            "The account’s programs together use more connections than it allows.",
            "Les programmes du compte utilisent ensemble plus de connexions qu’il n’en permet.",
        ),
        _WAIT,
        who="support",
    ),
    Explanation(
        "MC-DOWN",
        _text("Mailchimp had a failure of its own ({status}).", "Mailchimp a eu une panne de son côté ({status})."),
        _text("It is being maintained or overloaded.", "Il est en entretien ou surchargé."),
        _WAIT,
        who="support",
    ),
    Explanation(
        "MC-FORBIDDEN",
        _text("Mailchimp does not allow this: {said}", "Mailchimp ne permet pas cette action : {said}"),
        _text(
            "The role of the person who connected is too low, the plan lacks the feature, or the account is suspended.",
            "Le rôle de la personne qui a fait la connexion est trop bas, le forfait n’offre pas la fonction ou le "
            "compte est suspendu.",
        ),
        _text(
            "Have an owner, administrator or manager connect, or settle the account’s state in Mailchimp.",
            "Faites connecter un propriétaire, un administrateur ou un gestionnaire, ou réglez l’état du compte dans "
            "Mailchimp.",
        ),
    ),
    Explanation(
        "MC-CONSENT-REFUSED",
        _text("The access was not granted at Mailchimp.", "L’accès n’a pas été accordé chez Mailchimp."),
        _text("The page was closed or answered with no.", "La page a été fermée ou la réponse a été non."),
        _text("Start the connection again when you are ready.", "Recommencez la connexion quand vous serez prêt."),
    ),
    Explanation(
        "MC-SIGN-IN",
        _text("Mailchimp refused the sign-in ({status}).", "Mailchimp a refusé l’ouverture de session ({status})."),
        _text(
            "The code was used already or is too old, or our registration with Mailchimp does not fit this address.",
            "Le code a déjà servi ou est trop vieux, ou notre inscription chez Mailchimp ne correspond pas à cette "
            "adresse.",
        ),
        _text(
            "Start the connection again. If it fails again, check client id, secret and return address of the "
            "registration.",
            "Recommencez la connexion. Si elle échoue encore, vérifiez l’identifiant, le secret et l’adresse de retour "
            "de l’inscription.",
        ),
    ),
    Explanation(
        "MC-KEY-SHAPE",
        _text("This is not a Mailchimp API key.", "Ce n’est pas une clé d’API de Mailchimp."),
        _text(
            "A key is a row of letters and digits and ends in the data centre, such as -us19.",
            "Une clé est une suite de lettres et de chiffres qui se termine par le centre de données, comme -us19.",
        ),
        _text(
            "Copy the whole key from Profile, Extras, API keys.",
            "Copiez la clé entière à partir de Profil, Extras, Clés d’API.",
        ),
    ),
    Explanation(
        "MC-SETTING-MISSING",
        _text("The setting {setting} is missing.", "Le réglage {setting} manque."),
        _text("The setup was not finished.", "La configuration n’est pas terminée."),
        _text("Finish the setup of this integration.", "Terminez la configuration de cette intégration."),
    ),
    Explanation(
        "MC-AUDIENCE-GONE",
        _text("The audience is no longer there.", "L’audience n’existe plus."),
        _text("It was deleted in Mailchimp.", "Elle a été supprimée dans Mailchimp."),
        _text(
            "Disconnect, then connect again with another audience: a store cannot change audience.",
            "Déconnectez, puis reconnectez avec une autre audience : une boutique ne peut pas changer d’audience.",
        ),
    ),
    Explanation(
        "MC-STORE-ELSEWHERE",
        _text(
            "The store {store} already exists for another audience.",
            "La boutique {store} existe déjà pour une autre audience.",
        ),
        _text(
            "Mailchimp binds a store to its audience for good.",
            "Mailchimp lie une boutique à son audience pour de bon.",
        ),
        _text(
            "Remove that store in Mailchimp, or choose its audience.",
            "Supprimez cette boutique dans Mailchimp ou choisissez son audience.",
        ),
    ),
)

_PEOPLE = (
    Explanation(
        "MC-NO-EMAIL",
        _text("There is no e-mail address to write to.", "Il n’y a pas d’adresse courriel à inscrire."),
        _text("Mailchimp knows people by their address.", "Mailchimp reconnaît les gens à leur adresse."),
        _text("Give the customer one address, then retry.", "Donnez une adresse au client, puis réessayez."),
        who="client",
    ),
    Explanation(
        "MC-EMAIL-FAKE",
        _text(
            "Mailchimp takes this address for a fake one.", "Mailchimp considère que cette adresse n’est pas réelle."
        ),
        _text(
            "It refuses invented-looking and shared addresses, such as those that begin with “test” or “info”.",
            "Il refuse les adresses qui semblent inventées ou partagées, par exemple celles qui commencent par "
            "« test » ou « info ».",
        ),
        _text(
            "Ask the client for the person’s own address. Nothing is sent again until it changes.",
            "Demandez au client l’adresse personnelle. Rien n’est renvoyé tant qu’elle ne change pas.",
        ),
        who="client",
    ),
    Explanation(
        "MC-EMAIL-TAKEN",
        _text(
            "Another contact of the audience already has the new address.",
            "Un autre contact de l’audience a déjà la nouvelle adresse.",
        ),
        _text(
            "Mailchimp keeps one contact per address; the other one may be archived.",
            "Mailchimp garde un contact par adresse ; l’autre peut être archivé.",
        ),
        _text(
            "Decide in Mailchimp which one stays, then link the customer to it.",
            "Décidez dans Mailchimp lequel reste, puis liez-y le client.",
        ),
    ),
    Explanation(
        "MC-MEMBER-EXISTS",
        _text("This contact is in the audience already.", "Ce contact est déjà dans l’audience."),
        _text("It was added meanwhile.", "Il a été ajouté entre-temps."),
        _text("Retry: it is then linked instead.", "Réessayez : il sera alors lié."),
    ),
    Explanation(
        "MC-COMPLIANCE",
        _text(
            "This person unsubscribed, or their mail bounced.",
            "Cette personne s’est désabonnée ou ses courriels rebondissent.",
        ),
        _MAIL_RULE,
        _text("Nothing: Bridge never subscribes anyone again.", "Rien : Bridge ne réabonne jamais personne."),
        can_retry=False,
    ),
    Explanation(
        "MC-FORGOTTEN",
        _text(
            "This person was permanently deleted from Mailchimp.",
            "Cette personne a été supprimée définitivement de Mailchimp.",
        ),
        _MAIL_RULE,
        _text(
            "Exclude the customer. Only a sign-up form filled in by the person lifts this.",
            "Excluez le client. Seul un formulaire d’inscription rempli par la personne lève ce blocage.",
        ),
        can_retry=False,
    ),
    Explanation(
        "MC-TOO-MANY-LISTS",
        _text("Mailchimp does not take this address for now.", "Mailchimp n’accepte pas cette adresse pour le moment."),
        _text("It was added to a lot of audiences lately.", "Elle a été ajoutée à beaucoup d’audiences récemment."),
        _text("Retry in a few days.", "Réessayez dans quelques jours."),
    ),
    Explanation(
        "MC-ADDRESS-INCOMPLETE",
        _text("Mailchimp wants a complete address.", "Mailchimp veut une adresse complète."),
        _text(
            "Street, city, province and postal code are all needed.",
            "La rue, la ville, la province et le code postal sont tous nécessaires.",
        ),
        _text(
            "Complete the customer’s address, or empty it, then retry.",
            "Complétez l’adresse du client ou videz-la, puis réessayez.",
        ),
        who="client",
    ),
    Explanation(
        "MC-MERGE-FIELDS",
        _text(
            "A field of the audience does not take this value: {said}",
            "Un champ de l’audience n’accepte pas cette valeur : {said}",
        ),
        _text(
            "The field’s type or format was changed in Mailchimp, or the value does not fit it.",
            "Le type ou le format du champ a changé dans Mailchimp, ou la valeur n’y correspond pas.",
        ),
        _text(
            "Correct the value, or test the connection so that the fields are read again, then retry.",
            "Corrigez la valeur, ou testez la connexion pour relire les champs, puis réessayez.",
        ),
    ),
)

_STORE = (
    Explanation(
        "MC-AMOUNT",
        _text("An amount cannot be read: “{value}”.", "Un montant est illisible : « {value} »."),
        _text("The document has no usable total.", "Le document n’a pas de total utilisable."),
        _text(
            "Open the document at the source and save it again.", "Ouvrez le document à la source et enregistrez-le."
        ),
    ),
    Explanation(
        "MC-PRODUCT-UNKNOWN",
        _text(
            "The order names a product that the store does not have.",
            "La commande nomme un produit que la boutique n’a pas.",
        ),
        _text("The product was removed, or was refused before.", "Le produit a été supprimé ou refusé auparavant."),
        _text("Send the products again, then retry.", "Renvoyez les produits, puis réessayez."),
    ),
    Explanation(
        "MC-EXISTS",
        _text("The store already has a record of this id.", "La boutique a déjà une fiche de cet identifiant."),
        _text("An earlier write arrived after all.", "Une écriture précédente est arrivée malgré tout."),
        _text("Retry: it is then updated.", "Réessayez : elle sera alors mise à jour."),
    ),
    Explanation(
        "MC-ORDER-BUYER",
        _text("The document now belongs to another customer.", "Le document appartient maintenant à un autre client."),
        _text(
            "Mailchimp cannot move an order from one person to another.",
            "Mailchimp ne peut pas faire passer une commande d’une personne à une autre.",
        ),
        _text(
            "Remove the order in Mailchimp and unlink the document; it is then sent again.",
            "Supprimez la commande dans Mailchimp et déliez le document ; il sera alors renvoyé.",
        ),
    ),
)

_CALLS = (
    Explanation(
        "MC-NOT-FOUND",
        _text("Mailchimp no longer has this record.", "Mailchimp n’a plus cette fiche."),
        _text("It was removed there.", "Elle y a été supprimée."),
        _text(
            "Unlink the record if it should be sent anew, else exclude it.",
            "Déliez la fiche si elle doit être renvoyée, sinon excluez-la.",
        ),
    ),
    Explanation(
        "MC-INVALID",
        _text("Mailchimp refused a value: {said}", "Mailchimp a refusé une valeur : {said}"),
        _text("It does not fit the field {field}.", "Elle ne convient pas au champ {field}."),
        _text("Correct it at the source, then retry.", "Corrigez-la à la source, puis réessayez."),
    ),
    Explanation(
        "MC-BAD-REQUEST",
        _text("Mailchimp refused this record: {said}", "Mailchimp a refusé cette fiche : {said}"),
        _text("The sentence above is Mailchimp’s own.", "La phrase ci-dessus est celle de Mailchimp."),
        _text("Correct the record at the source, then retry.", "Corrigez la fiche à la source, puis réessayez."),
    ),
    Explanation(
        "MC-NOT-JSON",
        _text("Mailchimp could not read what we sent.", "Mailchimp n’a pas pu lire notre envoi."),
        _text("It was damaged on its way, or badly made.", "Il a été abîmé en chemin ou mal formé."),
        _SUPPORT,
        who="support",
    ),
    Explanation(
        "MC-OUR-FAULT",
        _text(
            "Mailchimp refused the way we asked ({status}).", "Mailchimp a refusé notre façon de demander ({status})."
        ),
        _text("The request was badly made.", "La requête était mal faite."),
        _SUPPORT,
        who="support",
        can_retry=False,
    ),
    Explanation(
        "MC-UNEXPECTED",
        _text(
            "Mailchimp gave an answer we do not know ({status}).",
            "Mailchimp a donné une réponse que nous ne connaissons pas ({status}).",
        ),
        _text("Its interface may have changed.", "Son interface a peut-être changé."),
        _SUPPORT,
        who="support",
    ),
    Explanation(
        "MC-BATCH-LOST",
        _text(
            "Mailchimp did not say what became of this write.",
            "Mailchimp n’a pas dit ce qu’est devenue cette écriture.",
        ),
        _text(
            "The answers to the batch are incomplete or were deleted.",
            "Les réponses du lot sont incomplètes ou ont été supprimées.",
        ),
        _text(
            "Nothing needs doing: Bridge looks whether it arrived before it writes again.",
            "Il n’y a rien à faire : Bridge vérifie si elle est arrivée avant de réécrire.",
        ),
        who="support",
    ),
    Explanation(
        "MC-ARCHIVE",
        _text("The answers to a batch cannot be read.", "Les réponses d’un lot sont illisibles."),
        _text("The archive is damaged or far too large.", "L’archive est abîmée ou beaucoup trop grosse."),
        _SUPPORT,
        who="support",
    ),
    Explanation(
        "MC-HOOK-EXISTS",
        _text("The audience already has this webhook.", "L’audience a déjà ce webhook."),
        _text("An earlier connection left it there.", "Une connexion précédente l’y a laissé."),
        _text("Nothing needs doing: it is used again.", "Il n’y a rien à faire : il est réutilisé."),
        who="support",
    ),
)


def _check(code: str, en: str, fr: str, cure: Text) -> Explanation:
    why = _text("Seen by the connection check.", "Constaté par la vérification de la connexion.")
    return Explanation(code, _text(en, fr), why, cure)


_NOTHING = _text("Nothing needs doing.", "Il n’y a rien à faire.")

_CHECKS = (
    _check("MC-CHECK-ACCOUNT", "Mailchimp answers as {name}.", "Mailchimp répond au nom de {name}.", _NOTHING),
    _check(
        "MC-CHECK-ROLE",
        "The role in Mailchimp is {role}.",
        "Le rôle dans Mailchimp est {role}.",
        _text(
            "Connect as owner, administrator or manager.",
            "Connectez-vous comme propriétaire, administrateur ou gestionnaire.",
        ),
    ),
    _check(
        "MC-CHECK-PLAN",
        "The plan is {plan}, with {contacts} contacts.",
        "Le forfait est {plan}, avec {contacts} contacts.",
        _text(
            "Check in Mailchimp how many contacts the plan allows before importing.",
            "Vérifiez dans Mailchimp combien de contacts le forfait permet avant d’importer.",
        ),
    ),
    _check(
        "MC-CHECK-AUDIENCE",
        "The audience {audience} holds {members} contacts.",
        "L’audience {audience} compte {members} contacts.",
        _NOTHING,
    ),
    _check(
        "MC-CHECK-DOUBLE-OPT-IN",
        "The audience {audience} asks new people to confirm.",
        "L’audience {audience} demande une confirmation aux nouvelles personnes.",
        _text(
            "Choose “non-subscribed”, or make sure of the consent.",
            "Choisissez « non abonné » ou assurez-vous du consentement.",
        ),
    ),
    _check(
        "MC-CHECK-FIELDS",
        "The audience has no field {fields}.",
        "L’audience n’a pas de champ {fields}.",
        _text("Add the field to the audience if you want it.", "Ajoutez le champ à l’audience si vous le désirez."),
    ),
    _check(
        "MC-CHECK-REQUIRED",
        "The audience requires the field {fields}.",
        "L’audience exige le champ {fields}.",
        _NOTHING,
    ),
)

CATALOGUE: tuple[Explanation, ...] = (*_ACCOUNT, *_PEOPLE, *_STORE, *_CALLS, *_CHECKS)
