"""The layout of the tests: helpers lie in `tests/support`, and no test imports another."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.paths import ROOT

TESTS = ROOT / "tests"
MODULES = sorted([*TESTS.rglob("*.py"), *(ROOT / "tools").rglob("*.py")])
MOST_MODULES = 15
"""In a folder of `tests/support`; more than that is read with difficulty."""


def imported(path: Path) -> set[str]:
    """Return the dotted names that a module imports; ``from a import b`` may mean ``a.b``."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def only_tests(names: set[str]) -> list[str]:
    """Return the names that are test modules or conftest modules of the project."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in MODULES
        if path.name.startswith("test_") or path.name == "conftest.py"
    }
    return sorted(names & modules)


def test_no_module_imports_a_test() -> None:
    found = {str(path.relative_to(ROOT)): only_tests(imported(path)) for path in MODULES}
    assert not {path: tests for path, tests in found.items() if tests}, "use tests/support"


def test_an_import_of_a_test_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from tests.repository import test_layout\n"
        "def late():\n    from tests.repository.test_layout import MODULES\n"
    )
    assert only_tests(imported(module)) == ["tests.repository.test_layout"]


def test_no_folder_of_helpers_is_too_full() -> None:
    helpers = [path for path in (TESTS / "support").rglob("*.py") if path.name != "__init__.py"]
    for folder in {path.parent for path in helpers}:
        held = sorted(path.name for path in helpers if path.parent == folder)
        assert len(held) <= MOST_MODULES, f"divide {folder}: {held}"
