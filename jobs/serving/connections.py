"""All connections: how many there may be, and which one gives way.

Where there is no room left, the connection gives way that has waited longest for its own client:
a client that does what is due is never refused because of those that do not.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable

from jobs.serving.connection import Connection
from jobs.serving.errors import Refusal
from jobs.serving.limits import Limits

GIVE_WAY = 16
"""Connections that give way at a time: to find them means to look at all."""
STALLED_S = 1.0
"""A client that has taken nothing for so long may give way to another."""


class Connections:
    """The open connections.

    Parameters
    ----------
    limits : Limits
        How many, and for how long.
    proxies : bool
        Whether clients come through a trusted proxy, whose own address has no limit.
    """

    def __init__(self, limits: Limits, *, proxies: bool = False) -> None:
        self.limits = limits
        self._proxies = proxies
        self._open: set[Connection] = set()
        self._of_address: defaultdict[str, set[Connection]] = defaultdict(set)
        self._forwarded: dict[Connection, str] = {}
        self._downloads: defaultdict[int, dict[Connection, None]] = defaultdict(dict)
        self.ended: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> bool:
        """Take a connection; return False when there is no room for it."""
        if len(self._open) >= self.limits.connections and not self._make_room(self._open):
            return False
        self._open.add(connection)
        return self._proxies or self._count(connection, connection.address)

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._uncount(connection, self._forwarded.pop(connection, connection.address))

    def forwarded(self, connection: Connection, address: str) -> None:
        """Count a connection with the client that a trusted proxy names.

        Raises
        ------
        Refusal
            The client has too many, and none of them gives way.
        """
        known = self._forwarded.get(connection)
        if known == address:
            return
        if known is not None:
            self._uncount(connection, known)
        self._forwarded[connection] = address
        if not self._count(connection, address):
            raise Refusal(503, "The server has too many connections from this address.")

    def _count(self, connection: Connection, address: str) -> bool:
        mine = self._of_address[address]
        if len(mine) >= self.limits.of_address and not self._make_room(mine):
            return False
        mine.add(connection)
        return True

    def _uncount(self, connection: Connection, address: str) -> None:
        mine = self._of_address.get(address)
        if mine is not None:
            mine.discard(connection)
            if not mine:
                del self._of_address[address]

    def _make_room(self, among: Iterable[Connection]) -> bool:
        """End those that have waited longest; first those that never sent a whole header."""
        waiting = [one for one in among if one.is_waited_for]
        chosen = heapq.nsmallest(GIVE_WAY, waiting, key=lambda one: (one.has_asked, one.since))
        if chosen and chosen[0].has_asked:
            del chosen[1:]
        self._end(chosen, "gave way")
        return bool(chosen)

    def _end(self, chosen: Iterable[Connection], why: str) -> None:
        for connection in chosen:
            self.ended[why] += 1
            connection.drop()
            self.remove(connection)

    def begin_download(self, connection: Connection, person: int, now: float) -> None:
        """Count an answer that is sent in pieces; another of the person that stalls gives way.

        Raises
        ------
        Refusal
            The person has too many, all of which go on.
        """
        mine = self._downloads[person]
        if len(mine) >= self.limits.downloads:
            stalled = [c for c in mine if c.untaken and now - c.since > STALLED_S]
            if not stalled:
                raise Refusal(
                    429, f"At most {self.limits.downloads} downloads at a time. Try again shortly."
                )
            oldest = min(stalled, key=lambda one: one.since)
            mine.pop(oldest)
            self._end([oldest], "stalled download")
        mine[connection] = None

    def end_download(self, connection: Connection, person: int) -> None:
        """Count a download that has ended."""
        mine = self._downloads.get(person)
        if mine is not None:
            mine.pop(connection, None)
            if not mine:
                del self._downloads[person]

    def make_room_for(self, size: int, now: float) -> None:
        """End clients that do not take their answers, while all answers together are too large."""
        waiting = [one for one in self._open if one.untaken]
        total = size + sum(one.untaken for one in waiting)
        waiting.sort(key=lambda one: one.since)
        for connection in waiting:
            if total <= self.limits.untaken or now - connection.since <= STALLED_S:
                return
            total -= connection.untaken
            self._end([connection], "answers not taken")

    def sweep(self, now: float) -> None:
        """End the connections whose time is over; called every second."""
        for connection in [one for one in self._open if one.overdue(now)]:
            self.ended["overdue"] += 1
            connection.expire()

    def stop(self) -> None:
        """Ask every connection to end."""
        for connection in list(self._open):
            connection.stop()

    def drop(self) -> None:
        """End every connection now."""
        for connection in list(self._open):
            connection.drop()
