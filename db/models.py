"""The tables.

Every row that belongs to a proposal has a column for it, so that its visibility scope needs at most
one join (`services.access`). Angles, gain and read noise are stored as numbers; the API types them
as in the manual.
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

    Use `db.clock` for times that other hosts compare.
    """
    return dt.datetime.now(dt.UTC)


class Table(Model):
    """Base of all tables."""

    id = AutoField()

    class Meta:
        database = database
        legacy_table_names = False

    def save(self, force_insert: bool = False, only: Any = None) -> Any:
        """Write the row; a new row gets its times of insertion from the clock of the database."""
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
    """A person. `username` and `email` are stored in lower case, without surrounding spaces."""

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
    """A key of the JSON API; only its SHA-256 is stored."""

    user = ForeignKeyField(User, backref="tokens", on_delete="CASCADE", unique=True)
    key_hash = CharField(64, unique=True)
    created = InsertionTimeField()


class Session(Table):
    """A browser that is signed in; only the SHA-256 of the key in its cookie is stored.

    It is valid while `version` is the account's `session_version`. `seen` is the day of its last
    use; `place` a hash of account and network address, so that no address is stored.
    """

    user = ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    key_hash = CharField(64, unique=True)
    version = IntegerField()
    browser = CharField(80, default="")
    place = CharField(64, default="")
    created = InsertionTimeField()
    seen = InsertionTimeField()


class LoginFailure(Table):
    """A failed login. `key` is a hash of account and address, so that neither is stored."""

    key = CharField(64)
    at = InsertionTimeField()

    class Meta:
        indexes = ((("key", "at"), False),)


class PasswordLink(Table):
    """A mailed link to set a password, until it is used; only the SHA-256 of its key is stored."""

    user = ForeignKeyField(User, backref="password_links", on_delete="CASCADE")
    key_hash = CharField(64, unique=True)
    expires = UtcDateTimeField(index=True)


class Partner(Table):
    """A partner institution; `User.partner` holds its name."""

    name = CharField(80, unique=True)


class Proposal(Table):
    """An observing proposal. A placeholder was created for a frame, until staff complete it.

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
    """A change of the reduction settings of a proposal: by whom, when, from what, and to what.

    `before` and `after` are complete settings. The id of the newest change is the version of the
    settings. `restored` is the time of the older state that was restored, null for an edit.
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
    null for shared calibrations (masters, sensitivities), which all users may see. `original` is
    the raw frame of a product (the file itself for a raw frame, null for a shared calibration),
    `parent` the file that a product was made from (null for a shared calibration).
    `state` is ``current`` or ``superseded`` (replaced by a newer version; kept while products made
    with it exist). `out_of_date` is true if a new run would give another product: with a newer
    calibration, or because an input is out of date. `parent_version` is the checksum that the
    parent had when the product was made ("": an older release). Until `provisional_until` a better
    calibration may still come, which then replaces the product; null when it is final.
    `full_path` of a raw frame is its first known path; that of a product is below
    ``GSP_HOME/products``. `series` is the key that the frames of one master share
    (`reduction.matching.group_key`), "" for other files. A product keeps the description of its raw
    frame, a master that of its newest member. `n_x`, `n_y` are the size of the file's own image (a
    spectrum has one row); `readout_x`, `readout_y` are the size of the read-out it was made from,
    which calibrations are matched on (null: equal to the own size). `n_combined` is the number of
    frames combined in a master, `n_given` the number of those that it was to be made of. `origin`
    of a raw frame is a `services.files.origin.Origin`, `accepted_by` the id of the member of the
    staff who accepted it for shared masters.
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
    n_given = IntegerField(null=True)
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
    origin = CharField(8, default="watched")
    accepted_by = IntegerField(null=True)
    parent_version = CharField(64, default="")
    provisional_until = UtcDateTimeField(null=True)

    quality = JSONField(default=dict)
    notices = JSONField(default=list)
    created = InsertionTimeField()
    last_modified = InsertionTimeField()

    class Meta:
        indexes = (
            # The file index and the search page: newest first, within a visibility scope.
            (("data_type", "state", "date_obs", "id", "proposal"), False),
            (("proposal", "data_type", "date_obs", "id"), False),
            (("proposal", "date_obs", "id"), False),
            (("date_obs", "id"), False),
            (("original", "data_type"), False),
            (("parent",), False),
            (("series", "data_type", "state"), False),
            # The candidates for the calibration of a frame.
            (("kind", "data_type", "state", "camera", "date_obs"), False),
            # The search page: pages of the complete list, and regions of the sky.
            (("state", "date_obs", "id"), False),
            (("dec_deg", "ra_deg"), False),
            # The frames of a night and their number, within a visibility scope.
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
            Check("data_type BETWEEN 0 AND 7"),
            Check("state IN ('current','superseded')"),
        ]


