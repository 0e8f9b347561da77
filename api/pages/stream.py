"""Live events as ``text/event-stream``: one thread reads the database for all listeners.

A listener costs a connection of the web server and a coroutine, no thread (`Stream`). New events
are loaded once for each person, through the access checks of that moment. A right that is taken
away ends its events, and a session or token that ends closes its stream.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import db
from api.pages.listeners import HEARTBEAT_S, POLL_S, Credential, Listener, Stream
from db.models import User
from jobs import event_listener
from services import events
from services.accounts import sessions
from services.errors import Unavailable
from services.event_cursor import EventCursor

log = logging.getLogger(__name__)

MAX_STREAMS = 2000
MAX_OF_ONE_PERSON = 32
UNREAD_S = 10.0
"""Seconds after which a place is free again that was reserved and never read."""
PAGE = 500


class Broadcaster:
    """Send the new events to the listeners: after an announcement, and at least every second."""

    def __init__(self, ring: Callable[[float], None] = event_listener.wait) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    @property
    def is_closing(self) -> bool:
        """Whether every stream ends."""
        return self._closing.is_set()

    def admit(self, listener: Listener) -> Stream:
        """Take a listener and return its stream, or raise `Unavailable`.

        A person's oldest stream is closed for the newest: most often it is that of a page that was
        closed or reloaded, which the server detects only at the next heartbeat. When all streams
        are taken, the person who has most of them loses one to a person who has fewer. A page that
        is still open connects again by itself and misses nothing.
        """
        with self._lock:
            ended = self._make_room(listener.person)
            self._listeners.add(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
        for one in ended:
            one.end()
        return Stream(self, listener)

    def _make_room(self, person: int) -> list[Listener]:
        """Take out the listeners that give way to one more of a person; return them."""
        now = time.monotonic()
        ended = [one for one in self._listeners if not one.is_read and now - one.born > UNREAD_S]
        self._listeners.difference_update(ended)
        of: defaultdict[int, list[Listener]] = defaultdict(list)
        for listener in self._listeners:
            of[listener.person].append(listener)
        mine = of[person]
        if len(mine) >= MAX_OF_ONE_PERSON:
            giving = mine
        elif len(self._listeners) < MAX_STREAMS:
            return ended
        else:
            giving = max(of.values(), key=len)
            if len(giving) <= len(mine) + 1:
                giving = mine
        if not giving:
            raise Unavailable("Too many open event streams; close one.", retry_after=30)
        oldest = min(giving, key=lambda listener: listener.born)
        self._listeners.discard(oldest)
        return [*ended, oldest]

    def discard(self, listener: Listener) -> None:
        """Forget a listener whose stream has ended."""
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream: called when the web server is asked to stop."""
        self._closing.set()
        with self._lock:
            for listener in self._listeners:
                listener.end()

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
