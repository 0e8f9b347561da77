"""A page tells the same of the whole list, however its count was found."""

from __future__ import annotations

import itertools

from peewee import Database

from db.models import Proposal
from services.paging import paginate
from tests import builders


def test_every_page_of_every_size_knows_the_count(database: Database) -> None:
    names = [f"SOAR2024A-{i:03d}" for i in range(7)]
    for name in names:
        builders.proposal(name)
    for n in (7, 6, 1, 0):
        query = Proposal.select(Proposal.soar_id).where(Proposal.soar_id << names[:n])
        ordered = query.order_by(Proposal.soar_id).tuples()
        for page, size, ahead in itertools.product((1, 2, 3, 4, 9), (1, 2, 3, 7, 8), (0, 1, 3, 20)):
            found = paginate(ordered, page, size, ahead=ahead)
            case = (n, page, size, ahead)
            assert found.count == n, case
            assert found.rows == [(name,) for name in names[:n][(page - 1) * size : page * size]]
            assert found.pages == max(1, -(-n // size)), case
