"""People, the organizations they may see, and what belongs to one organization."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bridge.hub import rights
from bridge.hub.models.access import SignsIn

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

    def for_user(self, user: Any) -> "models.QuerySet[User]":
        """Return the people this person of the office may see: everybody, or those of the clients looked after."""
        if not getattr(user, "is_authenticated", False) or not user.may_work():
            return self.none()
        if user.is_superuser or user.sees_all:
            return self.all()
        mine = Membership.objects.for_user(user).values("user")
        return self.filter(models.Q(pk=user.pk) | models.Q(pk__in=mine))


class User(SignsIn):
    """A person who signs in. Language and time zone are the person's, not the browser's."""

    username = None
    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/Toronto")
    staff_role = models.CharField(
        _("role in the office"),
        max_length=20,
        choices=rights.STAFF_ROLES,
        blank=True,
        help_text=_("What this person may do on the staff desk. Without a role: nothing."),
    )
    sees_all = models.BooleanField(
        _("sees every organization"),
        default=True,
        help_text=_("Of somebody of the office: every client, or only the organizations chosen below."),
    )
    organizations = models.ManyToManyField(
        "hub.Organization", related_name="+", blank=True, verbose_name=_("organizations")
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = People()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def may_work(self) -> bool:
        """Tell whether this person works for the office: the role is what counts, or being its administrator."""
        return bool(self.is_active and self.is_staff and (self.is_superuser or self.staff_role))

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Tell by the table of rights alone; an administrator may do everything."""
        return self.may_work() and (self.is_superuser or perm in rights.rights_of(self.staff_role))

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Tell whether all of these are held."""
        return all(self.has_perm(perm) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Tell whether anything of an application may be seen."""
        return self.has_perm(f"{app_label}.any") or any(
            right.startswith(f"{app_label}.") for right in self.get_all_permissions()
        )

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return the rights of the role."""
        return set(rights.rights_of(self.staff_role)) if self.may_work() else set()


class Scoped(models.QuerySet):
    """Rows of organizations: every page starts from `for_user`. `path` leads from the row to its organization."""

    path = "organization"

    def for_user(self, user: Any) -> "Scoped":
        """Only what this person may see: staff every client or those they look after, members their own."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        key = f"{self.path or 'pk'}__in"
        mine = models.Q(**{key: Membership.objects.filter(user=user).values("organization")})
        if user.may_work():
            if user.is_superuser or user.sees_all:
                return self
            mine |= models.Q(**{key: User.organizations.through.objects.filter(user=user).values("organization")})
        return self.filter(mine)


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

    @property
    def today(self) -> date:
        """Return the date it is now where the client is."""
        return timezone.localdate(timezone=ZoneInfo(self.time_zone))


class Membership(models.Model):
    """A person of a client."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("Viewer")
        MANAGER = "manager", _("Manager")
        ACCOUNTANT = "accountant", _("Accountant")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.VIEWER)
    question_mails = models.BooleanField(
        _("mails about questions"), default=True,
        help_text=_("Of questions asked of nobody in particular. What is asked of this person always comes by mail."),
    )  # fmt: skip

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
