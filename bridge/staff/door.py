"""At the door: where people go from the front page, the language switch, and the pages before and about sign-in."""

import time
from secrets import compare_digest
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.account.views import LoginView
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import generate_user_code
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import AddWebAuthnView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bridge.hub import sessions
from bridge.hub.gate import leads_inside
from bridge.hub.models import SignInLink, User
from bridge.jobs import links

YEAR = 365 * 24 * 3600
MAILED = "confirm_by_mail"  # in the session: what was mailed for confirming who a person is
MAILED_FOR, MAILED_TRIES = 600, 3  # seconds and wrong tries


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Staff go to their desk; people of a client to their own pages."""
    return redirect("admin:index" if request.user.is_staff else "portal:start")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language with the person (and in a cookie for the pages before sign-in) and stay on the page."""
    wanted = request.POST.get("language", "")
    response = HttpResponseRedirect(_inside(request.POST.get("next", "")))
    if wanted in dict(settings.LANGUAGES):
        if request.user.is_authenticated and request.user.language != wanted:
            request.user.language = wanted
            request.user.save(update_fields=["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, max_age=YEAR, samesite="Lax", secure=request.is_secure()
        )
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def session_left(request: HttpRequest) -> HttpResponse:
    """Tell in how many seconds the session ends, as JSON: {"seconds", "why"}. Posting stays signed in, asking does not.

    Pages ask before they warn: somebody may be busy in another tab. 0 seconds for who is not signed in.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0, "why": ""})
    if request.method == "POST":
        sessions.stay(request)
    seconds, why = sessions.left(request)
    return JsonResponse({"seconds": seconds, "why": why})


def _inside(place: str) -> str:
    return place if leads_inside(place) else "/"


def closed(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Answer for pages of the library nobody needs here: addresses are given by whoever invites."""
    raise Http404


class SignIn(LoginView):
    """The sign-in page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the page offers besides the password."""
        wanted = get_next_redirect_url(self.request)
        tail = f"?{urlencode({'next': wanted})}" if wanted else ""
        return {
            **super().get_context_data(**kwargs),
            "link_url": reverse("account_ask_link") + tail,
            "provider": settings.SIGN_IN_PROVIDER,
            "wanted_query": tail[1:],
            "second_step_off": not settings.STAFF_SECOND_STEP,
        }

    def render_to_response(self, context: dict[str, Any], **more: Any) -> HttpResponse:
        """Name where a form of this page may lead, to the browser's policy."""
        response: HttpResponse = super().render_to_response(context, **more)
        if settings.SIGN_IN_PROVIDER:
            response.form_targets = settings.SIGN_IN_PROVIDER["origins"]  # type: ignore[attr-defined]
        return response


class SetUpApp(ActivateTOTPView):
    """Setting up an app for codes. The code it shows is the second step of this session too."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the app, and note that it was there."""
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, method="mfa", type="totp")
        return response


class AddPasskey(AddWebAuthnView):
    """Adding a passkey. The device that made it is the second step of this session too."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the passkey, and note that it was there."""
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, method="mfa", type="webauthn")
        return response


# Links by mail


