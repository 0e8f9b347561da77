from __future__ import annotations

from pathlib import Path

import pytest

from db.models import File
from services.errors import AccessDenied, NotFound
from services.files import deletion
from services.files.visualization import previews
from tests.support import builders
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_raw_files_stay_whoever_asks(night: SmallNight) -> None:
    for user in (night.pi, night.staff, builders.person("root", is_superuser=True)):
        with pytest.raises(AccessDenied, match=r"^Raw files can't be deleted\.$"):
            deletion.delete(user, night.raw.id)


def test_a_product_goes_with_its_descendants(night: SmallNight) -> None:
    made = previews.folder(night.reduced)
    made.mkdir(parents=True)
    gone = deletion.delete(night.pi, night.reduced.id)
    assert gone == ["cfzst_0001_a.fits", "ecfzst_0001_a.fits"]
    assert File.select().where(File.data_type > 1).count() == 0
    assert not Path(night.reduced.full_path).exists()
    assert not made.exists()
    assert File.select().where(File.id == night.raw.id).exists()


def test_a_collaborator_deletes_only_what_the_own_run_made(night: SmallNight) -> None:
    with pytest.raises(AccessDenied):
        deletion.delete(night.collaborator, night.extracted.id)
    run = builders.run(night.reduced, "extract", user=night.collaborator, state="done")
    File.update(run_id=run.id).where(File.id == night.extracted.id).execute()
    assert deletion.delete(night.collaborator, night.extracted.id) == ["ecfzst_0001_a.fits"]


def test_others_find_nothing_to_delete(night: SmallNight) -> None:
    with pytest.raises(NotFound):
        deletion.delete(night.other, night.reduced.id)
    with pytest.raises(AccessDenied):
        deletion.delete(night.pi, night.master.id)
