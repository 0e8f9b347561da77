"""Other accounts of the machine read nothing of a deployment, also in a folder made beforehand."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Config
from jobs import private_home
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_home_made_beforehand_is_closed_by_every_process(tmp_path: Path) -> None:
    home = tmp_path / "var"
    home.mkdir(mode=0o755)
    for name in ("products", "previews", "outbox", "queue", "uploads"):
        (home / name).mkdir(mode=0o755)
    (home / "gsp.db").touch(mode=0o644)
    environment = {**os.environ, "GSP_HOME": str(home), "GSP_DEMO": "off"}
    command = [sys.executable, "-m", "flask", "--app", "app", "migrate"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, umask=0o022)
    assert home.stat().st_mode & 0o777 == 0o700
    for path in home.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_what_is_created_later_is_closed_and_what_is_others_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config.from_env({"GSP_HOME": str(tmp_path / "var"), "GSP_DEMO": "off"})
    private_home.make_private(config)
    (config.home / "later").mkdir()
    (config.home / "later" / "file").touch()
    assert (config.home / "later").stat().st_mode & 0o077 == 0
    assert (config.home / "later" / "file").stat().st_mode & 0o077 == 0
    config.home.chmod(0o755)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)
    with caplog.at_level(logging.WARNING):
        private_home.make_private(config)
    assert str(config.home) in caplog.text and "chmod go-rwx" in caplog.text


def test_a_raw_folder_in_the_home_stays_open_to_the_instrument(tmp_path: Path) -> None:
    home = tmp_path / "var"
    raw = home / "night"
    raw.mkdir(parents=True)
    home.chmod(0o755)
    raw.chmod(0o755)
    config = Config.from_env({"GSP_HOME": str(home), "GSP_RAW_DIRS": str(raw)})
    private_home.make_private(config)
    assert raw.stat().st_mode & 0o777 == home.stat().st_mode & 0o777 == 0o755
    assert (home / "secret_key").stat().st_mode & 0o077 == 0
