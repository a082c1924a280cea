"""Who comes into an organization, with which role, and how they leave."""

from datetime import datetime, timedelta

import pytest

from iam import audit, tenancy
from iam.access import actor_for_session
from iam.errors import Denied, NotFound, Problem
from iam.invitations import invitation_accept, invitation_create, invitation_revoke
from iam.members import member_change_role, member_remove, members
from iam.models import Membership, User
from iam.organizations import organization_found, person_create
from iam.permissions import MemberRole
from iam.service_accounts import service_account_create, service_account_remove
from iam.tokens import token_create
from tests.people import PASSWORD, People

ORIGIN = {"source_ip": "192.0.2.9", "request_id": "req_members"}
GUEST = "guest@example.com"


def invite(us: People, now: datetime, role: MemberRole = MemberRole.MEMBER, email: str = GUEST) -> str:
    return invitation_create(actor=us.owner.actor, email=email, role=role, now=now).secret


def accept(secret: str, now: datetime, password: str = PASSWORD) -> Membership:
    return invitation_accept(
        secret=secret,
        name="Gert Guest",
        password=password,
        source_ip="192.0.2.9",
        request_id="req_members",
        now=now,
    )


def test_the_last_owner_stays_and_stays_owner(us: People, now: datetime) -> None:
    place = us.owner.place_id
    with pytest.raises(Problem, match="last owner"):
        member_remove(actor=us.owner.actor, membership_id=place, now=now)
    with pytest.raises(Problem, match="last owner"):
        member_change_role(actor=us.owner.actor, membership_id=place, role=MemberRole.ADMIN, now=now)
    member_change_role(actor=us.owner.actor, membership_id=us.admin.place_id, role=MemberRole.OWNER, now=now)
    member_remove(actor=us.owner.actor, membership_id=place, now=now)


def test_an_administrator_cannot_make_change_or_remove_an_owner(us: People, now: datetime) -> None:
    admin = us.admin.actor
    with pytest.raises(Denied):
        member_change_role(actor=admin, membership_id=us.member.place_id, role=MemberRole.OWNER, now=now)
    with pytest.raises(Denied):
        member_change_role(actor=admin, membership_id=us.owner.place_id, role=MemberRole.MEMBER, now=now)
    with pytest.raises(Denied):
        member_remove(actor=admin, membership_id=us.owner.place_id, now=now)
    with pytest.raises(Denied):
        invitation_create(actor=admin, email=GUEST, role=MemberRole.OWNER, now=now)
    with pytest.raises(Denied):
        service_account_create(actor=admin, name="boss", role=MemberRole.OWNER, now=now)


def test_an_administrator_gets_no_token_of_an_owning_program(us: People, now: datetime) -> None:
    boss = service_account_create(actor=us.owner.actor, name="boss", role=MemberRole.OWNER, now=now)
    with pytest.raises(Denied):
        token_create(
            actor=us.admin.actor,
            name="mine",
            scopes=["admin"],
            expires_at=None,
            service_account_id=boss.id,
            now=now,
        )
    with pytest.raises(Denied):
        service_account_remove(actor=us.admin.actor, service_account_id=boss.id, now=now)


def test_a_new_role_counts_from_the_next_request(us: People, now: datetime) -> None:
    person = User.objects.get(pk=us.member.actor.id)
    member_change_role(
        actor=us.owner.actor, membership_id=us.member.place_id, role=MemberRole.AUDITOR, now=now
    )
    assert actor_for_session(person, None, **ORIGIN).role is MemberRole.AUDITOR


def test_an_invited_person_comes_in_once(us: People, now: datetime) -> None:
    secret = invite(us, now)
    member = accept(secret, now)
    assert (member.role, member.user.email) == (MemberRole.MEMBER, GUEST)
    with pytest.raises(Problem) as refused:
        accept(secret, now)
    assert refused.value.code == "invitation_invalid"
    with us.owner.here:
        actions = [event["action"] for event in audit.events(actor=us.owner.actor).results]
    assert actions[:2] == ["invitation.accept", "invitation.create"]


