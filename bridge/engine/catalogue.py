"""What the engine and the jobs have to say to people: every code with what happened, why, and what to do, in English
and in French. No vendor is named here; connectors and recipes bring the words for their own codes.
"""

from bridge.engine.catalogue_posting import POSTING, RECONCILING
from bridge.engine.wording import explain as _e
from bridge.engine.wording import french
from bridge.engine.wording import text as _text
from connectors.contract import Explanation, Text

__all__ = ["ENGINE_CATALOGUE", "REASONS", "french"]

# Why something is done, in a few words. These need no cure.
REASONS: dict[str, Text] = {
    "new": _text(("New: nothing on the other side is this record", "Nouveau : rien de l’autre côté n’est cette fiche")),
    "changed": _text(("Changed since both sides last agreed", "Modifié depuis le dernier accord des deux côtés")),
    "same-email": _text(("Same e-mail address, and only one has it", "Même adresse courriel, et une seule fiche l’a")),
    "same-fields": _text(
        ("Same in every match field, and only one is", "Mêmes champs d’appariement, et une seule fiche")
    ),
    "same-id": _text(("Already there under the id it would get", "Déjà là sous l’identifiant qu’elle recevrait")),
    "at-end": _text(("The first import is over", "La première importation est terminée")),
    "disconnect": _text(("Removed on disconnecting", "Supprimé à la déconnexion")),
    "flow-deleted": _text(
        ("Its sync was deleted before it went", "Sa synchronisation a été supprimée avant son envoi")
    ),
    "undo": _text(("Takes back an earlier write", "Annule une écriture antérieure")),
    "moved": _text(("Changed since it was planned", "A changé depuis la planification")),
    "shared": _text(("Shares its twin with another record", "Partage sa jumelle avec une autre fiche")),
    "agreed": _text(("Both sides came to say the same", "Les deux côtés en sont venus à dire la même chose")),
    "wanted": _text(("Missing there, and this pair needs it", "Absent là-bas, et cette paire en a besoin")),
    "imported": _text(("Made by a one-time import", "Créé par une importation ponctuelle")),
    "source-gone": _text(("Gone at the source", "Disparu à la source")),
}

_CONTACTS = (
    _e(
        "CONTACT-NO-EMAIL",
        ("This contact has no e-mail address.", "Ce contact n’a pas d’adresse courriel."),
        ("The other side knows people by their address.", "L’autre côté reconnaît les gens à leur adresse."),
        (
            "Add an address at the source if this person should go too; if not, nothing needs doing.",
            "Ajoutez une adresse à la source si cette personne doit passer aussi ; sinon, il n’y a rien à faire.",
        ),
        who="client",
    ),
    _e(
        "CONTACT-EMAIL-SHARED",
        ("Two contacts have the address {email}.", "Deux contacts ont l’adresse {email}."),
        (
            "The other side keeps one contact per address, and record {rival} already has it.",
            "L’autre côté garde un contact par adresse, et la fiche {rival} l’a déjà.",
        ),
        (
            "Give one of the two its own address, or leave this one out. Nothing is merged by itself.",
            "Donnez à l’un des deux sa propre adresse, ou laissez celui-ci de côté. Rien n’est fusionné tout seul.",
        ),
        who="client",
    ),
    _e(
        "CONTACT-EMAIL-SEVERAL",
        (
            "The e-mail field holds several addresses: {email}.",
            "Le champ courriel contient plusieurs adresses : {email}.",
        ),
        (
            "The other side takes one, and choosing for this person would be a guess.",
            "L’autre côté n’en prend qu’une, et choisir pour cette personne serait deviner.",
        ),
        (
            "Keep one address at the source, or add a rule that takes the first.",
            "Gardez une seule adresse à la source, ou ajoutez une règle qui prend la première.",
        ),
        who="client",
    ),
    _e(
        "CONTACT-EMAIL-INVALID",
        ("“{email}” is not an e-mail address.", "« {email} » n’est pas une adresse courriel."),
        (
            "Something is missing or mistyped, so no mail could reach it.",
            "Il y manque quelque chose ou elle est mal tapée : aucun courriel n’y arriverait.",
        ),
        ("Correct the address at the source.", "Corrigez l’adresse à la source."),
        who="client",
    ),
)

