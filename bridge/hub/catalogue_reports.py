"""What is told about reports, in both languages."""

from bridge.hub.explaining import entry as _entry
from connectors.contract import Explanation

REPORTS_CATALOGUE: tuple[Explanation, ...] = (
    _entry(
        "REPORT-PERIOD",
        ("The last day is before the first one.", "A report covers the days from the first to the last.",
         "Give the earlier day first."),
        ("Le dernier jour précède le premier.", "Un rapport couvre les jours du premier au dernier.",
         "Inscrivez d’abord le jour le plus ancien."),
        who="client",
    ),
    _entry(
        "REPORT-LONG",
        ("The period is longer than {days} days.", "A report covers a year at most.",
         "Choose a shorter period, or ask for one report of each year."),
        ("La période dépasse {days} jours.", "Un rapport couvre une année tout au plus.",
         "Choisissez une période plus courte, ou demandez un rapport pour chaque année."),
        who="client",
    ),
    _entry(
        "REPORT-AHEAD",
        ("The period has not begun yet.", "A report tells what has happened.", "Choose a first day that is not ahead."),
        ("La période n’a pas encore commencé.", "Un rapport dit ce qui s’est passé.",
         "Choisissez un premier jour qui n’est pas à venir."),
        who="client",
    ),
    _entry(
        "REPORT-CHANGED",
        ("A kept report is not what was kept.", "Its content was changed in the database after it was made.",
         "Bring report {report} back from a backup; until then it is not shown."),
        ("Un rapport conservé n’est plus ce qui a été conservé.",
         "Son contenu a été modifié dans la base de données après sa création.",
         "Rétablissez le rapport {report} à partir d’une copie de sauvegarde ; d’ici là, il n’est pas affiché."),
        who="support", can_retry=False,
    ),
)  # fmt: skip
