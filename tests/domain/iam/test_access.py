"""Who gets in, as whom, and who does not."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest

from iam import audit, tenancy
from iam.access import (
    actor_for_session,
    actor_for_token,
    authenticate,
    member_for,
    organizations_of,
    token_for,
)
from iam.actors import Actor
from iam.errors import Denied, NotFound, Problem, TooMany
from iam.members import member_remove
from iam.models import ApiToken, User
from iam.secrets import new_secret, prefix_of
from iam.tokens import token_create, token_revoke
from tests.people import PASSWORD, People, Person

GUESSES = int(os.environ.get("RAYDOCK_GUESSES", "1000"))
ORIGIN: dict[str, Any] = {"source_ip": "192.0.2.9", "request_id": "req_access"}


def user_of(person: Person) -> User:
    return User.objects.get(pk=person.actor.id)


def sign_in(email: str, password: str, now: datetime, address: str = "192.0.2.9") -> User:
    return authenticate(email=email, password=password, source_ip=address, request_id="req_access", now=now)


def last_event(us: People) -> dict[str, Any]:
    with us.auditor.here:
        return audit.events(actor=us.auditor.actor).results[0]


def acting(raw: str, now: datetime) -> Actor:
    return actor_for_token(raw, now=now, source_ip="192.0.2.9", request_id="req_access")


def test_the_right_password_signs_in_whatever_the_spelling_of_the_address(us: People, now: datetime) -> None:
    person = user_of(us.member)
    assert sign_in(f" {person.email.upper()}", PASSWORD, now) == person
    last = last_event(us)
    assert (last["action"], last["outcome"], last["actor_id"]) == ("session.sign_in", "succeeded", person.id)


def test_a_wrong_password_and_an_unknown_address_are_told_alike(us: People, now: datetime) -> None:
    answers = []
    for email in (us.member.actor.label, "nobody@example.com"):
        with pytest.raises(Problem) as refused:
            sign_in(email, "wrong", now)
        answers.append((refused.value.code, refused.value.message, refused.value.status))
    assert answers[0] == answers[1]
    last = last_event(us)
    assert (last["action"], last["outcome"]) == ("session.sign_in", "denied")


def test_a_disabled_person_cannot_sign_in(us: People, now: datetime) -> None:
    User.objects.filter(pk=us.member.actor.id).update(is_active=False)
    with pytest.raises(Problem, match="do not belong together"):
        sign_in(us.member.actor.label, PASSWORD, now)
    with pytest.raises(Problem, match="not valid"):
        acting(us.member.token, now)


def test_of_all_guesses_in_an_hour_at_most_sixty_are_looked_at(us: People, now: datetime) -> None:
    looked_at = 0
    for guess in range(GUESSES):
        moment = now + timedelta(hours=1) * guess / GUESSES
        try:
            sign_in(us.member.actor.label, "wrong", moment, address=f"198.51.100.{guess % 100}")
        except TooMany:
            continue
        except Problem:
            looked_at += 1
    assert 10 <= looked_at <= 60


def test_a_refused_attempt_says_when_to_come_back_and_is_right(us: People, now: datetime) -> None:
    for _ in range(10):
        with pytest.raises(Problem, match="do not belong together"):
            sign_in(us.member.actor.label, "wrong", now)
    with pytest.raises(TooMany) as refused:
        sign_in(us.member.actor.label, PASSWORD, now)
    later = now + timedelta(seconds=refused.value.retry_after)
    assert sign_in(us.member.actor.label, PASSWORD, later).id == us.member.actor.id


def test_other_people_are_not_held_up(us: People, now: datetime) -> None:
    for _ in range(11):
        with pytest.raises(Problem):
            sign_in(us.member.actor.label, "wrong", now)
    assert sign_in(us.admin.actor.label, PASSWORD, now, address="203.0.113.5").id == us.admin.actor.id


def test_an_address_that_is_held_up_uses_up_nobody_else_s_attempts(us: People, now: datetime) -> None:
    for guess in range(30):
        with pytest.raises(Problem):
            sign_in(f"nobody{guess}@example.com", "wrong", now)
    for _ in range(20):
        with pytest.raises(TooMany):
            sign_in(us.owner.actor.label, "wrong", now)
    assert sign_in(us.owner.actor.label, PASSWORD, now, address="203.0.113.5").id == us.owner.actor.id


# Sessions


def test_a_person_acts_only_in_organizations_of_their_own(us: People, now: datetime) -> None:
    person = user_of(us.member)
    assert actor_for_session(person, None, **ORIGIN).organization_id == us.organization.id
    assert [one.id for one in organizations_of(person)] == [us.organization.id]
    with pytest.raises(NotFound):
        actor_for_session(person, us.others.id, **ORIGIN)
    member_remove(actor=us.owner.actor, membership_id=us.member.place_id, now=now)
    with pytest.raises(NotFound):
        actor_for_session(person, None, **ORIGIN)


# Tokens


def test_a_token_makes_the_actor_it_was_made_for(us: People, now: datetime) -> None:
    program = acting(us.program.token, now)
    assert (program.kind, program.label, program.organization_id) == (
        "service_account",
        "robot",
        us.organization.id,
    )
    assert acting(us.auditor.token, now).label == us.auditor.actor.label


def test_only_a_digest_of_the_token_is_stored(us: People, now: datetime) -> None:
    made = token_create(actor=us.owner.actor, name="ci", scopes=["read"], expires_at=None, now=now)
    with tenancy.everyone():
        stored = ApiToken.objects.filter(pk=made.token.pk).values().get()
    assert made.secret not in str(stored)
    assert made.secret.split("_")[2] not in str(stored)
    assert stored["prefix"] == prefix_of(made.secret, "rdk")


@pytest.mark.parametrize("change", ["case", "cut", "blank", "unicode", "empty", "kind"])
def test_a_token_that_is_not_exact_is_refused(us: People, now: datetime, change: str) -> None:
    raw = us.owner.token
    wrong = {
        "case": raw.swapcase(),
        "cut": raw[:-1],
        "blank": f"{raw} ",
        "unicode": raw[:-1] + "é",
        "empty": "",
        "kind": raw.replace("rdk_", "rdi_"),
    }[change]
    with pytest.raises(Problem) as refused:
        acting(wrong, now)
    assert (refused.value.code, refused.value.status) == ("token_invalid", 401)


def test_every_typing_error_in_a_token_is_seen_in_the_token_itself() -> None:
    raw = new_secret("rdk").text
    assert prefix_of(raw, "rdk") == raw[:12]
    for place in range(len(raw)):
        other = "A" if raw[place] != "A" else "B"
        assert prefix_of(raw[:place] + other + raw[place + 1 :], "rdk") is None, place


def test_a_revoked_expired_or_orphaned_token_is_refused_at_once(us: People, now: datetime) -> None:
    expiring = token_create(
        actor=us.owner.actor, name="day", scopes=["read"], expires_at=now + timedelta(days=1), now=now
    )
    lasting = token_create(actor=us.owner.actor, name="ci", scopes=["read"], expires_at=None, now=now)
    assert acting(expiring.secret, now + timedelta(hours=23)).id == us.owner.actor.id
    token_revoke(actor=us.owner.actor, token_id=lasting.token.id, now=now)
    member_remove(actor=us.owner.actor, membership_id=us.member.place_id, now=now)
    for raw, moment in (
        (lasting.secret, now),
        (us.member.token, now),
        (expiring.secret, now + timedelta(days=1)),
    ):
        with pytest.raises(Problem, match="expired or revoked"):
            acting(raw, moment)


def test_the_last_use_is_written_once_a_minute(us: People, now: datetime) -> None:
    def last_use() -> datetime | None:
        with tenancy.everyone():
            return ApiToken.objects.get(pk=us.owner.actor.token_id).last_used_at

    acting(us.owner.token, now + timedelta(seconds=59))
    assert last_use() == now
    acting(us.owner.token, now + timedelta(seconds=60))
    assert last_use() == now + timedelta(seconds=60)


def test_bad_tokens_are_counted_and_good_ones_pass_all_the_same(us: People, now: datetime) -> None:
    for _ in range(60):
        with pytest.raises(Problem, match="not valid"):
            acting("rdk_wrong", now)
    with pytest.raises(TooMany):
        acting("rdk_wrong", now)
    assert acting(us.owner.token, now).id == us.owner.actor.id


def test_a_token_does_no_more_than_its_scopes_and_its_holder(us: People, now: datetime) -> None:
    made = token_create(actor=us.owner.actor, name="read", scopes=["read"], expires_at=None, now=now)
    reader = acting(made.secret, now)
    assert {str(permission) for permission in reader.permissions} == {
        "cloud.read",
        "operation.read",
        "member.read",
        "organization.read",
    }
    with pytest.raises(Denied):
        token_create(actor=reader, name="more", scopes=["admin"], expires_at=None, now=now)
    assert acting(us.auditor.token, now).permissions == us.auditor.actor.permissions
    assert not us.auditor.actor.may(next(p for p in us.owner.actor.permissions if p == "cloud.create"))


def test_a_token_makes_none_that_outlives_it(us: People, now: datetime) -> None:
    day = now + timedelta(days=1)
    short = token_create(actor=us.owner.actor, name="day", scopes=["admin"], expires_at=day, now=now)
    actor = acting(short.secret, now)
    for wanted in (None, day + timedelta(seconds=1)):
        with pytest.raises(Problem) as refused:
            token_create(actor=actor, name="longer", scopes=["read"], expires_at=wanted, now=now)
        assert list(refused.value.fields) == ["expires_at"]
    token_create(actor=actor, name="as long", scopes=["read"], expires_at=day, now=now)


# One thing by its id


def test_what_is_not_yours_and_what_is_not_there_are_told_alike(us: People) -> None:
    for place in (us.member.place_id, "mem_00000000000000000000000000"):
        with pytest.raises(NotFound) as refused:
            member_for(us.stranger.actor, place)
        assert str(refused.value) == str(NotFound())


def test_a_member_sees_own_tokens_only_and_an_owner_all(us: People) -> None:
    own, other = us.member.actor.token_id, us.owner.actor.token_id
    assert own is not None
    assert other is not None
    with us.owner.here:
        assert token_for(us.member.actor, own).id == own
        assert token_for(us.owner.actor, own).id == own
        with pytest.raises(NotFound):
            token_for(us.member.actor, other)
    with us.stranger.here, pytest.raises(NotFound):
        token_for(us.stranger.actor, own)