_KEPT_BACK = (
    _e(
        "FILTERED",
        ("Your filter leaves this record out.", "Votre filtre laisse cette fiche de côté."),
        ("It does not meet the conditions shown below.", "Elle ne remplit pas les conditions montrées ci-dessous."),
        (
            "Nothing, if that is right. If not, change the filter or the record.",
            "Rien, si c’est voulu. Sinon, changez le filtre ou la fiche.",
        ),
        can_retry=False,
    ),
    _e(
        "BEFORE-START",
        (
            "This document is dated {date}, before the start on {start}.",
            "Ce document date du {date}, avant le début fixé au {start}.",
        ),
        (
            "Only documents from the start date on are kept in step.",
            "Seuls les documents à partir de la date de début sont suivis.",
        ),
        ("Set an earlier start date if it should go.", "Fixez une date de début plus ancienne s’il doit passer."),
        can_retry=False,
    ),
    _e(
        "EXCLUDED-BY-PERSON",
        ("A person decided that this record does not go.", "Une personne a décidé que cette fiche ne passe pas."),
        ("The reason given: {reason}", "La raison donnée : {reason}"),
        (
            "Lift the decision on the record’s page to let it go.",
            "Levez la décision sur la page de la fiche pour qu’elle passe.",
        ),
        can_retry=False,
    ),
    _e(
        "SOURCE-INACTIVE",
        ("This record is inactive or deleted at the source.", "Cette fiche est inactive ou supprimée à la source."),
        ("What is no longer in use is not sent.", "Ce qui n’est plus utilisé n’est pas envoyé."),
        ("Make it active again at the source if it should go.", "Réactivez-la à la source si elle doit passer."),
        can_retry=False,
    ),
    _e(
        "SOURCE-GONE",
        (
            "This record was deleted or made inactive at the source.",
            "Cette fiche a été supprimée ou rendue inactive à la source.",
        ),
        (
            "By your settings its twin on the other side stays as it is and gets no more updates.",
            "Selon vos réglages, sa jumelle de l’autre côté reste telle quelle et n’est plus mise à jour.",
        ),
        (
            "Nothing, if that is right. You may delete the twin by hand, or make this record active again.",
            "Rien, si c’est voulu. Vous pouvez supprimer la jumelle à la main ou réactiver cette fiche.",
        ),
        can_retry=False,
    ),
    _e(
        "SOURCE-MERGED",
        (
            "This record was merged into record {survivor} at the source.",
            "Cette fiche a été fusionnée dans la fiche {survivor} à la source.",
        ),
        ("Only the one that is left is kept in step.", "Seule celle qui reste est suivie."),
        (
            "Look at record {survivor}; here nothing needs doing.",
            "Voyez la fiche {survivor} ; ici, il n’y a rien à faire.",
        ),
        can_retry=False,
    ),
    _e(
        "TARGET-GONE",
        (
            "The twin of this record is gone on the other side.",
            "La jumelle de cette fiche n’existe plus de l’autre côté.",
        ),
        (
            "Someone deleted or archived it there. Making it anew could go against their wish.",
            "Quelqu’un l’y a supprimée ou archivée. La recréer pourrait aller contre sa volonté.",
        ),
        (
            "Restore it there, link this record to another one, or leave it out.",
            "Rétablissez-la là-bas, liez cette fiche à une autre, ou laissez-la de côté.",
        ),
    ),
    _e(
        "TARGET-MERGED",
        (
            "The twin was merged into record {survivor} on the other side.",
            "La jumelle a été fusionnée dans la fiche {survivor} de l’autre côté.",
        ),
        ("The link still points at the one that is gone.", "Le lien mène encore à celle qui n’existe plus."),
        (
            "Confirm that record {survivor} is the twin now.",
            "Confirmez que la fiche {survivor} est maintenant la jumelle.",
        ),
    ),
    _e(
        "TARGET-MOVED",
        ("The other side changed after this was planned.", "L’autre côté a changé après la planification."),
        (
            "What you approved would have overwritten the newer change.",
            "Ce que vous avez approuvé aurait écrasé le changement plus récent.",
        ),
        (
            "It is planned anew; look at the new line and approve it.",
            "C’est planifié à nouveau ; voyez la nouvelle ligne et approuvez-la.",
        ),
    ),
    _e(
        "LOOP-STOPPED",
        (
            "The same values went back and forth between both sides: {fields}.",
            "Les mêmes valeurs sont passées d’un côté à l’autre, sans fin : {fields}.",
        ),
        (
            "These two rules undo each other: “{one}” and “{other}”.",
            "Ces deux règles se défont l’une l’autre : « {one} » et « {other} ».",
        ),
        (
            "Change one of the two rules, or let one side own the field; then retry. Until then nothing is written.",
            "Changez une des deux règles, ou donnez le champ à un côté ; puis réessayez. D’ici là, rien n’est écrit.",
        ),
    ),
    _e(
        "CONFLICT-DECIDED",
        ("This was decided already.", "C’était déjà décidé."),
        ("Somebody was faster, or the page was old.", "Quelqu’un a été plus rapide, ou la page n’était plus à jour."),
        ("Look at the list again.", "Revoyez la liste."),
        can_retry=False,
    ),
    _e(
        "CONFLICT-DONE",
        ("This decision can no longer be taken back.", "Cette décision ne peut plus être annulée."),
        (
            "It is carried out, or the two sides changed again.",
            "Elle est exécutée, ou les deux côtés ont encore changé.",
        ),
        ("Change the value at its source.", "Changez la valeur à sa source."),
        can_retry=False,
    ),
    _e(
        "CONFLICT-WINNER",
        ("Nothing was chosen.", "Rien n’a été choisi."),
        (
            "A conflict ends with one side’s value, or with one you type.",
            "Un conflit se règle par la valeur d’un côté, ou par celle que vous tapez.",
        ),
        ("Choose one of them.", "Choisissez-en une."),
        can_retry=False,
    ),
    _e(
        "CONFLICT-VALUE",
        ("“{value}” does not fit this field.", "« {value} » ne convient pas à ce champ."),
        ("It cannot be read as what the field holds.", "Ce n’est pas lisible comme ce que le champ contient."),
        ("Type another value, or choose one of the two.", "Tapez une autre valeur, ou choisissez une des deux."),
        can_retry=False,
    ),
    _e(
        "CONFLICT-NO-RULE",
        ("No rule writes this field any more.", "Aucune règle n’écrit plus ce champ."),
        ("The rules changed since both sides did.", "Les règles ont changé depuis."),
        ("Decide for this record; the next run looks again.", "Décidez pour cette fiche ; la prochaine passe reverra."),
        can_retry=False,
    ),
    _e(
        "CONFLICT",
        ("Both sides changed the same fields: {fields}.", "Les deux côtés ont changé les mêmes champs : {fields}."),
        ("Your rules say that a person decides in that case.", "Vos règles disent qu’une personne décide dans ce cas."),
        (
            "Compare the two values and pick one for each field; the other fields go on.",
            "Comparez les deux valeurs et choisissez pour chaque champ ; les autres champs continuent.",
        ),
    ),
)

