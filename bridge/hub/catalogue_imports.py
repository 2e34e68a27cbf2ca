"""What one-time imports tell people, in both languages."""

from bridge.hub.explaining import entry as _entry
from connectors.contract import Explanation

IMPORTS_CATALOGUE: tuple[Explanation, ...] = (
    _entry(
        "MAKE-PLAN",
        ("This plan makes what is missing for the set-up: {count}.", "A person asked for it.",
         "Approve the lines you want; what is made can then be chosen on the page of mappings."),
        ("Ce plan crée ce qui manque à la configuration : {count}.", "Une personne l’a demandé.",
         "Approuvez les lignes voulues ; ce qui est créé peut ensuite être choisi à la page des correspondances."),
    ),
    _entry(
        "GUIDE-NOTHING",
        ("Nothing is missing.", "Everything this set-up wants is there or was chosen already.",
         "Go on to the next step."),
        ("Rien ne manque.", "Tout ce que veut cette configuration est là ou déjà choisi.",
         "Passez à l’étape suivante."),
    ),
    _entry(
        "IMPORT-PLAN",
        ("This is the plan of a one-time import.", "An import writes nothing before a person has read its plan.",
         "Approve the lines you want. Nothing on the other side is ever deleted by it."),
        ("C’est le plan d’une importation ponctuelle.",
         "Une importation n’écrit rien avant qu’une personne ait lu son plan.",
         "Approuvez les lignes voulues. Rien de l’autre côté n’est jamais supprimé par elle."),
    ),
    _entry(
        "IMPORT-BY-FILE",
        ("This record is missing on the other side and goes there by file.",
         "The vendor lets nobody make such records through its interface.",
         "Download the file on the page of imports and load it at the vendor; the next import links what it finds."),
        ("Cette fiche manque de l’autre côté et y va par fichier.",
         "Le fournisseur ne laisse personne créer de telles fiches par son interface.",
         "Téléchargez le fichier à la page des importations et chargez-le chez le fournisseur ; l’importation suivante "
         "lie ce qu’elle y trouve."),
    ),
    _entry(
        "IMPORTED-STAYS",
        ("This record was made by a one-time import and does not come back.",
         "What was imported is already where it came from.", "Nothing needs doing."),
        ("Cette fiche vient d’une importation ponctuelle et ne revient pas.",
         "Ce qui a été importé est déjà là d’où il vient.", "Il n’y a rien à faire."),
    ),
)  # fmt: skip
