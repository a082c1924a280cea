"""Every rule of the external ID (T1 to T22) has a test that bears its number."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"^ *def test_((?:t\d{1,2}_)+)", re.MULTILINE)
LAST = 22


def test_every_trust_rule_has_a_test_of_its_number() -> None:
    texts = [path.read_text() for path in TESTS.rglob("test_*.py")]
    numbers = {
        int(one) for text in texts for found in NAMED.findall(text) for one in re.findall(r"\d+", found)
    }
    assert set(range(1, LAST + 1)) - numbers == set()
