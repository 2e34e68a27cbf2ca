"""What there is to say about one record: its address, why it is kept back, what it matches."""

from bridge.engine.wording import explain as _e
from connectors.contract import Explanation

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
        (
            "Decide for this record; the next run looks again.",
            "Décidez pour cette fiche ; la prochaine synchronisation y reviendra.",
        ),
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

ABOUT_RECORDS: tuple[Explanation, ...] = (*_CONTACTS, *_KEPT_BACK, *_MATCHES)
