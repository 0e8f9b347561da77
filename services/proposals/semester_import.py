"""Import of a semester's proposals and PIs from a CSV table: preview, then import.

The import is all or nothing: while a row has an error, nothing is created.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from peewee import fn

from db.models import File, Proposal, User
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import access, logs
from services.access import Action
from services.accounts import accounts
from services.errors import InvalidRequest, ServiceError, Unacceptable
from services.mail import letters
from services.proposals import proposal_admin, proposals, semesters
from services.unit_of_work import transaction

COLUMNS = ("soar_id", "title", "abstract", "pi_email", "pi_first", "pi_last", "semester")
MAX_BYTES = 4 * 1024**2
MAX_ROWS = 5000
CHUNK = 500
"""Keys per query; SQLite limits their number."""


@dataclass(slots=True)
class Row:
    """A row of the table: its effect, or its error; `creates` when it creates a proposal."""

    line: int
    given: dict[str, str]
    effect: str = ""
    error: str = ""
    creates: bool = False


@dataclass(slots=True)
class Plan:
    """The effect of a table: its rows, and how many proposals and accounts it creates."""

    rows: list[Row] = field(default_factory=list)
    n_proposals: int = 0
    n_people: int = 0

    @property
    def errors(self) -> list[Row]:
        """The rows with an error."""
        return [row for row in self.rows if row.error]


def read(table: bytes) -> list[Row]:
    """Read the rows of a table.

    A byte-order mark and blank lines are ignored; the delimiter may be a comma, a semicolon or a
    tab.

    Raises
    ------
    InvalidRequest
        It is not such a table; the message says what is missing.
    """
    if len(table) > MAX_BYTES:
        raise InvalidRequest(f"The file is larger than {MAX_BYTES // 1024**2} MB.")
    try:
        text = table.decode("utf-8-sig")
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise InvalidRequest(f"The table has no column {', '.join(missing)}.")
        rows = [
            Row(reader.line_num, {name: (row[name] or "").strip() for name in COLUMNS})
            for row in reader
            if any(value.strip() for value in row.values() if isinstance(value, str))
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidRequest(f"This is not a CSV table in UTF-8: {error}.") from error
    if "\x00" in text:
        raise InvalidRequest("This is not a CSV table in UTF-8: it contains NUL characters.")
    if not rows:
        raise InvalidRequest("The table has no rows.")
    if len(rows) > MAX_ROWS:
        raise InvalidRequest(f"The table has more than {MAX_ROWS} rows.")
    return rows


def plan(user: User | None, table: bytes) -> Plan:
    """Return the effect of each row of a table; nothing is changed.

    Parameters
    ----------
    user : User or None
        Who asks (staff); None on the command line.
    """
    if user is not None:
        access.require_site(user, Action.MANAGE)
    return _Planner(read(table)).plan()


def apply(user: User | None, table: bytes) -> Plan:
    """Import a table; nothing is changed while a row has an error.

    New PIs get an invitation by e-mail, known ones a message about their new proposals.

    Raises
    ------
    Unacceptable
        Rows have errors; `detail` lists them by line.
    """
    if user is not None:
        access.require_site(user, Action.MANAGE)
    rows = read(table)
    with transaction() as work:
        planned = _Planner(rows).plan()
        if planned.errors:
            lines = [f"line {row.line}: {row.error}" for row in planned.errors]
            raise Unacceptable("; ".join(lines[:3]), detail=lines)
        created = _create(planned)
        for person, soar_ids in created.values():
            letters.register_pi(person, soar_ids)
        if planned.n_proposals:
            entry = notice(
                NoticeCode.PROPOSALS_IMPORTED,
                person=user.full_name if user else None,
                proposals=planned.n_proposals,
                pis=len(created),
            )
            work.events.append(logs.write(entry))
    return planned


def _create(planned: Plan) -> dict[int, tuple[User, list[str]]]:
    """Create what is new; return each PI with the SOAR IDs of the new proposals, by the PI's id."""
    created: dict[int, tuple[User, list[str]]] = {}
    for row in planned.rows:
        if not row.creates:
            continue
        given = row.given
        pi, _ = accounts.at_address(
            given["pi_email"], first_name=given["pi_first"], last_name=given["pi_last"]
        )
        proposal = proposals.create(
            None,
            soar_id=given["soar_id"],
            title=given["title"],
            abstract=given["abstract"],
            semester=given["semester"],
            pi=pi,
        )
        created.setdefault(pi.id, (pi, []))[1].append(proposal.soar_id)
    return created


