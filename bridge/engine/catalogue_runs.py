"""What there is to say about runs: why one waits for a person, and what became of its calls."""

from bridge.engine.wording import explain as _e
from connectors.contract import Explanation

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
            "C’est la première synchronisation ; {writes} écritures vous attendent.",
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
            "Cette synchronisation retirerait {count} fiches ; au plus {most} partent sans accord.",
        ),
        ("So many at once may be a mistake at the source.", "Autant d’un coup peut venir d’une erreur à la source."),
        _LOOK,
        can_retry=False,
    ),
    _e(
        "BRAKE-UPDATES",
        (
            "This run would change {count} records; at most {most} go alone.",
            "Cette synchronisation changerait {count} fiches ; au plus {most} partent sans accord.",
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
            "Cette synchronisation créerait {count} fiches ; au plus {most} partent sans accord.",
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
            "Rien : la prochaine synchronisation les redemande. Si plusieurs finissent ainsi, prévenez le soutien.",
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
        ("This was not done: the run was stopped.", "Cela n’a pas été fait : la synchronisation a été arrêtée."),
        (
            "A person stopped it. What was done before stays done.",
            "Une personne l’a arrêté. Ce qui était fait le reste.",
        ),
        ("Start a new run when you are ready.", "Lancez une nouvelle synchronisation quand vous serez prêt."),
    ),
    _e(
        "RUN-INTERRUPTED",
        ("The run broke off and is taken up again.", "La synchronisation s’est interrompue et sera reprise."),
        (
            "The machine or the program stopped; nothing is lost or doubled.",
            "La machine ou le programme s’est arrêté ; rien n’est perdu ni doublé.",
        ),
        ("Nothing: it goes on by itself.", "Rien : il reprend automatiquement."),
    ),
)

ABOUT_RUNS: tuple[Explanation, ...] = (*_BRAKES, *_CALLS)
