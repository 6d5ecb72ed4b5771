"""The built front end in a real browser, under the site's content policy: axe, upload, viewer, keys, theme, dialogs."""

import base64
import hashlib
import io
import json
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from concours.known_names import known_names
from concours.questions.schema import load_spec
from tests.factories.questions import catalogue_text
from tests.frontend import gallery
from tests.frontend.served import Answer, Route, page, served
from uploads.sending_words import values_form

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium"),
    # Playwright's event loop and pytest's thread checks disagree about a database that these tests never touch.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """A page that fails the test for any script error or violation of the content policy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(8000)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    # An answer 4xx or 5xx is part of some tests; scripts and the policy must never complain.
    refused = "Failed to load resource"
    opened.on(
        "console", lambda line: faults.append(line.text) if line.type == "error" and refused not in line.text else None
    )
    yield opened
    context.close()
    assert faults == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "language"), [(390, "fr"), (1280, "en")])
def test_the_gallery_is_accessible(render: Callable[..., str], tab: Any, theme: str, width: int, language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with served({"/": page(render("pages/design.html", gallery.context(), language))}) as address:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
        tab.goto(address)
        assert tab.locator("html").get_attribute("data-bs-theme") == theme
        result = Axe().run(tab)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in result.response["violations"]] == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_is_remembered(render: Callable[..., str], tab: Any) -> None:
    with served({"/": page(render("pages/design.html", gallery.context()))}) as address:
        tab.goto(address)
        tab.locator("[data-theme-menu] summary").click()
        tab.locator("[data-theme-choice=dark]").click()
        playwright.expect(tab.locator("html")).to_have_attribute("data-bs-theme", "dark")
        tab.reload()
        playwright.expect(tab.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_form_that_asks_first_is_sent_only_after_yes(render: Callable[..., str], tab: Any) -> None:
    sent: list[str] = []

    def receive(handler: BaseHTTPRequestHandler) -> Answer:
        if handler.command == "POST":
            sent.append(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        return page(render("pages/design.html", gallery.context()))(handler)

    with served({"/": receive}) as address:
        tab.goto(address)
        button = tab.get_by_role("button", name="Release the batch")
        button.click()
        tab.locator("dialog#confirm").get_by_role("button", name="Cancel").click()
        assert sent == []
        button.click()
        tab.keyboard.press("Escape")
        assert sent == []
        button.click()
        with tab.expect_response(lambda answer: answer.request.method == "POST"):
            tab.locator("dialog#confirm #confirm-yes").click()
        assert len(sent) == 1


class Intake:
    """A small tus 1.0 server in memory: creation, HEAD and PATCH; `cut` chunks are answered with an error first.

    With `broken_after` bytes in all it refuses until that is None again; each chunk takes `seconds`.
    """

    def __init__(self, cut: int = 0, broken_after: int | None = None, seconds: float = 0) -> None:
        self.files: dict[str, bytearray] = {}
        self.lengths: dict[str, str] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.tokens: set[str | None] = set()
        self.cut = cut
        self.broken_after = broken_after
        self.seconds = seconds
        self.received = 0
        self.lock = threading.Lock()

    def __call__(self, handler: BaseHTTPRequestHandler) -> Answer:
        base = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        time.sleep(self.seconds if handler.command == "PATCH" else 0)
        with self.lock:
            if handler.command == "POST":
                self.tokens.add(handler.headers["X-CSRFToken"])
                name = f"/api/v1/uploads/{len(self.files)}"
                self.files[name] = bytearray()
                self.lengths[name] = handler.headers["Upload-Length"]
                pairs = [pair.split(" ") for pair in handler.headers["Upload-Metadata"].split(",")]
                self.metadata[name] = {
                    key: base64.b64decode(value[0] if value else "").decode() for key, *value in pairs
                }
                return 201, {**base, "Location": name}, b""
            stored = self.files[handler.path]
            if handler.command == "HEAD":
                return (
                    200,
                    {**base, "Upload-Offset": str(len(stored)), "Upload-Length": self.lengths[handler.path]},
                    b"",
                )
            if self.cut:
                self.cut -= 1
                return 503, base, b""
            if self.broken_after is not None and self.received >= self.broken_after:
                return 403, base, b""
            assert int(handler.headers["Upload-Offset"]) == len(stored)
            stored += body
            self.received += len(body)
            return 204, {**base, "Upload-Offset": str(len(stored))}, b""


def upload_page(render: Callable[..., str], **context: Any) -> Route:
    return page(
        _with_module(render, "components/upload.html", "upload", {"question": "sarcopenia", "centre": "7", **context})
    )


def _with_module(render: Callable[..., str], component: str, module: str, context: dict[str, Any]) -> str:
    """A component in the frame of a page, with the script it needs."""
    frame = render("base.html", {})
    inner = render(component, {"csrf_token": "test-token", **context})
    script = f'<script type="module" src="/static/dist/{module}.js"></script>'
    return frame.replace("</main>", f"<h1>Page</h1>{inner}</main>").replace("</head>", f"{script}</head>")


def _exams(folder: Path) -> Path:
    for exam, name, size in (("exam-1", "b.dcm", 9_000_000), ("exam-1", "a.dcm", 10), ("exam-2", "series/x.dcm", 20)):
        file = folder / "tuesday" / exam / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(hashlib.sha256(name.encode()).digest() * (size // 32 + 1))
    return folder / "tuesday"


def test_a_folder_of_exams_arrives_as_one_zip_an_exam(render: Callable[..., str], tab: Any, tmp_path: Path) -> None:
    intake = Intake()
    with served({"/": upload_page(render, kind="exam"), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        tab.locator("input[data-folder]").set_input_files(str(_exams(tmp_path)))
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(2, timeout=15000)
        token = tab.locator("meta[name=csrf-token]").get_attribute("content")
        playwright.expect(tab.locator("[data-totals]")).to_contain_text("2 of 2 sent")
    arrived = {intake.metadata[name]["filename"]: bytes(stored) for name, stored in intake.files.items()}
    assert set(arrived) == {"exam-1.zip", "exam-2.zip"}
    first = zipfile.ZipFile(io.BytesIO(arrived["exam-1.zip"]))
    assert first.namelist() == ["a.dcm", "b.dcm"]
    assert first.testzip() is None
    assert {info.compress_type for info in first.infolist()} == {zipfile.ZIP_STORED}
    assert {info.date_time for info in first.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert zipfile.ZipFile(io.BytesIO(arrived["exam-2.zip"])).namelist() == ["series/x.dcm"]
    answer = intake.metadata["/api/v1/uploads/0"]
    assert {key: answer[key] for key in ("question", "centre", "kind")} == {
        "question": "sarcopenia",
        "centre": "7",
        "kind": "exam",
    }
    assert intake.tokens == {token}


def test_a_dropped_folder_of_250_files_arrives_whole(render: Callable[..., str], tab: Any, tmp_path: Path) -> None:
    """Chromium lists a folder at most a hundred files at a time; the names have no ending, as on a disc from a PACS."""
    disc, folder = tmp_path / "CD", tmp_path / "CD/DICOM/PA0/ST0/SE0"
    folder.mkdir(parents=True)
    for number in range(250):
        (folder / f"I{number:05d}").write_bytes(b"%05d" % number)
    (disc / "DICOMDIR").write_bytes(b"directory")
    (disc / "AUTORUN.INF").write_bytes(b"[autorun]")
    intake = Intake()
    with served({"/": upload_page(render, kind="exam"), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        box = tab.locator("[data-dropzone]").bounding_box()
        wire = tab.context.new_cdp_session(tab)
        for kind in ("dragEnter", "dragOver", "drop"):
            data = {"items": [], "files": [str(disc)], "dragOperationsMask": 1}
            wire.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data})
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(1, timeout=30000)
    ((name, stored),) = intake.files.items()
    names = zipfile.ZipFile(io.BytesIO(bytes(stored))).namelist()
    assert intake.metadata[name]["filename"] == "CD.zip"
    assert sum(name.startswith("DICOM/PA0/ST0/SE0/I") for name in names) == 250
    assert {"DICOMDIR", "AUTORUN.INF"} <= set(names)


def values_page(render: Callable[..., str]) -> Route:
    """The upload page of a question that asks for an EDSS, with two centres."""
    centres = [SimpleNamespace(slug="nord"), SimpleNamespace(slug="sud")]
    spec = load_spec(catalogue_text("ms-edss"), known_names())
    return upload_page(
        render, kind="exam", extra="uploads/upload_fields.html", centres=centres, values=values_form(spec)
    )


def fill_form(tab: Any, edss: str, centre: str, *, refused: bool) -> None:
    tab.locator("[name='values.age']").fill("40")
    tab.locator("[name='values.sex']").select_option("F")
    tab.locator("[name='values.exam_date']").fill("2019-03-04")
    tab.locator("[name='values.edss']").fill(edss)
    tab.locator("[name=centre]").select_option(centre)
    tab.locator("[name=letter_given]").set_checked(True)
    tab.locator("[name=refused]").set_checked(refused)


def test_values_belong_to_the_exam_at_the_moment_it_is_dropped(
    render: Callable[..., str], tab: Any, tmp_path: Path
) -> None:
    """Two exams are sent at a time: the others wait, while the form already shows the values of the next one."""
    intake = Intake(seconds=0.4)
    forms = [("1", "nord", False), ("2", "sud", False), ("3", "nord", True), ("4", "sud", False)]
    with served({"/": values_page(render), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        for edss, centre, refused in forms:
            folder = tmp_path / f"exam-{edss}"
            folder.mkdir()
            (folder / "1.dcm").write_bytes(edss.encode() * 1000)
            fill_form(tab, edss, centre, refused=refused)
            tab.locator("input[data-folder]").set_input_files(str(folder))
        fill_form(tab, "9", "nord", refused=True)
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(4, timeout=15000)
    arrived = {answer["filename"]: answer for answer in intake.metadata.values()}
    assert {
        name: (json.loads(answer["values"])["edss"], answer["centre"], answer["refused"] == "1")
        for name, answer in arrived.items()
    } == {f"exam-{edss}.zip": (edss, centre, refused) for edss, centre, refused in forms}
    assert {answer["letter_given"] for answer in arrived.values()} == {"1"}


def test_a_required_value_is_asked_for_before_anything_is_sent(
    render: Callable[..., str], tab: Any, tmp_path: Path
) -> None:
    """Unless a table lies beside the images, which may hold it."""
    intake = Intake()
    for name, files in {"bare": ["1.dcm"], "tabled": ["1.dcm", "values.csv"]}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_bytes(b"field,value\nedss,2\n")
    with served({"/": values_page(render), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        fill_form(tab, "", "nord", refused=False)
        tab.locator("input[data-folder]").set_input_files(str(tmp_path / "bare"))
        message = tab.locator("[name='values.edss']").evaluate("input => input.validationMessage")
        assert "required" in message and intake.files == {}
        playwright.expect(tab.locator("[data-held]")).to_be_visible()
        assert tab.locator("label[for='id_values.edss'] .optional").count() == 0
        tab.locator("input[data-folder]").set_input_files(str(tmp_path / "tabled"))
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(1, timeout=15000)
        tab.locator("[name='values.edss']").fill("3")
        tab.locator("[name='values.edss']").blur()  # what was chosen first is kept, and goes now
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(2, timeout=15000)
        playwright.expect(tab.locator("[data-held]")).to_be_hidden()
    assert sorted(
        json.loads(answer["values"])["edss"]
        for answer in intake.metadata.values()
        if "edss" in answer.get("values", "")
    ) == ["3"]


def test_a_chunk_that_fails_is_sent_again(render: Callable[..., str], tab: Any, tmp_path: Path) -> None:
    intake = Intake(cut=1)
    file = tmp_path / "results.csv"
    file.write_text("case_id,probability\n1,0.5\n")
    with served({"/": upload_page(render, kind="submission", centre=""), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        tab.locator("input[data-files]").set_input_files(str(file))
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(1, timeout=15000)
    assert [bytes(stored) for stored in intake.files.values()] == [file.read_bytes()]
    assert intake.metadata["/api/v1/uploads/0"]["filename"] == "results.csv"


def _large(folder: Path) -> Path:
    file = folder / "large.zip"
    file.write_bytes(hashlib.sha256(b"large").digest() * 600_000)  # 19.2 MB: three chunks
    return file


def test_after_a_restart_of_the_browser_only_the_rest_is_sent(
    render: Callable[..., str], tab: Any, tmp_path: Path
) -> None:
    intake = Intake(broken_after=8_000_000)
    file = _large(tmp_path)
    with served({"/": upload_page(render, kind="exam"), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        tab.locator("input[data-files]").set_input_files(str(file))
        playwright.expect(tab.locator("tr[data-state=failed]")).to_have_count(1, timeout=15000)
        assert intake.received == 8_000_000
        intake.broken_after = None
        tab.reload()
        tab.locator("[data-upload][data-ready]").wait_for()
        tab.locator("input[data-files]").set_input_files(str(file))
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(1, timeout=15000)
    assert [bytes(stored) for stored in intake.files.values()] == [file.read_bytes()]
    assert intake.received == file.stat().st_size  # nothing went twice


def test_sending_can_be_paused_and_resumed(render: Callable[..., str], tab: Any, tmp_path: Path) -> None:
    intake = Intake(seconds=0.4)
    file = _large(tmp_path)
    with served({"/": upload_page(render, kind="exam"), "/api/v1/uploads/": intake}) as address:
        tab.goto(address)
        tab.locator("[data-upload][data-ready]").wait_for()
        tab.locator("input[data-files]").set_input_files(str(file))
        tab.get_by_role("button", name="Pause").click()
        playwright.expect(tab.locator("tr[data-state=paused]")).to_have_count(1)
        tab.wait_for_timeout(1000)
        before = intake.received
        tab.wait_for_timeout(1000)
        assert intake.received == before < file.stat().st_size
        tab.get_by_role("button", name="Resume").click()
        playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(1, timeout=15000)
    assert [bytes(stored) for stored in intake.files.values()] == [file.read_bytes()]


def test_a_refusal_is_said_in_the_servers_words(render: Callable[..., str], chromium: Any, tmp_path: Path) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> Answer:
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        return 403, {"Content-Type": "application/json"}, json.dumps({"message": "Sign the charter first."}).encode()

    file = tmp_path / "a.zip"
    file.write_bytes(b"PK")
    opened = chromium.new_page()
    with served({"/": upload_page(render, kind="exam"), "/api/v1/uploads/": refuse}) as address:
        opened.goto(address)
        opened.locator("[data-upload][data-ready]").wait_for()
        opened.locator("input[data-files]").set_input_files(str(file))
        row = opened.locator("tr[data-state=failed]")
        playwright.expect(row).to_contain_text("Sign the charter first.")
        playwright.expect(row.get_by_role("button", name="Try again")).to_be_visible()
    opened.close()


SHAPE = (3, 4, 5)


def _volume(handler: BaseHTTPRequestHandler) -> Answer:
    count = SHAPE[0] * SHAPE[1] * SHAPE[2]
    headers = {
        "Content-Type": "application/octet-stream",
        "X-Shape": ",".join(map(str, SHAPE)),
        "X-Spacing": "5,1,1",
        "X-Window": "30,60",
        "X-Orientation": "S,P,L",
        "X-Units": "HU",
    }
    return 200, headers, struct.pack(f"<{count}h", *range(count))


def _mask(handler: BaseHTTPRequestHandler) -> Answer:
    return 200, {"Content-Type": "application/octet-stream"}, bytes(SHAPE[0] * SHAPE[1] * SHAPE[2])


def test_the_viewer_shows_slices_letters_and_values(render: Callable[..., str], tab: Any) -> None:
    html = _with_module(
        render,
        "components/viewer.html",
        "viewer",
        {
            "volume_url": "/readings/1/volume",
            "mask_url": "/readings/1/mask",
            "modality": "CT",
            "title": "Exam",
        },
    )
    with served({"/": page(html), "/readings/1/volume": _volume, "/readings/1/mask": _mask}) as address:
        tab.goto(address)
        viewer = tab.locator("#viewer[data-state=ready]")
        playwright.expect(viewer.locator(".viewer-slice")).to_have_text("Slice 2 of 3")
        assert [viewer.locator(f".viewer-{side}").inner_text() for side in ("left", "right", "top", "bottom")] == list(
            "RLAP"
        )
        tab.keyboard.press("ArrowDown")
        playwright.expect(viewer.locator(".viewer-slice")).to_have_text("Slice 3 of 3")
        tab.keyboard.press("Home")
        playwright.expect(viewer.locator(".viewer-slice")).to_have_text("Slice 1 of 3")
        box = viewer.locator("canvas").bounding_box()
        # The middle of voxel (0, 0) of a slice that is centred and as large as fits.
        voxel = min(box["width"] / SHAPE[2], box["height"] / SHAPE[1])
        left, top = [(box[side] - count * voxel) / 2 for side, count in (("width", SHAPE[2]), ("height", SHAPE[1]))]
        tab.mouse.move(box["x"] + left + voxel / 2, box["y"] + top + voxel / 2)
        playwright.expect(viewer.locator(".viewer-value")).to_have_text("0 HU")
        tab.mouse.wheel(0, 100)
        playwright.expect(viewer.locator(".viewer-slice")).to_have_text("Slice 2 of 3")
        tab.keyboard.press("s")
        playwright.expect(viewer.locator("canvas")).to_have_attribute("data-smooth", "false")
        tab.locator("[data-do=smooth]").click()
        playwright.expect(viewer.locator("canvas")).to_have_attribute("data-smooth", "true")
        tab.locator("[data-window]").select_option("-600,1500")
        playwright.expect(viewer.locator(".viewer-window")).to_have_text("C -600 W 1500")


def test_keys_grade_and_a_key_in_the_comment_does_not(render: Callable[..., str], tab: Any) -> None:
    html = _with_module(
        render,
        "components/grade_form.html",
        "grade",
        {"action": "/grade", "grades": [("A", "good"), ("B", "usable")], "next_url": "/next"},
    )
    sent: list[str] = []

    def receive(handler: BaseHTTPRequestHandler) -> Answer:
        sent.append(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        return page("<h1>Graded</h1>")(handler)

    with served({"/": page(html), "/grade": receive, "/next": page("<h1>Next one</h1>")}) as address:
        tab.goto(address)
        tab.locator("#comment").type("bad")
        assert sent == []
        tab.locator("h1").first.click()
        tab.keyboard.press("?")
        playwright.expect(tab.locator("#keys-grade")).to_be_visible()
        tab.keyboard.press("b")
        assert sent == []
        tab.keyboard.press("Escape")
        tab.keyboard.press("b")
        playwright.expect(tab.locator("h1")).to_have_text("Graded")
        assert "grade=B" in sent[0]
        tab.goto(address)
        tab.keyboard.press("n")
        playwright.expect(tab.locator("h1")).to_have_text("Next one")


def test_number_keys_mark_one_criterion_after_the_other(render: Callable[..., str], tab: Any) -> None:
    criteria = [{"name": name, "title": name} for name in ("liver", "tumour", "contrast")]
    html = _with_module(render, "components/jury_form.html", "jury", {"action": "/mark", "criteria": criteria})
    sent: list[str] = []

    def receive(handler: BaseHTTPRequestHandler) -> Answer:
        sent.append(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        return page("<h1>Marked</h1>")(handler)

    with served({"/": page(html), "/mark": receive}) as address:
        tab.goto(address)
        tab.keyboard.press("4")
        tab.keyboard.press("0")
        tab.keyboard.press("Enter")
        playwright.expect(tab.locator("#toasts")).to_contain_text("Mark every criterion first.")
        assert sent == []
        tab.keyboard.press("3")
        playwright.expect(tab.locator("[data-total]")).to_have_text("7")
        tab.keyboard.press("Enter")
        playwright.expect(tab.locator("h1")).to_have_text("Marked")
        assert all(mark in sent[0] for mark in ("liver=4", "tumour=0", "contrast=3"))
