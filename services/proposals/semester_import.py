"""A semester's proposals and PIs from a CSV table: first what each row would do, then all of it.

Nothing is half applied: while a row has an error, nothing is made.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from peewee import fn

from db.models import File, Proposal, User
from services import access, logs
from services.access import Action
from services.accounts import accounts
from services.errors import InvalidRequest, ServiceError, Unacceptable
from services.mail import letters
from services.proposals import proposal_admin, proposals, semesters
from services.unit_of_work import transaction

COLUMNS = ("soar_id", "title", "abstract", "pi_email", "pi_first", "pi_last", "semester")
MOST_BYTES = 4 * 1024**2
MOST_ROWS = 5000
CHUNK = 500
"""Keys of one query: SQLite takes a limited number of them."""


@dataclass(slots=True)
class Row:
    """A line of the table: what it would do, or what is wrong with it."""

    line: int
    given: dict[str, str]
    effect: str = ""
    error: str = ""
    makes: bool = False


@dataclass(slots=True)
class Plan:
    """What a table does: its rows, and how many proposals and accounts it makes."""

    rows: list[Row] = field(default_factory=list)
    n_proposals: int = 0
    n_people: int = 0

    @property
    def errors(self) -> list[Row]:
        """The rows that can't be."""
        return [row for row in self.rows if row.error]


def read(table: bytes) -> list[Row]:
    """Read the rows of a table; a byte-order mark, blank lines and ``;`` or tabs are let pass.

    Raises
    ------
    InvalidRequest
        It is no such table: names what is missing.
    """
    if len(table) > MOST_BYTES:
        raise InvalidRequest(f"A table has at most {MOST_BYTES // 1024**2} MB.")
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
        raise InvalidRequest("This is not a CSV table in UTF-8: it holds NUL characters.")
    if not rows:
        raise InvalidRequest("The table has no rows.")
    if len(rows) > MOST_ROWS:
        raise InvalidRequest(f"A table has at most {MOST_ROWS} rows.")
    return rows


def plan(user: User | None, table: bytes) -> Plan:
    """Return what each row of a table would do; nothing is changed.

    Parameters
    ----------
    user : User or None
        Who asks (staff); None on the command line.
    """
    if user is not None:
        access.require_site(user, Action.MANAGE)
    return _Planner(read(table)).plan()


def apply(user: User | None, table: bytes) -> Plan:
    """Do what `plan` tells, all of it or, while a row has an error, nothing.

    New PIs are mailed a link to set their password, known ones that they have a new proposal.

    Raises
    ------
    Unacceptable
        Rows have errors; `detail` lists them by line.
    """
    if user is not None:
        access.require_site(user, Action.MANAGE)
    rows = read(table)
    with transaction() as effects:
        planned = _Planner(rows).plan()
        if planned.errors:
            lines = [f"line {row.line}: {row.error}" for row in planned.errors]
            raise Unacceptable("; ".join(lines[:3]), detail=lines)
        made = _make(planned)
        for person, soar_ids in made.values():
            letters.register_pi(person, soar_ids)
        if planned.n_proposals:
            who = user.full_name if user else "The command line"
            said = f"{who} imported {planned.n_proposals} proposals of {len(made)} PIs."
            effects.events.append(logs.write("info", said))
    return planned


def _make(planned: Plan) -> dict[int, tuple[User, list[str]]]:
    """Make what is new; return each PI with the SOAR IDs of the new proposals."""
    made: dict[int, tuple[User, list[str]]] = {}
    for row in planned.rows:
        if not row.makes:
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
        made.setdefault(pi.id, (pi, []))[1].append(proposal.soar_id)
    return made


class _Planner:
    """Finds out what the rows would do, with a few queries for all of them."""

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
                self._look_at(row)
            except ServiceError as error:
                row.error = error.message
            planned.n_proposals += row.makes
        planned.n_people = len(self._new_people)
        return planned

    def _look_at(self, row: Row) -> None:
        given = row.given
        _check(given)
        key = given["soar_id"].upper()
        if key in self._lines:
            raise Unacceptable(f"{given['soar_id']} is in line {self._lines[key]} already.")
        self._lines[key] = row.line
        address = accounts.fold(given["pi_email"])
        person, proposal = self._people.get(address), self._proposals.get(key)
        if proposal is not None and not proposal.is_placeholder:
            row.effect = self._known(proposal, person)
            return
        if person is not None and not person.is_active:
            raise Unacceptable(f"The account of {person.email} is switched off.")
        row.makes = True
        n_frames = self._frames.get(key, 0)
        frames = f"{n_frames} frame{'' if n_frames == 1 else 's'}"
        what = f"completes {proposal.soar_id}, which has {frames}" if proposal else "new proposal"
        row.effect = f"{what}; {self._leader(address, person)}"

    def _known(self, proposal: Proposal, person: User | None) -> str:
        if proposal.pi_id != (person.id if person else None):
            name = proposal.pi.full_name if proposal.pi_id else "nobody"
            return f"known already, and left as it is: its PI is {name}"
        return "known already, and left as it is"

    def _leader(self, address: str, person: User | None) -> str:
        if person is not None:
            return f"PI {person.full_name}"
        if address in self._new_people:
            return f"PI {address}, as above"
        self._new_people.add(address)
        return f"new account for {address}"


def _check(given: dict[str, str]) -> None:
    """Tidy what a row says, and refuse what can't be stored."""
    given["soar_id"] = proposals.clean_id(given["soar_id"])
    if not given["soar_id"] or given["soar_id"].upper() == proposals.UNKNOWN:
        raise Unacceptable("A proposal needs its SOAR ID.")
    if not given["soar_id"].isprintable():
        raise Unacceptable("A SOAR ID has printable characters only.")
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
    query = query.where(File.proposal.in_(waiting), File.data_type == 0)
    return {soar_id.upper(): n for soar_id, n in query.group_by(Proposal.soar_id).tuples()}
