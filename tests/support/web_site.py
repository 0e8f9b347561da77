"""A whole site on a temporary database, without a queue: nothing of it is faked.

Two proposals, one person in each role, and the frames of a small night, so that every answer can
be compared with what that person is to see.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from flask import Flask
from flask.testing import FlaskClient
from peewee import PostgresqlDatabase

import db
from config import Config
from db.models import (
    Comment,
    Event,
    File,
    LogEntry,
    LoginFailure,
    Mail,
    Membership,
    Partner,
    PasswordLink,
    Proposal,
    Run,
    Session,
    Token,
    User,
    utc_now,
)
from reduction.fits import frame_io
from reduction.frames import DataType, Product, Spectrum
from services import request_coalescing
from services.accounts import accounts, sessions
from tests.support.databases import fresh_postgres
from tests.support.notices import free

PASSWORD = "seven clear nights"
ROLES = ("user", "collaborator", "PI", "staff", "superuser")


People = tuple[dict[str, User], dict[str, str], list[dict[str, Any]]]
"""Accounts and tokens by role, and the rows of the tokens."""


@dataclass
class Site:
    """The running site, who may knock at it, and what lies in it."""

    server: Flask
    config: Config
    people: dict[str, User]
    tokens: dict[str, str]
    own: Proposal
    foreign: Proposal
    raw: File
    spectrum: File
    master: File
    secret: File
    run: Run
    secret_run: Run

    def client(self) -> FlaskClient:
        return self.server.test_client()

    def call(self, role: str | None, method: str, path: str, **more: Any) -> Any:
        """Ask as a script of that role would; anonymous for None."""
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Token {self.tokens[role]}"
        return self.client().open(path, method=method, headers=headers, **more)

    def sign_in(self, role: str) -> FlaskClient:
        """Return a browser in which this person is signed in, without the slow password hash."""
        client = self.client()
        with client.session_transaction() as session:
            session["_user_id"] = sessions.start(self.people[role])
            session.permanent = True
        client.get("/api/users/me/")  # any answer hands out the CSRF cookie
        return client

    def log_in(self, role: str) -> FlaskClient:
        """Log in through the form, as a person does."""
        client = self.client()
        form = {"username": role, "password": PASSWORD, "csrf_token": form_token(client)}
        answer = client.post("/login", data=form)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return client


def form_token(client: FlaskClient) -> str:
    page = client.get("/login").get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Config]]:
    import app  # it imports the whole project: only for those who ask

    home: Path = tmp_path_factory.mktemp("gsp")
    raw = home / "night"
    raw.mkdir()
    config = Config.from_env(
        {
            "GSP_HOME": str(home / "home"),
            "GSP_RAW_DIRS": str(raw),
            "GSP_REDIS_URL": f"unix://{home}/nobody.sock",
            "GSP_BASE_URL": "http://localhost",
            "GSP_DATABASE_URL": fresh_postgres("api") or "",
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(db.SQLITE_PRAGMAS, "synchronous", "off")  # as in the fixture `database`
        server = app.create_app(config)
        db.migrate()
        yield server, config
    if not db.database.is_closed():
        db.database.close()


@pytest.fixture(scope="session")
def people(deployment: tuple[Flask, Config]) -> People:
    """One account in each role; hashing five passwords takes half a second, so it is done once."""
    users, tokens = {}, {}
    for role in ROLES:
        users[role], tokens[role] = accounts.create_user(
            username=role,
            email=f"{role}@observatory.example",
            password=PASSWORD,
            staff=role == "staff",
            superuser=role == "superuser",
        )
    return users, tokens, list(Token.select().dicts())


@pytest.fixture
def web_site(deployment: tuple[Flask, Config], people: People) -> Iterator[Site]:
    """The site with fresh rows; whoever bound the process to another database is undone."""
    from api.contract import limits
    from jobs import wiring

    server, config = deployment
    wiring.connect(config)
    limits.buckets.clear()
    request_coalescing.forget()
    made, tokens, token_rows = people
    # An earlier test may have changed an account or its token, and the row it holds of it.
    users = {role: User(**copy.deepcopy(user.__data__)) for role, user in made.items()}
    for user in users.values():
        user.save()
    Token.delete().execute()
    Token.insert_many(token_rows).execute()
    yield Site(server, config, users, dict(tokens), **_rows(config, users))
    tables = (
        PasswordLink,
        Session,
        Partner,
        Comment,
        LogEntry,
        Event,
        Run,
        File,
        Membership,
        Proposal,
        LoginFailure,
        Mail,
    )
    with db.database.atomic():
        for table in tables:
            table.delete().execute()
        if isinstance(db.database.obj, PostgresqlDatabase):
            # As in SQLite: an id that was left out in the last minutes may still be committed.
            restart = "SELECT setval(pg_get_serial_sequence('\"event\"', 'id'), 1, false)"
            db.database.execute_sql(restart)
        User.delete().where(User.id.not_in([user.id for user in users.values()])).execute()
    shutil.rmtree(config.previews_dir, ignore_errors=True)  # the next test's files have these ids
    if not db.database.is_closed():
        db.database.close()


def _rows(config: Config, people: dict[str, User]) -> dict[str, Any]:
    own = Proposal.create(soar_id="SOAR2022A-001", semester="2022A", pi=people["PI"])
    foreign = Proposal.create(soar_id="SOAR2022A-002", semester="2022A", title="Secret")
    Membership.create(proposal=own, user=people["collaborator"])
    raw = add_file(config, "0042_WD.fits", own)
    secret = add_file(config, "0099_SECRET.fits", foreign, object="Secret star")
    master = add_file(config, "master_bias.fits", None, data_type=DataType.MASTER, kind="bias")
    run = add_run(raw, state="done")
    spectrum = add_spectrum(config, raw, run)
    secret_run = add_run(secret, state="failed")
    Event.create(name="file-added", proposal=own, payload={"file": raw.id})
    Event.create(name="file-added", proposal=foreign, payload={"file": secret.id})
    LogEntry.create(
        level="warning",
        notice=free("Secret sentence").to_json(),
        search_text="Secret sentence",
        proposal=foreign,
    )
    names = ("own", "foreign", "raw", "spectrum", "master", "secret", "run", "secret_run")
    return {name: value for name, value in locals().items() if name in names}


def add_file(config: Config, name: str, proposal: Proposal | None, **facts: Any) -> File:
    """Write a small real FITS file and index it without looking at it."""
    folder = config.raw_dirs[0] if proposal else config.products_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    hdu = fits.PrimaryHDU(np.arange(6 * 40, dtype=np.int16).reshape(6, 40))
    hdu.header["OBJECT"] = (facts.get("object", "WD J0123"), "name of the object")
    hdu.header["EXPTIME"] = (600.0, "s")
    hdu.header["SEQUENCE"] = str(path)[-60:]  # no two files have the same content
    hdu.writeto(path, overwrite=True)
    return index(path, proposal, **facts)


def add_spectrum(config: Config, raw: File, run: Run) -> File:
    """Write a wavelength calibrated spectrum with a bad pixel, as a run's product."""
    n = 50
    flux, variance = np.linspace(100.0, 200.0, n), np.full(n, 4.0)
    flux[7], variance[7] = np.nan, np.inf
    mask = np.zeros(n, np.uint8)
    mask[7] = 1
    spectrum = Spectrum(
        flux=flux,
        variance=variance,
        mask=mask,
        header=fits.Header({"BUNIT": "electron", "OBJECT": "WD J0123"}),
        sky=np.full(n, 12.0),
        loss=np.full(n, 0.08),
        wavelength=np.linspace(4000.0, 5000.0, n),
    )
    config.products_dir.mkdir(parents=True, exist_ok=True)
    path = config.products_dir / f"wecfzst_{raw.id}.fits"
    path.unlink(missing_ok=True)
    frame_io.write(Product(path.name, DataType.WAVELENGTH, spectrum), path)
    return index(
        path,
        raw.proposal,
        data_type=DataType.WAVELENGTH,
        kind="spectrum",
        original=raw,
        parent=raw,
        run_id=run.id,
        n_x=n,
        n_y=1,
    )


