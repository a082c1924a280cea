"""Say what is wrong with this Raydock, and how to mend each thing."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.readiness import findings, overall


class Command(BaseCommand):
    """Exit code 1 when something is broken; a wrong configuration is told before this runs."""

    help = "Look at configuration, database, worker, broker and sandbox, and say how to mend what is wrong."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """One line each."""
        found = list(findings())
        for probe in found:
            self.stdout.write(f"{probe.state:<9} {probe.name:<12} {probe.detail}")
            if probe.cause:
                self.stdout.write(f"{'':<22} {probe.cause}")
        if overall(found) == "broken":
            sys.exit(1)
