"""Help: the topics each recipe brings, how the desk works, and requests for it. The same address in each language."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Question
from bridge.jobs import helping
from bridge.staff import desk
from bridge.staff.integrations import VIEW, WRITE, get_integration
from bridge.staff.pages import language, page, staff_view
from bridge.staff.templatetags.bridge import recipe_label
from connectors.contract import HelpTopic


def help_home(request: HttpRequest) -> HttpResponse:
    """List the topics, by recipe, and the requests for help that wait."""
    return page(
        request,
        "staff/help.html",
        _("Help"),
        recipes=[(item, [told(topic, language()) for topic in item.help]) for item in registry.recipes().values()],
        requests=[_asked(item) for item in helping.waiting(request.user)],
        may_write=request.user.has_perm(WRITE),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the page shows it: what the person wrote with where they were, and the way there."""

    question: Question
    text: str
    place: str


def _asked(question: Question) -> Asked:
    step = question.code.removeprefix(helping.HELP)
    text: dict[str, Any] = question.text
    place = reverse("admin:setup", args=[question.integration_id, step])
    return Asked(question, text.get(language(), text["en"]), place)


@staff_view(view=VIEW, write=VIEW)
def help_request(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Ask for help at a step of a set-up: one sentence, and the rest is told along."""
    integration = get_integration(request, pk)
    back = reverse("admin:setup", args=[pk, step])
    reason = request.POST.get("reason", "").strip()
    if desk.confirmed(request) and reason:
        filed = helping.ask(integration, step, reason, request.user)
        messages.success(request, gettext("Your request for help was filed (number %(n)d).") % {"n": filed.pk})
        return redirect(back)
    question = desk.Question(
        title=gettext("Ask for help"),
        sentence=gettext("Say in a sentence what is in your way. This is told along:"),
        effects=[line.say(language()) for line in helping.context(integration, step)],
        button=gettext("File the request"),
        back=back,
        ask_reason=True,
    )
    missing = gettext("Say what is in your way.") if request.method == "POST" else ""
    return desk.ask(request, question, missing=missing)


@require_POST
@staff_view(view=VIEW, write=WRITE)
def help_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a request for help."""
    question = get_object_or_404(helping.waiting(request.user), pk=pk)
    helping.close(question, request.POST.get("answer", ""), request.user)
    messages.success(request, gettext("The request for help is closed."))
    return redirect("admin:help")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the reader gets it; `foreign`: it is told in English because nobody has written it in French yet."""

    key: str
    title: str
    paragraphs: list[str]
    links: list[tuple[str, str]]
    foreign: bool

    @property
    def lang(self) -> str:
        """The language its words are in, where that is not the page's."""
        return "en" if self.foreign else ""


def told(topic: HelpTopic, wanted: str) -> Topic:
    """Return a topic in the language wanted, or in English where it is not wholly written in that one (H-33)."""
    texts = (topic.title, topic.body, *(label for label, _address in topic.links))
    foreign = wanted != "en" and not all(text.say(wanted).strip() for text in texts)
    used = "en" if foreign else wanted
    return Topic(
        topic.key,
        topic.title.say(used),
        [part for part in topic.body.say(used).split("\n\n") if part.strip()],
        [(label.say(used), address) for label, address in topic.links],
        foreign,
    )


def help_topic(request: HttpRequest, recipe: str, topic: str) -> HttpResponse:
    """Show one topic. `?in=en` shows the English text to anybody."""
    known = registry.recipes().get(recipe)
    found = next((item for item in known.help if item.key == topic), None) if known else None
    if known is None or found is None:
        raise Http404
    original = request.GET.get("in") == "en" and language() != "en"
    shown = told(found, "en" if original else language())
    return page(
        request,
        "staff/help_topic.html",
        shown.title,
        [(_("Help"), reverse("admin:help")), (recipe_label(recipe), f"{reverse('admin:help')}#{recipe}")],
        topic=shown,
        lang="en" if original else shown.lang,
        original=original,
    )


urls: list[URLPattern] = [
    path("help/", help_home, name="help"),
    path("help/requests/<int:pk>/close/", help_close, name="help_close"),
    path("integrations/<int:pk>/setup/<slug:step>/help/", help_request, name="help_request"),
    path("help/<slug:recipe>/<slug:topic>/", help_topic, name="help_topic"),
]
