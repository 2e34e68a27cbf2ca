"""People, the organizations they may see, and what belongs to one organization."""

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

LANGUAGES = [("en", _("English")), ("fr", _("French"))]


class People(BaseUserManager["User"]):
    """Make people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Make a person who may sign in."""
        person = self.model(email=self.normalize_email(email).lower(), **extra)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Make a person who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by e-mail, in any case."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person who signs in. Language and time zone are the person's, not the browser's."""

    username = None
    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/Toronto")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = People()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Scoped(models.QuerySet):
    """Rows of organizations: every page starts from `for_user`. `path` leads from the row to its organization."""

    path = "organization"

    def for_user(self, user: Any) -> "Scoped":
        """Only what this person may see: staff all clients, members their own, others nothing."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        key = "pk" if not self.path else self.path
        return self.filter(**{f"{key}__in": Membership.objects.filter(user=user).values("organization")})


class OrganizationQuerySet(Scoped):
    """Organizations a person may see."""

    path = ""


class Organization(models.Model):
    """A client whose systems we keep in step."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="fr")
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/Toronto")
    country = models.CharField(_("country"), max_length=2, default="CA")
    currency = models.CharField(_("currency"), max_length=3, default="CAD")
    owner = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("staff owner"),
        limit_choices_to={"is_staff": True},
    )
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person of a client."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("Viewer")
        MANAGER = "manager", _("Manager")
        ACCOUNTANT = "accountant", _("Accountant")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.VIEWER)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} – {self.organization}"


class Owned(models.Model):
    """What belongs to one organization, reachable by an unguessable public id."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("organization"))
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects = Scoped.as_manager()

    class Meta:
        abstract = True


if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser  # noqa: F401
