"""Commands for operators, ``flask --app app …``; errors are one sentence, not a traceback."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from peewee import PeeweeException

import db
from config import Config
from db import database
from jobs.processes import log
from reduction.errors import ReductionError
from services import notices
from services.accounts import accounts, sessions
from services.calibration.zero_points import slit_offsets
from services.errors import InvalidRequest, NotFound, ServiceError
from services.files import file_integrity, ingest
from services.files.arrivals import inspector, names
from services.mail import letters
from services.monitoring import check
from services.proposals import proposals, semester_import

user_commands = AppGroup("user", help="Accounts.")
proposal_commands = AppGroup("proposal", help="Observing proposals.")

Command = Callable[..., None]


class Refused(click.ClickException):
    """The command cannot be carried out."""


class BadRequest(click.ClickException):
    """The arguments are not valid."""

    exit_code = 2


def with_database(command: Command) -> Command:
    """Open the database for a command, and print errors as one sentence."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            with database.connection_context():
                command(*args, **kwargs)
        except ServiceError as error:
            raise Refused(error.message) from error
        except ReductionError as error:
            raise Refused(str(error)) from error
        except PeeweeException as error:
            raise Refused(f"The database can't be used: {_reason(error)}.") from error

    return wrapped


def _reason(error: PeeweeException) -> str:
    """Return why the database cannot be used; most often its tables were not created yet."""
    with suppress(PeeweeException):
        if not db.is_migrated():
            return "run `flask --app app migrate` first"
    return str(error)


def register(server: Flask, config: Config) -> None:
    """Register the commands of a server."""
    for group in (user_commands, proposal_commands):
        server.cli.add_command(group)
    for command in (ingest_paths, simulate, check_all, show_slit_offsets, migrate):
        server.cli.add_command(command)
    server.cli.add_command(_worker_command(config))


def _password_from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadRequest("No password was given on standard input.")
    return password


@user_commands.command("create", with_appcontext=False)
@click.option("--username", required=True)
@click.option("--email", required=True)
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--staff", is_flag=True, help="Sees and changes all proposals.")
@click.option("--superuser", is_flag=True, help="Staff that may create staff accounts.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--invite", is_flag=True, help="Send an invitation by e-mail.")
@with_database
def create_user(password_stdin: bool, invite: bool, **person: Any) -> None:
    """Create an account; its API token is printed once."""
    password = _password_from_stdin() if password_stdin else None
    with database.atomic():
        user, token = accounts.create_user(password=password, **person)
        if invite:
            letters.welcome(user)
    click.echo(f"Account {user.username} was created. Its API token, not shown again:", err=True)
    click.echo(token)


@user_commands.command("token", with_appcontext=False)
@click.argument("name")
@with_database
def user_token(name: str) -> None:
    """Create a new API token for an account; the previous token no longer works."""
    user = accounts.find(name)
    if user is None:
        raise Refused(f"No such account: {name!r}.")
    click.echo(sessions.renew_token(user))


@proposal_commands.command("create", with_appcontext=False)
@click.option("--soar-id", required=True, help="As in the PROPID of its frames.")
@click.option("--pi", "pi_name", required=True, help="Username or e-mail address of the PI.")
@click.option("--title", default="")
@click.option("--abstract", default="")
@click.option("--semester", default="")
@with_database
def create_proposal(soar_id: str, pi_name: str, title: str, abstract: str, semester: str) -> None:
    """Create a proposal, or register the one that was created for its frames."""
    pi = accounts.find(pi_name)
    if pi is None:
        raise Refused(f"No such account: {pi_name!r}.")
    if not pi.is_active:
        raise Refused(f"The account of {pi.email} is deactivated.")
    proposal = proposals.create(
        None, soar_id=soar_id, title=title, abstract=abstract, semester=semester, pi=pi
    )
    click.echo(f"Proposal {proposal.soar_id} was created.")


@proposal_commands.command("import", with_appcontext=False)
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only print the effect of each row.")
@with_database
def import_proposals(table: Path, dry_run: bool) -> None:
    """Import the proposals and PIs of a semester from a CSV TABLE, all or nothing."""
    try:
        planned = semester_import.plan(None, table.read_bytes())
        if not dry_run and not planned.errors:
            planned = semester_import.apply(None, table.read_bytes())
    except InvalidRequest as error:
        raise BadRequest(f"{table.name}: {error.message}") from error
    for row in planned.rows if dry_run else ():
        if row.effect:
            click.echo(f"line {row.line}: {row.given['soar_id']}: {row.effect}")
    for row in planned.errors:
        click.echo(f"{table.name}, line {row.line}: {row.error}", err=True)
    if planned.errors:
        raise Refused(f"{len(planned.errors)} rows have errors: nothing was imported.")
    n_known = len(planned.rows) - planned.n_proposals
    verb = "would be" if dry_run else "were"
    click.echo(
        f"{planned.n_proposals} proposals {verb} created, {n_known} were registered already."
    )


