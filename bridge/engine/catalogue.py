"""What the engine and the jobs have to say to people: every code with what happened, why, and what to do, in English
and in French. No vendor is named here; connectors and recipes bring the words for their own codes.
"""

from bridge.engine.catalogue_posting import POSTING
from bridge.engine.catalogue_reconciling import RECONCILING
from bridge.engine.catalogue_records import ABOUT_RECORDS
from bridge.engine.catalogue_rules import ABOUT_RULES
from bridge.engine.catalogue_runs import ABOUT_RUNS
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

ENGINE_CATALOGUE: tuple[Explanation, ...] = (
    *ABOUT_RECORDS,
    *ABOUT_RULES,
    *ABOUT_RUNS,
    *POSTING,
    *RECONCILING,
)
