"""HTTP/1.1 between the client and the application: what comes is what was sent, or an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.web.raw_http import Client

HEAD = b"Host: a\r\n"
NEXT = b"GET /never HTTP/1.1\r\n" + HEAD + b"\r\n"
ASKING = HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"


def test_one_connection_serves_many_requests(running: Any) -> None:
    with running.client() as client:
        for path in ("/a", "/b%20c", "/api/x?y=1"):
            client.send(f"GET {path} HTTP/1.1\r\n".encode() + HEAD + b"\r\n")
            assert client.answer().status == 200
    seen = [(e["PATH_INFO"], e["QUERY_STRING"]) for e in running.application.seen]
    assert seen == [("/a", ""), ("/b c", ""), ("/api/x", "y=1")]


def test_requests_in_a_row_are_answered_in_order(running: Any) -> None:
    with running.client() as client:
        body = b"POST /b HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\n\r\nabc"
        last = (
            b"GET /c HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\nGET /never HTTP/1.1\r\n\r\n"
        )
        client.send(b"GET /a HTTP/1.1\r\n" + HEAD + b"\r\n" + body + last)
        assert [client.answer().body for _ in range(3)] == [b"GET /a", b"POST /b", b"GET /c"]
        assert client.rest() == b""
    assert running.application.bodies == [b"", b"abc", b""]


def test_too_many_requests_in_a_row_are_refused(running: Any) -> None:
    with running.client() as client:
        client.send((b"GET /a HTTP/1.1\r\n" + HEAD + b"\r\n") * 200)
        statuses = []
        while not statuses or statuses[-1] == 200:
            statuses.append(client.answer().status)
        assert statuses[-1] == 400
        assert len(statuses) < 30
        assert client.rest() == b""


def test_a_body_in_chunks_arrives_whole(running: Any) -> None:
    with running.client() as client:
        head = b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        client.send(head + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
        assert client.answer().status == 200
        client.send(b"GET /next HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert client.answer().body == b"GET /next"
    seen = running.application.seen[0]
    assert running.application.bodies[0] == b"abcde"
    assert seen["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in seen
    assert "HTTP_X_TRAILER" not in seen


def test_a_client_is_told_to_continue_when_its_body_is_wanted(running: Any) -> None:
    with running.client() as client:
        client.send(b"POST / HTTP/1.1\r\n" + ASKING)
        assert client.answer().status == 100
        client.send(b"abc")
        assert client.answer().status == 200
    with running.client() as client:
        client.send(
            b"POST /forbidden HTTP/1.1\r\n"
            + HEAD
            + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        assert client.answer().status == 403
        assert client.rest() == b""
    assert running.application.bodies == [b"abc"]


def test_head_and_empty_answers_have_no_body(running: Any) -> None:
    with running.client() as client:
        client.send(b"HEAD /a HTTP/1.1\r\n" + HEAD + b"\r\n")
        answer = client.answer("HEAD")
        assert (answer.status, answer.headers["content-length"]) == (200, "7")
        client.send(b"GET /empty HTTP/1.1\r\n" + HEAD + b"\r\n")
        answer = client.answer()
        assert answer.status == 204
        assert not {"content-length", "transfer-encoding"} & answer.headers.keys()
        client.send(b"GET /b HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert client.answer().body == b"GET /b"


def test_files_and_archives_are_whole(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET /file HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert len(client.answer().body) == 24 << 20
        client.send(b"GET /archive HTTP/1.1\r\n" + HEAD + b"\r\n")
        answer = client.answer()
        assert (len(answer.body), answer.headers["transfer-encoding"]) == (3 << 20, "chunked")
        client.send(b"GET /b HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert client.answer().body == b"GET /b"


def test_a_client_of_http_1_0_gets_no_chunks(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET /archive HTTP/1.0\r\n\r\n")
        answer = client.answer()
        assert "transfer-encoding" not in answer.headers
        assert len(answer.body) == 3 << 20
    with running.client() as client:
        client.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert client.answer().headers["connection"] == "keep-alive"
        client.send(b"GET /b HTTP/1.0\r\n\r\n")
        answer = client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"GET /b", "close")
        assert client.rest() == b""


def test_a_wish_for_another_protocol_is_not_heard(running: Any) -> None:
    upgrade = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    with running.client() as client:
        client.send(b"POST /a HTTP/1.1\r\n" + upgrade + b"Content-Length: 3\r\n\r\nab")
        client.send(b"cGET /b HTTP/1.1\r\n" + upgrade + b"\r\n")
        client.send(b"GET /c HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert [client.answer().body for _ in range(3)] == [b"POST /a", b"GET /b", b"GET /c"]
    assert running.application.bodies == [b"abc", b"", b""]


def test_who_has_sent_its_last_byte_still_gets_its_answer(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET /a HTTP/1.1\r\n" + HEAD + b"\r\n")
        client.socket.shutdown(1)
        assert client.answer().body == b"GET /a"
        assert client.rest() == b""


AMBIGUOUS = {
    "two lengths": b"Content-Length: 3\r\nContent-Length: 3\r\n",
    "different lengths": b"Content-Length: 3\r\nContent-Length: 4\r\n",
    "a list of lengths": b"Content-Length: 3, 3\r\n",
    "a signed length": b"Content-Length: +3\r\n",
    "a length in words": b"Content-Length: three\r\n",
    "an absurd length": b"Content-Length: 99999999999999999999\r\n",
    "length and chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    "another coding": b"Transfer-Encoding: gzip\r\n",
    "chunks, then another": b"Transfer-Encoding: chunked, identity\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "hidden chunks": b"Transfer-Encoding: \x0bchunked\r\n",
    "space before the colon": b"Content-Length : 3\r\n",
    "a folded field": b"X-A: b\r\n c\r\n",
    "a bare CR": b"X-A: b\rc\r\n",
    "NUL": b"X-A: b\x00c\r\n",
    "no field": b"nonsense\r\n",
    "two hosts": b"Host: b\r\n",
}


@pytest.mark.parametrize("fields", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused(running: Any, fields: bytes) -> None:
    with running.client() as client:
        client.send(b"POST /api/files/ HTTP/1.1\r\n" + HEAD + fields + b"\r\nabc" + NEXT)
        answer = client.answer()
        assert answer.status == 400
        assert answer.headers["connection"] == "close"
        assert json.loads(answer.body)["error"]["code"] == "invalid_request"
        assert client.rest() == b"", "nothing after it is taken for a request"
    assert not running.application.seen


@pytest.mark.parametrize(
    "chunks", [b"xyz\r\n", b"-1\r\nabc\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\n"]
)
def test_bad_chunks_are_refused(running: Any, chunks: bytes) -> None:
    with running.client() as client:
        head = b"POST /a HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        client.send(head + chunks + b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.answer().status == 400
        assert client.rest() == b""
    assert not running.application.seen


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/2.0",
        b"GET / HTTP/1.2",
        b"GET /a b HTTP/1.1",
        b"get / HTTP/1.1",
        b"CONNECT a:80 HTTP/1.1",
        b"GET * HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0",
    ],
)
def test_bad_request_lines_are_refused(running: Any, line: bytes) -> None:
    with running.client() as client:
        client.send(line + b"\r\nHost: a\r\n\r\n")
        assert client.answer().status == 400
        assert client.rest() == b""
    assert not running.application.seen


def test_a_host_is_needed(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert client.answer().status == 400


def test_an_underscore_does_not_pass_for_a_hyphen(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET / HTTP/1.1\r\n" + HEAD + b"X_Forwarded_For: 1.2.3.4\r\n\r\n")
        assert client.answer().status == 200
    assert "HTTP_X_FORWARDED_FOR" not in running.application.seen[0]


def error_of(client: Client) -> tuple[int, str, str]:
    answer = client.answer()
    return answer.status, answer.headers["content-type"], answer.body.decode()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/files/", "application/json"),
        ("/api", "application/json"),
        ("/search", "text/plain; charset=utf-8"),
    ],
)
def test_an_error_of_the_server_has_the_form_of_its_address(
    running: Any, path: str, kind: str
) -> None:
    head = f"GET {path}".encode()
    cases = {
        400: head + b" HTTP/1.1\r\n\r\n",
        414: head + b"?" + b"x" * 70_000,
        431: head + b" HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 70_000,
        408: head + b" HTTP/1.1\r\nHost:",
    }
    for status, data in cases.items():
        with running.client() as client:
            client.send(data)
            answer = error_of(client)
            assert answer[:2] == (status, kind)
            assert "<" not in answer[2]
    many = head + b" HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 150 + b"\r\n"
    with running.client() as client:
        client.send(many)
        assert error_of(client)[0] == 431


def test_a_long_address_arrives(running: Any) -> None:
    with running.client() as client:
        client.send(b"GET /api/?ids=" + b"7" * 60_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert client.answer().status == 200
    assert running.application.seen[0]["QUERY_STRING"] == "ids=" + "7" * 60_000


def test_nothing_tells_the_server_and_no_header_is_split(running: Any, caplog: Any) -> None:
    for path, status in (("/a", 200), ("/split", 500), ("/fail", 500), ("/api/fail", 200)):
        with running.client() as client:
            client.send(f"GET {path} HTTP/1.1\r\n".encode() + HEAD + b"\r\n")
            answer = client.answer()
        assert answer.status == status
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert b"Traceback" not in answer.body


def test_field_by_field_and_byte_by_byte(running: Any) -> None:
    """However the bytes are cut, the same requests are found."""
    data = (
        b"POST /a HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\n\r\nabc"
        b"POST /b HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
        b"GET /c HTTP/1.1\r\n" + HEAD + b"\r\n"
    )
    with running.client() as client:
        for byte in data:
            client.send(bytes([byte]))
        assert [client.answer().body for _ in range(3)] == [b"POST /a", b"POST /b", b"GET /c"]
    assert running.application.bodies == [b"abc", b"de", b""]
