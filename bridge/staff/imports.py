"""One-time imports: what each would bring, its button, its newest run, and a file of what nobody may make there."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.jobs import imports as work
from bridge.jobs import mapping_files
from bridge.jobs.integrations import blocking, steps
from bridge.staff.integrations import VIEW, crumb, get_integration, section
from bridge.staff.objects import way_words
from bridge.staff.pages import language, page, staff_view, tell_error
from bridge.staff.templatetags.bridge import say, vendor_label
from connectors.contract import SyncError


@staff_view(view=VIEW)
def imports_page(request: HttpRequest, pk: int) -> HttpResponse:
    """List the imports of an integration; each category is run by itself."""
    integration = get_integration(request, pk)
    recipe = registry.recipe(integration.recipe)
    if not recipe.imports:
        raise Http404
    found = work.imports_of(integration)
    return page(
        request,
        "staff/imports.html",
        _("One-time imports"),
        [section(), crumb(integration)],
        integration=integration,
        rows=[(item, way_words(recipe, item.spec.flow, item.toward), vendor_label(getattr(recipe, item.toward)))
              for item in found],
        blocking=blocking(steps(integration)),
        open_run=next((run for run in integration.runs.all()[:1] if run.is_open), None),
    )  # fmt: skip


@require_POST
@staff_view(view=VIEW, write="hub.add_run")
def import_run(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Begin one run of one import; it shows its plan first."""
    integration = get_integration(request, pk)
    try:
        if found := blocking(steps(integration)):
            for step in found:
                messages.error(request, say(step.why or step.label))
            return redirect("admin:imports", pk)
        run = work.start(integration, key, request.user)
    except KeyError as error:
        raise Http404 from error
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:imports", pk)
    return redirect("admin:run_page", run.pk)


@staff_view(view="hub.view_change")
def import_file(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
    """Send what is missing in the vendor's import shape, made of the newest plan: CSV or a workbook."""
    integration = get_integration(request, pk)
    kind = request.GET.get("format", "csv")
    found = next((item for item in work.imports_of(integration) if item.key == key), None)
    if found is None or found.newest is None or not found.spec.columns or kind not in ("csv", "xlsx"):
        raise Http404
    lines = work.exported(found.newest)
    name = f"{slugify(integration.organization.name) or 'client'}-{key}-{timezone.localdate().isoformat()}.{kind}"
    if kind == "csv":
        # A vendor's import reads commas whatever the reader's language.
        answer: HttpResponseBase = StreamingHttpResponse(
            mapping_files.csv_of(lines, "en"), content_type="text/csv; charset=utf-8"
        )
    else:
        try:
            book = mapping_files.workbook_of(lines, found.spec.label.say(language()))
        except SyncError as error:
            tell_error(request, error)
            return redirect("admin:imports", pk)
        answer = HttpResponse(book, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


urls: list[URLPattern] = [
    path("integrations/<int:pk>/imports/", imports_page, name="imports"),
    path("integrations/<int:pk>/imports/<slug:key>/run/", import_run, name="import_run"),
    path("integrations/<int:pk>/imports/<slug:key>/file/", import_file, name="import_file"),
]
