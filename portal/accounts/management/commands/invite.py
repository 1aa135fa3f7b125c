"""`manage.py invite EMAIL ROLE`: the door into a portal that is run without `./run` or the first-run page."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from portal.accounts.services import invite_person
from portal.core.errors import TrabeculaError
from portal.roles.actors import SETUP
from portal.roles.models import Role
from portal.sites.models import Site


class Command(BaseCommand):
    """Invite somebody and print the link by which they come in. It works once and is shown once."""

    help = "Invite a person with a first role and print their link. There is no createsuperuser: see docs/accounts.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare who, in which role, and where."""
        parser.add_argument("email")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--site", default="", help="the site's prefix, such as EXB; without it: every site")
        parser.add_argument("--name", default="", help="the person's name; without it: the e-mail address")
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the portal is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        """Invite, and print the link."""
        site = Site.objects.filter(prefix=options["site"].upper()).first()
        if options["site"] and site is None:
            known = ", ".join(Site.objects.values_list("prefix", flat=True)) or "none yet"
            raise CommandError(f"there is no site '{options['site']}'; known: {known}")
        name = options["name"] or options["email"]
        try:
            link = invite_person(actor=SETUP, email=options["email"], name=name, role=options["role"], site=site)
        except TrabeculaError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{options['address'].rstrip('/')}{reverse('join', args=[link.token])}")
