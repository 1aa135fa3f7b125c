"""Addresses of model versions."""

from django.urls import path

from modelling.zoo import views

urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/<uuid:pk>/", views.model, name="model"),
    path("models/<uuid:pk>/files/<str:name>", views.model_file, name="model-file"),
]
