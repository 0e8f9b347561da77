"""The lists of proposals: what one sees, found by words, a page at a time."""

from __future__ import annotations

import pytest

from services.access import Action
from services.errors import NotFound
from services.proposals import proposal_index, proposals
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


def ids(user: object, text: str = "", page: int = 1, size: int = 20) -> list[str]:
    return [row.soar_id for row in proposal_index.page(user, text, page, size).rows]


def test_the_newest_semester_first_and_only_ones_own() -> None:
    pi, member, staff = (builders.person(n, is_staff=n == "staff") for n in ("p", "m", "staff"))
    for number, semester in ((1, "2025B"), (2, "2026A"), (3, "2026A")):
        row = builders.proposal(f"SOAR{semester}-00{number}", pi if number < 3 else None)
        row.semester = semester
        row.save()
    proposals.add_collaborator(pi, row.id - 1, member.email)
    everything = ["SOAR2026A-003", "SOAR2026A-002", "SOAR2025B-001"]
    assert ids(staff) == everything
    assert ids(pi) == everything[1:]
    assert ids(member) == ["SOAR2026A-002"]
    assert proposal_index.total(member) == 1
    (listed,) = proposal_index.page(member).rows
    assert (listed.pi, listed.n_collaborators) == ("p", 1)
    assert Action.VIEW in listed.may and Action.CONFIGURE not in listed.may
    assert Action.CONFIGURE in proposal_index.get(pi, row.id - 1).may
    with pytest.raises(NotFound):
        proposal_index.get(member, row.id)
    assert proposal_index.collaborator_names(member, [row.id - 1]) == {row.id - 1: ["m"]}
    assert proposal_index.collaborator_names(member, [row.id - 2]) == {}


def test_words_are_looked_for_in_id_pi_and_title() -> None:
    staff = builders.person("staff", is_staff=True)
    vera = builders.person("vera", first_name="Vera", last_name="Sand")
    builders.proposal("SOAR2026A-001", vera)
    other = builders.proposal("SOAR2026A-002")
    other.title = "100% of the dwarfs"
    other.save()
    for text, found in (
        ("sand", ["SOAR2026A-001"]),
        ("vera 001", ["SOAR2026A-001"]),
        ("DWARFS", ["SOAR2026A-002"]),
        ("100%", ["SOAR2026A-002"]),
        ("%", ["SOAR2026A-002"]),
        ("_", []),
        ("qu\0ux", []),
        ("2026a", ["SOAR2026A-002", "SOAR2026A-001"]),
    ):
        assert ids(staff, text) == found, text


def test_a_page_beyond_the_last_is_the_last() -> None:
    staff = builders.person("staff", is_staff=True)
    for number in range(5):
        builders.proposal(f"A-{number}")
    assert ids(staff, page=2, size=2) == ["A-2", "A-1"]
    assert ids(staff, page=99, size=2) == ["A-0"]
    assert proposal_index.page(staff, page=99, page_size=2).pages == 3
    assert proposal_index.page(builders.person("new")).pages == 1
