"""TEMPORARY while the apps are being written."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
for at, module, view in [
    ("studies", "cohort.study.api", "StudyViewSet"), ("participants", "cohort.participants.api", "ParticipantViewSet"),
    ("people", "portal.accounts.api", "PersonViewSet"), ("jobs", "portal.jobs.api", "JobViewSet"),
]:
    if find_spec(module):
        router.register(at, getattr(import_module(module), view), "api-" + at)
urlpatterns = [path("schema/", SpectacularAPIView.as_view(), name="api-schema"), path("", include(router.urls))]