# The columns that lists are filtered by, so that a row (2 kB, mostly JSON) is read only when it is
# shown. The sort columns of the lists come first, then the most frequent filters.
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

# The files that are out of date: few of all.
File.add_index(
    File.index(File.data_type, File.proposal, where=SQL("out_of_date"), name="file_out_of_date")
)

# Each raw frame is stored once: of two concurrent ingests of the same content the second fails.
File.add_index(
    File.index(File.checksum, unique=True, where=File.data_type == SQL("0"), name="file_raw_once")
)


class Arrival(Table):
    """A path found in a raw root, and the outcome of its ingest.

    `outcome`: ``indexed``, ``duplicate`` (same content as `file`), ``conflict`` (same name and
    night, other content) or ``quarantined`` (unusable; `notice` gives the reason).
    """

    path = TextField(unique=True)
    size = BigIntegerField()
    mtime_ns = BigIntegerField()
    outcome = CharField(16, index=True)
    file = ForeignKeyField(File, null=True, backref="arrivals", on_delete="CASCADE")
    proposal = ForeignKeyField(Proposal, null=True, on_delete="SET NULL")
    notice = JSONField(null=True)
    seen = InsertionTimeField()


class CameraDecision(Table):
    """Which camera took the frames of a night whose headers leave it open: by whom, and when.

    `readout` is the gain and read noise of their headers (`services.files.camera_decisions`).
    """

    night = DateField()
    readout = CharField(60)
    camera = CharField(16)
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    created = InsertionTimeField()

    class Meta:
        indexes = ((("night", "readout"), True),)


class FormerVersion(Table):
    """Bytes that a raw frame had before its file was replaced: by whom this was accepted, and when.

    `user` is null when the watcher accepted it: the frame had been indexed while it was still being
    written. `changes` lists what differs in the description, each with ``column``, ``before`` and
    ``after``.
    """

    file = ForeignKeyField(File, backref="former_versions", on_delete="CASCADE")
    checksum = CharField(64)
    size = BigIntegerField()
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    changes = JSONField(default=list)
    created = InsertionTimeField()


