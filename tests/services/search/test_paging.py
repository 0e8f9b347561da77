"""A page tells the same of the whole list, however its count was found."""

from __future__ import annotations

import itertools

from peewee import Database

from db.models import Proposal
from services.paging import paginate, read_ids
from tests.support import builders


def test_every_page_of_every_size_knows_the_count(database: Database) -> None:
    made = [builders.proposal(f"SOAR2024A-{i:03d}").id for i in range(7)]
    for n in (7, 6, 1, 0):
        ordered = Proposal.select(Proposal.id).where(Proposal.id << made[:n]).order_by(Proposal.id)
        for page, size in itertools.product((1, 2, 3, 4, 9), (1, 2, 3, 7, 8)):
            ids = made[:n][(page - 1) * size : page * size]
            for ahead in (0, 1, 3, 20):
                found = read_ids(ordered, (page - 1) * size, size, ahead)
                assert found == (n, ids), (page, size, ahead)
            rows = paginate(ordered, page, size)
            found = (rows.count, rows.pages, [row.id for row in rows.rows])
            assert found == (n, max(1, -(-n // size)), ids)
