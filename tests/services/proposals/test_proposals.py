from __future__ import annotations

import pytest

from db.models import Proposal, User
from services.accounts import accounts
from services.errors import AccessDenied, Conflict, NotFound, Unacceptable
from services.proposals import proposal_index, proposals
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


def test_a_frame_makes_a_placeholder_that_staff_completes() -> None:
    staff, pi = builders.person("staff", is_staff=True), builders.person("pi")
    placeholder = proposals.for_frame(" SOAR2026B-001 ")
    assert proposals.for_frame("SOAR2026B-001") == placeholder
    assert (placeholder.is_placeholder, placeholder.pi) == (True, None)
    assert proposals.visible(pi) == []
    completed = proposals.create(staff, soar_id="SOAR2026B-001", title="Dust", pi=pi)
    assert completed == placeholder
    assert (completed.semester, completed.is_placeholder) == ("2026B", False)
    assert proposals.visible(pi) == [placeholder]
    with pytest.raises(Conflict):
        proposals.create(staff, soar_id="SOAR2026B-001")
    with pytest.raises(AccessDenied):
        proposals.create(pi, soar_id="SOAR2026B-002")
    for blank in ("", "  ", "\0", "UNKNOWN"):
        with pytest.raises(Unacceptable):
            proposals.create(None, soar_id=blank)


def test_frames_without_a_proposal_are_staffs() -> None:
    unknown = proposals.for_frame("")
    assert unknown.soar_id == "UNKNOWN"
    assert proposals.visible(builders.person("pi")) == []
    assert proposals.visible(builders.person("staff", is_staff=True)) == [unknown]


def test_collaborators_come_and_go() -> None:
    pi, stranger = builders.person("pi"), builders.person("stranger")
    proposal = builders.proposal("A", pi)
    proposals.add_collaborator(pi, proposal.id, "O'New@soar.example")
    proposals.add_collaborator(pi, proposal.id, "o'new@soar.example")
    new = User.get(User.email == "o'new@soar.example")
    assert new.password_hash == ""
    (member,) = proposal_index.members(pi, proposal.id).collaborators
    assert (member.full_name, member.email) == (new.full_name, new.email)
    assert proposals.visible(new) == [proposal]
    with pytest.raises(Unacceptable):
        proposals.add_collaborator(pi, proposal.id, pi.email)
    with pytest.raises(AccessDenied):
        proposals.add_collaborator(new, proposal.id, stranger.email)
    for who in (stranger,):
        with pytest.raises(NotFound):
            proposals.add_collaborator(who, proposal.id, who.email)
    proposals.remove_collaborator(pi, proposal.id, new.email)
    assert proposals.visible(new) == []
    with pytest.raises(NotFound):
        proposals.remove_collaborator(pi, proposal.id, new.email)


def test_a_proposal_is_serialized_as_in_the_manual() -> None:
    pi = builders.person("pi", first_name="Pia", last_name="Investigator")
    member, _ = accounts.create_user(username="m", email="m@soar.example")
    shown = proposals.serialize(builders.proposal("A", pi, member))
    assert list(shown) == [
        "id",
        "soar_id",
        "semester",
        "title",
        "abstract",
        "user",
        "collaborators",
    ]
    assert list(shown["user"]) == [
        "id",
        "username",
        "last_login",
        "first_name",
        "last_name",
        "email",
        "is_staff",
        "is_active",
        "date_joined",
    ]
    assert [person["username"] for person in shown["collaborators"]] == ["m"]


def test_settings_survive_what_this_release_does_not_know() -> None:
    stored = {"master_bias": {"minimum": 5}, "reduce": {"gone": 1}, "unknown": {}}
    proposal = Proposal.create(soar_id="A", settings=stored)
    whole = proposals.settings_of(proposal)
    assert whole.master_bias.minimum == 5
    assert whole.reduce == type(whole.reduce)()
    assert proposals.block_settings(None, "master_bias").minimum == 10
