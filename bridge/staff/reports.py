"""When clients’ reports come by themselves, and to whom, as the office sets it; they stand on the client’s pages."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bridge.hub.models import Membership, ReportPlan, Weekday
from bridge.staff.scoped import ScopedAdmin
from bridge.staff.templatetags.bridge import number


@admin.register(ReportPlan)
class ReportPlanAdmin(ScopedAdmin):
    """One row a client."""

    list_display = ("organization", "weekly", "monthly", "readers_count")
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    list_per_page = 50
    fields = ("organization", ("weekday", "month_day"), "readers")
    autocomplete_fields = ("organization",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportPlan]:
        """Keep to the clients this person may see, and count readers in the same query."""
        rows = super().get_queryset(request)
        return rows.filter(pk__in=ReportPlan.objects.for_user(request.user).values("pk")).annotate(n=Count("readers"))

    def get_readonly_fields(self, request: HttpRequest, obj: ReportPlan | None = None) -> tuple[str, ...]:
        """A schedule stays with its client; who gets reports is chosen once it has one."""
        return ("organization",) if obj else ()

    def get_fields(self, request: HttpRequest, obj: ReportPlan | None = None) -> Any:
        """Readers are chosen among the client's people, so the client comes first."""
        return self.fields if obj else ("organization", ("weekday", "month_day"))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the people of this client only; an answer that names somebody else is refused."""
        number_asked = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        plan = self.get_object(request, number_asked) if number_asked else None
        members = Membership.objects.for_user(request.user).filter(organization=plan.organization_id if plan else None)
        kwargs["queryset"] = members.select_related("user", "organization")
        kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A schedule is emptied, not deleted: it would come back with its defaults."""
        return False

    @admin.display(description=_("weekly report on"), ordering="weekday")
    def weekly(self, row: ReportPlan) -> str:
        """The day of the week."""
        return str(Weekday(row.weekday).label) if row.weekday is not None else "–"

    @admin.display(description=_("monthly report on day"), ordering="month_day")
    def monthly(self, row: ReportPlan) -> str:
        """The day of the month."""
        return number(row.month_day) or "–"

    @admin.display(description=_("by mail to"), ordering="n")
    def readers_count(self, row: Any) -> str:
        """How many people get it."""
        return number(row.n)
