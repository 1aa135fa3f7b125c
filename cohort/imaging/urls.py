"""Addresses of imaging."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from cohort.imaging import reference_views, series_views, views
from cohort.imaging.api import UploadViewSet

router = SimpleRouter()
router.register("uploads", UploadViewSet, "api-upload")

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include(router.urls)),
    path("participants/<code>/imaging/", views.participant_imaging, name="imaging"),
    path("uploads/<uuid:pk>/", views.upload, name="upload"),
    path("uploads/<uuid:pk>/state/", views.upload_state, name="upload-state"),
    path("uploads/<uuid:pk>/side/", views.upload_side, name="upload-side"),
    path("uploads/<uuid:pk>/again/", views.upload_again, name="upload-again"),
    path("uploads/<uuid:pk>/cancel/", views.upload_cancel, name="upload-cancel"),
    path("series/<uuid:pk>/", series_views.series, name="series"),
    path("series/<uuid:pk>/quality/", series_views.series_quality, name="series-quality"),
    path("series/<uuid:pk>/judge/", series_views.series_judge, name="series-judge"),
    path("series/<uuid:pk>/files.json", series_views.series_files, name="series-files"),
    path("series/<uuid:pk>/files/<int:number>.dcm", series_views.series_file, name="series-file"),
    path("series/<uuid:pk>/thumbnail.png", series_views.series_thumbnail, name="series-thumbnail"),
    path("reference-images/", reference_views.reference_images, name="reference-images"),
    path("reference-images/<slug:slug>/", reference_views.reference_image, name="reference-image"),
    path("reference-images/<slug:slug>/files.json", reference_views.reference_files, name="reference-files"),
    path("reference-images/<slug:slug>/<kind>", reference_views.reference_file, name="reference-file"),
]