_MATCHES = (
    _e(
        "SEVERAL-MATCHES",
        (
            "{count} records on the other side could be this one.",
            "{count} fiches de l’autre côté pourraient être celle-ci.",
        ),
        ("They are equal in what records are matched on.", "Elles sont égales dans ce qui sert à apparier."),
        ("Choose the right one, or say that none of them is.", "Choisissez la bonne, ou dites qu’aucune ne l’est."),
    ),
    _e(
        "SEVERAL-SOURCES",
        (
            "{count} records on this side could be the same one on the other.",
            "{count} fiches de ce côté pourraient être la même de l’autre.",
        ),
        ("They are equal in what records are matched on.", "Elles sont égales dans ce qui sert à apparier."),
        (
            "Choose the one that is, or tell them apart. Nothing is linked by itself.",
            "Choisissez celle qui l’est, ou distinguez-les. Rien n’est lié tout seul.",
        ),
    ),
    _e(
        "TWIN-ON-ITS-WAY",
        ("This record may be one we have just made.", "Cette fiche est peut-être une que nous venons de créer."),
        (
            "A record was sent to that side and its answer was lost; made here as well, it would be there twice.",
            "Une fiche y a été envoyée et la réponse s’est perdue ; créée ici aussi, elle existerait en double.",
        ),
        (
            "Nothing: the lost answer is found out first, then this one is looked at again.",
            "Rien : la réponse perdue est d’abord retrouvée, puis celle-ci est revue.",
        ),
        who="support",
    ),
    _e(
        "MAYBE-MATCH",
        ("A record on the other side looks like this one.", "Une fiche de l’autre côté ressemble à celle-ci."),
        (
            "Some things agree and some do not; the parts are shown.",
            "Certaines choses concordent, d’autres non ; le détail est montré.",
        ),
        (
            "Compare them: link the two, or say they are never the same.",
            "Comparez-les : liez les deux, ou dites qu’elles ne sont jamais la même.",
        ),
    ),
    _e(
        "TWIN-TAKEN",
        (
            "The record this one matches is already linked to another.",
            "La fiche qui correspond à celle-ci est déjà liée à une autre.",
        ),
        (
            "It belongs to record {rival}, and one twin serves one record.",
            "Elle appartient à la fiche {rival}, et une jumelle sert une seule fiche.",
        ),
        (
            "Look whether the two are duplicates at the source, or correct the link.",
            "Voyez si les deux sont des doublons à la source, ou corrigez le lien.",
        ),
    ),
    _e(
        "NEVER-MATCH",
        (
            "The only record that fits is one that a person said is never the same.",
            "La seule fiche qui convient en est une dont une personne a dit qu’elle n’est jamais la même.",
        ),
        (
            "Both still have equal match fields, so a new record would collide with it.",
            "Les deux ont toujours les mêmes champs d’appariement : une nouvelle fiche la heurterait.",
        ),
        (
            "Change what is equal on one side, leave this record out, or take the decision back.",
            "Changez d’un côté ce qui est égal, laissez cette fiche de côté, ou revenez sur la décision.",
        ),
    ),
    _e(
        "PARENT-MISSING",
        (
            "This record names {parent}, which is not on the other side yet.",
            "Cette fiche nomme {parent}, qui n’est pas encore de l’autre côté.",
        ),
        ("What a document names must be there first.", "Ce qu’un document nomme doit y être d’abord."),
        (
            "It goes by itself once {parent} is there. Look why that one waits.",
            "Elle passera d’elle-même quand {parent} y sera. Voyez pourquoi ce parent attend.",
        ),
    ),
    _e(
        "PARENT-LEFT-OUT",
        ("This record does not go: {parent} is left out.", "Cette fiche ne part pas : {parent} est exclu."),
        ("What a document names must be there first.", "Ce qu’un document nomme doit y être d’abord."),
        (
            "Nothing to do if that is right. Otherwise see why {parent} is left out; this record then follows.",
            "Rien à faire si c’est voulu. Sinon, voyez pourquoi {parent} est exclu ; cette fiche suivra.",
        ),
    ),
    _e(
        "PARENT-HELD",
        ("This record waits for {parent}, which is held.", "Cette fiche attend {parent}, qui est retenu."),
        ("What a document names must be there first.", "Ce qu’un document nomme doit y être d’abord."),
        (
            "Settle {parent}; this record then goes by itself.",
            "Réglez {parent} ; cette fiche passera ensuite d’elle-même.",
        ),
    ),
)

