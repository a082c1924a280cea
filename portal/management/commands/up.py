"""Run a whole Raydock on this machine: sandbox, worker, console."""

import os
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.secretkey import keep_secret_key
from portal.stack import HOST, chosen_place, only_one, prepared_folder, run
from portal.supervision import StartError, Supervisor

HIGHEST_PORT = 65_535


class Command(BaseCommand):
    """Start everything, print one line, stop everything on Ctrl-C."""

    help = "Run a whole Raydock on this machine: sandbox, worker, console. Ctrl-C stops all of it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The places: ports and folder."""
        parser.add_argument("--host", default=HOST, help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000, help="port of the console (8000)")
        parser.add_argument("--sandbox-port", type=int, default=0, help="port of the sandbox (finds one)")
        parser.add_argument("--data-dir", type=Path, default=settings.RAYDOCK.data_dir, help="data folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped; exit code 1 when something ended by itself."""
        os.umask(0o077)  # the database holds people's sessions: nobody else on this machine reads it
        supervisor = Supervisor(_line_writer())
        supervisor.stop_on_signals()
        if not 0 < options["port"] <= HIGHEST_PORT:
            message = f"{options['port']} is no port. Choose one between 1024 and {HIGHEST_PORT}."
            raise CommandError(message)
        try:
            folder = prepared_folder(options["data_dir"].expanduser())
            with only_one(folder):
                keep_secret_key(folder)
                place = chosen_place(folder, options["host"], options["port"], options["sandbox_port"])
                code = run(place, supervisor)
        except StartError as error:
            raise CommandError(str(error)) from error
        if code:
            sys.exit(code)


def _line_writer() -> Any:
    lock = threading.Lock()

    def write(line: str) -> None:
        with lock:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    return write
