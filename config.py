"""Deployment configuration: read once, from the environment, by the entry points only."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Default = TypeVar("Default", str, None)

KNOWN = frozenset(
    {
        "GSP_HOME",
        "GSP_HOST",
        "GSP_PORT",
        "GSP_BASE_URL",
        "GSP_RAW_DIRS",
        "GSP_RAW_POLL",
        "GSP_DEMO",
        "GSP_DEMO_INTERVAL",
        "GSP_DATABASE_URL",
        "GSP_REDIS_URL",
        "GSP_WORKERS",
        "GSP_SECRET_KEY",
        "GSP_SMTP_URL",
        "GSP_MAIL_FROM",
        "GSP_TRUSTED_PROXIES",
        "GSP_ALLOWED_HOSTS",
    }
)


SOCKET_PATH_BYTES = 107
SECRET_LENGTH = 32
SECRET_CHARACTERS = 10
"""Different characters in a key; 32 random hexadecimal digits have about 14."""


class ConfigError(ValueError):
    """A GSP_* variable is wrong; the message is one sentence that names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a deployment.

    Attributes
    ----------
    redis_url : str or None
        None when the supervisor runs its own Valkey, with its socket in `home`.
    demo_interval : float
        Seconds between two frames of the demo night.
    smtp_url : str or None
        None writes mails to ``home/outbox``.
    trusted_proxies : int
        Number of reverse proxies before the server; their ``X-Forwarded-For`` header holds the
        address of the client.
    allowed_hosts : tuple of str
        Further names of the site, besides that of `base_url`.
    """

    home: Path
    host: str
    port: int
    base_url: str
    raw_dirs: tuple[Path, ...]
    raw_poll: bool
    demo: bool
    demo_interval: float
    database_url: str
    redis_url: str | None
    workers: int
    secret_key: str
    smtp_url: str | None
    mail_from: str
    trusted_proxies: int = 0
    allowed_hosts: tuple[str, ...] = ()

    @property
    def products_dir(self) -> Path:
        """Folder of the products of the reduction, with one folder a night."""
        return self.home / "products"

    @property
    def previews_dir(self) -> Path:
        """Folder of the image pyramids of the viewer; can be deleted at any time."""
        return self.home / "previews"

    @property
    def demo_dir(self) -> Path:
        """The watched folder into which the demo night is replayed."""
        return self.home / "demo" / "raw"

    @property
    def uploads_dir(self) -> Path:
        """Folder of uploaded frames, which is a raw root too."""
        return self.home / "uploads"

    @property
    def incoming_dir(self) -> Path:
        """Folder of request bodies on their way, outside every raw root; empty otherwise."""
        return self.home / "incoming"

    @property
    def queue_dir(self) -> Path:
        """Append-only file and socket of the embedded Valkey."""
        return self.home / "queue"

    @property
    def redis_socket(self) -> Path:
        """Socket of the embedded Valkey."""
        return self.queue_dir / "valkey.sock"

    @property
    def watched_dirs(self) -> tuple[Path, ...]:
        """Raw roots in use: the configured ones, or that of the demo night."""
        return self.raw_dirs or ((self.demo_dir,) if self.demo else ())

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Config:
        """Read and check every ``GSP_*`` variable; create ``GSP_HOME`` and its secret key.

        Raises
        ------
        ConfigError
            The message names the variable that is wrong or unknown.
        """
        # An empty value means "not set": compose files and unit files write it so.
        env = {name: value for name, value in env.items() if name.startswith("GSP_") and value}
        for name in env:
            if name not in KNOWN:
                raise ConfigError(f"{name} is not a setting of GSP Live; known: {_listing()}.")
        redis_url = _url(env, "GSP_REDIS_URL", None, ("redis", "rediss", "unix"))
        home = _home(env.get("GSP_HOME", "./var"), own_queue=redis_url is None)
        host = env.get("GSP_HOST", "127.0.0.1")
        port = _integer(env, "GSP_PORT", 8050, 1, 65535)
        raw_dirs = _raw_dirs(env.get("GSP_RAW_DIRS", ""), home)
        demo = _choice(env, "GSP_DEMO", "auto", ("auto", "off")) == "auto"
        return cls(
            home=home,
            host=host,
            port=port,
            base_url=_base_url(env.get("GSP_BASE_URL", f"http://{_bracketed(host)}:{port}")),
            raw_dirs=raw_dirs,
            raw_poll=_choice(env, "GSP_RAW_POLL", "off", ("on", "off")) == "on",
            demo=demo and not raw_dirs,
            demo_interval=_seconds(env, "GSP_DEMO_INTERVAL", 1.5),
            database_url=_url(
                env,
                "GSP_DATABASE_URL",
                f"sqlite:///{home / 'gsp.db'}",
                ("sqlite", "postgresql", "postgres"),
            ),
            redis_url=redis_url,
            workers=_integer(env, "GSP_WORKERS", os.cpu_count() or 1, 1, 256),
            secret_key=_secret_key(env.get("GSP_SECRET_KEY"), home),
            smtp_url=_url(env, "GSP_SMTP_URL", None, ("smtp", "smtps")),
            mail_from=env.get("GSP_MAIL_FROM", "gsp-live@localhost"),
            trusted_proxies=_integer(env, "GSP_TRUSTED_PROXIES", 0, 0, 9),
            allowed_hosts=_names(env.get("GSP_ALLOWED_HOSTS", "")),
        )

    def redis_connection_url(self) -> str:
        """Return the URL by which the processes of this deployment reach Redis or Valkey."""
        if self.redis_url:
            return self.redis_url
        password = _stored_secret(self.home, "valkey_password")
        return f"unix://:{password}@{self.redis_socket}"


def _listing() -> str:
    return ", ".join(sorted(KNOWN))


def _home(value: str, *, own_queue: bool) -> Path:
    home = Path(value).expanduser().absolute()
    # The queue's socket lies in it, and the name of a socket has 108 bytes (unix(7)).
    room = SOCKET_PATH_BYTES - len("/queue/valkey.sock")
    if own_queue and len(os.fsencode(home)) > room:
        raise ConfigError(f"GSP_HOME: {home} is longer than {room} bytes; choose a shorter path.")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"GSP_HOME: {home} can't be made ({error.strerror}).") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise ConfigError(f"GSP_HOME: {home} can't be written to.")
    return home


def _secret_key(value: str | None, home: Path) -> str:
    """Return the key that signs sessions; whoever could guess it could sign in as anybody."""
    name = "GSP_SECRET_KEY" if value else f"GSP_HOME: {home / 'secret_key'}"
    key = value or _stored_secret(home, "secret_key")
    repeated = key in (key + key)[1:-1]
    if len(key) < SECRET_LENGTH or len(set(key)) < SECRET_CHARACTERS or repeated:
        raise ConfigError(
            f"{name} can be guessed: use at least {SECRET_LENGTH} random characters, as those of "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))', or remove it and one "
            "is made."
        )
    return key


def _stored_secret(home: Path, name: str) -> str:
    """Read a secret stored in `home`; created at its first use, by one of several processes."""
    path = home / name
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
    value = path.read_text().strip()
    if not value:
        raise ConfigError(f"GSP_HOME: {path} is empty; delete it and start again.")
    return value


def _raw_dirs(value: str, home: Path) -> tuple[Path, ...]:
    roots: list[Path] = []
    for part in filter(None, value.split(":")):
        root = Path(part).expanduser()
        if not root.is_dir():
            raise ConfigError(f"GSP_RAW_DIRS: {part} is not a folder.")
        if not os.access(root, os.R_OK | os.X_OK):
            raise ConfigError(f"GSP_RAW_DIRS: {part} can't be read.")
        root = root.resolve()
        if home.resolve().is_relative_to(root) or root.is_relative_to(home.resolve() / "products"):
            # Products would be indexed as raw frames.
            raise ConfigError(f"GSP_RAW_DIRS: {part} overlaps GSP_HOME ({home}).")
        roots.append(root)
    # A root inside another one is watched already.
    return tuple(
        root
        for root in dict.fromkeys(roots)
        if not any(root != other and root.is_relative_to(other) for other in roots)
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConfigError(f"{name}: {text!r} is not a whole number from {low} to {high}.")
    return value


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise ConfigError(f"{name}: {text!r} is not a number of seconds from 0 to 3600.")
    return value


def _choice(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env.get(name, default).lower()
    if value not in choices:
        raise ConfigError(f"{name}: {value!r} is not one of {', '.join(choices)}.")
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"GSP_BASE_URL: {value!r} is not an http:// or https:// address.")
    return value.rstrip("/")


def _names(value: str) -> tuple[str, ...]:
    names = [part.strip().lower() for part in value.split(",") if part.strip()]
    for name in names:
        if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name):
            raise ConfigError(f"GSP_ALLOWED_HOSTS: {name!r} is not the name of a host.")
    return tuple(names)


def _url(
    env: Mapping[str, str], name: str, default: Default, schemes: tuple[str, ...]
) -> str | Default:
    value = env.get(name, "")
    if not value:
        return default
    if urlsplit(value).scheme not in schemes:
        known = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigError(f"{name} must begin with one of {known}.")
    return value