_VALUES = (
    _e(
        "NO-TEXT-FOR-AMOUNT",
        (
            "An amount of this record is not a number: {field}.",
            "Un montant de cette fiche n’est pas un nombre : {field}.",
        ),
        ("Amounts are never guessed from text.", "On ne devine jamais un montant à partir d’un texte."),
        ("Correct the amount at the source.", "Corrigez le montant à la source."),
    ),
    _e(
        "AMOUNT-PRECISION",
        (
            "The amount {amount} has more decimals than its currency.",
            "Le montant {amount} a plus de décimales que sa devise.",
        ),
        (
            "Rounding it here would make the two sides differ by a cent.",
            "L’arrondir ici ferait différer les deux côtés d’un cent.",
        ),
        ("Correct the amount at the source.", "Corrigez le montant à la source."),
    ),
    _e(
        "LINES-DO-NOT-ADD-UP",
        ("The lines come to {lines}, the document to {total}.", "Les lignes font {lines}, le document {total}."),
        (
            "A document whose parts do not make its total is not sent on.",
            "Un document dont les parties ne font pas le total n’est pas transmis.",
        ),
        (
            "Look for a missing line, discount or tax at the source.",
            "Cherchez une ligne, une remise ou une taxe manquante à la source.",
        ),
    ),
    _e(
        "NO-RULE-OUTPUT",
        ("The rules give nothing to write for this record.", "Les règles ne donnent rien à écrire pour cette fiche."),
        (
            "All fields they read are empty or unknown here.",
            "Tous les champs qu’elles lisent sont vides ou inconnus ici.",
        ),
        (
            "Fill the record at the source, or add a rule that finds something.",
            "Remplissez la fiche à la source, ou ajoutez une règle qui trouve quelque chose.",
        ),
    ),
    _e(
        "VALUE-NOT-MAPPED",
        (
            "“{value}” has no place in the value map “{kind}”.",
            "« {value} » n’a pas de place dans la table de valeurs « {kind} ».",
        ),
        (
            "What it stands for on the other side is yours to say.",
            "C’est à vous de dire ce qui y correspond de l’autre côté.",
        ),
        (
            "Add it to the value map; all that wait for it then go.",
            "Ajoutez-la à la table ; tout ce qui l’attend passera alors.",
        ),
    ),
    _e(
        "VALUE-NOT-CHOSEN",
        ("A rule has no choice for “{value}”.", "Une règle n’a pas de choix pour « {value} »."),
        (
            "It names other values only, and none for all others.",
            "Elle ne nomme que d’autres valeurs, et rien pour toutes les autres.",
        ),
        (
            "Add “{value}” to the rule, or a choice for all others (*).",
            "Ajoutez « {value} » à la règle, ou un choix pour toutes les autres (*).",
        ),
    ),
    _e(
        "VALUE-NOT-A-DATE",
        ("“{value}” cannot be read as a date.", "« {value} » ne se lit pas comme une date."),
        ("A rule wants to write it as one.", "Une règle veut l’écrire comme telle."),
        (
            "Correct the value at the source, or change the rule.",
            "Corrigez la valeur à la source, ou changez la règle.",
        ),
    ),
    _e(
        "VALUE-NOT-A-NUMBER",
        ("“{value}” cannot be read as a number.", "« {value} » ne se lit pas comme un nombre."),
        ("A rule wants to write it as one.", "Une règle veut l’écrire comme tel."),
        (
            "Correct the value at the source, or change the rule.",
            "Corrigez la valeur à la source, ou changez la règle.",
        ),
    ),
    _e(
        "VALUE-UNREADABLE",
        (
            "A value of this record has a form nobody foresaw.",
            "Une valeur de cette fiche a une forme que personne n’avait prévue.",
        ),
        ("Details for support: {detail}", "Détails pour le soutien : {detail}"),
        ("Tell support; the other records go on.", "Prévenez le soutien ; les autres fiches continuent."),
        who="support",
    ),
    _e(
        "VALUE-TOO-LONG",
        (
            "“{field}” is longer than the other side takes ({most} characters).",
            "« {field} » est plus long que ce que l’autre côté accepte ({most} caractères).",
        ),
        ("Nothing is cut without being asked.", "Rien n’est coupé sans qu’on le demande."),
        (
            "Shorten it at the source, or add a rule that cuts it.",
            "Raccourcissez-le à la source, ou ajoutez une règle qui le coupe.",
        ),
    ),
)