class Run(Table):
    """One run of a process block on a file. The queue carries only its id.

    `state`: ``waiting`` (`notice` gives the reason), ``queued``, ``running``, ``done``, ``failed``
    (`notice` gives the reason), ``cancelled``. `attempt` is a fencing token: only the worker of the
    newest attempt may finish the run; `lost` counts the workers lost during the run. `heartbeat` of
    a waiting run is the time of its last examination. `calibrations` are the manual calibrations
    (`reduction.registry.CalibrationRole` → file id). `exposure` is the start of the newest exposure
    that the run is for; the newest are run first. `replaces` is the id of the run whose products
    are replaced in place by those of this one.
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
    replaces = IntegerField(null=True, index=True)
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


# A block has at most one live automatic run on a file: of two schedulers the second fails.
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
    """An input of a product besides its parent.

    `role` is a `services.files.ingredients.Role`, `selected_by` a
    `services.files.ingredients.SelectedBy`. `input` is null once the file has been deleted, or if
    an older release stored only a name that several files have; `name` is kept. `differences` lists
    where a calibration does not match the product, each with ``quantity``, ``wanted`` and
    ``found``; empty when it matches. `version` is the checksum that the input had ("": an older
    release), `refused` the notice why it was tried and not used, null for what was used.
    """

    product = ForeignKeyField(File, backref="ingredients", on_delete="CASCADE")
    input = ForeignKeyField(File, null=True, backref="uses", on_delete="SET NULL", index=False)
    name = CharField(255)
    role = CharField(16)
    selected_by = CharField(12, default="automatic")
    differences = JSONField(default=list)
    version = CharField(64, default="")
    refused = JSONField(null=True)

    class Meta:
        indexes = ((("input", "role"), False),)


class ZeroPoint(Table):
    """The zero point of the wavelengths of a calibrated spectrum.

    `night`, `camera` and the two slit masks are those of the spectrum; `arc` is its raw arc,
    `source` a `reduction.slits.Source`. `offset` and `error` (unbinned pixels) were measured on the
    spectrum's own sky, null when that was too faint; see `reduction.wavelength.zero_points`.
    `evidence` is the SHA-256 of what other spectra said when it was calibrated.
    """

    file = ForeignKeyField(File, backref="zero_points", unique=True, on_delete="CASCADE")
    arc = ForeignKeyField(File, backref="+", null=True, on_delete="SET NULL")
    camera = CharField(16)
    night = DateField()
    mask = CharField(60)
    arc_mask = CharField(60)
    source = CharField(12)
    offset = DoubleField(null=True)
    error = DoubleField(null=True)
    evidence = CharField(64, default="")

    class Meta:
        indexes = ((("camera", "mask", "night"), False),)


class RunInput(Table):
    """An input of the last attempt of a run besides its file, also if the attempt failed.

    `role`, `input`, `name` and `version` are as those of `Ingredient`.
    """

    run = ForeignKeyField(Run, backref="given", on_delete="CASCADE")
    input = ForeignKeyField(File, null=True, on_delete="SET NULL")
    name = CharField(255)
    role = CharField(16)
    version = CharField(64, default="")


class Comment(Table):
    """A comment of a user on a file."""

    file = ForeignKeyField(File, backref="comments", on_delete="CASCADE")
    user = ForeignKeyField(User, backref="comments", on_delete="CASCADE")
    text = TextField()
    created = InsertionTimeField()


class LogEntry(Table):
    """An important message. `proposal` null: for staff only.

    `level` is the severity of its notice. `search_text` is the text that a search examines: the
    sentence, code and parameters of the notice at the time of writing. `grouping` is what failures
    of one kind share ("" for an entry that stands alone): those that follow soon are counted in the
    entry of the first.
    """

    created = InsertionTimeField(index=True)
    level = CharField(10)
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    file = ForeignKeyField(File, null=True, on_delete="SET NULL")
    run_id = IntegerField(null=True, index=True)
    notice = JSONField()
    search_text = TextField(default="")
    grouping = CharField(160, default="")

    class Meta:
        indexes = (
            (("proposal", "created"), False),
            (("grouping", "created"), False),
        )


class Event(Table):
    """An event, delivered to pages and scripts in the order of `id`.

    `proposal` is null for events that all users may see (those of a master). An event with
    `staff_only` is for staff and for the one `person` (an id) whom it concerns.
    """

    id = AutoField()
    name = CharField(40)
    proposal = ForeignKeyField(Proposal, null=True, on_delete="CASCADE")
    staff_only = BooleanField(default=False)
    person = IntegerField(null=True)
    payload = JSONField(default=dict)
    created = InsertionTimeField(index=True)


class SiteCondition(Table):
    """A condition that affects the whole site at present, such as a full disk.

    `key` identifies the condition: the code of its notice and the folder, if it names one.
    """

    key = TextField(unique=True)
    notice = JSONField()
    began = InsertionTimeField()


class Mail(Table):
    """A message to one person. `state`: ``queued`` (sent when `due`), ``sent`` or ``failed``.

    `problem` describes the failure of the last attempt. `account_id` is the account whose password
    link replaces `services.mail.outbox.LINK`. The link is created when the message is sent, so that
    no row contains it. `asked_for` is the username or address for which somebody requested a link,
    until the account is looked up.
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
    asked_for = CharField(254, null=True)

    class Meta:
        indexes = ((("state", "due"), False),)


TABLES = [
    User,
    Token,
    Session,
    LoginFailure,
    PasswordLink,
    Partner,
    Proposal,
    SettingsChange,
    Membership,
    File,
    Arrival,
    CameraDecision,
    FormerVersion,
    Run,
    Ingredient,
    ZeroPoint,
    RunInput,
    Comment,
    LogEntry,
    Event,
    SiteCondition,
    Mail,
]
