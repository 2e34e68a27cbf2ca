"""Lists and forms of models that answer for what a person may not see as for what is not there."""

from typing import Any, NoReturn

from django.http import Http404, HttpRequest
from django.urls import URLPattern
from unfold.admin import ModelAdmin


class ScopedAdmin(ModelAdmin):
    """A model on the desk: another client's row is not found, and neither is one that never was."""

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        """Django would lead to the home page, with the number in a message."""
        raise Http404

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Remember who asks: the buttons a row shows follow rights."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.asker = request.user
        return found

    def get_urls(self) -> list[URLPattern]:
        """Leave out the short address that only leads on, whoever asks for whatever."""
        return [item for item in super().get_urls() if item.name]
