from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

import db
from app import create_app
from config import Config
from db.models import File, Proposal, Run, Token, User
from reduction.simulation import simulate_night
from services import context
from services.accounts import accounts, sessions
from services.context import Context

Invoke = Callable[..., Result]

HEADER = "soar_id,title,abstract,pi_email,pi_first,pi_last,semester\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Path]]:
    home, raw = tmp_path_factory.mktemp("var"), tmp_path_factory.mktemp("raw")
    settings = {"GSP_HOME": str(home), "GSP_RAW_DIRS": str(raw)}
    yield create_app(Config.from_env(settings)), raw
    context.bind(Context())


@pytest.fixture
def raw(server: tuple[Flask, Path]) -> Path:
    return server[1]


@pytest.fixture
def invoke(server: tuple[Flask, Path], tmp_path: Path) -> Invoke:
    """Run a command on a new database; a traceback is a failure, whatever the exit code."""
    db.connect(f"sqlite:///{tmp_path / 'gsp.db'}")
    runner = server[0].test_cli_runner()

    def run(*arguments: str, given: str = "", code: int = 0) -> Result:
        result = runner.invoke(args=list(arguments), input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        assert result.exit_code == code, result.output
        if code:
            assert "Traceback" not in result.output
        return result

    assert "0001_first_light" in run("migrate").stdout
    return run


def test_migrating_again_changes_nothing(invoke: Invoke) -> None:
    assert "up to date" in invoke("migrate").stdout


def test_a_user_is_made_and_the_token_is_the_only_output(invoke: Invoke) -> None:
    made = invoke(
        "user",
        "create",
        "--username",
        "Vera",
        "--email",
        "vera@example.org",
        "--staff",
        "--password-stdin",
        given="seven clear nights\n",
    )
    with db.database.connection_context():
        user = User.get(User.username == "vera")
        assert (user.is_staff, user.is_superuser) == (True, False)
        assert accounts.authenticate("vera", "seven clear nights", "here") == user
        assert sessions.user_for_token(made.stdout.strip()) == user

    renewed = invoke("user", "token", "vera@example.org").stdout.strip()
    with db.database.connection_context():
        assert sessions.user_for_token(renewed) == user
        assert sessions.user_for_token(made.stdout.strip()) is None
        assert Token.select().count() == 1


@pytest.mark.parametrize(
    ("arguments", "given", "code", "said"),
    [
        (("user", "create", "--username", "v", "--email", "nowhere"), "", 1, "e-mail"),
        (
            ("user", "create", "--username", "v", "--email", "v@a.org", "--password-stdin"),
            "12345\n",
            1,
            "at least 8 characters",
        ),
        (
            ("user", "create", "--username", "v", "--email", "v@a.org", "--password-stdin"),
            "",
            2,
            "standard input",
        ),
        (("user", "token", "nobody"), "", 1, "nobody"),
        (("proposal", "create", "--soar-id", "SOAR2026B-001", "--pi", "nobody"), "", 1, "nobody"),
        (("simulate", "out", "--seed", "1", "--setup", "500_X1"), "", 2, "500_X1"),
        (("simulate", "out", "--seed", "-1"), "", 2, "--seed"),
        (("ingest", "/no/such/file.fits"), "", 2, "/no/such/file.fits"),
    ],
)
def test_a_mistake_is_one_sentence(
    invoke: Invoke, arguments: tuple[str, ...], given: str, code: int, said: str
) -> None:
    result = invoke(*arguments, given=given, code=code)
    assert said in result.stderr
    assert result.stdout == ""
    with db.database.connection_context():
        assert User.select().count() == 0


def test_without_a_schema_the_way_out_is_named(invoke: Invoke, tmp_path: Path) -> None:
    db.connect(f"sqlite:///{tmp_path / 'empty.db'}")
    assert "migrate" in invoke("user", "token", "vera", code=1).stderr


def test_a_semester_is_imported_once(invoke: Invoke, tmp_path: Path) -> None:
    table = tmp_path / "2026B.csv"
    table.write_text(
        "\ufeff"
        + HEADER
        + 'SOAR2026B-001,"White dwarfs, cold",Old stars.,vera@example.org,Vera,Núñez,2026B\n'
        + "SOAR2026B-002,Supernovae,,Vera@Example.org,,,\n\n",
        encoding="utf-8",
    )
    assert "2 proposals were created" in invoke("proposal", "import", str(table)).stdout
    assert "0 proposals were created, 2" in invoke("proposal", "import", str(table)).stdout
    with db.database.connection_context():
        (pi,) = User.select()
        assert pi.full_name == "Vera Núñez"
        found = [(row.soar_id, row.title, row.semester, row.pi) for row in Proposal.select()]
    assert found == [
        ("SOAR2026B-001", "White dwarfs, cold", "2026B", pi),
        ("SOAR2026B-002", "Supernovae", "2026B", pi),
    ]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("soar_id,title\nSOAR2026B-001,x\n", 2, "pi_email"),
        (HEADER + "SOAR2026B-001,x,,vera@example.org,,,\n,x,,vera@example.org,,,\n", 1, "line 3"),
        (HEADER + "SOAR2026B-001,x,,not an address,,,\n", 1, "line 2"),
        (HEADER + "SOAR2026B-001,x\n", 1, "line 2"),
        ("\0\0", 2, "pi_email"),
    ],
)
def test_a_table_with_a_mistake_imports_nothing(
    invoke: Invoke, tmp_path: Path, content: str, code: int, said: str
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(content, encoding="utf-8")
    assert said in invoke("proposal", "import", str(table), code=code).stderr
    with db.database.connection_context():
        assert User.select().count() == Proposal.select().count() == 0


def test_a_simulated_night_is_indexed_once_and_checks_out(invoke: Invoke, raw: Path) -> None:
    out = raw / "night"
    size = ("--bias", "2", "--flat", "1", "--science", "0")
    assert "3 frames" in invoke("simulate", str(out), "--seed", "5", *size).stdout
    assert invoke("ingest", str(out)).stdout.strip() == "3 indexed"
    one = next(out.glob("*BIAS*.fits"))
    assert invoke("ingest", str(one), str(out)).stdout.strip() == "4 indexed"
    with db.database.connection_context():
        assert File.select().count() == 3
    assert "No violations" in invoke("check").stdout
    assert "arc mask" in invoke("slit-offsets").stdout

    with db.database.connection_context():
        file = File.get(File.file_name == one.name)
        Run.create(file=file, block="reduce", state="running", exposure=file.date_obs)
    broken = invoke("check", code=1)
    assert "heartbeat" in broken.stdout
    assert "Error: 1 violation" in broken.stderr


def test_files_outside_or_broken_are_said_one_by_one(
    invoke: Invoke, raw: Path, tmp_path: Path
) -> None:
    (elsewhere,) = simulate_night(tmp_path / "out", seed=1, n_bias=1, n_flat=0, n_science=0)
    broken = raw / "broken.fits"
    broken.write_bytes(b"JFIF" * 1000)
    result = invoke("ingest", str(elsewhere), str(broken), code=1)
    assert result.stdout.strip() == "1 quarantined, 1 refused"
    assert elsewhere.name in result.stderr
    assert "broken.fits" in result.stderr
    broken.unlink()
