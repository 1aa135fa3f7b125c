"""Addresses of consent."""

from django.urls import path

from cohort.consent import views

urlpatterns = [
    path("participants/<str:code>/consent/", views.consent_new, name="consent-new"),
    path("participants/<str:code>/withdraw/", views.withdraw, name="withdraw"),
]