def test_an_invitation_ends_after_a_week_or_when_taken_back(us: People, now: datetime) -> None:
    late = invite(us, now)
    offer = invitation_create(
        actor=us.owner.actor, email="other@example.com", role=MemberRole.MEMBER, now=now
    )
    invitation_revoke(actor=us.owner.actor, invitation_id=offer.invitation.id, now=now)
    with pytest.raises(Problem, match="taken back"):
        accept(offer.secret, now)
    with pytest.raises(Problem, match="accepted or taken back"):
        invitation_revoke(actor=us.owner.actor, invitation_id=offer.invitation.id, now=now)
    with pytest.raises(Problem, match="expired"):
        accept(late, now + timedelta(days=7))


def test_the_secret_of_an_invitation_is_not_kept(us: People, now: datetime) -> None:
    made = invitation_create(actor=us.owner.actor, email=GUEST, role=MemberRole.MEMBER, now=now)
    with tenancy.everyone():
        made.invitation.refresh_from_db()
    assert made.secret not in str(vars(made.invitation))


def test_a_known_person_joins_with_their_own_password_only(us: People, now: datetime) -> None:
    secret = invite(us, now, email=us.stranger.actor.label)
    with pytest.raises(Problem, match="do not belong together"):
        accept(secret, now, password="somebody else's guess")
    member = accept(secret, now)
    assert member.user_id == us.stranger.actor.id


def test_who_comes_back_gets_a_new_membership_and_no_old_token(us: People, now: datetime) -> None:
    member_remove(actor=us.owner.actor, membership_id=us.admin.place_id, now=now)
    secret = invite(us, now, role=MemberRole.AUDITOR, email=us.admin.actor.label)
    again = accept(secret, now)
    assert again.id != us.admin.place_id
    person = User.objects.get(pk=us.admin.actor.id)
    assert actor_for_session(person, None, **ORIGIN).role is MemberRole.AUDITOR
    with tenancy.everyone():
        assert not again.tokens.exists()


def test_who_is_removed_does_not_come_back_by_an_old_invitation(us: People, now: datetime) -> None:
    used, spare = invite(us, now), invite(us, now, MemberRole.ADMIN)
    member = accept(used, now)
    member_remove(actor=us.owner.actor, membership_id=member.id, now=now)
    with pytest.raises(Problem, match="taken back"):
        accept(spare, now)
    assert accept(invite(us, now), now).role == MemberRole.MEMBER


def test_a_weak_password_is_refused_with_reasons(us: People, now: datetime) -> None:
    with pytest.raises(Problem) as refused:
        accept(invite(us, now), now, password="password")
    assert refused.value.code == "password_weak"
    assert len(refused.value.fields["password"]) >= 2
    assert not User.objects.filter(email=GUEST).exists()


def test_a_name_that_does_not_fit_is_refused(us: People, now: datetime) -> None:
    with pytest.raises(Problem) as refused:
        person_create(email=GUEST, name="x" * 121, password=PASSWORD, now=now)
    assert list(refused.value.fields) == ["name"]


def test_who_is_a_member_is_not_invited_again(us: People, now: datetime) -> None:
    with pytest.raises(Problem, match="already"):
        invite(us, now, email=us.member.actor.label.upper())


def test_an_organization_is_not_founded_twice_by_one_address(us: People, now: datetime) -> None:
    with pytest.raises(Problem) as refused:
        organization_found(name="again", email=us.owner.actor.label, person="O", password=PASSWORD, now=now)
    assert refused.value.code == "email_taken"


def test_members_of_other_organizations_are_not_listed(us: People) -> None:
    with us.stranger.here:
        seen = {member.id for member in members(actor=us.stranger.actor).results}
    assert seen == {us.stranger.place_id}


def test_nothing_of_another_organization_can_be_changed(us: People, now: datetime) -> None:
    with pytest.raises(NotFound):
        member_remove(actor=us.stranger.actor, membership_id=us.member.place_id, now=now)
    with pytest.raises(NotFound):
        service_account_remove(actor=us.stranger.actor, service_account_id=us.program.place_id, now=now)
