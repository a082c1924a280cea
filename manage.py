#!/usr/bin/env python
"""Run Raydock's management commands."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> int:
    """Run the command; a configuration that cannot work is told in sentences, not as a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:
        sys.stderr.write("Raydock cannot start with this configuration:\n")
        sys.stderr.writelines(f"  - {sentence}\n" for sentence in str(error).splitlines())
        return 2
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
