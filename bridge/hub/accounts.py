"""How people sign in: invited, by one door, with a second step for the office. Nobody signs up alone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge.hub import known_browsers, sessions, vault
from bridge.hub.gate import leads_inside
from bridge.hub.models import User

TRIES_OF_A_KNOWN_BROWSER = {"login_failed": "10/15m/key"}
SEALED_AT = "second step"  # the place authenticator secrets are sealed for
SAID = {
    "account_inactive": _("This account is switched off. Ask the person who invited you."),
    "email_password_mismatch": _("The e-mail address and the password do not go together."),
    "invalid_login": _("The e-mail address and the password do not go together."),
    "incorrect_password": _("This password is not right."),
    "incorrect_code": _("This code is not right, or it was used already. Wait for the next one and enter that."),
    "enter_current_password": _("Enter the password you have now."),
    "invalid_password_reset": _("This link no longer works. Ask for a new one."),
    "too_many_login_attempts": _(
        "Too many wrong passwords were given for this address. Wait five minutes, or choose a new password by mail."
    ),
    "rate_limited": _("Too many tries at once. Wait a minute."),
    "same_as_current": _("The new password must differ from the one you have now."),
    "unverified_email": _("Your e-mail address was not confirmed. Ask the person who invited you."),
    "cannot_delete_authenticator": _("This second step cannot be taken away."),
    "cannot_generate_recovery_codes": _("Set up an app or a passkey first; recovery codes come after."),
}


class ByInvitation(DefaultAccountAdapter):
    """Closes sign-up, counts wrong passwords fairly, and sends people where they belong after sign-in."""

    error_messages = {**DefaultAccountAdapter.error_messages, **SAID}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up alone."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff go to their desk; others to the page that says what they may do."""
        return "/admin/" if getattr(request.user, "is_staff", False) else "/"

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Keep e-mail addresses in lower case."""
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if commit:
            user.save()
        return user

    def is_safe_url(self, url: str | None) -> bool:
        """Follow only paths of ours; the library would follow every host we answer to, and stumble over some."""
        return bool(url) and leads_inside(str(url))

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in, in a session of its own."""
        super().login(request, user)
        sessions.begin(request)

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Remember the browser, and the person's language for the pages before the next sign-in."""
        response: HttpResponse = super().post_login(request, user, **more)
        known_browsers.remember(request, response, user.email)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 24 * 3600, samesite="Lax",
            secure=request.is_secure(),
        )  # fmt: skip
        return response

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try. A browser the person has used before has a count of its own."""
        own = known_browsers.number(request, str(credentials.get("email", "")))
        if not own:
            super().pre_authenticate(request, **credentials)
            return
        self._login_failed_rl_usage = ratelimit.consume(
            request, app="allauth.account", action="login_failed", config=TRIES_OF_A_KNOWN_BROWSER, key=own
        )
        if not self._login_failed_rl_usage:
            raise self.validation_error("too_many_login_attempts")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Never by the library: the gate asks before every sensitive page, for all ways to sign in."""
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways a person confirms who they are; a code by mail where there is no other."""
        methods = super().get_reauthentication_methods(user)
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code of your app, or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        methods = [{**way, "description": words.get(way["id"], way["description"])} for way in methods]
        if not methods and user.is_authenticated:
            address = reverse("account_confirm_by_mail")
            methods.append({"id": "mail", "description": _("Use a code by mail"), "url": address})
        return methods

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build the link from the settings, not from what the request says it is addressed to."""
        parts = key.partition("-")
        return settings.BRIDGE_BASE_URL + reverse(
            "account_reset_password_from_key", kwargs={"uidb36": parts[0], "key": parts[2]}
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write in the language of the person who reads it."""
        reader = User.objects.filter(email__iexact=email).first()
        with translation.override(reader.language if reader else translation.get_language()):
            super().send_mail(template_prefix, email, {**context, "base_url": settings.BRIDGE_BASE_URL})


class SecondStep(DefaultMFAAdapter):
    """Seals what second steps are made of, and names them plainly."""

    error_messages = {**DefaultMFAAdapter.error_messages, **SAID}

    def encrypt(self, text: str) -> str:
        """Return a secret sealed with the key ring."""
        return vault.seal_text(text, SEALED_AT)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret; one of before they were sealed is as it is."""
        return vault.unseal_text(encrypted_text, SEALED_AT) if encrypted_text.startswith("v1:") else encrypted_text

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return a name for a new passkey."""
        count = user.authenticator_set.filter(type=type).count()
        return gettext("Passkey %(number)s") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the place a passkey is for."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Bridge"}


class ByProvider(DefaultSocialAccountAdapter):
    """Sign-in with another house's account: for invited people, under the address that house has verified.

    Nothing is kept of it: each sign-in looks for the invited person anew, so an address that changed hands over there
    opens nothing here.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody signs up alone."""
        return False

    def authenticate_by_email(self, sociallogin: Any) -> tuple[Any, str] | None:
        """Return the invited person of the verified address."""
        email = _verified(sociallogin.account.extra_data)
        person = User.objects.filter(email__iexact=email, is_active=True).first() if email else None
        if person is None:
            return None
        # The library takes the password of people whose address nobody verified.
        EmailAddress.objects.update_or_create(
            user=person, email=person.email, defaults={"verified": True, "primary": True}
        )
        return person, person.email

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Turn away whoever was not invited, and tying an account of another address to one's own."""
        if sociallogin.state.get("process") not in (None, "login") or not sociallogin.is_existing:
            self._turn_away(request, sociallogin.provider.app.name)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Go back to the door with a sentence."""
        self._turn_away(request, provider.app.name)

    def _turn_away(self, request: HttpRequest, name: str) -> None:
        said = gettext(
            "%(name)s did not open the door: only invited people come in, and only with the address they were invited "
            "under, verified by %(name)s. Sign in another way, or ask the person who invited you."
        )
        messages.error(request, said % {"name": name})
        raise ImmediateHttpResponse(redirect("account_login"))


def _verified(told: dict[str, Any]) -> str:
    """Return the address a provider vouches for; "" where it does not, or where its two answers differ."""
    profile, token = told.get("userinfo") or {}, told.get("id_token") or {}
    if profile and token and profile.get("sub") != token.get("sub"):
        return ""
    said = {**token, **profile}
    vouched = any(said.get(claim) in (True, "true") for claim in settings.VERIFIED_EMAIL_CLAIMS)
    return str(said.get("email") or "").strip().lower() if vouched else ""
