"""Every address of the portal: one include per app."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.pages.urls")),
    path("", include("portal.accounts.urls")),
    path("", include("cohort.study.urls")),
    path("", include("cohort.enrolment.urls")),
    path("", include("cohort.consent.urls")),
    path("", include("cohort.desk.urls")),
    path("jobs/", include("portal.jobs.urls")),
    path("audit/", include("portal.audit.urls")),
    path("api/", include("portal.api_urls")),
]

handler400 = "portal.pages.errors.answer_400"
handler403 = "portal.pages.errors.answer_403"
handler404 = "portal.pages.errors.answer_404"
handler500 = "portal.pages.errors.answer_500"
