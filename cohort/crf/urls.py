"""Addresses of visits and their forms."""

from django.urls import path

from cohort.crf import record_views, views

VISIT = "participants/<str:code>/visits/<slug:visit_code>/"
FORM = VISIT + "<slug:form>/"
ROW = FORM + "<int:number>/"

urlpatterns = [
    path("visits/", views.visits_due, name="visits-due"),
    path("participants/<str:code>/visits/", views.visits, name="visits"),
    path(VISIT, views.visit, name="visit"),
    path(VISIT + "begin/", views.visit_begin, name="visit-begin"),
    path(VISIT + "miss/", views.visit_miss, name="visit-miss"),
    path(FORM, record_views.record, name="record"),
    path(FORM + "add/", record_views.record_add, name="record-add"),
    path(FORM + "none/", record_views.record_none, name="record-none"),
    path(ROW, record_views.record, name="record"),
    path(ROW + "save/", record_views.record_save, name="record-save"),
    path(ROW + "complete/", record_views.record_complete, name="record-complete"),
    path(ROW + "reopen/", record_views.record_reopen, name="record-reopen"),
    path(ROW + "sign/", record_views.record_sign, name="record-sign"),
]
