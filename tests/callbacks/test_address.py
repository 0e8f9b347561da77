"""A view's URL restores it."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from callbacks.data.address import CALIBRATIONS, OBSERVED, Address, advanced_file, parse

text = st.text(
    st.characters(blacklist_characters="\x00", blacklist_categories=("Cs",)), max_size=60
)


@given(
    file=st.none() | text.filter(lambda t: t.strip("/") and t not in (".", "..")),
    proposal=text.filter(lambda t: t == t.strip()),
    section=st.sampled_from([OBSERVED, CALIBRATIONS]),
    page=st.integers(1, 10**6),
    name=text.filter(lambda t: t == t.strip()),
)
def test_an_address_survives_its_url(
    file: str | None, proposal: str, section: str, page: int, name: str
) -> None:
    address = Address(file, proposal, section, page, name)
    url = urlsplit("http://site" + address.href())
    assert parse(url.path, url.query) == address


@given(pathname=st.none() | text, search=st.none() | text)
def test_any_url_is_read_or_left_to_others(pathname: str | None, search: str | None) -> None:
    address = parse(pathname, search)
    assert address is None or address.page >= 1
    assert parse("/data", search) is not None


def test_nonsense_in_the_query_is_read_as_absent() -> None:
    assert parse("/data/7", "?page=x&proposal=&list=all") == Address(file="7")
    assert parse("/", "") is None
    assert parse("/data/7/advanced", "") is None
    assert Address(file="7", page=2).href(file=None, page=1) == "/data"


def test_the_advanced_page_has_the_file_in_its_address() -> None:
    assert advanced_file("/data/12/advanced") == "12"
    assert advanced_file("/data/0042_a%2Fb.fits/advanced/") == "0042_a/b.fits"
    for other in (
        "/data",
        "/data/12",
        "/data//advanced",
        "/night/12/advanced",
        "/data/1/2/advanced",
    ):
        assert advanced_file(other) is None
    assert parse("/data/12/advanced", "") is None
