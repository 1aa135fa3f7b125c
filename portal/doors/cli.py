"""What `./run` can do, read from its command line."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from portal.core.env import SettingError
from portal.doors import quality
from portal.doors.home import HomeIsOther, open_house
from portal.doors.serve import demo, serve, work
from portal.doors.steps import StepFailed, manage
from portal.embedded.backup import write_backup
from portal.embedded.errors import BackupRefused, HomeInUse, HomeRefused, ServiceFailed
from portal.embedded.restore import restore_backup

DEFAULT_PORT = 8321


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each door carries the function behind it."""
    parser = argparse.ArgumentParser(prog="./run", description="Trabecula. Research use. Not a medical device.")
    doors = parser.add_subparsers(dest="door", required=True)

    def door(name: str, words: str, act: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        one = doors.add_parser(name, help=words, description=words)
        one.set_defaults(act=act)
        return one

    one = door("demo", "the portal with a simulated study", lambda a: demo(a.port, a.participants, a.exit))
    one.add_argument("--exit", action="store_true", help="stop everything once it was shown to work")
    one.add_argument("--participants", type=_count, default=100, help="how many simulated participants (default 100)")
    one.add_argument("--port", type=int, default=DEFAULT_PORT)
    one = door("serve", "the portal for a real study", lambda a: serve(a.port))
    one.add_argument("--port", type=int, default=DEFAULT_PORT)
    one = door("worker", "one more worker on a running portal", lambda a: work(a.queue))
    one.add_argument("queue", choices=("web", "gpu"))
    one = door("test", "every check and every test", lambda a: quality.test(a.paths))
    one.add_argument("paths", nargs="*", help="only these tests (the checks are then left out)")
    door("attest", "faults and attacks", lambda a: quality.attest())
    door("check-all", "style, types, import rules, licences, settings", lambda a: quality.check())
    door("bench", "what is measured, printed as ratios", lambda a: quality.bench())
    door("study", "what takes hours", lambda a: quality.study())
    one = door("backup", "database and files, encrypted, into FILE, the keys into FILE.keys", lambda a: _backup(a.file))
    one.add_argument("file", type=Path)
    one = door("restore", "bring a backup back, with FILE.keys beside it", lambda a: _restore(a.file, a.replace))
    one.add_argument("file", type=Path)
    one.add_argument("--replace", action="store_true", help="replace what the database holds now")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Open one door; return its exit status. What a person can mend is one sentence, not a traceback."""
    chosen = build_parser().parse_args(arguments)
    # Told to stop, a door leaves as it does at its end: everything it started is stopped in order.
    signal.signal(signal.SIGTERM, _leave)
    try:
        return int(chosen.act(chosen))
    except (BackupRefused, HomeInUse, HomeIsOther, HomeRefused, ServiceFailed, SettingError, StepFailed) as error:
        sys.stderr.write(f"./run {chosen.door}: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError(f"{number} participants; wanted 1 to 100000")
    return number


def _backup(file: Path) -> int:
    with open_house() as house:
        report = write_backup(house.environment("deploy"), house.home, file.absolute())
    say = sys.stdout.write
    size = f"{report.n_bytes / 2**20:.1f} MB"
    say(f"{report.n_rows} rows and {report.n_files} files, encrypted, in {report.file} ({size}).\n")
    say(f"The keys lie apart in {report.keys_file}. Keep the two in different places: whoever has both can read\n")
    say("everything, and without the keys nothing comes back.\n")
    return 0


def _restore(file: Path, replace: bool) -> int:
    with open_house() as house:
        report = restore_backup(house.environment("deploy"), house.home, file.absolute(), replace=replace)
        manage(house, "deploy", "begin_era", "--reason", f"restored the backup of {report.backup_created_at}")
        manage(house, "deploy", "verify_audit")
    say = sys.stdout.write
    say(f"{report.n_rows} rows in {report.n_tables} tables and {report.n_files} files are back.\n")
    if report.kept_database:
        say(f"What was there before is kept as the database {report.kept_database}.\n")
    return 0
