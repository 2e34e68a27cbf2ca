"""The hub: what Bridge remembers."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class HubConfig(AppConfig):
    """Registers the history of what staff change, and the system checks."""

    name = "bridge.hub"
    label = "hub"
    verbose_name = _("Bridge")

    def ready(self) -> None:
        """Turn on history (who, when, from what to what) for settings, rules and decisions; secrets never enter it."""
        from auditlog.registry import auditlog

        from bridge.hub import checks, models, wall  # noqa: F401

        post_migrate.connect(wall.after_migrate, sender=self)

        auditlog.register(models.Organization)
        auditlog.register(models.Membership)
        auditlog.register(models.VendorApp, exclude_fields=["sealed_secret", "sealed_webhook_secrets"])
        auditlog.register(
            models.Connection,
            include_fields=["organization", "vendor", "environment", "account_id", "account_name", "base_url", "state"],
        )
        auditlog.register(
            models.Integration,
            exclude_fields=["next_run_at", "last_good_at", "public_id", "maps_version", "values_seen"],
        )
        auditlog.register(
            models.Flow, exclude_fields=["planned_through", "planned_rules_version", "first_done_at", "rules_version"]
        )
        auditlog.register(models.MappingRule, exclude_fields=["changed_at"])
        auditlog.register(
            models.ValueMap,
            include_fields=[
                "integration",
                "kind",
                "source_key",
                "source_label",
                "target_id",
                "target_label",
                "confirmed",
            ],
        )
        auditlog.register(models.TermsAcceptance)
        auditlog.register(models.Candidate, include_fields=["left", "right", "decision", "until"])
        auditlog.register(models.Double, include_fields=["left", "right", "decision", "until"])
        auditlog.register(models.Merge, include_fields=["keep", "drop", "state", "vendor"])
        auditlog.register(models.Conflict, include_fields=["link", "field", "decision"])
        auditlog.register(models.HeldCause)
        auditlog.register(models.Exclusion)
        auditlog.register(models.Question, include_fields=["code", "asked_of", "answer"])
        auditlog.register(
            models.User,
            include_fields=["email", "is_active", "is_staff", "is_superuser", "staff_role", "sees_all", "language"],
            m2m_fields={"organizations"},
        )
