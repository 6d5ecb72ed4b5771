"""A team: applies, signs, downloads what is out, recognises its cases, and sends what its plan says."""

from __future__ import annotations

import gzip
import io
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from pydicom import dcmread

from concours.client.http import Client, SiteRefusedError
from demo.clients.joining import join
from demo.editions import Edition, TeamPlan
from demo.phantoms.liver import draw
from demo.phantoms.phantom import Phantom, digest
from demo.predictions import (
    generated_zip,
    masks_zip,
    predictions_with_mse,
    probabilities_with_auc,
    ranks_for_sums,
    rng_of,
    runs_csv,
    shrunk,
    table,
    workbook,
    worn,
)

Book = dict[str, Phantom]


def register(address: str, token: str, edition: Edition, team: str) -> None:
    site = Client(address, token)
    body = {"challenge": edition.slug, "name": team, "profession": "student", "institution": "Université Imaginaire"}
    created = site.post("teams/", body)
    join(site, edition.slug, "team", f"Chef de {team}")
    for question in sorted({plan.question for plan in edition.teams if plan.name == team}):
        site.post(f"teams/{created['id']}/enter/", {"question": question})


def play(address: str, token: str, edition: Edition, team: str, book_path: str, late: bool) -> dict[str, str]:
    """Sends in every question the team entered: `late` teams come in a second round, when the window is shut."""
    site = Client(address, token)
    with Path(book_path).open("rb") as file:
        book: Book = pickle.load(file)
    sent = {}
    for plan in edition.teams:
        if plan.name == team and plan.does != "nothing" and (plan.does == "late") == late:
            sent[plan.question] = _take_part(site, edition, plan, book)
    return sent


def _take_part(site: Client, edition: Edition, plan: TeamPlan, book: Book) -> str:
    name = f"{edition.slug}/{plan.question}"
    with tempfile.TemporaryDirectory() as folder:
        cases = fetch(site, edition.slug, plan.question, Path(folder), book)
    content, filename = prepare(plan, cases, edition)
    if plan.does == "malformed":
        content, filename = b"exam,probability\nnobody,1e999\n,=2+2\n", "result.csv"
    try:
        upload = site.upload(content, question=name, kind="submission", filename=filename, declares="1")
        submission = site.post("submissions/", {"upload": upload, "description": "demonstration"}, repeatable=True)
    except SiteRefusedError as error:
        if plan.does != "late":
            raise
        return f"refused: {error.answer.get('reason')}"
    final = site.await_until(lambda: _final(site, submission["id"]))
    expected = "rejected" if plan.does == "malformed" else "scored"
    if final["state"] != expected:
        raise RuntimeError(
            f"{plan.name} in {plan.question}: {final['state']}, expected {expected}: {final.get('errors')}"
        )
    return str(final["state"])


def _final(site: Client, submission: str) -> dict[str, Any] | None:
    row = site.get(f"submissions/{submission}/")
    return row if row["state"] in ("scored", "rejected", "failed", "cancelled") else None


# --- what came down ----------------------------------------------------------------------------------------------------


def fetch(site: Client, challenge: str, question: str, folder: Path, book: Book) -> dict[str, Phantom]:
    """Downloads every batch that is out; the cases of the newest evaluation batch, recognised by their pixels."""
    rows = site.every("batches/", question__challenge__slug=challenge, question__slug=question)
    phantoms: dict[str, Phantom] = {}
    for batch in rows:
        target = folder / f"{batch['name']}.zip"
        site.download(batch["download"], target, batch["archive_sha256"])
        manifest = site.get(f"batches/{batch['id']}/manifest/")
        if batch["name"] in ("evaluation", "test"):
            phantoms = {case: book[key] for case, key in pixel_keys(target, manifest).items()}
    return phantoms


def pixel_keys(archive_path: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Case -> SHA-256 of its pixel data, equal to the original's only if no bit changed on the way."""
    keys = {}
    with zipfile.ZipFile(archive_path) as archive:
        for case in manifest["cases"]:
            pieces: list[bytes] = []
            for file in case["files"]:
                content = archive.read(file["path"])
                if file["path"].endswith(".dcm"):
                    pieces.append(dcmread(io.BytesIO(content)).PixelData)
                elif file["path"].endswith(".nii.gz"):
                    volume = np.asanyarray(nib.Nifti1Image.from_bytes(gzip.decompress(content)).dataobj).astype(
                        np.int16
                    )
                    pieces += [np.ascontiguousarray(volume[:, :, k]).tobytes() for k in range(volume.shape[2])]
            keys[case["id"]] = digest(pieces)
    return keys


# --- what goes up ------------------------------------------------------------------------------------------------------


def prepare(plan: TeamPlan, cases: dict[str, Phantom], edition: Edition) -> tuple[bytes, str]:
    """The file that gives this team its published place; teams that only come late send the same kind of file."""
    aim = plan.aim
    rng = rng_of(plan.name, plan.question)
    if plan.question == "sarcopenia":
        return _sarcopenia(plan, cases, edition, rng), "masks.zip"
    if plan.question == "nodules":
        positive = {case: bool(phantom.truth["abnormal"]) for case, phantom in sorted(cases.items(), key=_by_name)}
        return workbook(
            "case_id", "probability", probabilities_with_auc(positive, aim.get("auc", 0.644))
        ), "probabilities.xlsx"
    if plan.question == "ms-edss":
        truth = {case: float(phantom.truth["edss"]) for case, phantom in sorted(cases.items(), key=_by_name)}
        values = predictions_with_mse(truth, aim.get("mse", 6.0), rng)
        return table("case_id", {"edss": values}).encode(), "edss.csv"
    if plan.question == "lung-tumour":
        masks = {
            case: shrunk(phantom.masks["tumour"], aim["wear"]) for case, phantom in sorted(cases.items(), key=_by_name)
        }
        return runs_csv(masks).encode(), "masks.csv"
    volumes = [draw(rng, 15.0 + 60 * aim["oddness"], aim["oddness"])[0] for _ in range(int(aim["cases"]))]
    return generated_zip(volumes), "generated.zip"


def _by_name(pair: tuple[str, Phantom]) -> str:
    return pair[1].name


def _sarcopenia(plan: TeamPlan, cases: dict[str, Phantom], edition: Edition, rng: np.random.Generator) -> bytes:
    """Dice and surface errors that give the ranks behind the published sum."""
    aims = [(p.name, int(p.aim["sum"])) for p in edition.teams if p.question == "sarcopenia" and p.aim]
    dice, surface = ranks_for_sums([total for _, total in aims])
    place = [name for name, _ in aims].index(plan.name)
    masks, surfaces = {}, {}
    for number, (case, phantom) in enumerate(sorted(cases.items(), key=_by_name)):
        masks[case] = worn(phantom.masks["mask"], 0.02 * dice[place], rng_of(phantom.name, plan.name))
        surfaces[case] = phantom.truth["surface"] + (1 if number % 2 else -1) * 60.0 * surface[place]
    return masks_zip(masks, surfaces)
