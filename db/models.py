"""The tables.

Every row that belongs to a proposal says so itself, so that who may see it is one join away
(`services.access`). Angles, gain and read noise are numbers here; the API types them as the
manual does.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    DateField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

from db import clock, database
from db.fields import InsertionTimeField, UtcDateTimeField


def utc_now() -> dt.datetime:
    """Return the current instant by this host's clock, timezone-aware.

    What other hosts compare is taken from `db.clock` instead.
    """
    return dt.datetime.now(dt.UTC)


class Table(Model):
    """Base of all tables."""

    id = AutoField()

    class Meta:
        database = database
        legacy_table_names = False

    def save(self, force_insert: bool = False, only: Any = None) -> Any:
        """Write the row; a new one gets its times of insertion from the clock of the database."""
        if force_insert or self._pk is None:
            unset = [
                field.name
                for field in self._meta.sorted_fields
                if isinstance(field, InsertionTimeField) and self.__data__.get(field.name) is None
            ]
            now = clock.now() if unset else None
            for name in unset:
                setattr(self, name, now)
        return super().save(force_insert=force_insert, only=only)


class User(Table):
    """A person. `username` and `email` are stored folded (lower case, no spaces around)."""

    username = CharField(150, unique=True)
    email = CharField(254, unique=True)
    first_name = CharField(150, default="")
    last_name = CharField(150, default="")
    partner = CharField(80, default="")
    password_hash = CharField(255, default="")
    is_staff = BooleanField(default=False)
    is_superuser = BooleanField(default=False)
    is_active = BooleanField(default=True)
    session_version = IntegerField(default=1)
    visual = JSONField(default=dict)
    last_login = UtcDateTimeField(null=True)
    date_joined = InsertionTimeField()

    @property
    def full_name(self) -> str:
        """First and last name, or the username while they are unknown."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


class Token(Table):
    """A key of the JSON API; only its SHA-256 is kept."""

    user = ForeignKeyField(User, backref="tokens", on_delete="CASCADE", unique=True)
    key_hash = CharField(64, unique=True)
    created = InsertionTimeField()


class LoginFailure(Table):
    """A failed login. `key` is a hash of account and address, so that neither is kept."""

    key = CharField(64)
    at = InsertionTimeField()

    class Meta:
        indexes = ((("key", "at"), False),)


class PasswordLink(Table):
    """A mailed link to set a password, until it is used; only the SHA-256 of its key is kept."""

    user = ForeignKeyField(User, backref="password_links", on_delete="CASCADE")
    key_hash = CharField(64, unique=True)
    expires = UtcDateTimeField(index=True)


class Partner(Table):
    """An institution that people belong to; `User.partner` holds its name."""

    name = CharField(80, unique=True)


class Proposal(Table):
    """An observing proposal. A placeholder came with a frame and waits for staff to complete it.

    `soar_id` is the text of the frames' PROPID; `pi` is null while unknown.
    """

    soar_id = CharField(80, unique=True)
    semester = CharField(10, default="")
    title = TextField(default="")
    abstract = TextField(default="")
    pi = ForeignKeyField(User, backref="led", null=True, on_delete="RESTRICT")
    is_placeholder = BooleanField(default=False)
    settings = JSONField(default=dict)
    created = InsertionTimeField()


class SettingsChange(Table):
    """Who changed a proposal's reduction settings, when, and what they were and became.

    `before` and `after` are whole settings. The id of the newest one is the settings' version.
    `restored` is the time of the older state that was brought back, null for an edit.
    """

    proposal = ForeignKeyField(Proposal, backref="changes", on_delete="CASCADE")
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    created = InsertionTimeField()
    before = JSONField(default=dict)
    after = JSONField(default=dict)
    restored = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("proposal", "id"), False),)


class Membership(Table):
    """A collaborator of a proposal."""

    proposal = ForeignKeyField(Proposal, backref="memberships", on_delete="CASCADE")
    user = ForeignKeyField(User, backref="memberships", on_delete="CASCADE")
    created = InsertionTimeField()

    class Meta:
        indexes = ((("proposal", "user"), True),)


