"""Kills processes at random while the demo night arrives: ``python -m tests.soak.kill_night``.

Each round waits a random while, then sends SIGKILL to one process of the deployment or to all of
them, starts again what does not start by itself, and asks until ``flask check`` is clean. When a
night is over, every raw frame must be there once and every run must have ended. A night that is
over makes place for the next until the rounds, or the minutes, are used up. With ``--attacks``
slow clients hold hundreds of connections and bombs arrive in the raw folder all the while.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time

from tests.soak.attacks import Attacks
from tests.support.live_site import LiveSite

CLEAN_WITHIN_S = 60.0
NIGHT_WITHIN_S = 300.0
LIVE = "('waiting', 'queued', 'running')"


class Broken(Exception):
    """What must hold does not; the text says what."""


class Night:
    """One demo night that is disturbed."""

    def __init__(self, chance: random.Random, interval: str, *, attacks: bool) -> None:
        self.chance = chance
        self.site = LiveSite(GSP_DEMO_INTERVAL=interval).start()
        self.attacks = Attacks(self.site) if attacks else None

    def end(self) -> None:
        """Stop what disturbs, and the site, and remove its folder."""
        if self.attacks is not None:
            print(f"     {self.attacks.end()}", flush=True)
        self.site.clean_up()

    def disturb(self) -> str:
        """Kill one process, or all; return what was killed."""
        time.sleep(self.chance.uniform(0.5, 8))
        processes = self.site.processes()
        if self.chance.random() < 0.4:
            victims, name = list(processes), "everything"
        else:
            victim = self.chance.choice(sorted(processes))
            victims, name = [victim], processes[victim][-60:]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # the death of another took it along
        time.sleep(0.5)
        if self.site.process.poll() is not None:
            self.site.start()
        return name

    def seconds_until_clean(self) -> float:
        """Ask until the check is clean; return when that question was asked. Says what was not."""
        began = time.monotonic()
        said = ""
        while True:
            asked = time.monotonic() - began
            try:
                checked = self.site.flask("check")
            except subprocess.TimeoutExpired as late:  # a machine with too much else to do
                raise Broken(f"the check did not end: {late}") from late
            if checked.returncode == 0:
                return asked
            if asked > CLEAN_WITHIN_S:
                raise Broken(f"not clean after {asked:.0f} s:\n{checked.stdout}{checked.stderr}")
            if checked.stdout != said:
                said = checked.stdout
                print(f"     {asked:.0f} s: {said.strip()}", flush=True)
            time.sleep(0.5)

    def _frames(self) -> list[str]:
        return sorted(path.name for path in self.site.home.glob("demo/raw/*/*.fits"))

    def over(self) -> bool:
        """Tell whether all frames have been taken and everything has been done with them."""
        taken = "demo night is over" in self.site.log.read_text(errors="replace")
        live = self.site.rows(f"SELECT count(*) FROM run WHERE state IN {LIVE}")[0][0]
        rows = self.site.rows("SELECT count(*) FROM file WHERE data_type = 0")[0][0]
        return taken and live == 0 and rows >= len(self._frames())

    def judge(self) -> str:
        """Wait for the end of the night; raise `Broken` when something is missing or double."""
        began = time.monotonic()
        while not self.over():
            if time.monotonic() - began > NIGHT_WITHIN_S:
                live = self.site.rows(
                    f"SELECT id, block, state, notice FROM run WHERE state IN {LIVE}"
                )
                raise Broken(f"the night does not end; live runs: {live}")
            time.sleep(1)
        names = self.site.rows("SELECT file_name FROM file WHERE data_type = 0 ORDER BY file_name")
        if [name for (name,) in names] != self._frames():
            raise Broken(f"{len(names)} raw rows for {len(self._frames())} frames")
        failed = self.site.rows("SELECT block, notice FROM run WHERE state != 'done'")
        if failed:
            raise Broken(f"runs that are not done: {failed}")
        made, parents = self.site.rows(
            "SELECT count(*), count(DISTINCT parent_id) FROM file WHERE data_type = 2"
        )[0]
        if made != parents:
            raise Broken(f"{made} reduced files of {parents} frames")
        spectra = self.site.rows("SELECT count(*) FROM file WHERE data_type = 4")[0][0]
        again = self.site.rows("SELECT count(*) FROM run WHERE attempt > 1")[0][0]
        refused = self.site.rows("SELECT count(*) FROM arrival WHERE outcome = 'quarantined'")[0][0]
        self.seconds_until_clean()
        return (
            f"{len(names)} frames, {made} reduced, {spectra} spectra; {again} runs done again; "
            f"{refused} files refused"
        )


def main() -> int:
    """Do the rounds; exit 1 at the first thing that does not hold, leaving its folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--attacks", action="store_true", help="slow clients and bombs as well")
    parser.add_argument("--interval", default="1.0", help="seconds between two frames")
    wish = parser.parse_args()
    chance = random.Random(wish.seed)
    print(f"seed {wish.seed}")
    night: Night | None = None
    began = time.monotonic()
    try:
        for number in range(1, wish.rounds + 1):
            night = night or Night(chance, wish.interval, attacks=wish.attacks)
            killed = night.disturb()
            print(
                f"{number:3d}: clean {night.seconds_until_clean():4.1f} s after {killed}",
                flush=True,
            )
            is_last = number == wish.rounds or time.monotonic() - began > 60 * wish.minutes
            if is_last or night.over():
                print(f"     night: {night.judge()}", flush=True)
                night.end()
                night = None
            if is_last:
                break
    except Broken as broken:
        print(f"BROKEN: {broken}", file=sys.stderr)
        if night is not None:
            print(f"see {night.site.log}", file=sys.stderr)
            night.site.stop()
        return 1
    except BaseException:
        if night is not None:
            night.end()
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
