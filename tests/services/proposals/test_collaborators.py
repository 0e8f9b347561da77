"""Who can be made a collaborator: the owner of an address, and nobody by a guessed username."""

from __future__ import annotations

import pytest

from db.models import Mail, Membership, User
from services.accounts import accounts
from services.errors import NotFound, Unacceptable
from services.proposals import proposals
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def pi() -> User:
    return builders.person("pi")


def refusal(pi: User, proposal_id: int, email: str) -> tuple[str | None, str]:
    before = User.select().count()
    with pytest.raises(Unacceptable) as refused:
        proposals.add_collaborator(pi, proposal_id, email)
    assert Membership.select().count() == Mail.select().count() == 0
    assert User.select().count() == before
    return refused.value.field, refused.value.message


def test_a_username_tells_nothing_of_its_owner(pi: User) -> None:
    builders.person("vega")
    proposal = builders.proposal("SOAR2026A-001", pi)
    known, unknown = (refusal(pi, proposal.id, name) for name in ("vega", "nobody"))
    assert known == unknown
    assert known[0] == "email"


def test_an_address_that_is_the_username_of_somebody_else_adds_nobody(pi: User) -> None:
    User.create(username="old@soar.example", email="new@soar.example")
    proposal = builders.proposal("SOAR2026A-001", pi)
    field, message = refusal(pi, proposal.id, "old@soar.example")
    assert (field, message) == ("email", accounts.ADDRESS_TAKEN)
    assert "new@" not in message


def test_a_deactivated_account_is_not_added_and_can_be_removed(pi: User) -> None:
    person = builders.person("vega")
    proposal = builders.proposal("SOAR2026A-001", pi)
    User.update(is_active=False).where(User.id == person.id).execute()
    assert refusal(pi, proposal.id, person.email) == ("email", proposals.DEACTIVATED)
    Membership.create(proposal=proposal, user=person)
    with pytest.raises(NotFound):
        proposals.remove_collaborator(pi, proposal.id, "vega")
    proposals.remove_collaborator(pi, proposal.id, person.email)
    assert Membership.select().count() == 0
