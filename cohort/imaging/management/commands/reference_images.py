"""`manage.py reference_images`: fill the gallery with the real images that the project brings."""

from typing import Any

from django.core.management.base import BaseCommand

from cohort.imaging.reference_images import add_reference_image, list_catalogue
from portal.roles.actors import SETUP


class Command(BaseCommand):
    help = "Fill the gallery of reference images; running it again renews it."

    def handle(self, *args: Any, **options: Any) -> None:
        for entry in list_catalogue():
            add_reference_image(actor=SETUP, entry=entry)
            self.stdout.write(f"{entry['slug']}: {entry['title']}")
