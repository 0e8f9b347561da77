"""First light: every table of the first release.

A frozen copy of the models, independent of `db.models`: a migration must still do the same when
the models have moved on.
"""

# ruff: noqa: D101, ARG001 (what each table means is said in db.models; the runner gives both)

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    DateField,
    DateTimeField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)


class Table(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class User(Table):
    username = CharField(150, unique=True)
    email = CharField(254, unique=True)
    first_name = CharField(150)
    last_name = CharField(150)
    partner = CharField(80)
    password_hash = CharField(255)
    is_staff = BooleanField()
    is_superuser = BooleanField()
    is_active = BooleanField()
    session_version = IntegerField()
    visual = JSONField()
    last_login = DateTimeField(null=True)
    date_joined = DateTimeField()


class Token(Table):
    user = ForeignKeyField(User, on_delete="CASCADE", unique=True)
    key_hash = CharField(64, unique=True)
    created = DateTimeField()


class LoginFailure(Table):
    key = CharField(64)
    at = DateTimeField()

    class Meta:
        indexes = ((("key", "at"), False),)


class Proposal(Table):
    soar_id = CharField(80, unique=True)
    semester = CharField(10)
    title = TextField()
    abstract = TextField()
    pi = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    is_placeholder = BooleanField()
    settings = JSONField()
    created = DateTimeField()


class Membership(Table):
    proposal = ForeignKeyField(Proposal, on_delete="CASCADE")
    user = ForeignKeyField(User, on_delete="CASCADE")
    created = DateTimeField()

    class Meta:
        indexes = ((("proposal", "user"), True),)


class File(Table):
    file_name = CharField(255, index=True)
    full_path = TextField(unique=True)
    size = BigIntegerField()
    checksum = CharField(64, index=True)
    data_type = IntegerField()
    kind = CharField(16)
    state = CharField(16)
    stale = BooleanField()
    original = ForeignKeyField("self", null=True, on_delete="CASCADE")
    parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, on_delete="RESTRICT")
    run_id = IntegerField(null=True, index=True)

    obstype = CharField(20)
    object = CharField(120)
    filter = CharField(60)
    filter_2 = CharField(60)
    grating = CharField(60)
    slit = CharField(60)
    cam_targ = DoubleField(null=True)
    grt_targ = DoubleField(null=True)
    roi = CharField(80)
    wavmode = CharField(60)
    technique = CharField(16)
    camera = CharField(16)
    gain = DoubleField(null=True)
    rdnoise = DoubleField(null=True)
    binning_x = IntegerField()
    binning_y = IntegerField()
    n_x = IntegerField()
    n_y = IntegerField()
    obsra = CharField(32)
    obsdec = CharField(32)
    ra_deg = DoubleField(null=True)
    dec_deg = DoubleField(null=True)
    date_obs = DateTimeField()
    date = DateField()
    night = DateField()
    series = CharField(255)
    exptime = DoubleField()
    lamps = JSONField()
    saturation_value = DoubleField(null=True)
    normalized = BooleanField()
    observation_id = CharField(40, null=True)
    configuration_id = CharField(40, null=True)
    block_id = CharField(40, null=True)
    image_id = CharField(40, null=True)
    overrides = JSONField()

    quality = JSONField()
    warnings = JSONField()
    inputs = JSONField()
    created = DateTimeField()
    last_modified = DateTimeField()

    class Meta:
        indexes = (
            (("data_type", "state", "date_obs", "id", "proposal"), False),
            (("proposal", "data_type", "date_obs", "id"), False),
            (("proposal", "date_obs", "id"), False),
            (("date_obs", "id"), False),
            (("original", "data_type"), False),
            (("parent",), False),
            (("series", "data_type", "state"), False),
            (("kind", "data_type", "state", "camera", "date_obs"), False),
            *(
                ((column,), False)
                for column in (
                    "obstype",
                    "object",
                    "filter",
                    "filter_2",
                    "grating",
                    "slit",
                    "roi",
                    "wavmode",
                    "technique",
                    "date",
                    "night",
                )
            ),
        )
        constraints = [
            Check("data_type BETWEEN 0 AND 5"),
            Check("state IN ('current','superseded')"),
        ]


# Each raw frame once: the second of two ingests of the same content loses.
File.add_index(
    File.index(File.checksum, unique=True, where=File.data_type == SQL("0"), name="file_raw_once")
)


class Arrival(Table):
    path = TextField(unique=True)
    size = BigIntegerField()
    mtime_ns = BigIntegerField()
    outcome = CharField(16, index=True)
    file = ForeignKeyField(File, null=True, on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, on_delete="SET NULL")
    keyword = CharField(20)
    sentence = TextField()
    seen = DateTimeField()


class Run(Table):
    file = ForeignKeyField(File, on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    block = CharField(40)
    state = CharField(12)
    automatic = BooleanField()
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    priority = IntegerField()
    exposure = DateTimeField()
    attempt = IntegerField()
    lost = IntegerField()
    worker = CharField(120)
    heartbeat = DateTimeField(null=True)
    cancel_requested = BooleanField()
    step = CharField(80)
    progress = DoubleField()
    message = TextField()
    settings = JSONField()
    inputs = JSONField()
    created = DateTimeField()
    queued = DateTimeField(null=True)
    started = DateTimeField(null=True)
    finished = DateTimeField(null=True)

    class Meta:
        indexes = (
            (("state", "priority", "exposure", "id"), False),
            (("file", "block", "state"), False),
            (("proposal", "id"), False),
        )
        constraints = [
            Check("state IN ('waiting','queued','running','done','failed','cancelled')"),
        ]


# One live automatic run of a block on a file: the second of two schedulers loses.
Run.add_index(
    Run.index(
        Run.file,
        Run.block,
        unique=True,
        where=(Run.automatic == SQL("true")) & Run.state.in_(["waiting", "queued", "running"]),
        name="run_one_live",
    )
)


class Comment(Table):
    file = ForeignKeyField(File, on_delete="CASCADE")
    user = ForeignKeyField(User, on_delete="CASCADE")
    text = TextField()
    created = DateTimeField()


class LogEntry(Table):
    created = DateTimeField(index=True)
    level = CharField(10)
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    file = ForeignKeyField(File, null=True, on_delete="SET NULL")
    sentence = TextField()

    class Meta:
        indexes = ((("proposal", "created"), False),)


class Event(Table):
    id = AutoField()
    name = CharField(40)
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    staff_only = BooleanField()
    payload = JSONField()
    created = DateTimeField(index=True)


TABLES = [
    User,
    Token,
    LoginFailure,
    Proposal,
    Membership,
    File,
    Arrival,
    Run,
    Comment,
    LogEntry,
    Event,
]


def up(migrator: Any, db: Any) -> None:
    """Create the tables."""
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)


def down(migrator: Any, db: Any) -> None:
    """Drop the tables."""
    with db.bind_ctx(TABLES):
        db.drop_tables(TABLES)