def index(path: Path, proposal: Proposal | None, **facts: Any) -> File:
    data = path.read_bytes()
    row = {
        "file_name": path.name,
        "full_path": str(path),
        "size": len(data),
        "checksum": hashlib.sha256(data).hexdigest(),
        "data_type": int(facts.pop("data_type", DataType.RAW)),
        "kind": "spectrum",
        "proposal": proposal,
        "obstype": "SPECTRUM",
        "object": "WD J0123",
        "grating": "400_SYZY",
        "wavmode": "400_M2",
        "roi": "Spectroscopic 2x2",
        "technique": "Spectroscopy",
        "camera": "Red",
        "gain": 1.48,
        "rdnoise": 3.89,
        "cam_targ": 16.1,
        "grt_targ": 7.5,
        "binning_x": 2,
        "binning_y": 2,
        "n_x": 40,
        "n_y": 6,
        "date_obs": dt.datetime(2022, 7, 5, 3, 0, tzinfo=dt.UTC),
        "date": dt.date(2022, 7, 5),
        "night": dt.date(2022, 7, 4),
        "exptime": 600.0,
    }
    file = File.create(**{**row, **facts})
    if file.data_type == DataType.RAW:
        file.original = file.parent = file
        file.save()
    return file


def add_run(file: File, **facts: Any) -> Run:
    row = {"file": file, "proposal": file.proposal, "block": "reduce", "exposure": utc_now()}
    return Run.create(**{**row, **facts})