_RULES = (
    _e(
        "RULE-UNKNOWN-FIELD",
        ("There is no field called “{field}”.", "Il n’y a pas de champ nommé « {field} »."),
        (
            "The rule was typed or imported with a name nobody knows.",
            "La règle a été tapée ou importée avec un nom inconnu.",
        ),
        ("Choose a field from the list.", "Choisissez un champ dans la liste."),
    ),
    _e(
        "RULE-LONG-FIELD",
        ("The name “{field}” is too long.", "Le nom « {field} » est trop long."),
        (
            "A rule keeps names of at most {most} characters.",
            "Une règle garde des noms d’au plus {most} caractères.",
        ),
        (
            "Use a field with a shorter name; one can be made on the page of fields.",
            "Prenez un champ au nom plus court ; la page des champs permet d’en créer un.",
        ),
    ),
    _e(
        "RULE-NOT-WRITABLE",
        ("“{field}” cannot be written on the other side.", "« {field} » ne peut pas être écrit de l’autre côté."),
        (
            "It can only be read there, or is a person’s own to change.",
            "On ne peut que l’y lire, ou c’est à la personne seule de le changer.",
        ),
        ("Choose another field to write to.", "Choisissez un autre champ à écrire."),
    ),
    _e(
        "RULE-UNKNOWN-TRANSFORM",
        ("There is no transform called “{transform}”.", "Il n’y a pas de transformation nommée « {transform} »."),
        (
            "The rule was typed or imported with a name nobody knows.",
            "La règle a été tapée ou importée avec un nom inconnu.",
        ),
        ("Choose a transform from the list.", "Choisissez une transformation dans la liste."),
    ),
    _e(
        "RULE-BAD-ARGUMENT",
        (
            "“{argument}” makes no sense for the transform “{transform}”.",
            "« {argument} » n’a pas de sens pour la transformation « {transform} ».",
        ),
        (
            "Each transform says what it needs, with an example.",
            "Chaque transformation dit ce qu’il lui faut, avec un exemple.",
        ),
        ("Correct it after the example shown.", "Corrigez d’après l’exemple montré."),
    ),
    _e(
        "RULE-BAD-CHOICE",
        ("“{value}” is not one of the choices.", "« {value} » n’est pas un des choix."),
        (
            "The rule was typed or imported with a word nobody knows.",
            "La règle a été tapée ou importée avec un mot inconnu.",
        ),
        ("Choose from the list.", "Choisissez dans la liste."),
    ),
    _e(
        "RULE-KINDS-DIFFER",
        ("“{source}” does not fit into “{target}”.", "« {source} » n’entre pas dans « {target} »."),
        (
            "The two hold different kinds of value, such as a date and an amount.",
            "Les deux contiennent des genres de valeurs différents, comme une date et un montant.",
        ),
        (
            "Choose another field, or a transform that turns one into the other.",
            "Choisissez un autre champ, ou une transformation qui change l’un en l’autre.",
        ),
    ),
)

_FILTERS = (
    _e(
        "FILTER-EVERYTHING",
        ("This filter lets every record through.", "Ce filtre laisse tout passer."),
        ("It has no condition that could keep one back.", "Il n’a aucune condition qui pourrait retenir une fiche."),
        (
            "Save it if you mean that; otherwise add a condition.",
            "Enregistrez-le si c’est voulu ; sinon, ajoutez une condition.",
        ),
    ),
    _e(
        "FILTER-NOTHING",
        ("This filter lets no record through.", "Ce filtre ne laisse rien passer."),
        (
            "Its conditions cannot all be met by one record.",
            "Une seule fiche ne peut pas remplir toutes ses conditions.",
        ),
        ("Remove or change a condition.", "Ôtez ou changez une condition."),
    ),
    _e(
        "FILTER-SHAPE",
        ("This part of the filter cannot be read.", "Cette partie du filtre est illisible."),
        ("It is neither a condition nor a group of them.", "Ce n’est ni une condition ni un groupe de conditions."),
        ("Remove it and build it again.", "Ôtez-la et refaites-la."),
    ),
    _e(
        "FILTER-TOO-LARGE",
        ("This filter is too large or too deep.", "Ce filtre est trop grand ou trop profond."),
        ("At most {most} conditions are allowed.", "On permet au plus {most} conditions."),
        (
            "Use “is one of” in place of many conditions.",
            "Employez « est l’un de » à la place de nombreuses conditions.",
        ),
    ),
    _e(
        "FILTER-UNKNOWN-FIELD",
        ("There is no field called “{field}”.", "Il n’y a pas de champ nommé « {field} »."),
        (
            "The filter was typed or imported with a name nobody knows.",
            "Le filtre a été tapé ou importé avec un nom inconnu.",
        ),
        ("Choose a field from the list.", "Choisissez un champ dans la liste."),
    ),
    _e(
        "FILTER-UNKNOWN-TEST",
        ("There is no test called “{test}”.", "Il n’y a pas de test nommé « {test} »."),
        (
            "The filter was typed or imported with a name nobody knows.",
            "Le filtre a été tapé ou importé avec un nom inconnu.",
        ),
        ("Choose a test from the list.", "Choisissez un test dans la liste."),
    ),
    _e(
        "FILTER-TEST-KIND",
        ("“{field}” cannot be tested that way ({test}).", "« {field} » ne se vérifie pas ainsi ({test})."),
        ("Its kind of value has other tests.", "Son genre de valeur a d’autres tests."),
        ("Choose a test from the list of this field.", "Choisissez un test dans la liste de ce champ."),
    ),
    _e(
        "FILTER-BAD-VALUE",
        (
            "“{value}” is no value to test “{field}” against.",
            "« {value} » n’est pas une valeur à laquelle comparer « {field} ».",
        ),
        ("It is missing, or not of the field’s kind.", "Elle manque, ou n’est pas du genre du champ."),
        (
            "Give a value of the right kind: a number, a date or some text.",
            "Donnez une valeur du bon genre : un nombre, une date ou un texte.",
        ),
    ),
)

