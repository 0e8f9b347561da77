"""Proposals made by staff and by a semester's table; frames that came before belong to them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models import File, LogEntry, Mail, Membership, Proposal, Run, User
from services.errors import AccessDenied, Conflict, InvalidRequest, NotFound, Unacceptable
from services.files import ingest
from services.proposals import proposal_admin, proposals, semester_import, semesters
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")

HEAD = ",".join(semester_import.COLUMNS) + "\n"


def staff() -> User:
    return builders.person("nina", is_staff=True)


def register(by: User, soar_id: str, pi: str, **more: str) -> Proposal:
    made = proposal_admin.register(by, soar_id=soar_id, semester="2026B", pi=pi, **more)
    return Proposal.get_by_id(made.id)


@pytest.mark.parametrize(
    ("date", "semester"),
    [
        ((2026, 2, 1), "2026A"),
        ((2026, 7, 31), "2026A"),
        ((2026, 8, 1), "2026B"),
        ((2026, 12, 31), "2026B"),
        ((2027, 1, 31), "2026B"),
        ((2027, 2, 1), "2027A"),
    ],
)
def test_a_is_february_to_july_and_b_august_to_january(
    date: tuple[int, int, int], semester: str
) -> None:
    assert semesters.of_date(dt.date(*date)) == semester


def test_a_form_offers_the_semesters_about_now() -> None:
    offered = semesters.offered()
    now = semesters.current()
    assert offered.index(now) == 1
    assert offered == sorted(offered, reverse=True)
    assert len(set(offered)) == 8


def test_the_next_soar_id_is_the_count_and_one_and_free() -> None:
    assert semesters.next_soar_id("2026B") == "SOAR2026B-001"
    for number in range(1, 14):
        builders.proposal(f"SOAR2026B-{number:03d}")
    builders.proposal("SOAR2026A-014")
    assert semesters.next_soar_id("2026b") == "SOAR2026B-014"
    builders.proposal("soar2026b-015")
    assert semesters.next_soar_id("2026B") == "SOAR2026B-016"
    with pytest.raises(Unacceptable):
        semesters.next_soar_id("2026")


def test_frames_that_came_before_attach_themselves(raw: Path, blocks: None) -> None:
    by, pi = staff(), builders.person("pi")
    path = builders.write_frame(raw / "0001.fits", PROPID="SOAR2026B-014")
    assert ingest.ingest(path).outcome == "indexed"
    (waiting,) = proposal_admin.page(by, waiting=True).rows
    assert (waiting.soar_id, waiting.n_frames, waiting.pi) == ("SOAR2026B-014", 1, "")
    assert proposal_admin.n_waiting(by) == 1
    made = register(by, "soar2026b-014", pi.email)
    assert made.soar_id == "SOAR2026B-014"  # as the frames spell it
    assert [row.proposal_id for row in File.select()] == [made.id]
    assert proposals.visible(pi) == [made]
    later = builders.write_frame(raw / "0002.fits", PROPID="SOAR2026B-014")
    assert ingest.ingest(later).file.proposal_id == made.id
    assert proposal_admin.n_waiting(by) == 0


def test_a_mistyped_id_is_mended_with_the_frames_that_wait_under_the_right_one() -> None:
    by, pi = staff(), builders.person("pi")
    wrong = register(by, "SOAR2026B-041", "pi", title="Dust")
    placeholder = proposals.for_frame("SOAR2026B-014")
    file = builders.row("0001.fits", placeholder)
    run = builders.run(file)
    other = register(by, "SOAR2026B-002", "pi")
    changed = {"semester": "2026B", "pi": pi.email, "title": "Dust", "abstract": ""}
    for taken in ("SOAR2026B-002", "soar2026b-002", "UNKNOWN", " "):
        with pytest.raises((Conflict, Unacceptable)) as refused:
            proposal_admin.edit(by, wrong.id, soar_id=taken, **changed)
        assert refused.value.field == "soar_id"
    proposal_admin.edit(by, wrong.id, soar_id="SOAR2026B-014", **changed)
    assert {row.soar_id for row in Proposal.select()} == {"SOAR2026B-014", other.soar_id}
    assert File.get_by_id(file.id).proposal_id == Run.get_by_id(run.id).proposal_id == wrong.id


def test_another_pi_takes_over_and_the_old_one_is_out() -> None:
    by, old = staff(), builders.person("old")
    new = builders.person("new", first_name="New", last_name="Leader")
    proposal = register(by, "SOAR2026B-001", "old")
    Membership.create(proposal=proposal, user=new)
    proposal_admin.edit(
        by,
        proposal.id,
        soar_id=proposal.soar_id,
        semester="2026B",
        title="",
        abstract="",
        pi="New Leader <new@observatory.example>",
    )
    assert proposals.visible(old) == []
    assert proposals.visible(new) == [proposal]
    assert Membership.select().count() == 0
    entry = LogEntry.get(LogEntry.proposal == proposal)
    assert entry.notice["params"]["pi"] == "New Leader"


def test_what_is_wrong_with_a_proposal_names_its_field() -> None:
    by, pi = staff(), builders.person("pi")
    builders.person("off", is_active=False)
    good = {"soar_id": "SOAR2026B-001", "semester": "2026B", "pi": pi.email}
    register(by, "SOAR2026B-009", "pi")
    for changed, field in (
        ({"pi": "nobody"}, "pi"),
        ({"pi": ""}, "pi"),
        ({"pi": "off"}, "pi"),
        ({"semester": "26B"}, "semester"),
        ({"semester": ""}, "semester"),
        ({"soar_id": "soar2026b-009"}, "soar_id"),
        ({"soar_id": " "}, "soar_id"),
        ({"soar_id": "unknown"}, "soar_id"),
        ({"soar_id": "a\x07"}, "soar_id"),
        ({"title": "x" * 501}, "title"),
        ({"abstract": "x" * 20_001}, "abstract"),
    ):
        with pytest.raises((Conflict, Unacceptable)) as refused:
            proposal_admin.register(by, **{**good, **changed})
        assert refused.value.field == field, changed
    assert Proposal.select().count() == 1


def test_nobody_else_registers() -> None:
    user = builders.person("user")
    proposal = builders.proposal("SOAR2026B-001", user)
    for act in (
        lambda: register(user, "SOAR2026B-002", "user"),
        lambda: proposal_admin.page(user),
        lambda: proposal_admin.n_waiting(user),
        lambda: proposal_admin.get(user, proposal.id),
        lambda: proposal_admin.edit(
            user, proposal.id, soar_id="x", semester="2026B", pi="user", title="", abstract=""
        ),
        lambda: semester_import.plan(user, HEAD.encode() + b"a,,,a@b.example,,,\n"),
        lambda: semester_import.apply(user, HEAD.encode() + b"a,,,a@b.example,,,\n"),
    ):
        with pytest.raises(AccessDenied):
            act()
    unknown = proposals.for_frame("")
    with pytest.raises(NotFound):
        proposal_admin.get(staff(), unknown.id)


def test_a_dry_run_tells_each_rows_effect_and_changes_nothing() -> None:
    by, pi = staff(), builders.person("pi", first_name="Pia", last_name="Soto")
    builders.proposal("SOAR2026B-001", pi)
    placeholder = proposals.for_frame("SOAR2026B-002")
    builders.row("0001.fits", placeholder)
    builders.person("off", is_active=False)
    table = HEAD + (
        "soar2026b-001,x,,pi@observatory.example,,,\n"
        "SOAR2026B-002,Dust,,PI@observatory.example,,,2026b\n"
        '"SOAR2026B-003","One\nTwo",,new@soar.example,New,Person,\n'
        "SOAR2026B-004,,,New@soar.example ,,,\n"
        "SOAR2026B-004,,,new@soar.example,,,\n"
        ",,,new@soar.example,,,\n"
        "SOAR2026B-005,,,nowhere,,,\n"
        "SOAR2026B-006,,,a@b.example,,,2026C\n"
        "SOAR2026B-007,,,off@observatory.example,,,\n"
    )
    before = (User.select().count(), Proposal.select().count())
    planned = semester_import.plan(by, table.encode())
    told = {row.line: row.effect or row.error for row in planned.rows}
    assert told == {
        2: "already registered, not changed",
        3: "registers SOAR2026B-002, which has 1 frame; PI Pia Soto",
        5: "new proposal; new account for new@soar.example",
        6: "new proposal; PI new@soar.example, as above",
        7: "SOAR2026B-004 is also in line 6.",
        8: "The SOAR ID is missing.",
        9: "This is not a valid e-mail address.",
        10: "Enter a year and A or B, such as 2026B.",
        11: "The account of off@observatory.example is deactivated.",
    }
    assert (planned.n_proposals, planned.n_people, len(planned.errors)) == (3, 1, 5)
    with pytest.raises(Unacceptable) as refused:
        semester_import.apply(by, table.encode())
    assert refused.value.detail[0] == "line 7: SOAR2026B-004 is also in line 6."
    assert (User.select().count(), Proposal.select().count()) == before
    assert Mail.select().count() == 0


def test_what_was_planned_is_done_once_with_one_mail_for_each_pi() -> None:
    by = staff()
    known = builders.person("known", password_hash="x")
    proposals.for_frame("SOAR2026B-002")
    table = HEAD.replace(",", ";") + (
        "SOAR2026B-001;Dust, cold;Old.;new@soar.example;Nuria;Núñez;2026B\n"
        "SOAR2026B-002;Discs;;NEW@soar.example;;;\n"
        "SOAR2026B-003;Stars;;known@observatory.example;;;\n"
    )
    planned = semester_import.apply(by, b"\xef\xbb\xbf" + table.encode())
    assert (planned.n_proposals, planned.n_people) == (3, 1)
    new = User.get(User.email == "new@soar.example")
    assert new.full_name == "Nuria Núñez"
    assert {row.soar_id for row in proposals.visible(new)} == {"SOAR2026B-001", "SOAR2026B-002"}
    mails = {row.recipient: row for row in Mail.select()}
    assert mails.keys() == {new.email, known.email}
    assert mails[new.email].account_id == new.id and mails[known.email].account_id is None
    assert all(f"SOAR2026B-00{n}" in mails[new.email].text for n in (1, 2))
    again = semester_import.apply(by, table.encode())
    assert again.n_proposals == 0 and Mail.select().count() == 2


@given(st.binary(max_size=400))
def test_what_is_no_table_is_a_sentence(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        semester_import.read(content)


@given(st.lists(st.text(max_size=60), min_size=7, max_size=9))
def test_any_row_has_an_effect_or_an_error(cells: list[str]) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    try:
        planned = semester_import.plan(None, (HEAD + line + "\n").encode("utf-8", "surrogatepass"))
    except InvalidRequest:
        return
    assert all(bool(row.effect) != bool(row.error) for row in planned.rows)
