"""The event stream: complete, in order, and only what one may see at that moment."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import db
from api.pages import stream
from api.pages.listeners import BACKLOG, Listener, Stream
from api.resources import site as api_site
from db.models import Event, utc_now
from services import events
from services.accounts import account_admin, sessions
from services.errors import Unavailable
from services.event_cursor import EventCursor
from tests.support.web_site import PASSWORD, Site


class Reader:
    """Reads a stream as an EventSource does."""

    def __init__(self, answer: Any) -> None:
        assert answer.status_code == 200
        assert answer.mimetype == "text/event-stream"
        self.answer = answer
        self.chunks: Iterator[bytes] = iter(answer.response)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.answer.close()

    def next(self) -> dict[str, Any]:
        for chunk in self.chunks:
            text = chunk.decode() if isinstance(chunk, bytes) else chunk
            data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
            if data:
                event: dict[str, Any] = json.loads("\n".join(data))
                (resume,) = [line for line in text.splitlines() if line.startswith("id: ")]
                assert int(resume.removeprefix("id: ")) <= event["id"]
                return event
        raise EOFError


def announce(site: Site, proposal: Any, number: int, **more: Any) -> None:
    event = events.record("file-changed", proposal=proposal, file=number, **more)
    events.publish(event)


def test_what_happens_is_told_to_whom_it_concerns(site: Site) -> None:
    with Reader(site.call("PI", "GET", "/api/events/", buffered=False)) as reader:
        announce(site, site.foreign, 1)
        announce(site, site.own, 2)
        announce(site, None, 3)
        announce(site, None, 4, staff_only=True)
        announce(site, site.own, 5)
        assert [reader.next()["file"] for _ in range(3)] == [2, 3, 5]


def test_since_resumes_without_loss_or_repetition(site: Site) -> None:
    start = events.latest_id()
    with db.database.atomic():
        for number in range(1200):
            events.record("file-changed", proposal=site.own, file=number)
    with Reader(site.call("PI", "GET", f"/api/events/?since={start}")) as reader:
        first = [reader.next() for _ in range(700)]
    last = first[-1]["id"]
    # A browser repeats its first address and says what it heard last.
    again = site.call(
        "PI", "GET", f"/api/events/?since={start}", headers={"Last-Event-ID": str(last)}
    )
    with Reader(again) as reader:
        rest = [reader.next() for _ in range(500)]
    assert [event["file"] for event in first + rest] == list(range(1200))


def test_the_page_has_the_same_stream(site: Site) -> None:
    client = site.sign_in("collaborator")
    with Reader(client.get("/events", buffered=False)) as reader:
        announce(site, site.foreign, 1)
        announce(site, site.own, 2)
        assert reader.next()["file"] == 2


def test_a_token_that_dies_ends_its_stream(site: Site) -> None:
    from services.accounts import accounts

    user, token = accounts.create_user(
        username="brief", email="brief@observatory.example", password=PASSWORD, staff=True
    )
    site.tokens["brief"] = token
    with Reader(site.call("brief", "GET", "/api/events/", buffered=False)) as reader:
        announce(site, site.own, 1)
        assert reader.next()["file"] == 1
        sessions.renew_token(user)
        announce(site, site.own, 2)
        with pytest.raises(EOFError):
            reader.next()


def test_whoever_is_switched_off_hears_nothing_more(site: Site) -> None:
    person = site.people["collaborator"]
    page = site.sign_in("collaborator").get("/events", buffered=False)
    script = site.call("collaborator", "GET", "/api/events/", buffered=False)
    try:
        with Reader(page) as shown, Reader(script) as heard:
            announce(site, site.own, 1)
            assert [reader.next()["file"] for reader in (shown, heard)] == [1, 1]
            account_admin.set_active(site.people["staff"], person.id, active=False)
            announce(site, site.own, 2)
            for reader in (shown, heard):
                with pytest.raises(EOFError):
                    reader.next()
        assert site.call("collaborator", "GET", "/api/files/").status_code == 401
        assert site.sign_in("collaborator").get("/api/files/").status_code == 401
    finally:
        account_admin.set_active(site.people["staff"], person.id, active=True)


def test_who_is_taken_out_hears_of_that_and_of_nothing_more(site: Site) -> None:
    email = site.people["collaborator"].email
    page = site.sign_in("collaborator").get("/events", buffered=False)
    script = site.call("collaborator", "GET", "/api/events/", buffered=False)
    with Reader(page) as shown, Reader(script) as heard:
        announce(site, site.own, 1)
        assert [reader.next()["file"] for reader in (shown, heard)] == [1, 1]
        answer = site.call(
            "PI",
            "POST",
            f"/api/proposals/collaborators/{site.own.id}/",
            json={"email": f" {email.upper()} ", "action": "remove"},
        )
        assert answer.status_code == 200, answer.json
        told = [reader.next() for reader in (shown, heard)]
        assert {event["name"] for event in told} == {"access-changed"}
        announce(site, site.own, 2)
        announce(site, None, 3)
        assert [reader.next()["file"] for reader in (shown, heard)] == [3, 3]
    for path in (f"/api/files/{site.raw.id}/", f"/api/proposals/{site.own.id}/"):
        assert site.call("collaborator", "GET", path).status_code == 404
    # Nobody but staff and the one whom it concerns hears of it.
    names = [e.name for e in events.since(site.people["user"], 0)]
    assert "access-changed" not in names


@pytest.mark.parametrize("query", ["?since=-1", "?since=x", "?since=99999999999", "?other=1"])
def test_nonsense_is_refused(site: Site, query: str) -> None:
    assert site.call("PI", "GET", f"/api/events/{query}").status_code in (400, 422)
    answer = site.call("PI", "GET", "/api/events/", headers={"Last-Event-ID": "x"})
    assert answer.status_code == 400


def opened(
    broadcaster: stream.Broadcaster, site: Site, person: int, number: int = 1
) -> list[tuple[Listener, Stream]]:
    """Open streams of a person, and read how each begins."""
    pairs = []
    for _ in range(number):
        listener = Listener(("token", site.tokens["PI"]), person, 10**8)
        pairs.append((listener, broadcaster.admit(listener)))
        next(pairs[-1][1])
    return pairs


@pytest.fixture
def broadcaster() -> Iterator[stream.Broadcaster]:
    made = stream.Broadcaster(lambda _timeout: time.sleep(0.05))
    yield made
    made.close()


def test_a_persons_oldest_stream_gives_way_to_the_newest(
    site: Site, broadcaster: stream.Broadcaster
) -> None:
    pairs = opened(broadcaster, site, site.people["PI"].id, stream.MAX_OF_ONE_PERSON + 1)
    with pytest.raises(StopIteration):
        next(pairs[0][1])
    assert broadcaster._listeners == {listener for listener, _ in pairs[1:]}


def test_the_site_has_so_many_streams(
    site: Site, broadcaster: stream.Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stream.MAX_STREAMS == 2000
    monkeypatch.setattr(stream, "MAX_STREAMS", 20)
    pairs = [opened(broadcaster, site, person)[0] for person in range(20)]
    with pytest.raises(Unavailable):
        opened(broadcaster, site, 20)
    pairs.pop()[1].close()
    opened(broadcaster, site, 20)


def test_a_few_people_cannot_shut_out_the_rest(
    site: Site, broadcaster: stream.Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_STREAMS", 24)
    monkeypatch.setattr(stream, "MAX_OF_ONE_PERSON", 8)
    for person in range(3):
        opened(broadcaster, site, person, 8)
    for person in range(3, 24):
        opened(broadcaster, site, person)
    held = Counter(listener.person for listener in broadcaster._listeners)
    assert held == dict.fromkeys(range(24), 1)


def test_places_are_reserved_one_by_one(
    site: Site, broadcaster: stream.Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_STREAMS", 48)
    barrier = threading.Barrier(96)
    refused = []

    def ask(person: int) -> None:
        barrier.wait()
        try:
            broadcaster.admit(Listener(("token", ""), person, 10**8))
        except Unavailable:
            refused.append(person)

    threads = [threading.Thread(target=ask, args=(person,)) for person in range(96)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(broadcaster._listeners) == 48 == len(refused)


def test_a_place_that_is_never_read_is_free_again(
    site: Site, broadcaster: stream.Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_STREAMS", 1)
    broadcaster.admit(Listener(("token", site.tokens["PI"]), 1, 10**8))
    with pytest.raises(Unavailable):
        opened(broadcaster, site, 2)
    monkeypatch.setattr(stream, "UNREAD_S", 0.0)
    opened(broadcaster, site, 2)


def test_a_head_takes_no_place(site: Site) -> None:
    before = len(api_site.broadcaster._listeners)
    assert site.call("PI", "HEAD", "/api/events/").status_code == 200
    assert len(api_site.broadcaster._listeners) == before


def event(number: int) -> Event:
    return Event(id=number, name="file-changed", payload={}, created=utc_now())


def sent(listener: Listener) -> list[tuple[int, int]]:
    """Return (id after which to resume, id of the event) of all that waits to be sent."""
    pairs = []
    while not listener.waiting.empty():
        text = listener.waiting.get_nowait()
        assert text is not None
        resume, data = text.strip().split("\n")
        pairs.append((int(resume.removeprefix("id: ")), json.loads(data[6:])["id"]))
    return pairs


def test_a_slow_listener_is_let_go_and_can_resume() -> None:
    listener = Listener(("token", ""), 1, 0)
    with pytest.raises(queue.Full):
        listener.offer([event(number) for number in range(1, BACKLOG + 2)], 10**8)
    listener.end()
    kept = []
    while (text := listener.waiting.get_nowait()) is not None:
        kept.append(text)
    assert kept[0].startswith("id: 2\n") or kept[0].startswith("id: 1\n")


def test_who_resumes_misses_nothing_that_is_committed_late(site: Site) -> None:
    listener = Listener(("token", site.tokens["PI"]), site.people["PI"].id, 0)
    broadcaster = stream.Broadcaster()
    broadcaster._listeners.add(listener)
    cursor = EventCursor.at_newest()
    base = listener.position = cursor.position

    def tell(*numbers: int) -> list[tuple[int, int]]:
        for number in numbers:
            Event.create(id=base + number, name="file-changed", proposal=site.own)
        news = stream._News()
        news.read(cursor)
        broadcaster._send(cursor, news, everyone=True)
        return [(resume - base, number - base) for resume, number in sent(listener)]

    assert tell(1, 3) == [(1, 1), (1, 3)], "it resumes where nothing is left out"
    assert tell(2, 4) == [(2, 2), (4, 4)]
    assert tell() == []
    late = Listener(listener.credential, listener.person, base + 1)
    broadcaster._listeners.add(late)
    assert tell() == []
    assert [number - base for _, number in sent(late)] == [2, 3, 4]
    tell(7)
    last = Listener(listener.credential, listener.person, base + 7)
    broadcaster._listeners.add(last)
    assert tell(6) == [(4, 6)]
    assert [number - base for _, number in sent(last)] == [6]
