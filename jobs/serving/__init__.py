"""The web server: an event loop holds the connections, threads answer whole requests (ADR 12).

`connection` speaks HTTP with one client, `connections` limits and watches all of them, `bridge`
asks the WSGI application, `server` is the life of the loop.
"""