class File(Table):
    """A FITS file: raw frame, master calibration or product.

    `kind` is `reduction.frames.FrameKind`, `data_type` the number of `DataType`. `proposal` is
    null for masters, which belong to everyone. `original` is the raw frame of a product (itself
    for a raw frame, null for a master), `parent` what it was made from. `state` is ``current`` or
    ``superseded`` (a newer version took its place; kept while something was made with it).
    `out_of_date` tells that it would be made differently now: with a calibration that has come
    since, or because what it was made from is out of date.
    `full_path` of a raw frame is where it was first seen; of a product below ``GSP_HOME/products``.
    `series` is what the frames of one master share (`reduction.matching.group_key`), "" for others.
    A product keeps the facts of its raw frame, a master those of its newest member. `n_x`, `n_y`
    are its own size (a spectrum has one row); `readout_x`, `readout_y` are that of the read-out it
    was made from, which calibrations are matched on (null: its own). `n_combined` is how many
    frames a master was made of.
    """

    file_name = CharField(255, index=True)
    full_path = TextField(unique=True)
    size = BigIntegerField()
    checksum = CharField(64, index=True)
    data_type = IntegerField()
    kind = CharField(16)
    state = CharField(16, default="current")
    out_of_date = BooleanField(default=False)
    original = ForeignKeyField("self", null=True, backref="descendants", on_delete="CASCADE")
    parent = ForeignKeyField("self", null=True, backref="children", on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, backref="files", on_delete="RESTRICT")
    run_id = IntegerField(null=True, index=True)

    obstype = CharField(20, default="")
    object = CharField(120, default="")
    filter = CharField(60, default="")
    filter_2 = CharField(60, default="")
    grating = CharField(60, default="")
    slit = CharField(60, default="")
    cam_targ = DoubleField(null=True)
    grt_targ = DoubleField(null=True)
    roi = CharField(80, default="")
    wavmode = CharField(60, default="")
    technique = CharField(16, default="Unknown")
    camera = CharField(16, default="")
    gain = DoubleField(null=True)
    rdnoise = DoubleField(null=True)
    binning_x = IntegerField()
    binning_y = IntegerField()
    n_x = IntegerField()
    n_y = IntegerField()
    readout_x = IntegerField(null=True)
    readout_y = IntegerField(null=True)
    n_combined = IntegerField(null=True)
    obsra = CharField(32, default="")
    obsdec = CharField(32, default="")
    ra_deg = DoubleField(null=True)
    dec_deg = DoubleField(null=True)
    date_obs = UtcDateTimeField()
    date = DateField()
    night = DateField()
    series = CharField(255, default="")
    exptime = DoubleField(default=0.0)
    lamps = JSONField(default=list)
    saturation_value = DoubleField(null=True)
    normalized = BooleanField(default=False)
    observation_id = CharField(40, null=True)
    configuration_id = CharField(40, null=True)
    block_id = CharField(40, null=True)
    image_id = CharField(40, null=True)
    airmass = DoubleField(null=True)
    elevation = DoubleField(null=True)
    rotator = DoubleField(null=True)
    overrides = JSONField(default=dict)

    quality = JSONField(default=dict)
    notices = JSONField(default=list)
    created = InsertionTimeField()
    last_modified = InsertionTimeField()

    class Meta:
        indexes = (
            # The file index and the search page: newest first, within what one may see.
            (("data_type", "state", "date_obs", "id", "proposal"), False),
            (("proposal", "data_type", "date_obs", "id"), False),
            (("proposal", "date_obs", "id"), False),
            (("date_obs", "id"), False),
            (("original", "data_type"), False),
            (("parent",), False),
            (("series", "data_type", "state"), False),
            # What can calibrate a frame.
            (("kind", "data_type", "state", "camera", "date_obs"), False),
            # The search page: any page of the whole list, and a part of the sky.
            (("state", "date_obs", "id"), False),
            (("dec_deg", "ra_deg"), False),
            # A night's frames, and how many each night has, within what one may see.
            (("night", "data_type", "proposal", "date_obs", "id"), False),
            # The filters of the search page.
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


# The lists: all that can be filtered by, so that a row (2 kB, most of it JSON) is read only when it
# is shown. In the order of the lists; what narrows them most often comes first.
_LISTED = (
    File.state,
    File.date_obs,
    File.id,
    File.proposal,
    File.data_type,
    File.date,
    File.grating,
    File.obstype,
    File.wavmode,
    File.filter,
    File.filter_2,
    File.slit,
    File.roi,
    File.technique,
    File.object,
    File.original,
    File.parent,
    File.ra_deg,
    File.dec_deg,
    File.file_name,
)
File.add_index(File.index(*_LISTED, name="file_list"))

# What could be made again; most files are up to date.
File.add_index(
    File.index(File.data_type, File.proposal, where=SQL("out_of_date"), name="file_out_of_date")
)

# Each raw frame once: the second of two ingests of the same content loses.
File.add_index(
    File.index(File.checksum, unique=True, where=File.data_type == SQL("0"), name="file_raw_once")
)


class Arrival(Table):
    """A path that was seen in a raw root, and what became of it.

    `outcome`: ``indexed``, ``duplicate`` (same content as `file`), ``conflict`` (same name and
    night, other content) or ``quarantined`` (unusable; `notice` says why).
    """

    path = TextField(unique=True)
    size = BigIntegerField()
    mtime_ns = BigIntegerField()
    outcome = CharField(16, index=True)
    file = ForeignKeyField(File, null=True, backref="arrivals", on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, on_delete="SET NULL")
    notice = JSONField(null=True)
    seen = InsertionTimeField()


class Run(Table):
    """One run of a process block on a file: the truth about work; the queue carries only its id.

    `state`: ``waiting`` (`notice` says for what), ``queued``, ``running``, ``done``, ``failed``
    (`notice` says why), ``cancelled``. `attempt` fences: only the holder of the newest attempt
    may finish the run; `lost` counts the workers that vanished with it. `heartbeat` of a waiting
    run is when it was last looked at. `calibrations` are those a person chose, whatever fits better
    (`reduction.registry.CalibrationRole` → file id). `exposure` is the start of the newest exposure
    it works for: newest first.
    """

    file = ForeignKeyField(File, backref="runs", on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, backref="runs", on_delete="CASCADE")
    block = CharField(40)
    state = CharField(12, default="queued")
    automatic = BooleanField(default=True)
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    priority = IntegerField(default=0)
    exposure = UtcDateTimeField()
    attempt = IntegerField(default=0)
    lost = IntegerField(default=0)
    worker = CharField(120, default="")
    heartbeat = UtcDateTimeField(null=True)
    cancel_requested = BooleanField(default=False)
    step = CharField(80, default="")
    progress = DoubleField(default=0.0)
    notice = JSONField(null=True)
    settings = JSONField(default=dict)
    calibrations = JSONField(null=True)
    created = InsertionTimeField()
    queued = UtcDateTimeField(null=True)
    started = UtcDateTimeField(null=True)
    finished = UtcDateTimeField(null=True)

    class Meta:
        indexes = (
            (("state", "priority", "exposure", "id"), False),
            (("file", "block", "state"), False),
            (("proposal", "id"), False),
            (("state", "id", "proposal"), False),
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


class Ingredient(Table):
    """A file that went into a product besides its parent.

    `role` is a `services.files.ingredients.Role`, `selected_by` a
    `services.files.ingredients.SelectedBy`. `input` is null once the file has been deleted, or when
    an older release kept only a name that several files have; `name` is kept.
    `differences` is what of a calibration does not match the product, each with ``quantity``,
    ``wanted`` and ``found``; empty when it matches.
    """

    product = ForeignKeyField(File, backref="ingredients", on_delete="CASCADE")
    input = ForeignKeyField(File, null=True, backref="uses", on_delete="SET NULL", index=False)
    name = CharField(255)
    role = CharField(16)
    selected_by = CharField(12, default="automatic")
    differences = JSONField(default=list)

    class Meta:
        indexes = ((("input", "role"), False),)


class RunInput(Table):
    """A file that the last attempt of a run was given besides its own: also of one that failed.

    `role`, `input` and `name` are as those of `Ingredient`.
    """

    run = ForeignKeyField(Run, backref="given", on_delete="CASCADE")
    input = ForeignKeyField(File, null=True, on_delete="SET NULL")
    name = CharField(255)
    role = CharField(16)


class Comment(Table):
    """What a person said of a file."""

    file = ForeignKeyField(File, backref="comments", on_delete="CASCADE")
    user = ForeignKeyField(User, backref="comments", on_delete="CASCADE")
    text = TextField()
    created = InsertionTimeField()


class LogEntry(Table):
    """An important message. `proposal` null: for staff only.

    `level` is the severity of its notice. `search_text` is what a search looks through: the
    sentence, code and parameters of the notice when it was written.
    """

    created = InsertionTimeField(index=True)
    level = CharField(10)
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    file = ForeignKeyField(File, null=True, on_delete="SET NULL")
    run_id = IntegerField(null=True, index=True)
    notice = JSONField()
    search_text = TextField(default="")

    class Meta:
        indexes = ((("proposal", "created"), False),)


class Event(Table):
    """Something happened; pages and scripts hear of it in the order of `id`.

    `proposal` null: for everyone (a master) unless `staff_only`, which is for staff and for the one
    `person` (an id) whom it concerns.
    """

    id = AutoField()
    name = CharField(40)
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    staff_only = BooleanField(default=False)
    person = IntegerField(null=True)
    payload = JSONField(default=dict)
    created = InsertionTimeField(index=True)


class Mail(Table):
    """A message to one person. `state`: ``queued`` (tried when `due`), ``sent`` or ``failed``.

    `problem` says what the last try ran into. `account_id`: whose password link stands at the place
    of `services.mail.outbox.LINK`; it is made when the message is sent, so that no row holds it.
    """

    recipient = CharField(254)
    reply_to = CharField(254, default="")
    subject = CharField(200)
    text = TextField()
    state = CharField(8, default="queued")
    attempts = IntegerField(default=0)
    problem = TextField(default="")
    created = InsertionTimeField()
    due = InsertionTimeField()
    account_id = IntegerField(null=True)

    class Meta:
        indexes = ((("state", "due"), False),)


TABLES = [
    User,
    Token,
    LoginFailure,
    PasswordLink,
    Partner,
    Proposal,
    SettingsChange,
    Membership,
    File,
    Arrival,
    Run,
    Ingredient,
    RunInput,
    Comment,
    LogEntry,
    Event,
    Mail,
]