_LOOK = ("Look at the plan and approve it, or stop.", "Voyez le plan et approuvez-le, ou arrêtez.")
_BRAKES = (
    _e(
        "STOCK-WOULD-WIPE",
        (
            "{items} of {of} products would fall to nothing, {units} units in all: no quantity is set.",
            "{items} produits sur {of} tomberaient à zéro, {units} unités en tout : aucune quantité n’est mise.",
        ),
        (
            "Where nobody has counted the stock yet, setting it would empty the shop.",
            "Là où personne n’a encore compté le stock, le mettre viderait la boutique.",
        ),
        (
            "Enter the quantities in the books first. If so many really are sold out, raise the flow’s limits.",
            "Entrez d’abord les quantités dans les livres. Si tant de produits sont vraiment épuisés, relevez les "
            "limites du flux.",
        ),
    ),
    _e(
        "BRAKE-FIRST-RUN",
        (
            "This is the first run; {writes} writes wait for you.",
            "C’est le premier passage ; {writes} écritures vous attendent.",
        ),
        (
            "Nothing is written the first time before a person has seen it.",
            "La première fois, rien n’est écrit avant qu’une personne l’ait vu.",
        ),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-RULES-CHANGED",
        (
            "The rules changed; {writes} writes wait for you.",
            "Les règles ont changé ; {writes} écritures vous attendent.",
        ),
        (
            "A change of rules can touch every record at once.",
            "Un changement de règles peut toucher toutes les fiches d’un coup.",
        ),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-REMOVALS",
        (
            "This run would remove {count} records; at most {most} go alone.",
            "Ce passage retirerait {count} fiches ; au plus {most} partent sans accord.",
        ),
        ("So many at once may be a mistake at the source.", "Autant d’un coup peut venir d’une erreur à la source."),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-UPDATES",
        (
            "This run would change {count} records; at most {most} go alone.",
            "Ce passage changerait {count} fiches ; au plus {most} partent sans accord.",
        ),
        (
            "So many at once may be a mistake at the source or in a rule.",
            "Autant d’un coup peut venir d’une erreur à la source ou dans une règle.",
        ),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-CREATES",
        (
            "This run would create {count} records; at most {most} go alone.",
            "Ce passage créerait {count} fiches ; au plus {most} partent sans accord.",
        ),
        ("That is the limit set for this connection.", "C’est la limite fixée pour cette connexion."),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-AMOUNT",
        (
            "A document of {amount} is above the limit of {most}.",
            "Un document de {amount} dépasse la limite de {most}.",
        ),
        (
            "Amounts above the limit are seen by a person first.",
            "Une personne voit d’abord les montants au-dessus de la limite.",
        ),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-EMPTY-READING",
        (
            "The source showed nothing, where it had {before} records before.",
            "La source n’a rien montré, alors qu’elle avait {before} fiches avant.",
        ),
        (
            "That is more often a fault than the truth, so nothing is inferred from it.",
            "C’est plus souvent une panne que la vérité : on n’en déduit rien.",
        ),
        ("Check the source, then run again.", "Vérifiez la source, puis relancez."),
    ),
)

