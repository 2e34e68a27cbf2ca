"""What refusals mean to people, and what to do: the codes of `errors.py`, of writing and of the check."""

from connectors.contract import Explanation, Text


def _entry(
    code: str, en: tuple[str, str, str], fr: tuple[str, str, str], who: str = "staff", can_retry: bool = True
) -> Explanation:
    what, why, cure = (Text(one, other) for one, other in zip(en, fr, strict=True))
    return Explanation(code, what, why, cure, who, can_retry)


# fmt: off
_ACCESS = (
    _entry(
        "SM-KEY-SHAPE",
        ("This is not a Shopmonkey API key.",
         "A key is one long word without blanks.",
         "Copy it again from Settings > Integration > API Keys, whole and alone."),
        ("Ce n’est pas une clé d’API de Shopmonkey.",
         "Une clé est un seul long mot, sans espace.",
         "Copiez-la de nouveau depuis Settings > Integration > API Keys, en entier et seule."),
    ),
    _entry(
        "SM-KEY",
        ("Shopmonkey no longer takes the key.",
         "It was revoked or replaced, or copied wrongly.",
         "Have an administrator make a new key in Settings > Integration > API Keys, and connect again with it. "
         "Nothing is lost meanwhile."),
        ("Shopmonkey n’accepte plus la clé.",
         "Elle a été révoquée ou remplacée, ou mal copiée.",
         "Demandez à un administrateur de créer une nouvelle clé dans Settings > Integration > API Keys, puis "
         "reconnectez avec elle. Rien n’est perdu entre-temps."),
        who="client",
    ),
    _entry(
        "SM-FORBIDDEN",
        ("The key may not do this: {feature}.",
         "It was made without the permission “{permission}”.",
         "Have an administrator make a key with “{permission}” in Settings > Integration > API Keys, and connect again "
         "with it. The rest goes on meanwhile."),
        ("La clé n’a pas ce droit : {feature}.",
         "Elle a été créée sans la permission « {permission} ».",
         "Demandez à un administrateur de créer une clé avec « {permission} » dans Settings > Integration > API Keys, "
         "puis reconnectez avec elle. Le reste continue pendant ce temps."),
        who="client",
    ),
    _entry(
        "SM-FIREWALL",
        ("Shopmonkey’s firewall turned us away.",
         "It answers a page instead of data when it finds calls suspicious, often for some minutes only.",
         "Nothing: it is tried again later. If it lasts, ask Shopmonkey’s support to let this server’s address pass."),
        ("Le pare-feu de Shopmonkey nous a refusés.",
         "Il répond par une page au lieu de données lorsqu’il juge des appels suspects, souvent pour quelques minutes "
         "seulement.",
         "Rien : un nouvel essai suivra. Si cela dure, demandez au soutien de Shopmonkey de laisser passer l’adresse "
         "de ce serveur."),
    ),
    _entry(
        "SM-LOCATIONS-NONE",
        ("The key sees no location.",
         "A key belongs to one location or to all; this one to none that is open.",
         "Have an administrator make a key for the shop in Settings > Integration > API Keys."),
        ("La clé ne voit aucun emplacement.",
         "Une clé appartient à un emplacement ou à tous ; celle-ci, à aucun qui soit ouvert.",
         "Demandez à un administrateur de créer une clé pour l’atelier dans Settings > Integration > API Keys."),
    ),
)

_ANSWERS = (
    _entry(
        "SM-LOCATIONS-LOST",
        ("Shopmonkey does not show all locations of the key: {missing} are missing.",
         "Its lists leave rows out at random; this one was asked for many times.",
         "Nothing: it is tried again. If it lasts, give these words to Shopmonkey’s support."),
        ("Shopmonkey ne montre pas tous les emplacements de la clé : il en manque {missing}.",
         "Ses listes omettent des lignes au hasard ; celle-ci a été demandée plusieurs fois.",
         "Rien : un nouvel essai suivra. Si cela dure, donnez ces mots au soutien de Shopmonkey."),
    ),
    _entry(
        "SM-BUSY",
        ("Shopmonkey asks us to slow down.",
         "A key may make so many calls a minute; something else may use the same key.",
         "Nothing: it goes on by itself. Give each tool a key of its own."),
        ("Shopmonkey nous demande de ralentir.",
         "Une clé permet un certain nombre d’appels par minute ; autre chose utilise peut-être la même clé.",
         "Rien : le travail reprend de lui-même. Donnez à chaque outil sa propre clé."),
    ),
    _entry(
        "SM-DOWN",
        ("Shopmonkey does not work just now.", "It answered {status}.", "Nothing: it is tried again."),
        ("Shopmonkey ne fonctionne pas en ce moment.", "La réponse était {status}.",
         "Rien : un nouvel essai suivra."),
    ),
    _entry(
        "SM-NOT-SUCCESS",
        ("Shopmonkey answered, but says it did not work: {said}",
         "It was asked several times.",
         "Nothing: it is tried again. If it lasts, give these words to Shopmonkey’s support."),
        ("Shopmonkey a répondu, mais dit que cela n’a pas marché : {said}",
         "La demande a été faite plusieurs fois.",
         "Rien : un nouvel essai suivra. Si cela dure, donnez ces mots au soutien de Shopmonkey."),
    ),
    _entry(
        "SM-NOT-FOUND",
        ("Shopmonkey has no such record.",
         "It was deleted, or belongs to a location the key does not see.",
         "Look for it in Shopmonkey. Nothing is deleted here because of this."),
        ("Shopmonkey n’a pas cette fiche.",
         "Elle a été supprimée, ou appartient à un emplacement que la clé ne voit pas.",
         "Cherchez-la dans Shopmonkey. Rien n’est supprimé ici pour autant."),
    ),
    _entry(
        "SM-REFUSED",
        ("Shopmonkey refused this record: {said}",
         "A value does not suit it, or one like it is there already.",
         "Correct the record in QuickBooks or in Shopmonkey, then retry."),
        ("Shopmonkey a refusé cette fiche : {said}",
         "Une valeur ne convient pas, ou une fiche semblable existe déjà.",
         "Corrigez la fiche dans QuickBooks ou dans Shopmonkey, puis réessayez."),
    ),
    _entry(
        "SM-OUR-FAULT",
        ("Shopmonkey did not understand us: {said}", "This is our mistake.", "Give this code to support."),
        ("Shopmonkey ne nous a pas compris : {said}", "C’est notre erreur.", "Donnez ce code au soutien."),
        who="support",
    ),
    _entry(
        "SM-UNEXPECTED",
        ("Shopmonkey answered {status}, which we do not know.", "This is our mistake, or something new there.",
         "Give this code to support."),
        ("Shopmonkey a répondu {status}, que nous ne connaissons pas.",
         "C’est notre erreur, ou une nouveauté là-bas.", "Donnez ce code au soutien."),
        who="support",
    ),
    _entry(
        "SM-WEBHOOK",
        ("A notice from Shopmonkey cannot be read.", "It is not what the vendor describes.",
         "Give this code to support. Nothing is lost: what changed is read anyway."),
        ("Un avis de Shopmonkey est illisible.", "Ce n’est pas ce que le fournisseur décrit.",
         "Donnez ce code au soutien. Rien n’est perdu : les changements sont lus de toute façon."),
        who="support",
    ),
)

