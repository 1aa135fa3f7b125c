"""Addresses of sign-in, one's own account, and the people of the study. What is not named here has no address."""

from allauth.account import views as account_views
from allauth.mfa.base import views as factor_views
from allauth.socialaccount import views as institution_views
from django.urls import include, path

from portal.accounts import doors, sign_in, views

urlpatterns = [
    path("account/", sign_in.own_account, name="own-account"),
    path("account/sign-in/", sign_in.SignInView.as_view(), name="account_login"),
    path("account/sign-in/code/", sign_in.CodeView.as_view(), name="mfa_authenticate"),
    path("account/sign-out/", account_views.logout, name="account_logout"),
    path("account/closed/", account_views.account_inactive, name="account_inactive"),
    path("account/again/", sign_in.AgainView.as_view(), name="account_reauthenticate"),
    path("account/again/code/", sign_in.CodeAgainView.as_view(), name="mfa_reauthenticate"),
    path("account/password/", sign_in.OwnPasswordView.as_view(), name="account_change_password"),
    path("account/second-factor/", factor_views.index, name="mfa_index"),
    path("account/second-factor/set-up/", sign_in.SetUpFactorView.as_view(), name="mfa_activate_totp"),
    path("account/second-factor/replace/", sign_in.ReplaceFactorView.as_view(), name="mfa_deactivate_totp"),
    path("account/second-factor/codes/", sign_in.CodesView.as_view(), name="mfa_view_recovery_codes"),
    path("account/second-factor/codes/new/", sign_in.NewCodesView.as_view(), name="mfa_generate_recovery_codes"),
    path("account/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("account/institution/cancelled/", institution_views.login_cancelled, name="socialaccount_login_cancelled"),
    path("account/institution/error/", institution_views.login_error, name="socialaccount_login_error"),
    path("join/<str:token>/", doors.join, name="join"),
    path("first-run/", doors.first_run, name="first-run"),
    path("demo/sign-in/", doors.demo_sign_in, name="demo-sign-in"),
    path("people/", views.people, name="people"),
    path("people/invite/", views.invite, name="person-invite"),
    path("people/delegation-log/", views.delegation_log, name="delegation-log"),
    path("people/<uuid:pk>/", views.person, name="person"),
    path("people/<uuid:pk>/grant/", views.grant, name="role-grant"),
    path("people/<uuid:pk>/reset/", views.reset, name="person-reset"),
    path("people/<uuid:pk>/close/", views.close, name="person-close"),
    path("people/<uuid:pk>/reopen/", views.reopen, name="person-reopen"),
    path("people/roles/<uuid:pk>/end/", views.end, name="role-end"),
]
