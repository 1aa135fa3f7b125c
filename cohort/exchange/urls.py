"""Addresses of the exchange with other sources."""

from django.urls import path

from cohort.exchange import views

urlpatterns = [
    path("studies/<slug:code>/import/", views.import_table, name="study-import"),
    path("studies/<slug:code>/import/look/", views.import_look, name="study-import-look"),
    path("studies/<slug:code>/import/take/", views.import_take, name="study-import-take"),
]
