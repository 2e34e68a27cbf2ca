"""What reconciliation has to say: in what two sides differ, and what makes it up."""

from bridge.engine.wording import explain as _e
from connectors.contract import Explanation

_BESIDES = (
    _e(
        "RECON-REFUND",
        ("A refund is on one side only.", "Un remboursement n’est que d’un côté."),
        ("It was given on one side and never entered on the other.",
         "Il a été fait d’un côté et jamais inscrit de l’autre."),
        ("Start a run, or enter it on the side that lacks it.",
         "Lancez une synchronisation, ou inscrivez-le du côté où il manque."),
    ),
    _e(
        "RECON-REFUND-AMOUNT",
        ("The refund differs by {amount}.", "Le remboursement diffère de {amount}."),
        ("One side was changed, or leaves out a line or a fee.",
         "Un côté a été modifié, ou omet une ligne ou des frais."),
        ("Compare the lines and correct the side that is wrong.", "Comparez les lignes et corrigez le côté fautif."),
    ),
    _e(
        "RECON-RATES",
        ("The taxes agree in all, but not one by one.", "Les taxes concordent en tout, mais pas une à une."),
        ("One side has part of a tax under another rate.", "Un côté a une partie d’une taxe sous un autre taux."),
        ("Check the tax map and the document’s tax codes.", "Vérifiez la table des taxes et les codes du document."),
    ),
    _e(
        "RECON-CLEARING",
        ("This movement is not where it was expected.", "Ce mouvement n’est pas là où il était attendu."),
        ("It is missing, in another account, or with another amount.",
         "Il manque, est dans un autre compte, ou a un autre montant."),
        ("Open it in the books and correct its account.", "Ouvrez-le dans les livres et corrigez son compte."),
    ),
)  # fmt: skip

_DOCUMENTS = (
    _e(
        "RECON-MISSING",
        ("This document is missing on the other side.", "Ce document manque de l’autre côté."),
        (
            "It has no twin there, and nothing says why it should not.",
            "Il n’y a pas de jumeau, et rien ne dit qu’il ne devrait pas en avoir.",
        ),
        (
            "Start a run, or open the document to see what keeps it back.",
            "Lancez une synchronisation, ou ouvrez le document pour voir ce qui le retient.",
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

RECONCILING: tuple[Explanation, ...] = (*_DOCUMENTS, *_BESIDES)
