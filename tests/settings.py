"""The settings of the product, with what a test run must not share with it: data, keys, slow hashing."""

import os
import tempfile
from pathlib import Path

# Set before the product's settings are read; a variable that is already set (the PostgreSQL run) wins.
os.environ.setdefault("RAYDOCK_SECRET_KEY", "a-key-for-tests-only-" + "0123456789" * 3)
os.environ.setdefault("RAYDOCK_DATA_DIR", tempfile.mkdtemp(prefix="raydock-tests-"))
os.environ.setdefault("RAYDOCK_SANDBOX", "true")
os.environ.setdefault("RAYDOCK_SANDBOX_TOKEN", "sandbox-token-for-tests")
os.environ.setdefault("RAYDOCK_LOG_LEVEL", "WARNING")

from portal.settings import *  # noqa: F403  # the point of this file
from portal.settings import DATABASES, MIDDLEWARE, STORAGES

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

# The live server of the tests serves assets through the finders, so hashed names would all be missing.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]

# A test that makes ten people must not wait for ten hashes; tests/shape proves that argon2 is used.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in the product: threads and live servers need their own connections. Losing it costs nothing.
    DATABASES["default"]["TEST"] = {"NAME": Path(os.environ["RAYDOCK_DATA_DIR"]) / "test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