class AskLinkForm(forms.Form):
    """Where to send a link."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


@never_cache
def ask_link(request: HttpRequest) -> HttpResponse:
    """Offer a sign-in link by mail; the answer is the same for every address."""
    if request.user.is_authenticated:
        return redirect("start")
    wanted = get_next_redirect_url(request) or ""
    form = AskLinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].strip().lower()
        if refused := ratelimit.consume_or_429(request, app="allauth.account", action="ask_link"):
            return refused
        if ratelimit.consume(request, app="allauth.account", action="request_login_code", key=email):
            links.ask(email, wanted)
        return redirect("account_ask_link_done")
    return render(request, "account/ask_link.html", {"form": form, "wanted": wanted})


@never_cache
def ask_link_done(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, if there is somebody to send it to."""
    minutes = int(links.SIGN_IN_WITHIN.total_seconds() // 60)
    return render(request, "account/ask_link_done.html", {"minutes": minutes})


class PasswordForm(forms.Form):
    """A password of one's own choice. `needed` where the person cannot come in without one."""

    password1 = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    password2 = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, needed: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.person = person
        for field in self.fields.values():
            field.required = needed

    def clean_password1(self) -> str:
        """Hold a password to the rules."""
        password: str = self.cleaned_data["password1"]
        if password:
            validate_password(password, self.person)
        return password

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        given = super().clean() or {}
        if "password1" in given and given["password1"] != given.get("password2"):
            raise ValidationError({"password2": _("The two passwords are not the same.")})
        return given


@never_cache
@sensitive_post_parameters()
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show who comes in with this link, and let them in when they press the button: looking uses nothing up."""
    if refused := ratelimit.consume_or_429(
        request, app="allauth.account", action="reset_password_from_key", limit_get=True
    ):
        return refused
    link = links.find(secret)
    if link is None:
        return render(request, "account/link_over.html", status=404)
    invited = link.kind == SignInLink.Kind.INVITATION
    office = link.user.is_staff or link.user.is_superuser
    form = PasswordForm(request.POST or None, person=link.user, needed=invited and office) if invited else None
    if request.method == "POST" and (form is None or form.is_valid()):
        if not links.use(link):
            return render(request, "account/link_over.html", status=404)
        return _come_in(request, link, form.cleaned_data["password1"] if form else "")
    context = {"person": link.user, "form": form, "invited": invited, "office": office, "secret": secret}
    return render(request, "account/open_link.html", context)


def _come_in(request: HttpRequest, link: SignInLink, password: str) -> HttpResponse:
    person = link.user
    if password:
        person.set_password(password)
        person.save(update_fields=["password"])
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    record_authentication(request, person, method="link", email=person.email)
    wanted = _inside(link.next_path) if link.next_path else None
    response: HttpResponse = perform_login(request, person, redirect_url=wanted, email=person.email)
    return response


# One's own sign-in


@never_cache
@login_required
def own_sign_in(request: HttpRequest) -> HttpResponse:
    """Show how one signs in, with ways to change it."""
    return render(
        request,
        "account/own.html",
        {
            "has_password": request.user.has_usable_password(),
            "has_second_step": is_mfa_enabled(request.user, ["totp", "webauthn"]),
            "is_office": request.user.is_staff or request.user.is_superuser,
        },
    )


@require_POST
@login_required
def everywhere(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    request.user.end_sessions()
    update_session_auth_hash(request, request.user)
    messages.success(request, gettext("You are signed out everywhere else."))
    return redirect("account_own")


class MailedCodeForm(forms.Form):
    """The code of the mail."""

    code = forms.CharField(
        label=_("Code from the mail"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )  # fmt: skip


@never_cache
@login_required
def confirm_by_mail(request: HttpRequest) -> HttpResponse:
    """Confirm who one is with a code by mail, for people who have neither a password nor a second step."""
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    wanted = get_next_redirect_url(request) or ""
    if "mail" not in [way["id"] for way in ways]:
        return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode({'next': wanted or '/'})}")
    kept = request.session.get(MAILED) or {}
    if time.time() - kept.get("at", 0) > MAILED_FOR:
        kept = {}
    form = MailedCodeForm(request.POST or None)
    if request.method == "POST":
        if refused := ratelimit.consume_or_429(
            request, app="allauth.account", action="reauthenticate", user=request.user
        ):
            return refused
        if "send" in request.POST or not kept:
            return _mail_code(request, wanted)
        if form.is_valid():
            if compare_digest(form.cleaned_data["code"].strip().upper().encode(), kept["code"].encode()):
                del request.session[MAILED]
                record_authentication(request, request.user, method="code", reauthenticated=True)
                return HttpResponseRedirect(wanted or "/")
            kept = {**kept, "wrong": kept["wrong"] + 1}
            request.session[MAILED] = kept = kept if kept["wrong"] < MAILED_TRIES else {}
            form.add_error("code", gettext("This code is not right.") if kept else gettext("Ask for a new code."))
    return render(
        request,
        "account/confirm_by_mail.html",
        {"form": form, "wanted": wanted, "mailed": bool(kept), "minutes": MAILED_FOR // 60},
    )


def _mail_code(request: HttpRequest, wanted: str) -> HttpResponse:
    code = generate_user_code(length=8, dashed=False).upper()
    request.session[MAILED] = {"code": code, "at": time.time(), "wrong": 0}
    get_adapter(request).send_mail("account/email/confirm_code", request.user.email, {"code": code})
    return HttpResponseRedirect(f"{reverse('account_confirm_by_mail')}?{urlencode({'next': wanted or '/'})}")
