"""`manage.py setup_link`: print the link of the first person, while there is nobody yet."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils.http import urlencode

from portal.accounts.access import is_anybody_there


class Command(BaseCommand):
    help = "Print the link by which the first person sets the portal up; print nothing once somebody is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="the portal's address")

    def handle(self, *args: Any, **options: Any) -> None:
        if is_anybody_there():
            return
        link = f"{options['url'].rstrip('/')}{reverse('first-run')}?{urlencode({'token': settings.SETUP_TOKEN})}"
        self.stdout.write(f"Nobody is here yet. Set the portal up, once, at:\n  {link}")
