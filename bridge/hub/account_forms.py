"""The forms of sign-in with our own words: labels instead of texts inside the fields, and what browsers may fill in."""

from typing import Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "oldpassword": _("Password you have now"),
    "password1": _("New password"),
    "password2": _("The same password again"),
    "code": _("Code"),
    "name": _("Name of the passkey"),
}
FILLS = {"login": "username", "email": "email", "password": "current-password", "oldpassword": "current-password",
         "password1": "new-password", "password2": "new-password", "code": "one-time-code"}  # fmt: skip


class Plain(forms.BaseForm):
    """Our words on the library's fields."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.help_text = "" if name in ("password", "login") else field.help_text
            field.widget.attrs.pop("placeholder", None)
            if name in FILLS:
                field.widget.attrs["autocomplete"] = FILLS[name]

    def clean(self) -> dict[str, Any]:
        """Say in our words that two passwords differ."""
        given = super().clean() or {}
        wrong = self.errors.get("password2")
        if wrong and given.get("password1") and "password2" in self.data:
            self.errors["password2"] = self.error_class(
                [_("The two passwords are not the same.")], renderer=self.renderer
            )
        return given


class SignInForm(Plain, account.LoginForm):
    """Address and password."""


class ResetForm(Plain, account.ResetPasswordForm):
    """Address to which a link goes."""


class NewPasswordForm(Plain, account.ResetPasswordKeyForm):
    """A new password after a link."""


class ChangeForm(Plain, account.ChangePasswordForm):
    """The old password and a new one."""


class FirstPasswordForm(Plain, account.SetPasswordForm):
    """A first password."""


class ConfirmForm(Plain, account.ReauthenticateForm):
    """The password, to confirm who one is."""


class CodeForm(Plain, mfa.AuthenticateForm):
    """A code, at sign-in."""


class ConfirmCodeForm(Plain, mfa.ReauthenticateForm):
    """A code, to confirm who one is."""


class FirstCodeForm(Plain, totp.ActivateTOTPForm):
    """The first code of a new app.

    The key stays the same for as long as the session: who has just photographed the picture and then changes the
    language of the page, or loads it again, has a code of this key.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        begun = context.request.session.get(SECRET_SESSION_KEY)
        super().__init__(*args, **more)
        if begun and not self.is_bound:
            self.secret = context.request.session[SECRET_SESSION_KEY] = begun


class PasskeyForm(Plain, webauthn.AddWebAuthnForm):
    """A new passkey and its name."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "passwordless" in self.fields:
            self.fields["passwordless"].label = _("It also replaces the password")
            self.fields["passwordless"].help_text = _(
                "Sign in with this passkey alone: the device asks for your finger, your face or a number."
            )


class PasskeyNameForm(Plain, webauthn.EditWebAuthnForm):
    """Another name for a passkey."""