class _Planner:
    """Determines the effect of the rows, with a few queries for all of them."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows
        self._proposals = _known_proposals(rows)
        self._people = _known_people(rows)
        self._frames = _frames(self._proposals)
        self._lines: dict[str, int] = {}
        self._new_people: set[str] = set()

    def plan(self) -> Plan:
        planned = Plan(self._rows)
        for row in self._rows:
            try:
                self._check_row(row)
            except ServiceError as error:
                row.error = error.message
            planned.n_proposals += row.creates
        planned.n_people = len(self._new_people)
        return planned

    def _check_row(self, row: Row) -> None:
        given = row.given
        _check(given)
        key = given["soar_id"].upper()
        if key in self._lines:
            raise Unacceptable(f"{given['soar_id']} is also in line {self._lines[key]}.")
        self._lines[key] = row.line
        address = accounts.fold(given["pi_email"])
        person, proposal = self._people.get(address), self._proposals.get(key)
        if proposal is not None and not proposal.is_placeholder:
            row.effect = self._known(proposal, person)
            return
        if person is not None and not person.is_active:
            raise Unacceptable(f"The account of {person.email} is deactivated.")
        row.creates = True
        n_frames = self._frames.get(key, 0)
        frames = f"{n_frames} frame{'' if n_frames == 1 else 's'}"
        what = f"registers {proposal.soar_id}, which has {frames}" if proposal else "new proposal"
        row.effect = f"{what}; {self._leader(address, person)}"

    def _known(self, proposal: Proposal, person: User | None) -> str:
        if proposal.pi_id != (person.id if person else None):
            name = proposal.pi.full_name if proposal.pi_id else "not known"
            return f"already registered, not changed; its PI is {name}"
        return "already registered, not changed"

    def _leader(self, address: str, person: User | None) -> str:
        if person is not None:
            return f"PI {person.full_name}"
        if address in self._new_people:
            return f"PI {address}, as above"
        self._new_people.add(address)
        return f"new account for {address}"


def _check(given: dict[str, str]) -> None:
    """Normalize the values of a row; raise for one that is not valid."""
    given["soar_id"] = proposals.clean_id(given["soar_id"])
    if not given["soar_id"] or given["soar_id"].upper() == proposals.UNKNOWN:
        raise Unacceptable("The SOAR ID is missing.")
    if not given["soar_id"].isprintable():
        raise Unacceptable("A SOAR ID consists of printable characters.")
    accounts.check_email(given["pi_email"])
    given["pi_first"] = accounts.tidy_name(given["pi_first"], "pi_first")
    given["pi_last"] = accounts.tidy_name(given["pi_last"], "pi_last")
    given["title"], given["abstract"] = proposal_admin.tidy_texts(given["title"], given["abstract"])
    if given["semester"]:
        given["semester"] = semesters.check(given["semester"])


def _chunks(keys: set[str]) -> list[list[str]]:
    ordered = sorted(keys)
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]


def _known_proposals(rows: list[Row]) -> dict[str, Proposal]:
    keys = {proposals.clean_id(row.given["soar_id"]).upper() for row in rows}
    return {
        row.soar_id.upper(): row
        for chunk in _chunks(keys)
        for row in Proposal.select().where(fn.UPPER(Proposal.soar_id).in_(chunk))
    }


def _known_people(rows: list[Row]) -> dict[str, User]:
    known = {}
    for chunk in _chunks({accounts.fold(row.given["pi_email"]) for row in rows}):
        for person in User.select().where(User.email.in_(chunk) | User.username.in_(chunk)):
            known[person.username] = known[person.email] = person
    return known


def _frames(known: dict[str, Proposal]) -> dict[str, int]:
    waiting = [row.id for row in known.values() if row.is_placeholder]
    query = File.select(Proposal.soar_id, fn.COUNT(File.id)).join(Proposal)
    query = query.where(File.proposal.in_(waiting), File.data_type == DataType.RAW)
    return {soar_id.upper(): n for soar_id, n in query.group_by(Proposal.soar_id).tuples()}
