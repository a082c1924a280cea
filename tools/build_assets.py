"""Build what the console serves but the repository does not hold: one stylesheet, Inter, htmx.

Run at set-up, after the packages are installed: `python tools/build_assets.py [target folder]`.
Third-party files come out of installed packages (nothing is downloaded) and land in `build/assets/raydock`.
A file that is already up to date is left alone, so running it on every start costs milliseconds.
"""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
STYLES = ROOT / "portal" / "static" / "raydock" / "css"

# Latin with its accents, punctuation, arrows and the signs that the console writes.
LETTERS = [
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2028), 0x2030, 0x2032, 0x2033, 0x2039, 0x203A,
    0x20AC, 0x2122, *range(0x2190, 0x219A), 0x2212, 0x2260, 0x2264, 0x2265, 0x2318, 0x2713, 0x2717,
]  # fmt: skip
FEATURES = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "tnum", "cv05", "ss03"]


def package_folder(name: str) -> Path:
    """Where an installed package keeps its files."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(
            f"The package {name} is not installed. Install requirements.txt, then run this again."
        )
    return Path(spec.submodule_search_locations[0])


def is_fresh(target: Path, *sources: Path) -> bool:
    """Whether the built file is newer than everything it is made of, this script included."""
    if not target.exists():
        return False
    return all(source.stat().st_mtime <= target.stat().st_mtime for source in (*sources, Path(__file__)))


def build_styles(target: Path) -> None:
    """Join the parts of the design system, in the order of their numbers, into one file."""
    parts = sorted(STYLES.glob("*.css"))
    if is_fresh(target, STYLES, *parts):
        return
    target.write_text("\n".join(part.read_text("utf-8") for part in parts), "utf-8")


def build_font(target: Path) -> None:
    """Cut Inter down to the letters and weights in use (about 40 KB).

    The subset comes before the instance: the other order trips over glyphs that are gone.
    """
    source = package_folder("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf"
    if is_fresh(target, source):
        return
    font = TTFont(source)
    options = Options()
    options.layout_features = FEATURES
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=LETTERS)
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"opsz": 14, "wght": (400, 700)})
    font.flavor = "woff2"
    font.save(target)
    shutil.copyfile(package_folder("fontpkg_inter") / "LICENSE", target.with_name("inter-license.txt"))


def build_htmx(target: Path) -> None:
    """Copy htmx without its source map line: the map is not shipped, and static storage would miss it."""
    source = package_folder("django_htmx") / "static" / "django_htmx" / "htmx-4.min.js"
    if is_fresh(target, source):
        return
    target.write_text(re.sub(r"\n?//# sourceMappingURL=\S+", "", source.read_text("utf-8")), "utf-8")


def build(folder: Path) -> None:
    """Bring every built file in the folder up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    build_styles(folder / "console.css")
    build_font(folder / "inter.woff2")
    build_htmx(folder / "htmx.js")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "assets" / "raydock")
