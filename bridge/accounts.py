"""Addresses of sign-in: our own pages, those of the library, and those of the library nobody needs here."""

from allauth.socialaccount.providers.openid_connect.urls import urlpatterns as provider_urls
from django.urls import include, path, re_path

from bridge.staff import door

urlpatterns = [
    path("", door.own_sign_in, name="account_own"),
    path("login/", door.SignIn.as_view(), name="account_login"),
    path("link/", door.ask_link, name="account_ask_link"),
    path("link/sent/", door.ask_link_done, name="account_ask_link_done"),
    path("link/<str:secret>/", door.open_link, name="account_link"),
    path("everywhere/", door.everywhere, name="account_everywhere"),
    path("confirm/", door.confirm_by_mail, name="account_confirm_by_mail"),
    path("2fa/totp/activate/", door.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("2fa/webauthn/add/", door.AddPasskey.as_view(), name="mfa_add_webauthn"),
    # Addresses are given by whoever invites, and accounts of other houses are not kept: these pages have nothing to do.
    path("email/", door.closed, name="account_email"),
    path("confirm-email/", door.closed, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", door.closed, name="account_confirm_email"),
    path("login/code/confirm/", door.closed, name="account_confirm_login_code"),
    path("3rdparty/", door.closed, name="socialaccount_connections"),
    path("3rdparty/signup/", door.closed, name="socialaccount_signup"),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("3rdparty/", include("allauth.socialaccount.urls")),
    path("", include(provider_urls)),
]
