"""What ties a session to the rights it was made with."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac


class SignsIn(AbstractUser):
    """Somebody whose sessions end with the next request once the password, the role or the access changes."""

    # Counted up when rights change or a person is shut out: what was signed in before is signed in no more.
    access_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta(AbstractUser.Meta):
        abstract = True

    def get_session_auth_hash(self) -> str:
        """Return what a session must have kept to live on."""
        return self._stamp(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under earlier keys, while sessions made with them live."""
        for key in settings.SECRET_KEY_FALLBACKS:
            yield self._stamp(key)

    def _stamp(self, secret: str | None) -> str:
        role = getattr(self, "staff_role", "")
        kept = (self.password, self.is_active, self.is_staff, self.is_superuser, role, self.access_version)
        value = "|".join(str(part) for part in kept)
        return salted_hmac("bridge.session", value, secret=secret, algorithm="sha256").hexdigest()

    def end_sessions(self) -> None:
        """Sign this person out everywhere, from the next request on."""
        type(self)._default_manager.filter(pk=self.pk).update(access_version=models.F("access_version") + 1)
        self.refresh_from_db(fields=["access_version"])
