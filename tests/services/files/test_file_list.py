from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.models import User
from services.errors import ServiceError, Unacceptable
from services.files import file_list, serialization
from services.search.filters import FileFilters
from tests.support import builders
from tests.support.queries import listed_queries
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def names(user: User, **filters: object) -> list[str]:
    return [file.file_name for file in file_list.page(user, FileFilters(**filters)).rows]


def test_one_sees_the_own_proposals_and_every_master(night: SmallNight) -> None:
    for user in (night.pi, night.collaborator):
        assert len(names(user)) == 5
        assert "0003_secret.fits" not in names(user)
        assert file_list.counts(user) == (2, 1)
    assert names(builders.person("nobody")) == ["master_bias.fits"]
    assert file_list.counts(night.staff) == (3, 1)
    assert file_list.counts(night.staff, night.foreign.id) == (1, 1)
    assert file_list.counts(night.pi, night.foreign.id) == (0, 1)
    assert file_list.page(night.pi, FileFilters(object="Secret")).count == 0


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"data_type": "0"}, {"0001_a.fits", "0002_b.fits"}),
        ({"data_type": "2,3"}, {"cfzst_0001_a.fits", "ecfzst_0001_a.fits"}),
        ({"obstype": "LAMPFLAT"}, {"0002_b.fits"}),
        ({"object": "HZ 44, M 31"}, {"0001_a.fits"}),
        ({"file_name": "CFZST"}, {"cfzst_0001_a.fits", "ecfzst_0001_a.fits"}),
        ({"file_name": "0002,master"}, {"0002_b.fits", "master_bias.fits"}),
        ({"file_name": "%"}, set()),
        ({"file_name": "_b."}, {"0002_b.fits"}),
        ({"proposal_id": "SOAR2024A-002"}, set()),
        ({"data_type": "0", "proposal_id": "SOAR2024A-001"}, {"0001_a.fits", "0002_b.fits"}),
        ({"date": "2024-03-11"}, set()),
        (
            {"date_from": "2024-03-10", "date_to": "2024-03-10", "data_type": 1},
            {"master_bias.fits"},
        ),
    ],
)
def test_filters(night: SmallNight, filters: dict[str, object], found: set[str]) -> None:
    assert set(names(night.pi, **filters)) == found


def test_filters_by_lineage(night: SmallNight) -> None:
    assert names(night.pi, parent_file_id=str(night.reduced.id)) == ["ecfzst_0001_a.fits"]
    assert len(names(night.pi, original_file_id=night.raw.id)) == 3
    assert names(night.pi, original_file_id=night.secret.id) == []


@pytest.mark.parametrize(
    "filters",
    [{"data_type": "99"}, {"date": "yesterday"}, {"parent_file_id": "-1"}, {"object": "a\0b"}],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(
    night: SmallNight, filters: dict[str, str]
) -> None:
    with pytest.raises(Unacceptable) as refusal:
        file_list.page(night.pi, FileFilters(**filters))
    assert refusal.value.field in filters


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(FileFilters.model_fields)),
    value=st.text(max_size=30),
    ordering=st.one_of(st.just("-date"), st.text(max_size=12)),
)
def test_no_filter_value_is_a_crash(
    night: SmallNight, name: str, value: str, ordering: str
) -> None:
    try:
        page = file_list.page(night.pi, FileFilters(**{name: value}), ordering=ordering)
    except ServiceError:
        return
    assert "0003_secret.fits" not in [file.file_name for file in page.rows]


def test_pages_and_orders(night: SmallNight) -> None:
    newest = file_list.page(night.pi, page_size=2)
    assert (newest.count, newest.page, newest.pages) == (5, 1, 3)
    assert [file.file_name for file in newest.rows] == ["ecfzst_0001_a.fits", "cfzst_0001_a.fits"]
    assert file_list.page(night.pi, page=4, page_size=2).rows == []
    ordered = file_list.page(night.pi, ordering="file_name").rows
    assert [file.file_name for file in ordered] == sorted(names(night.pi))
    for page, size in ((0, 20), (1, 0), (1, 1001)):
        with pytest.raises(Unacceptable):
            file_list.page(night.pi, page=page, page_size=size)
    with pytest.raises(Unacceptable) as refused:
        file_list.page(night.pi, ordering="password")
    assert refused.value.field == "ordering"


def test_the_number_of_queries_of_a_page_does_not_grow(night: SmallNight) -> None:
    counts = []
    for more in (5, 25):
        for number in range(more):
            builders.row(f"{more}{number:03d}.fits", night.own)
        with listed_queries() as queries:
            rows = file_list.page(night.pi, page_size=100).rows
            assert len([serialization.as_dict(file) for file in rows]) >= more
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6