_CALLS = (
    _e(
        "ATTEMPTS-EXHAUSTED",
        ("This was tried {attempts} times without success.", "Cela a été essayé {attempts} fois sans succès."),
        (
            "It is set aside so that the others go on. The last reason is shown below.",
            "C’est mis de côté pour que les autres continuent. La dernière raison est montrée ci-dessous.",
        ),
        ("Settle the reason, then try again.", "Réglez la raison, puis réessayez."),
    ),
    _e(
        "OUTCOME-UNKNOWN",
        ("A write was sent and no answer came back.", "Une écriture est partie et aucune réponse n’est revenue."),
        (
            "It may have been carried out or not; sending it again blindly could double it.",
            "Elle a pu être exécutée ou non ; la renvoyer à l’aveugle pourrait la doubler.",
        ),
        (
            "Nothing yet: it is looked for on the other side by itself.",
            "Rien pour l’instant : elle est recherchée de l’autre côté automatiquement.",
        ),
        can_retry=False,
    ),
    _e(
        "OUTCOME-SEVERAL",
        (
            "Several records could be the one a lost write made.",
            "Plusieurs fiches pourraient être celle qu’une écriture perdue a faite.",
        ),
        (
            "No answer came back, and the search found more than one.",
            "Aucune réponse n’est revenue, et la recherche en a trouvé plus d’une.",
        ),
        ("Choose the right one, or say that none of them is.", "Choisissez la bonne, ou dites qu’aucune ne l’est."),
    ),
    _e(
        "ANSWER-DIFFERS",
        (
            "It was accepted, but kept otherwise than sent: {fields}.",
            "C’est accepté, mais gardé autrement qu’envoyé : {fields}.",
        ),
        (
            "The other side cut, changed or dropped something.",
            "L’autre côté a coupé, changé ou laissé tomber quelque chose.",
        ),
        ("Compare the two and correct what matters.", "Comparez les deux et corrigez ce qui compte."),
    ),
    _e(
        "READ-INCOMPLETE",
        ("A list could not be read to its end.", "Une liste n’a pas pu être lue jusqu’au bout."),
        (
            "What was not seen is not taken for deleted; the rest waits.",
            "Ce qui n’a pas été vu n’est pas tenu pour supprimé ; le reste attend.",
        ),
        ("Run again; if it comes back, tell support.", "Relancez ; si cela revient, prévenez le soutien."),
    ),
    _e(
        "READ-MISSING",
        (
            "The reading is incomplete: at least {missing} records are missing ({resources}).",
            "La lecture est incomplète : il manque au moins {missing} fiches ({resources}).",
        ),
        (
            "The other side counts more than it sends, however often it is asked. What was not seen is not taken for "
            "deleted.",
            "L’autre côté en compte plus qu’il n’en envoie, quel que soit le nombre de demandes. Ce qui n’a pas été vu "
            "n’est pas tenu pour supprimé.",
        ),
        (
            "Nothing: the next run asks for them again. If several runs end so, tell support.",
            "Rien : le prochain passage les redemande. Si plusieurs passages finissent ainsi, prévenez le soutien.",
        ),
    ),
    _e(
        "CONNECTION-PAUSED",
        ("This connection is paused.", "Cette connexion est en pause."),
        (
            "A person paused it, so nothing is read or written.",
            "Une personne l’a mise en pause : rien n’est lu ni écrit.",
        ),
        ("Resume it when you are ready.", "Reprenez-la quand vous serez prêt."),
    ),
    _e(
        "CONNECTION-ATTENTION",
        ("This connection needs a person.", "Cette connexion a besoin d’une personne."),
        (
            "Its permission has ended or was withdrawn. All work waits; nothing is lost.",
            "Son autorisation a pris fin ou a été retirée. Tout le travail attend ; rien n’est perdu.",
        ),
        ("Connect it again with the same account.", "Reconnectez-la avec le même compte."),
        who="client",
    ),
    _e(
        "CALL-DEADLINE",
        ("The other side took too long to answer.", "L’autre côté a mis trop de temps à répondre."),
        ("It may be slow or down for a while.", "Il est peut-être lent ou arrêté pour un moment."),
        ("Nothing: it is tried again by itself.", "Rien : un nouvel essai se fait automatiquement."),
    ),
    _e(
        "ANSWER-NOT-JSON",
        (
            "The answer was a web page or other text, not data.",
            "La réponse était une page web ou un autre texte, pas des données.",
        ),
        (
            "That is usual during maintenance or behind a sign-in page.",
            "C’est courant pendant un entretien ou derrière une page de connexion.",
        ),
        (
            "Nothing at first; if it lasts, open the other side in a browser.",
            "Rien d’abord ; si cela dure, ouvrez l’autre côté dans un navigateur.",
        ),
    ),
    _e(
        "ANSWER-TOO-LARGE",
        ("The answer was too large to be taken in.", "La réponse était trop grande pour être lue."),
        ("A limit guards the memory of this system.", "Une limite protège la mémoire de ce système."),
        ("Tell support which list it was.", "Dites au soutien de quelle liste il s’agit."),
        who="support",
    ),
    _e(
        "ANSWER-TRUNCATED",
        ("The answer broke off in the middle.", "La réponse s’est interrompue au milieu."),
        ("The line was cut; nothing of it was used.", "La ligne a été coupée ; rien n’en a été utilisé."),
        ("Nothing: it is asked for again by itself.", "Rien : elle est redemandée automatiquement."),
    ),
    _e(
        "ANSWER-SHAPE",
        ("The answer has a form we do not know.", "La réponse a une forme que nous ne connaissons pas."),
        (
            "The other side may have changed; guessing could write wrong data.",
            "L’autre côté a peut-être changé ; deviner pourrait écrire des données fausses.",
        ),
        ("Tell support; it must be looked at.", "Prévenez le soutien ; il faut y regarder."),
        who="support",
    ),
    _e(
        "ANSWER-OTHER-RECORD",
        (
            "The answer speaks of another record than the one asked for.",
            "La réponse parle d’une autre fiche que celle demandée.",
        ),
        ("Taking it would link the wrong two.", "L’accepter lierait les mauvaises fiches."),
        ("Tell support; nothing was linked.", "Prévenez le soutien ; rien n’a été lié."),
        who="support",
    ),
    _e(
        "CALL-REFUSED",
        ("The other side could not be reached.", "L’autre côté n’a pas pu être joint."),
        (
            "The connection was refused or the address not found; nothing was sent.",
            "La connexion a été refusée ou l’adresse est introuvable ; rien n’a été envoyé.",
        ),
        (
            "Nothing at first; if it lasts, check the address of the connection.",
            "Rien d’abord ; si cela dure, vérifiez l’adresse de la connexion.",
        ),
    ),
    _e(
        "CALL-REDIRECTED",
        ("The other side sent us to another address.", "L’autre côté nous a renvoyés à une autre adresse."),
        (
            "Following it could hand your permission to a stranger.",
            "La suivre pourrait donner votre autorisation à un inconnu.",
        ),
        ("Check the address of the connection.", "Vérifiez l’adresse de la connexion."),
    ),
    _e(
        "CIRCUIT-OPEN",
        ("Calls to this account rest for a while.", "Les appels à ce compte se reposent un moment."),
        (
            "Many failed in a row; more of them would not help.",
            "Plusieurs ont échoué de suite ; en faire d’autres n’aiderait pas.",
        ),
        (
            "Nothing: one call tries by itself and the work goes on.",
            "Rien : un appel essaie automatiquement, puis le travail reprend.",
        ),
    ),
    _e(
        "BUDGET-SPENT",
        ("The calls allowed for now are used up.", "Les appels permis pour le moment sont épuisés."),
        ("The other side limits how often it may be asked.", "L’autre côté limite la fréquence des demandes."),
        ("Nothing: the work goes on when there is room again.", "Rien : le travail reprend dès qu’il y a de la place."),
    ),
    _e(
        "RUN-STOPPED",
        ("This was not done: the run was stopped.", "Cela n’a pas été fait : le passage a été arrêté."),
        (
            "A person stopped it. What was done before stays done.",
            "Une personne l’a arrêté. Ce qui était fait le reste.",
        ),
        ("Start a new run when you are ready.", "Lancez un nouveau passage quand vous serez prêt."),
    ),
    _e(
        "RUN-INTERRUPTED",
        ("The run broke off and is taken up again.", "Le passage s’est interrompu et sera repris."),
        (
            "The machine or the program stopped; nothing is lost or doubled.",
            "La machine ou le programme s’est arrêté ; rien n’est perdu ni doublé.",
        ),
        ("Nothing: it goes on by itself.", "Rien : il reprend automatiquement."),
    ),
)

