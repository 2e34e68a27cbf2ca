"""Requests for help: filed from any step with where the person was, and open until the house closes them."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Integration, Question, User
from connectors.contract import SettingInvalid, Text

HELP = "help:"  # begins the code of such a question; what follows is the step
_LINES = {
    "step": Text("Step: {value}", "Étape : {value}"),
    "left": Text("Account: {value}", "Compte : {value}"),
    "right": Text("Account: {value}", "Compte : {value}"),
    "run": Text("Last run: {value}", "Dernière synchronisation : {value}"),
    "state": Text("Integration: {value}", "Intégration : {value}"),
}


def context(integration: Integration, step: str) -> list[Text]:
    """Return what a request says by itself: step, integration, both accounts and the newest run, with their numbers."""
    return [Text(_LINES[name].say("en", value=value.en), _LINES[name].say("fr", value=value.fr))
            for name, value in _told(integration, step)]  # fmt: skip


def _told(integration: Integration, step: str) -> Iterator[tuple[str, Text]]:
    yield "step", _step_name(integration, step)
    label = registry.recipe(integration.recipe).label
    yield "state", Text(f"{label.en}, #{integration.pk}", f"{label.fr}, nº {integration.pk}")
    for side in ("left", "right"):
        if connection := getattr(integration, side):
            yield side, Text(f"{connection}, #{connection.pk}", f"{connection}, nº {connection.pk}")
    if run := integration.runs.first():
        yield "run", Text(f"#{run.pk} ({run.state} {run.reason_code})", f"nº {run.pk} ({run.state} {run.reason_code})")


def _step_name(integration: Integration, step: str) -> Text:
    from bridge.jobs import integrations

    return next((item.label for item in integrations.steps(integration) if item.key == step), Text(step, step))


def ask(integration: Integration, step: str, words: str, user: User | None) -> Question:
    """File a request with the step it came from. SettingInvalid when it says nothing."""
    if not words.strip():
        raise SettingInvalid("SETTING-MISSING", field="reason")
    told = context(integration, step)
    return Question.objects.create(
        integration=integration, code=f"{HELP}{step}"[:80], asked_by=user,
        text={name: "\n".join([words.strip(), *(line.say(name) for line in told)]) for name in ("en", "fr")},
    )  # fmt: skip


def waiting(user: User) -> QuerySet[Question]:
    """Return the requests nobody has closed yet that this person may see, oldest first."""
    found = Question.objects.for_user(user).filter(code__startswith=HELP, answered_at__isnull=True)
    return found.select_related("integration__organization", "asked_by").order_by("asked_at", "pk")


def close(question: Question, answer: str, user: User | None) -> None:
    """Note what was answered; the request no longer waits."""
    question.answer, question.answered_by, question.answered_at = answer.strip()[:300], user, timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])
