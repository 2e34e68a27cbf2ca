"""Jobs: the only effects, the only queue entry points."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Holds no models."""

    name = "bridge.jobs"
    label = "jobs"
