"""Make the database and the assets ready to serve, and the first organization where it is asked for."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from iam.errors import Problem
from portal import assets
from portal.firstowner import demo_owner, first_owner
from portal.readiness import database_complaints


class Command(BaseCommand):
    """Run before each start; running it twice changes nothing."""

    help = "Migrate the database, collect the assets, and make the first organization with its owner."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who the first owner is, in production."""
        parser.add_argument("--organization", default="", help="found an organization with this name")
        parser.add_argument("--owner", default="", help="e-mail of its owner, whose password is printed once")
        parser.add_argument("--name", default="", help="the owner's name")
        parser.add_argument("--assets-only", action="store_true", help="collect the assets and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Assets, database, first owner, in this order."""
        assets.bring_up_to_date()
        if options["assets_only"]:
            return
        settings.RAYDOCK.data_dir.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        if settings.RAYDOCK.production and (complaints := database_complaints()):
            raise CommandError("\n".join(complaints))
        now = datetime.now(UTC)
        if options["owner"]:
            self._found(options["organization"], options["owner"], options["name"], now)
        elif not settings.RAYDOCK.production:
            demo_owner(settings.RAYDOCK.data_dir, now)

    def _found(self, organization: str, email: str, name: str, now: datetime) -> None:
        if not organization:
            message = (
                "Name the organization too: manage.py prepare --organization 'Acme' --owner you@acme.example"
            )
            raise CommandError(message)
        try:
            about = first_owner(organization, email, name or email.partition("@")[0], now)
        except Problem as problem:
            raise CommandError(problem.message) from problem
        self.stdout.write(f"{about['email']} can sign in with this password, shown once: {about['password']}")
