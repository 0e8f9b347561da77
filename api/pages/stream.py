"""Live events as ``text/event-stream``: one thread reads the database for all listeners.

A listener costs a thread of the web server and nothing else: new events are loaded once for each
person, through the access checks of that moment. A right that is taken away ends its events, and a
session or token that ends closes its stream.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import db
from db.models import Event, User
from jobs import event_listener
from services import events
from services.accounts import sessions
from services.errors import Unavailable
from services.event_cursor import EventCursor

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
POLL_S = 1.0
MAX_STREAMS = 48
"""Of the web server's 64 threads: open streams must never leave none for the rest."""
MAX_OF_ONE_PERSON = 8
BACKLOG = 2000
PAGE = 500

Credential = tuple[str, str]
"""``("token", key)`` or ``("session", id)``: what let the listener in, checked again and again."""


@dataclass(eq=False)
class Listener:
    """One open stream, and what waits to be sent.

    `start` is the event after which it begins. While it is behind, it has been sent what it may see
    up to `position`; from then on it is sent what the broadcaster reads.
    """

    credential: Credential
    person: int
    start: int
    position: int = field(init=False)
    is_behind: bool = True
    waiting: queue.Queue[str | None] = field(default_factory=lambda: queue.Queue(BACKLOG))
    born: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.position = self.start

    def offer(self, rows: list[Event], resume: int) -> None:
        """Queue events; `resume` is the last one up to which nothing is left out.

        Raises
        ------
        queue.Full
            The listener is too slow.
        """
        for row in rows:
            self.waiting.put_nowait(as_text(row, min(row.id, resume)))

    def end(self) -> None:
        """Close the stream; what waits is dropped, the client resumes from its last event."""
        while True:
            try:
                self.waiting.put_nowait(None)
            except queue.Full:
                self.waiting.get_nowait()
            else:
                return


class Broadcaster:
    """Send the new events to the listeners: after an announcement, and at least every second."""

    def __init__(self, ring: Callable[[float], None] = event_listener.wait) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def check_room(self, person: int) -> None:
        """Make room for one more stream of a person, or raise `Unavailable`.

        A person's oldest stream is closed for the newest: most often it is that of a page that was
        closed or reloaded, which the server detects only at the next heartbeat. A page that is
        still open connects again by itself and misses nothing.
        """
        with self._lock:
            mine = [listener for listener in self._listeners if listener.person == person]
            if len(mine) >= MAX_OF_ONE_PERSON:
                oldest = min(mine, key=lambda listener: listener.born)
                oldest.end()
                self._listeners.discard(oldest)
            full = len(self._listeners) >= MAX_STREAMS
        if full:
            raise Unavailable("Too many open event streams; close one.", retry_after=30)

    def stream(self, listener: Listener) -> Iterator[str]:
        """Yield the text of a stream, from the listener's start on, until it is closed."""
        self._join(listener)
        try:
            yield f"retry: 2000\nid: {listener.start}\n: connected\n\n"
            quiet_since = time.monotonic()
            while not self._closing.is_set():
                try:
                    text = listener.waiting.get(timeout=POLL_S)
                except queue.Empty:
                    if time.monotonic() - quiet_since < HEARTBEAT_S:
                        continue
                    text = ": still here\n\n"
                if text is None:
                    return
                quiet_since = time.monotonic()
                yield text
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream: called when the web server is asked to stop."""
        self._closing.set()

    def _join(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        cursor: EventCursor | None = None
        untold = _News()
        checked = -HEARTBEAT_S
        while not self._closing.is_set():
            try:
                with db.database.connection_context():
                    if cursor is None or cursor.is_ahead:
                        cursor = EventCursor.at_newest()
                    more = untold.read(cursor)
                    due = time.monotonic() - checked >= HEARTBEAT_S
                    more |= self._send(cursor, untold, everyone=due or bool(untold.ids))
                untold = _News()
                if due:
                    checked = time.monotonic()
                if more:
                    continue
            except Exception as error:  # noqa: BLE001 - a database away for now ends no stream
                log.warning("events wait for the database: %s", error)
                time.sleep(POLL_S)
            self._ring(POLL_S)

    def _send(self, cursor: EventCursor, news: _News, *, everyone: bool) -> bool:
        """Send what is new, or was missed; return whether a listener is still behind."""
        people: dict[Credential, list[Listener]] = {}
        with self._lock:
            for listener in self._listeners:
                if everyone or listener.is_behind:
                    people.setdefault(listener.credential, []).append(listener)
        for credential, group in people.items():
            _send_to_person(credential, group, cursor, news)
        return any(listener.is_behind for group in people.values() for listener in group)


@dataclass(slots=True)
class _News:
    """Ids that the cursor has read and that were not sent; `late` are those left out before."""

    ids: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)

    def read(self, cursor: EventCursor) -> bool:
        """Read on; return whether there is more."""
        position = cursor.position
        found = [event.id for event in cursor.read(PAGE)]
        self.ids.update(found)
        self.late.update(number for number in found if number <= position)
        return len(found) == PAGE


def _send_to_person(
    credential: Credential, listeners: list[Listener], cursor: EventCursor, news: _News
) -> None:
    """Send the events to the listeners of one person; an invalid credential ends them."""
    user = person_of(credential)
    rows = events.visible(user, news.ids) if user is not None and news.ids else []
    for listener in listeners:
        try:
            if user is None:
                listener.end()
                listener.is_behind = False
            elif listener.is_behind:
                late = [row for row in rows if row.id in news.late and row.id <= listener.position]
                listener.offer(late, cursor.resume)
                _catch_up(user, listener, cursor)
            else:
                listener.offer(rows, cursor.resume)
        except queue.Full:
            listener.end()
            listener.is_behind = False


def _catch_up(user: User, listener: Listener, cursor: EventCursor) -> None:
    """Send a page of what happened between the start of a listener and the cursor."""
    missed = events.between(user, listener.position, cursor.position, PAGE)
    gaps = cursor.gaps  # what was committed since the cursor has read comes with the next news
    listener.offer([row for row in missed if row.id not in gaps], cursor.resume)
    listener.is_behind = len(missed) == PAGE
    if missed:
        listener.position = missed[-1].id


def person_of(credential: Credential) -> User | None:
    """Return the account of a credential; None when it is no longer valid."""
    kind, secret = credential
    if kind == "token":
        return sessions.user_for_token(secret)
    return sessions.user_for_session(secret)


EXAMPLE = (
    "retry: 2000\nid: 4711\n: connected\n\n"
    'id: 4712\ndata: {"id": 4712, "name": "file-added", "file": 80, "data_type": "0"}\n\n'
)
"""The beginning of a stream, shortened."""


def as_text(event: Event, resume: int) -> str:
    """Return an event as the stream carries it: with the id after which to resume."""
    return f"id: {resume}\ndata: {json.dumps(events.as_dict(event))}\n\n"
