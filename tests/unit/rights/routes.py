"""Every address of the project, read from its own URLconf: nothing is listed by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib import admin
from django.urls import get_resolver

FIXED = ("login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "search")


@dataclass(frozen=True)
class Route:
    """One address: its whole name, the pattern as written, its arguments and their converters, and the view."""

    name: str
    pattern: str
    arguments: tuple[tuple[str, str], ...]
    callback: Any

    @property
    def is_desk(self) -> bool:
        """Of the staff desk."""
        return self.pattern.startswith("admin/")

    @property
    def is_model(self) -> bool:
        """A list or form the admin makes of a model."""
        models = tuple(f"admin:{model._meta.app_label}_{model._meta.model_name}_" for model in admin.site._registry)
        return self.name.startswith(models)

    @property
    def is_desk_page(self) -> bool:
        """A page of ours on the staff desk."""
        own = self.name.removeprefix("admin:")
        fixed = (*FIXED, "index", "app_list", "view_on_site", "None")
        return self.is_desk and not self.is_model and own not in fixed


def _walk(some: Any, before: str, space: str, above: tuple[tuple[str, str], ...]) -> Iterator[Route]:
    for item in some:
        written = before + str(item.pattern)
        kinds = getattr(item.pattern, "converters", {})
        names = item.pattern.regex.groupindex
        told = (*above, *((name, type(kinds[name]).__name__ if name in kinds else "regex") for name in names))
        if hasattr(item, "url_patterns"):
            inner = f"{space}{item.namespace}:" if item.namespace else space
            yield from _walk(item.url_patterns, written, inner, told)
        else:
            yield Route(f"{space}{item.name}", written, told, item.callback)


@cache
def all_routes() -> tuple[Route, ...]:
    """Return every address of the project, with the arguments of what it stands under."""
    return tuple(_walk(get_resolver().url_patterns, "", "", ()))
