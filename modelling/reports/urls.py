"""Addresses of reports."""

from django.urls import path

from modelling.reports import views

urlpatterns = [
    path("evaluations/<uuid:pk>/report/", views.report, name="report"),
    path("evaluations/<uuid:pk>/report/keep/", views.report_keep, name="report-keep"),
    path("evaluations/<uuid:pk>/report.pdf", views.report_pdf, name="report-pdf"),
    path("evaluations/<uuid:pk>/report.json", views.report_json, name="report-json"),
    path("evaluations/<uuid:pk>/report/<slug:name>.<slug:kind>", views.report_figure, name="report-figure"),
    path("evaluations/<uuid:pk>/rehearsal/", views.rehearsal, name="rehearsal"),
    path("evaluations/<uuid:pk>/rehearsal.pdf", views.rehearsal_pdf, name="rehearsal-pdf"),
]
