"""Every address of the portal: one include per app."""

from django.urls import include, path

from portal.accounts import doors
from portal.demo.suggesting import list_suggested_for
from portal.pages.views import home
from portal.pages.waiting import list_waiting_for

urlpatterns = [
    # Pages stand below the demo; here the first is told what the demo suggests.
    path("", home, {"list_suggested": list_suggested_for}, name="home"),
    path("", include("portal.pages.urls")),
    # Accounts and pages may not import each other; here the first is told what waits for whom.
    path("demo/sign-in/", doors.demo_sign_in, {"list_waiting": list_waiting_for}, name="demo-sign-in"),
    path("", include("portal.accounts.urls")),
    path("", include("cohort.study.urls")),
    path("", include("cohort.enrolment.urls")),
    path("", include("cohort.consent.urls")),
    path("", include("cohort.desk.urls")),
    path("", include("cohort.vault.urls")),
    path("", include("cohort.crf.urls")),
    path("", include("cohort.imaging.urls")),
    path("", include("cohort.measurements.urls")),
    path("", include("cohort.quality.urls")),
    path("", include("cohort.labels.urls")),
    path("", include("cohort.datasets.urls")),
    path("", include("cohort.exchange.urls")),
    path("", include("modelling.measuring.urls")),
    path("", include("modelling.zoo.urls")),
    path("", include("modelling.runs.urls")),
    path("", include("modelling.blinded.urls")),
    path("", include("modelling.reports.urls")),
    path("jobs/", include("portal.jobs.urls")),
    path("audit/", include("portal.audit.urls")),
    path("api/", include("portal.api_urls")),
]

handler400 = "portal.pages.errors.answer_400"
handler403 = "portal.pages.errors.answer_403"
handler404 = "portal.pages.errors.answer_404"
handler500 = "portal.pages.errors.answer_500"
