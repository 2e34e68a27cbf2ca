"""Staff pages, inside the Django admin."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    """Comes before the admin theme, so that our templates win."""

    name = "bridge.staff"
    label = "staff"
    verbose_name = _("Staff")
