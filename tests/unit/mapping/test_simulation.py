"""Who gets something else under another mapping, and who gets what at all."""

from iam.mapping import Outcome, coverage, simulate
from tests.unit.mapping.writing import JOB, config

BOB = {**JOB, "user": "bob@example.com"}


def test_a_change_names_who_gets_something_else_and_who_would_not_start() -> None:
    before = config(("user=ada@example.com", "a"), ("user=bob@example.com", "b"))
    after = config(("project=other", "x"), ("user=ada@example.com", "a"), default="FAIL")
    ada, bob, nobody = simulate(before, after, [JOB, BOB, {"workload-type": "job"}])
    assert (ada.changed, ada.fails, ada.before.rule_index, ada.after.rule_index) == (False, False, 0, 1)
    assert (bob.changed, bob.fails, bob.before.role, bob.after.role) == (True, True, "b", None)
    assert (nobody.changed, nobody.before.outcome, nobody.after.outcome) == (
        True, Outcome.CLOUD_DEFAULT, Outcome.FAIL,
    )  # fmt: skip
    assert nobody.labels == {"workload-type": "job"}


def test_coverage_has_a_cell_for_each_project_type_and_user() -> None:
    rules = config(("workload-type=job,project=vision", "j"), ("user=ada@example.com", "a"), default="FAIL")
    cells = coverage(rules, projects=["vision", "nlp"], users=["ada@example.com", "bob@example.com"])
    assert len(cells) == 2 * 3 * 2
    found = {(one.workload_type, one.project, one.user): one.resolution for one in cells}
    assert len(found) == len(cells)
    assert found["job", "vision", "bob@example.com"].role == "j"
    assert found["job", "nlp", "ada@example.com"].role == "a"
    assert found["workspace", "nlp", "bob@example.com"].outcome is Outcome.FAIL
