"""What there is to say about values, mapping rules and filters that staff set."""

from bridge.engine.wording import explain as _e
from connectors.contract import Explanation

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

ABOUT_RULES: tuple[Explanation, ...] = (*_VALUES, *_RULES, *_FILTERS)
