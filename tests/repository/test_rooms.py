"""The rooms of the code: none is too full, and the documentation names modules that exist."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MAX_MODULES = 15
UNDIVIDED = ("assets/vendor", "db/migrations")
"""What others made, and a list that only grows."""
NAMED = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|js))?)`")
DOTTED = re.compile(r"`((?:reduction|services|db|jobs|api|callbacks|pages|figures)(?:\.[a-z_]+)+)")
DOCUMENTS = ("docs/architecture.md", "docs/glossary.md", "CONTRIBUTING.md")


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the project that match, whether committed or new."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    try:
        names = subprocess.check_output(command, cwd=ROOT, text=True).split("\n")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the project is not a git checkout")
    return [Path(name) for name in names if name and (ROOT / name).exists()]


def test_no_folder_holds_more_than_fifteen_modules() -> None:
    modules = defaultdict(list)
    for path in tracked("*.py", "*.js"):
        if path.name != "__init__.py" and not str(path).startswith(UNDIVIDED):
            modules[path.parent].append(path.name)
    full = {
        str(folder): len(names) for folder, names in modules.items() if len(names) > MAX_MODULES
    }
    assert not full, "divide these folders by concept"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_in_the_documentation_exist(document: str) -> None:
    named = set(NAMED.findall((ROOT / document).read_text("utf-8")))
    assert not {path for path in named if not (ROOT / path).exists()}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_in_the_documentation_exist(document: str) -> None:
    for name in DOTTED.findall((ROOT / document).read_text("utf-8")):
        parts = name.split(".")
        # The last parts may be names within a module.
        paths = [ROOT.joinpath(*parts[:n]) for n in range(len(parts), 1, -1)]
        assert any(p.is_dir() or p.with_suffix(".py").exists() for p in paths), name


def test_nothing_uses_the_private_state_of_plotly() -> None:
    private = re.compile(r"_fullLayout|_fullData|_guiEditing|__data__")
    scripts = [p for p in tracked("assets/*.js") if not str(p).startswith(UNDIVIDED)]
    assert scripts
    assert not [str(path) for path in scripts if private.search((ROOT / path).read_text("utf-8"))]
