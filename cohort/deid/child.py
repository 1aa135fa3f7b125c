"""The reader of an upload: a process without database or network that opens files nobody trusts.

`python -m cohort.deid FOLDER`: reads FOLDER/upload.json and the files in FOLDER/in, writes cleaned copies, thumbnails
and FOLDER/out/verdicts.json. A file that cannot come in is a verdict, not a failure of the job.
"""

import hashlib
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cohort.deid.scanners import Scanners
from cohort.deid.series import put_together
from cohort.deid.steps import Cleaned, clean_file
from cohort.deid.upload import Incoming, Told, read_told
from cohort.deid.verdicts import ACCEPTED, READ, VERIFY, Stopped, Verdict
from cohort.formats.errors import FormatError
from portal.jobs import reporting

FORMAT = "trabecula.verdicts/1"


def main(arguments: Sequence[str]) -> int:
    """Read the upload of a folder; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m cohort.deid FOLDER\n")
        return 2
    folder = Path(arguments[0]).resolve()
    return reporting.run_reporting(lambda: read_upload(folder))


def read_upload(folder: Path) -> int:
    """Take every file through the six steps, put the series together, write the verdicts."""
    told = read_told(folder)
    out, work = folder / "out", folder / "work"
    out.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    scanners = Scanners(told)
    verdicts, cleaned = clean_all(scanners.without(told), work)
    series = []
    for number, files in enumerate(group(cleaned), 1):
        try:
            series.append(put_together(told, files, number, out, scanners.serve(files[0], number)))
        except FormatError as error:
            stopped = Stopped.from_format(VERIFY if error.code == "verify" else READ, error)
            verdicts.update({one.id: stopped.verdict_on(one.id) for one in files})
        else:
            verdicts.update({one.id: _accept(one, number, len(files), scanners) for one in files})
    verdicts.update(scanners.verdicts())
    answer = {"format": FORMAT, "files": [verdicts[one.id].as_json() for one in told.files], "series": series}
    written = write_answer(out / "verdicts.json", answer)
    n_accepted = sum(one.verdict == ACCEPTED for one in verdicts.values())
    reporting.report_result(
        {
            "n_files": len(told.files),
            "n_accepted": n_accepted,
            "n_series": len(series),
            "verdicts_sha256": written,
        }
    )
    return 0


def clean_all(told: Told, work: Path) -> tuple[dict[str, Verdict], list[Cleaned]]:
    """Return the verdicts on files that were stopped, and the files that came through."""
    verdicts: dict[str, Verdict] = {}
    cleaned: list[Cleaned] = []
    seen: dict[str, str] = {}
    total = len(told.files)
    for index, one in enumerate(told.files):
        reporting.report_progress(index, total, f"reading file {index + 1} of {total}")
        try:
            came = clean_file(told, one, work / f"{index:06d}")
            refuse_second(came, one, seen)
        except Stopped as stopped:
            verdicts[one.id] = stopped.verdict_on(one.id)
            log_damage(stopped)
        else:
            cleaned.append(came)
    reporting.report_progress(total, total, "putting the series together")
    return verdicts, cleaned


def log_damage(stopped: Stopped) -> None:
    """Say in the log where a reader gave up; only where, for the error's own words may carry the header's."""
    if stopped.__cause__ is not None:
        place = traceback.extract_tb(stopped.__cause__.__traceback__)[-1]
        kind = type(stopped.__cause__).__name__
        sys.stderr.write(f"{stopped.step}: {kind} in {Path(place.filename).name}, line {place.lineno}\n")


def refuse_second(came: Cleaned, one: Incoming, seen: dict[str, str]) -> None:
    """Raise Stopped for an image that came already in this upload, and for another image under its UID."""
    first = seen.get(came.instance_key)
    if first is None:
        seen[came.instance_key] = one.sha256
        return
    if first == one.sha256:
        raise Stopped(READ, "duplicate", "The same image is in this upload twice; the first one was taken in.")
    raise Stopped(
        READ,
        "same_uid",
        "Two different images of this upload carry the same UID. Export the examination again and send that.",
    )


def group(cleaned: Sequence[Cleaned]) -> list[list[Cleaned]]:
    """Return the files by series, in the order in which each series was first met."""
    found: dict[tuple[str, str], list[Cleaned]] = {}
    for one in cleaned:
        found.setdefault((one.modality, one.series_key), []).append(one)
    return list(found.values())


def write_answer(path: Path, answer: dict[str, Any]) -> str:
    """Write the verdicts; return their SHA-256."""
    content = (json.dumps(answer, allow_nan=False, indent=1) + "\n").encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _accept(one: Cleaned, number: int, n_files: int, scanners: Scanners) -> Verdict:
    words = "1 image" if n_files == 1 else f"{n_files} images"
    said = f"Taken in: series {number}, {words}.{scanners.say_missing(one)}"
    return Verdict(one.id, ACCEPTED, VERIFY, "", said, number)
