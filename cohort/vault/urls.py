"""Addresses of the vault: the custodian's own page. Labels have none."""

from django.urls import path

from cohort.vault import views

urlpatterns = [
    path("custody/", views.custody, name="custody"),
    path("custody/demo/", views.custody_demo, name="custody-demo"),
]
