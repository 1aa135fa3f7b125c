"""The API: one router, and its schema from the first route on."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from cohort.crf.api import RecordsView, VisitsView
from cohort.enrolment.api import ScreeningCountsViewSet
from cohort.participants.api import ParticipantViewSet
from cohort.study.api import StudyViewSet
from cohort.study.marking import MarksOrigin
from modelling.runs.api import RunViewSet
from modelling.zoo.api import ModelVersionViewSet
from portal.accounts.api import PersonViewSet
from portal.jobs.api import JobViewSet


class MarkedJobViewSet(MarksOrigin, JobViewSet):
    """Jobs with their origins in the header: the machinery of jobs lies below the study and knows none itself."""


router = SimpleRouter()
router.register("studies", StudyViewSet, "api-study")
router.register("screenings", ScreeningCountsViewSet, "api-screening")
router.register("participants", ParticipantViewSet, "api-participant")
router.register("people", PersonViewSet, "api-person")
router.register("jobs", MarkedJobViewSet, "job")
router.register("runs", RunViewSet, "api-run")
router.register("models", ModelVersionViewSet, "api-model")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("visits/", VisitsView.as_view(), name="api-visits"),
    path("records/", RecordsView.as_view(), name="api-records"),
    path("", include(router.urls)),
]
