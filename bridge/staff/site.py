"""The admin site: sign-in only through the accounts pages, and our own pages beside the lists."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import URLPattern
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from unfold.sites import UnfoldAdminSite

from bridge.staff.pages import by_table, looks_up_only

# Modules with a list `urls`: their names are reversed as "admin:<name>".
PAGES = (
    "bridge.staff.connections",
    "bridge.staff.integrations",
    "bridge.staff.objects",  # before the wizard: its address of a step would match these too
    "bridge.staff.filters",
    "bridge.staff.documents",
    "bridge.staff.wizard",
    "bridge.staff.mappings",
    "bridge.staff.mapping_files",
    "bridge.staff.imports",
    "bridge.staff.guide",
    "bridge.staff.readiness",
    "bridge.staff.reconciliation",
    "bridge.staff.plan",
    "bridge.staff.runs",
    "bridge.staff.run_pdf",
    "bridge.staff.records",
    "bridge.staff.held",
    "bridge.staff.merges",
    "bridge.staff.searches",
    "bridge.staff.duplicates",
    "bridge.staff.conflicts",
    "bridge.staff.find",
    "bridge.staff.health",
    "bridge.staff.audit",
    "bridge.staff.simulators",
    "bridge.staff.rules_text",
    "bridge.staff.people",
    "bridge.staff.seeing",
    "bridge.staff.catalogue",
    "bridge.staff.help",
)


class BridgeAdminConfig(AdminConfig):
    """Uses our site as the default one."""

    default_site = "bridge.staff.site.BridgeAdminSite"


class BridgeAdminSite(UnfoldAdminSite):
    """The staff desk."""

    site_title = _("Bridge")
    site_header = _("Bridge")
    index_title = _("Today")
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern]:
        """Our pages first, then the lists and forms of the admin; every one behind the staff check."""
        own = [
            URLPattern(item.pattern, self.admin_view(by_table(item.name, item.callback)), item.default_args, item.name)
            for module in PAGES
            for item in import_module(module).urls
        ]
        return own + [item for item in super().get_urls() if getattr(item, "name", "") != "view_on_site"]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Behind the staff check stands a second one: pages are read or posted to, nothing else."""
        return super().admin_view(require_http_methods(["GET", "HEAD", "POST"])(view), cacheable)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only our own admin classes: what libraries bring (queues, sessions, tokens) is shown by our pages."""
        if admin_class is not None and admin_class.__module__.startswith("bridge."):
            super().register(model_or_iterable, admin_class, **options)

    def unregister(self, model_or_iterable: Any) -> None:
        """Taking away what was never there is no error: libraries replace one another's classes."""
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        super().unregister([model for model in models if self.is_registered(model)])

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The home of the admin is "Today"; of people who only look things up, "Find"."""
        from bridge.staff.today import today

        if request.method == "GET" and looks_up_only(request.user):
            return HttpResponseRedirect(resolve_url("admin:find"))
        return by_table("index", today)(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the accounts pages; a person who may not come in goes to the page that says so."""
        if request.user.is_authenticated:
            return HttpResponseRedirect("/")
        wanted = request.GET.get("next") or request.POST.get("next") or "/admin/"
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing out is the accounts pages' matter too."""
        return HttpResponseRedirect(resolve_url("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page for passwords, with its rate limits."""
        return HttpResponseRedirect(resolve_url("account_change_password"))
