"""A reading of a real chest CT in a real browser: it hangs right, with its mask, and every control is on the screen."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from concours.formats.stored import ZIP_MOMENT
from core.storage import put_bytes
from tests.frontend.served import served
from tests.pages.edition import Edition, accepted_exam, reading_of
from tests.pages.test_pages_in_browser import answered
from tests.presence import chromium, sample_dir
from uploads.models import Exam

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.sample, pytest.mark.django_db]
CASE = sample_dir() / "cases" / "ct_lung_nodule"


def chest_ct(edition: Edition) -> Exam:
    """The sample's chest CT and the mask of its nodule, as if they had come through intake."""
    exam = accepted_exam(edition)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((CASE / "dicom").glob("*.dcm")):
            archive.writestr(zipfile.ZipInfo(f"image/1.2.3/{path.name}", ZIP_MOMENT), path.read_bytes())
    bundle = put_bytes("exams", f"exam-{exam.pk}", file.getvalue())
    Exam.objects.filter(pk=exam.pk).update(bundle_key=bundle.key, bundle_sha256=bundle.sha256)
    mask = put_bytes("exams", f"exam-{exam.pk}", (CASE / "mask.nii.gz").read_bytes())
    exam.annotations.filter(field="mask").update(blob_key=mask.key, blob_name="nii.gz", sha256=mask.sha256)
    exam.refresh_from_db()
    return exam


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)])
def test_a_chest_ct_and_every_control_are_on_the_screen(
    edition: Edition, size: tuple[int, int], tmp_path: Path
) -> None:
    reading = reading_of(chest_ct(edition), edition.rita)
    home = f"/readings/{reading.pk}/"
    paths = (home, f"{home}volume?image=image", f"{home}mask?image=image")
    routes = {path.partition("?")[0]: answered(edition.rita, path, "en") for path in paths}
    with served(routes) as address, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium())
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.goto(address + home)
        viewer = tab.locator("#viewer[data-state=ready]")
        viewer.wait_for()
        sides = {side: viewer.locator(f".viewer-{side}").inner_text() for side in ("left", "right", "top", "bottom")}
        assert sides == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
        assert viewer.locator("canvas").get_attribute("data-smooth") == "true"
        boxes = {
            name: tab.locator(name).first.bounding_box()
            for name in (
                "[data-slice]",
                "[data-window]",
                "[data-opacity]",
                "[data-do=in]",
                "[data-do=smooth]",
                "#viewer canvas",
            )
        }
        below = {name: box for name, box in boxes.items() if box is None or box["y"] + box["height"] > size[1]}
        assert not below
        folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
        tab.screenshot(path=folder / f"reading-{size[0]}.png")
        for _ in range(2):
            tab.keyboard.press("+")
        tab.keyboard.press("s")
        tab.wait_for_timeout(200)
        tab.screenshot(path=folder / f"reading-{size[0]}-voxels.png")
        browser.close()


def test_pictures_of_exams_stay_in_no_cache(edition: Edition, client: Any) -> None:
    reading = reading_of(accepted_exam(edition), edition.rita)
    client.force_login(edition.rita)
    for what in ("volume", "mask"):
        answer = client.get(f"/readings/{reading.pk}/{what}?image=image")
        assert answer["Cache-Control"] == "private, no-store"
        assert b"".join(answer)
