"""The WSGI application of the console and the REST API."""

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

CHARSET: Final = re.compile(r";\s*charset=[^;]*", re.IGNORECASE)
django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Answers a request, reading it as UTF-8: a charset that it names may be any decoder of Python's."""
    environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
    return django(environ, start_response)
