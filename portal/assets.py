"""The files that browsers get: built and collected when something newer than them exists."""

import fcntl
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from portal.configuration import ROOT

# Never linked from a page: extras of packages, and the parts that tools/build_assets.py joins into one file.
UNUSED = ["rest_framework", "redoc", "django_htmx", "raydock/css/*"]


def collected() -> Path:
    """The list of hashed names, written last: newer than it means not in it."""
    return Path(settings.STATIC_ROOT) / "staticfiles.json"


def sources() -> list[Path]:
    """Everything the assets are made of, packages counted by their lock file."""
    folders = (ROOT / "portal" / "static", ROOT / "build" / "assets")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [*files, ROOT / "requirements.txt", ROOT / "tools" / "build_assets.py"]


def are_fresh() -> bool:
    """Is everything built and collected?"""
    listing = collected()
    if not listing.exists():
        return False
    at = listing.stat().st_mtime
    return all(path.stat().st_mtime <= at for path in sources() if path.exists())


def bring_up_to_date() -> None:
    """Build and collect the assets unless they are fresh. Safe for several processes at once."""
    if are_fresh():
        return
    listing = collected()
    listing.parent.mkdir(parents=True, exist_ok=True)
    with (listing.parent.parent / ".assets-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if are_fresh():
            return
        builder = (sys.executable, str(ROOT / "tools" / "build_assets.py"))
        subprocess.run(builder, check=True, cwd=ROOT)  # noqa: S603 - our own script
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
        listing.touch()