_WRITES = (
    _entry(
        "SM-EXISTS",
        ("Shopmonkey has such a record already: {name}.",
         "It has the same {by}. Shopmonkey’s lists do not always show everything, so we look before we add.",
         "Run again so that the two are matched, or open Duplicates and link them."),
        ("Shopmonkey a déjà une telle fiche : {name}.",
         "Elle a le même critère ({by}). Les listes de Shopmonkey ne montrent pas toujours tout : nous cherchons donc "
         "avant d’ajouter.",
         "Relancez pour que les deux soient appariées, ou ouvrez Doublons et liez-les."),
    ),
    _entry(
        "SM-NOT-TAKEN",
        ("Shopmonkey took the record but not all of it: {fields}.",
         "Read back, these fields do not hold what was sent. Shopmonkey ignores what it does not know without a word.",
         "Compare the record in Shopmonkey, and put these fields right there by hand."),
        ("Shopmonkey a pris la fiche, mais pas en entier : {fields}.",
         "À la relecture, ces champs ne contiennent pas ce qui a été envoyé. Shopmonkey ignore sans mot dire ce qu’il "
         "ne connaît pas.",
         "Comparez la fiche dans Shopmonkey et corrigez-y ces champs à la main."),
    ),
    _entry(
        "SM-NO-ROUTE",
        ("Shopmonkey has no way to add or change this from outside.",
         "The call is not offered to this account.",
         "Download the file of the import and load it in Shopmonkey by hand."),
        ("Shopmonkey n’offre aucun moyen d’ajouter ou de modifier ceci de l’extérieur.",
         "L’appel n’est pas offert à ce compte.",
         "Téléchargez le fichier de l’importation et chargez-le à la main dans Shopmonkey."),
        can_retry=False,
    ),
    _entry(
        "SM-LOCATION-MISSING",
        ("It is not said to which location this goes.",
         "The key sees several locations, and a part belongs to one.",
         "Choose the location in the settings of the integration."),
        ("L’emplacement de destination n’est pas précisé.",
         "La clé voit plusieurs emplacements, et une pièce appartient à un seul.",
         "Choisissez l’emplacement dans les réglages de l’intégration."),
    ),
    _entry(
        "SM-NAME-MISSING",
        ("This record has no name Shopmonkey could take.",
         "A customer needs a first or last name or a company, a part a name and a number.",
         "Complete the record in QuickBooks."),
        ("Cette fiche n’a pas de nom que Shopmonkey puisse prendre.",
         "Un client doit avoir un prénom, un nom ou une entreprise ; une pièce, un nom et un numéro.",
         "Complétez la fiche dans QuickBooks."),
        who="client",
    ),
    _entry(
        "SM-QUANTITY",
        ("No quantity is told for this part.", "The other side does not count it.",
         "Track its stock there, or leave the part out of the stock flow."),
        ("Aucune quantité n’est donnée pour cette pièce.", "L’autre côté ne la compte pas.",
         "Suivez son stock là-bas, ou laissez la pièce hors du flux de stock."),
    ),
)

_CHECK = (
    _entry(
        "SM-TIME-ZONE",
        ("The time zone of a location is not known.", "Its days are counted in UTC.",
         "Set the time zone of the location in Shopmonkey’s settings."),
        ("Le fuseau horaire d’un emplacement est inconnu.", "Ses jours sont comptés en UTC.",
         "Réglez le fuseau horaire de l’emplacement dans les paramètres de Shopmonkey."),
    ),
    _entry(
        "SM-CURRENCY",
        ("The currency of a location is not known.", "It follows the country, and this one is not known.",
         "Set the country of the location in Shopmonkey’s settings."),
        ("La devise d’un emplacement est inconnue.", "Elle suit le pays, et celui-ci est inconnu.",
         "Réglez le pays de l’emplacement dans les paramètres de Shopmonkey."),
    ),
)
# fmt: on

CATALOGUE = (*_ACCESS, *_ANSWERS, *_WRITES, *_CHECK)