_BOOKS = (
    _e(
        "RECON-MISSING",
        ("This document is missing on the other side.", "Ce document manque de l’autre côté."),
        (
            "It has no twin there, and nothing says why it should not.",
            "Il n’y a pas de jumeau, et rien ne dit qu’il ne devrait pas en avoir.",
        ),
        (
            "Start a run, or open the document to see what keeps it back.",
            "Lancez un passage, ou ouvrez le document pour voir ce qui le retient.",
        ),
    ),
    _e(
        "RECON-EXTRA",
        ("This document is only on the other side.", "Ce document n’est que de l’autre côté."),
        ("It was made there by hand, or its source is gone.", "Il y a été fait à la main, ou sa source a disparu."),
        ("Decide whether it is right there.", "Décidez s’il y est à sa place."),
    ),
    _e(
        "RECON-DOUBLED",
        ("This document is there twice.", "Ce document y est deux fois."),
        (
            "Another one with the same number and total is already linked.",
            "Un autre, de mêmes numéro et total, est déjà lié.",
        ),
        ("Void the one that is too many.", "Annulez celui qui est de trop."),
    ),
    _e(
        "RECON-AMOUNT",
        ("The two totals differ by {amount}.", "Les deux totaux diffèrent de {amount}."),
        ("One side was changed, or rounds otherwise.", "Un côté a été modifié, ou arrondit autrement."),
        ("Compare the lines and correct the side that is wrong.", "Comparez les lignes et corrigez le côté fautif."),
    ),
    _e(
        "RECON-DATE",
        ("The two dates differ.", "Les deux dates diffèrent."),
        (
            "One side was changed, or took the date in another time zone.",
            "Un côté a été modifié, ou a pris la date dans un autre fuseau horaire.",
        ),
        ("Correct the date on the side that is wrong.", "Corrigez la date du côté fautif."),
    ),
    _e(
        "RECON-TAX",
        (
            "The totals agree, but the taxes differ by {amount}.",
            "Les totaux concordent, mais les taxes diffèrent de {amount}.",
        ),
        (
            "A tax code or a rate is not the same on both sides.",
            "Un code ou un taux de taxe n’est pas le même des deux côtés.",
        ),
        ("Check the tax map and the document’s tax codes.", "Vérifiez la table des taxes et les codes du document."),
    ),
    _e(
        "RECON-KIND",
        ("The two are not the same kind of document.", "Les deux ne sont pas le même genre de document."),
        ("One was turned into another kind after it was sent.", "L’un a été changé de genre après l’envoi."),
        ("Correct the side that is wrong.", "Corrigez le côté fautif."),
    ),
    _e(
        "RECON-CURRENCY",
        ("The two are in different currencies.", "Les deux sont dans des devises différentes."),
        (
            "Amounts are never converted by guess, so they cannot be compared.",
            "On ne convertit jamais au jugé : les montants ne se comparent pas.",
        ),
        ("Correct the currency on the side that is wrong.", "Corrigez la devise du côté fautif."),
    ),
)

ENGINE_CATALOGUE: tuple[Explanation, ...] = (
    *_CONTACTS,
    *_KEPT_BACK,
    *_MATCHES,
    *_VALUES,
    *_RULES,
    *_FILTERS,
    *_BRAKES,
    *_CALLS,
    *_BOOKS,
    *POSTING,
    *RECONCILING,
)
