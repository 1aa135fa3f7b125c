"""Addresses of what a study is set up by. The study's own page belongs to the desk."""

from django.urls import path

from cohort.study import views

urlpatterns = [
    path("studies/", views.studies, name="studies"),
    path("studies/new/", views.study_new, name="study-new"),
    path("studies/<slug:code>/rules/", views.study_change, name="study-change"),
    path("studies/<slug:code>/sites/join/", views.site_join, name="site-join"),
    path("studies/<slug:code>/approvals/new/", views.approval_add, name="approval-add"),
    path("studies/<slug:code>/consent-forms/new/", views.consent_form_add, name="consent-form-add"),
    path("studies/<slug:code>/devices/new/", views.device_add, name="device-add"),
    path("studies/<slug:code>/devices/wedge/", views.wedge_name, name="wedge-name"),
    path("sites/", views.sites, name="sites"),
    path("sites/new/", views.site_add, name="site-add"),
]