@click.command("ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@with_database
def ingest_paths(paths: tuple[Path, ...]) -> None:
    """Index files, or all frames of folders, below the raw folders."""
    counts: dict[str, int] = {}
    for path in _frames(paths):
        outcome, sentence = _ingest(path)
        counts[outcome] = counts.get(outcome, 0) + 1
        if sentence:
            click.echo(f"{outcome}: {sentence}", err=True)
    if not counts:
        raise Refused("There are no FITS files in the given paths.")
    click.echo(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())))
    if set(counts) - {"indexed", "duplicate"}:
        raise SystemExit(1)


def _frames(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        yield from sorted(file for file in path.rglob("*") if names.is_frame_name(file.name))


def _ingest(path: Path) -> tuple[str, str]:
    """Index one file; return the outcome and a sentence, "" when it succeeded."""
    try:
        arrival = ingest.ingest(path)
    except NotFound:
        return "refused", f"{path} is not inside the raw folders (GSP_RAW_DIRS)."
    except file_integrity.IncompleteFile as error:
        return "incomplete", error.message
    except inspector.InspectionFailed as error:
        return "refused", error.message
    return arrival.outcome, notices.message(arrival.notice)


@click.command("simulate")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), required=True, help="Seed of the random numbers.")
@click.option("--setup", default="400_M2", show_default=True, help="Mode of the spectrograph.")
@click.option("--binning", type=click.Choice(["1x1", "2x2", "3x3"]), default="2x2")
@click.option("--camera", type=click.Choice(["Red", "Blue"]), default="Red")
@click.option("--bias", "n_bias", type=click.IntRange(0), default=10, show_default=True)
@click.option("--flat", "n_flat", type=click.IntRange(0), default=10, show_default=True)
@click.option("--science", "n_science", type=click.IntRange(0), default=3, show_default=True)
@click.option("--old-headers", is_flag=True, help="Headers as before 2019.")
@click.option("--proposal", default="SOAR2026B-001", show_default=True)
@click.option("--start", type=click.DateTime(), default=None, help="First exposure, UTC.")
def simulate(
    out: Path, seed: int, setup: str, binning: str, start: dt.datetime | None, **choices: Any
) -> None:
    """Write a simulated raw night to the folder OUT, together with its true parameters."""
    from reduction import simulation  # noqa: PLC0415 - the web server registers the commands too

    if start is not None:
        choices["start"] = start.replace(tzinfo=dt.UTC)
    x, y = (int(part) for part in binning.split("x"))
    try:
        paths = simulation.simulate_night(
            out, seed=seed, setup=setup.upper(), binning=(x, y), **choices
        )
    except ReductionError as error:
        raise BadRequest(str(error)) from error
    except OSError as error:
        raise Refused(f"{out} can't be written to: {error.strerror}.") from error
    click.echo(f"{len(paths)} frames were written to {out}.")


@click.command("check")
@with_database
def check_all() -> None:
    """Check the invariants of data and database; print each violation, exit 1 if there are any."""
    violations = check.violations()
    for violation in violations:
        click.echo(str(violation))
    if violations:
        raise Refused(f"{len(violations)} violation{'s' if len(violations) > 1 else ''}.")
    click.echo("No violations.")


@click.command("slit-offsets")
@with_database
def show_slit_offsets() -> None:
    """Print the offsets of slit masks that spectra have shown, in unbinned pixels."""
    click.echo("camera  arc mask          mask              offset  scatter  spectra  nights  last")
    for row in slit_offsets.known():
        click.echo(
            f"{row.camera:6}  {row.arc_mask:16}  {row.mask:16}  {row.offset:+6.2f}  "
            f"{row.scatter:7.2f}  {row.spectra:7d}  {row.nights:6d}  {row.last}"
        )


@click.command("migrate")
def migrate() -> None:
    """Bring the database to the current schema."""
    try:
        names = db.migrate()
    except PeeweeException as error:
        raise Refused(f"The database can't be migrated: {error}.") from error
    click.echo("\n".join(names) if names else "The database is up to date.")


def _worker_command(config: Config) -> click.Command:
    @click.command("worker")
    @click.option("--workers", type=click.IntRange(1, 256), default=None, help="How many.")
    def run_workers(workers: int | None) -> None:
        """Run workers only, on another machine, until stopped."""
        from jobs.processes import worker  # noqa: PLC0415 - as above

        log.to_stderr("workers")
        worker.run_pool(config, workers)

    return run_workers
