"""How long a client may take, and how much it may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the web server; times in seconds, sizes in bytes.

    Attributes
    ----------
    head : float
        From the first byte of a request (of a new connection: from its opening) to the end of its
        header.
    idle : float
        Between two requests of a connection.
    body_pause : float
        Between two pieces of a body.
    body_grace, body_rate : float
        After so many seconds a body must have come at this rate (bytes a second) on average.
    reader : float
        In which a client takes nothing of an answer that waits for it.
    linger : float
        In which a client that still sends may read the error that it was answered.
    stop : float
        For the answers under way when the server is asked to stop.
    head_size, headers : int
        Of the request line and header fields together, and the number of fields.
    pipelined : int
        Requests of a connection that wait for the answer of an earlier one.
    unexamined : int
        Body that is received from anyone before the application is asked (`admission`).
    in_memory : int
        Body beyond which it is kept in a file.
    spare_disk : int
        That bodies leave free on the disk.
    connections, of_address : int
        Open connections, of all and of one address.
    downloads : int
        Answers of one person that are sent in pieces at the same time.
    piece, whole : int
        Read of a file or archive at a time; an ordinary answer up to this size is taken whole.
    untaken : int
        Of all answers together that wait for their clients.
    threads, threads_of_one, waiting : int
        Requests that are worked on at the same time, those of one client among them, and requests
        that wait for a thread.
    """

    head: float = 10.0
    idle: float = 75.0
    body_pause: float = 15.0
    body_grace: float = 20.0
    body_rate: float = 8192.0
    reader: float = 30.0
    linger: float = 2.0
    stop: float = 2.0
    head_size: int = 64 * 1024
    headers: int = 100
    pipelined: int = 16
    unexamined: int = 64 * 1024
    in_memory: int = 1 << 20
    spare_disk: int = 256 << 20
    connections: int = 8000
    of_address: int = 4000
    downloads: int = 16
    piece: int = 256 * 1024
    whole: int = 8 << 20
    untaken: int = 256 << 20
    threads: int = 40
    threads_of_one: int = 8
    waiting: int = 4000
