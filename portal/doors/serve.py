"""`./run serve`, `./run demo`, `./run worker`: the portal on this machine."""

import json
import os
import signal
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

from portal.doors.home import ROOT, SUMMARY, House, claim_home, clear_half_made_demo, open_house
from portal.doors.processes import clock_process, free_port, scorer_process, web_process, worker_process
from portal.doors.steps import StepFailed, Steps, manage
from portal.embedded.files import write_whole

LOCAL = {"BEHIND_TLS": "0", "SERVE_STATIC_FROM_SOURCE": "1"}
DEMO = {**LOCAL, "TRABECULA_DEMO": "1"}


def serve(port: int) -> int:
    """Keep the portal for a real study running until it is told to stop."""
    claim_home("portal")
    steps = Steps(3)
    with open_house(LOCAL) as house:
        url = _start(house, steps, port)
        manage(house, "web", "setup_link", "--url", url)
        _wait_for_the_end(f"The portal runs at {url} (Ctrl-C stops it).")
    return 0


def demo(port: int, participants: int, ends: bool) -> int:
    """Show the portal with a simulated study; with `ends`, stop when everything was shown to work."""
    if clear_half_made_demo():
        sys.stdout.write("The last demo was interrupted while it was made: it is made anew.\n")
    claim_home("demo")
    steps = Steps(7)
    with open_house(DEMO) as house:
        url = _start(house, steps, port)
        sys.stdout.write(f"      Look around already while it fills: {url}\n")
        with steps.step("study", f"Simulated study: people, sites, {participants} participants enrolled"):
            manage(house, "web", "demo_study", "--participants", str(participants))
        with steps.step("visits", "Visits, forms and images, through the portal's own doors"):
            manage(house, "web", "reference_images")
            manage(house, "web", "demo_visits", "--url", url)
        with steps.step("science", "Models trained, evaluations sealed, locked and revealed; the public study"):
            manage(house, "web", "demo_science", "--url", url)
        with steps.step("proof", "Audit sealed and verified"):
            manage(house, "clock", "seal_audit")
            manage(house, "deploy", "verify_audit")
        summary = house.home / "demo" / SUMMARY
        _write_summary(summary, url, steps, house)
        words = f"The portal runs at {url}: choose a person and look around.\nSummary: {summary}"
        if ends:
            sys.stdout.write(words.replace(" runs at ", " ran at ") + "\nStopping everything.\n")
        else:
            _wait_for_the_end(words + "\nCtrl-C stops it.")
    return 0


def work(queue: str) -> int:
    """Run one more worker in the foreground, on the services of a running portal."""
    with open_house(LOCAL) as house:
        process = worker_process(house, queue)
        os.chdir(ROOT)
        if house.supervisor is not None:
            raise StepFailed("no portal is running on this home: start ./run serve or ./run demo first")
        os.execve(process.argv[0], list(process.argv), dict(process.environment))


def _start(house: House, steps: Steps, wanted_port: int) -> str:
    with steps.step("database", f"Database and broker ready in {house.home}; bringing the tables up to date"):
        manage(house, "deploy", "migrate", "--verbosity", "0")
    if house.supervisor is None and not house.outside:
        raise StepFailed(f"a portal is running on {house.home} already; stop it first, or set TRABECULA_HOME")
    port = free_port(wanted_port)
    with steps.step("portal", f"Portal, workers, clock and scorer on port {port}"):
        supervisor = house.supervisor
        if supervisor is None:
            raise StepFailed("with DATABASE_URL set, start gunicorn, celery and the clock yourself (see README)")
        supervisor.add(
            web_process(house, port),
            worker_process(house, "web"),
            worker_process(house, "gpu"),
            clock_process(house),
            scorer_process(house),
        )
        supervisor.wait_until_ready("web", "worker-web", "worker-gpu", "clock", "scorer")
    with steps.step("pages", "First page"):
        _fetch(f"http://127.0.0.1:{port}/health/ready")
    return f"http://127.0.0.1:{port}/"


def _fetch(url: str) -> None:
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()


def _write_summary(path: Path, url: str, steps: Steps, house: House) -> None:
    accounts: Any = json.loads((house.home / "demo" / "accounts.json").read_text(encoding="utf-8"))
    papers = house.home / "demo" / "evaluation"
    summary = {
        "url": url,
        "accounts": accounts,
        "report_html": str(papers / "report.html"),
        "report_pdf": str(papers / "report.pdf"),
        "evaluation_bundle": str(papers / "public.zip"),
        "seconds": steps.seconds,
        "origin": "simulated",
    }
    write_whole(path, (json.dumps(summary, indent=2) + "\n").encode())


def _wait_for_the_end(words: str) -> None:
    end = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: end.set())
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
    end.wait()
    sys.stdout.write("Stopping everything.\n")
    sys.stdout.flush()
