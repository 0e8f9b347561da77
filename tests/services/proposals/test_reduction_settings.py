"""The settings' history: who changed what, restored, and two people at once."""

from __future__ import annotations

import pytest

from db.models import Event, LogEntry, Proposal, SettingsChange, User
from reduction.notice_codes import NoticeCode
from reduction.settings import form_fields
from reduction.settings.proposal_settings import settings_model
from services.errors import AccessDenied, Conflict, NotFound
from services.proposals import proposals, reduction_settings, settings_history
from tests.support import builders
from tests.support.notices import code_of

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def pi() -> User:
    return builders.person("pi", first_name="Vera", last_name="Sand")


@pytest.fixture
def proposal(pi: User) -> Proposal:
    return builders.proposal("A", pi)


def values(proposal: Proposal) -> dict[str, object]:
    return form_fields.values(proposals.settings_of(Proposal.get_by_id(proposal.id)))


def change(user: User, proposal: Proposal, version: int | None = None, **given: object) -> int:
    wanted = {name.replace("__", "."): value for name, value in given.items()}
    settings = form_fields.compose(wanted)
    return reduction_settings.configure(user, proposal.id, settings, version=version).version


def test_a_change_is_in_force_in_the_history_and_in_the_log(pi: User, proposal: Proposal) -> None:
    version = change(pi, proposal, reduce__cosmic_rays="dcr", extract__max_targets=1)
    assert values(proposal)["reduce.cosmic_rays"] == "dcr"
    (row,) = settings_history.page(pi, proposal.id).rows
    assert (row.id, row.author, row.restored) == (version, pi.full_name, None)
    assert [(d.name, d.before, d.after) for d in row.differences] == [
        ("reduce.cosmic_rays", "Default", "DCR"),
        ("extract.max_targets", "3", "1"),
    ]
    (entry,) = LogEntry.select()
    assert code_of(entry.notice) is NoticeCode.SETTINGS_CHANGED
    assert entry.notice["params"] == {
        "person": "Vera Sand",
        "changes": [
            {"title": "Cosmic ray rejection", "before": "Default", "after": "DCR"},
            {"title": "Maximum Number of Targets", "before": "3", "after": "1"},
        ],
    }
    assert [event.name for event in Event.select()] == ["log-added"]


def test_what_changes_nothing_leaves_no_trace(pi: User, proposal: Proposal) -> None:
    assert change(pi, proposal) == 0
    assert change(pi, proposal, extract__max_targets=1) == change(
        pi, proposal, extract__max_targets=1
    )
    assert SettingsChange.select().count() == LogEntry.select().count() == 1


def test_an_older_state_is_restored_and_that_is_a_change_too(pi: User, proposal: Proposal) -> None:
    first = change(pi, proposal, extract__max_targets=1)
    change(pi, proposal, extract__max_targets=2, reduce__ignore_flats=True)
    reduction_settings.restore(pi, proposal.id, first)
    assert values(proposal)["extract.max_targets"] == 1
    assert values(proposal)["reduce.ignore_flats"] is False
    reduction_settings.restore(pi, proposal.id, reduction_settings.FIRST)
    assert values(proposal) == form_fields.values(settings_model()())
    newest = settings_history.page(pi, proposal.id).rows
    assert len(newest) == 4
    assert newest[0].restored == newest[3].created
    assert newest[1].restored == newest[3].created
    assert newest[2].restored is None


def test_a_state_of_an_older_release_is_restored_as_far_as_it_is_known(
    pi: User, proposal: Proposal
) -> None:
    Proposal.update(settings={"extract": {"max_targets": 2}, "gone": {"x": 1}}).execute()
    change(pi, proposal)
    SettingsChange.update(before={"extract": {"max_targets": 2}, "gone": {"x": 1}}).execute()
    reduction_settings.restore(pi, proposal.id, reduction_settings.FIRST)
    assert values(proposal)["extract.max_targets"] == 2


def test_the_second_of_two_is_told_and_loses_nothing(pi: User, proposal: Proposal) -> None:
    staff = builders.person("nina", is_staff=True, first_name="Nina")
    start = change(pi, proposal, extract__max_targets=2)
    base = reduction_settings.current(pi, proposal.id).settings
    change(staff, proposal, start, extract__max_targets=2, reduce__cosmic_rays="dcr")
    with pytest.raises(Conflict, match="Nina changed the settings at") as told:
        change(pi, proposal, start, extract__max_targets=1)
    assert values(proposal)["extract.max_targets"] == 2
    state = told.value.detail
    started, theirs = form_fields.values(base), form_fields.values(state.settings)
    typed = {
        **started,
        "extract.max_targets": "1",
        "extract.threshold": "5.0",
        "master_bias.minimum": "x",
    }
    both = reduction_settings.merged(started, theirs, typed)
    assert (both["extract.max_targets"], both["reduce.cosmic_rays"]) == ("1", "dcr")
    assert (both["extract.threshold"], both["master_bias.minimum"]) == (5.0, "x")
    saved = change(pi, proposal, state.version, extract__max_targets=1, reduce__cosmic_rays="dcr")
    assert saved > state.version


def test_the_first_change_of_two_people_counts_too(pi: User, proposal: Proposal) -> None:
    change(pi, proposal, 0, extract__max_targets=2)
    with pytest.raises(Conflict):
        change(pi, proposal, 0, extract__max_targets=1)


def test_who_may_do_what(pi: User, proposal: Proposal) -> None:
    member, stranger = builders.person("member"), builders.person("stranger")
    proposals.add_collaborator(pi, proposal.id, member.email)
    version = change(pi, proposal, extract__max_targets=1)
    other = builders.proposal("B", stranger)
    assert settings_history.page(member, proposal.id).count == 1
    for act in (
        lambda user: change(user, proposal, extract__max_targets=2),
        lambda user: reduction_settings.restore(user, proposal.id, version),
    ):
        with pytest.raises(AccessDenied):
            act(member)
        with pytest.raises(NotFound):
            act(stranger)
    for look in (settings_history.page, reduction_settings.current):
        with pytest.raises(NotFound):
            look(stranger, proposal.id)
    with pytest.raises(NotFound, match="No such change"):
        reduction_settings.restore(stranger, other.id, version)
    assert values(proposal)["extract.max_targets"] == 1
