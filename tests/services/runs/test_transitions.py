"""The state machine of a run: its table, its only writer, and its conditional updates."""

from __future__ import annotations

import ast
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from peewee import PostgresqlDatabase

import db
from db.models import Event, File, LogEntry, Run
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services.calibration import reclassify
from services.errors import Conflict
from services.runs import claiming, lifecycle, requests
from services.runs.lifecycle import TRANSITIONS, RunState, Trigger, transition
from services.unit_of_work import transaction
from tests.support import builders
from tests.support.paths import ROOT

CODE = ("services", "jobs", "api", "callbacks", "pages", "cli.py", "app.py")
FILE_STATES = ("current", "superseded")


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for name in CODE:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))


def state_writers(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what may write the state of a run."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_writing_call(node):
            yield node
        elif isinstance(node, ast.Assign):
            named = [t for t in node.targets if isinstance(t, ast.Attribute) and t.attr == "state"]
            if named and getattr(node.value, "value", None) not in FILE_STATES:
                yield node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.search(r'update "?run"? ', node.value, re.IGNORECASE):
                yield node


def _is_writing_call(call: ast.Call) -> bool:
    *_, owner, name = ["", "", *ast.unparse(call.func).split(".")]
    names = {keyword.arg for keyword in call.keywords}
    if (owner, name) in (("Run", "update"), ("Run", "create"), ("Run", "insert")):
        return "state" in names or None in names or bool(call.args)  # None: a mapping
    if name == "setattr":
        return ast.unparse(call.args[1]) == "'state'"
    return name == "Run" and "state" in names


def test_one_module_writes_the_state_of_a_run() -> None:
    writers = {str(path) for path, tree in sources() if any(state_writers(tree))}
    assert writers == {"services/runs/lifecycle.py"}


@pytest.mark.parametrize(
    "text",
    [
        "Run.update(state='done').execute()",
        "models.Run.update({Run.state: 'done'})",
        "Run.create(state='done')",
        "Run.update(**values)",
        "Run(state='done')",
        "run.state = 'done'",
        "setattr(run, 'state', 'done')",
        "execute_sql('UPDATE run SET state = 1')",
    ],
)
def test_a_second_writer_would_be_found(text: str) -> None:
    assert list(state_writers(ast.parse(text)))


def test_every_state_is_reached_and_only_ended_runs_rest() -> None:
    targets = {rule.target for rule in TRANSITIONS.values()}
    left = {source for rule in TRANSITIONS.values() for source in rule.sources}
    assert targets == set(RunState)
    assert set(RunState) - left == {RunState.DONE}
    assert set(TRANSITIONS) == set(Trigger)


REASON = notice(NoticeCode.NO_VALID_PIXEL)


@pytest.fixture
def run(site: object) -> Run:
    return builders.run(builders.row("0001.fits", builders.proposal("A", builders.person("pi"))))


def put(run: Run, state: str) -> Run:
    Run.update(state=state).where(Run.id == run.id).execute()
    return Run.get_by_id(run.id)


@pytest.mark.parametrize("trigger", list(Trigger))
def test_a_transition_writes_what_the_table_declares(run: Run, trigger: Trigger) -> None:
    rule = TRANSITIONS[trigger]
    for source in RunState:
        before = put(run, source)
        if source not in rule.sources:
            with pytest.raises(lifecycle.IllegalTransition), transaction() as work:
                transition(before, trigger, work)
            assert Run.get_by_id(run.id).state == source
            continue
        with transaction() as work:
            after = transition(before, trigger, work, reason=REASON)
            assert work.events[0].payload["state"] == rule.target
            assert work.due == ([run.id] if rule.target is RunState.QUEUED else [])
        assert after is not None
        assert (after.state, after.notice) == (rule.target, REASON.to_json())
        assert all(getattr(after, name) is not None for name in rule.times)
        assert LogEntry.select().count() == rule.is_failure * (1 + rule.sources.index(source))
        assert before.state == source, "the run that was passed is not changed"


def test_a_run_that_was_changed_since_it_was_read_is_left_alone(run: Run) -> None:
    stale = Run.get_by_id(run.id)
    put(run, "failed")
    with transaction() as work:
        assert transition(stale, Trigger.CANCEL, work) is None
    stale = put(run, "running")
    Run.update(attempt=Run.attempt + 1).execute()
    with transaction() as work:
        assert transition(stale, Trigger.FINISH, work) is None
        assert (work.events, work.due) == ([], [])
    assert Run.get_by_id(run.id).state == "running"
    assert Event.select().count() == 0


# --- two connections ------------------------------------------------------------------------------


def is_waited_for() -> bool:
    """Tell whether a connection waits for a lock; SQLite can't tell."""
    if not isinstance(db.database.obj, PostgresqlDatabase):
        return True
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(db.database.execute_sql(query).fetchone()[0])


@contextmanager
def being_claimed(run: Run) -> Iterator[None]:
    """Hold the claim of a run uncommitted until another connection waits for it."""
    claimed = threading.Event()

    def claim() -> bool:
        with db.database.connection_context(), transaction() as work:
            assert transition(Run.get_by_id(run.id), Trigger.CLAIM, work) is not None
            claimed.set()
            end = time.monotonic() + 20
            while not (waited_for := is_waited_for()) and time.monotonic() < end:
                time.sleep(0.01)
            return waited_for

    with ThreadPoolExecutor(1) as worker:
        held = worker.submit(claim)
        assert claimed.wait(30)
        yield
        assert held.result(), "nobody waited for the row"


def reclassified(run: Run) -> None:
    reclassify.reclassify(run.file.proposal.pi, run.file_id, obstype="BIAS")


def cancelled(run: Run) -> None:
    requests.cancel(run.file.proposal.pi, run.id)


@pytest.mark.parametrize("change", [reclassified, cancelled])
def test_a_run_that_is_claimed_meanwhile_goes_on(run: Run, change: Callable[[Run], None]) -> None:
    run = Run.select(Run, File).join(File).get()
    with being_claimed(run):
        change(run)
    row = Run.get_by_id(run.id)
    assert (row.state, row.attempt, row.finished) == ("running", 1, None)
    assert row.cancel_requested == (change is cancelled)


def test_a_run_is_claimed_once(site: object) -> None:
    owner = builders.proposal("A", builders.person("pi"))
    runs = {builders.run(builders.row(f"{n:04}.fits", owner)).id for n in range(12)}
    claimed: list[int] = []
    start = threading.Barrier(3)

    def work() -> None:
        with db.database.connection_context():
            start.wait(30)
            while (run := claiming.claim("worker")) is not None:
                claimed.append(run.id)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(claimed) == sorted(runs)


def test_what_has_ended_is_not_cancelled(run: Run) -> None:
    put(run, "done")
    with pytest.raises(Conflict):
        requests.cancel(run.file.proposal.pi, run.id)
    assert not Run.get_by_id(run.id).cancel_requested
