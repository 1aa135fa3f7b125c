"""`./run bench`: what things cost, side by side in one run, as ratios. It never fails for a slow machine."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from bench import fe, features, phantom
from portal.doors.home import ROOT
from portal.embedded.removing import remove_home
from portal.embedded.running import running
from portal.proof import jcs, merkle

N_ROWS = 2_000
N_LEAVES = 200_000
ROUNDS = 5

PLAIN = "CREATE TABLE bench_plain (LIKE sites_site INCLUDING ALL)"
INSERT = (
    "INSERT INTO {} (name, prefix) "
    "SELECT 'Site ' || n, chr(65 + n / 676) || chr(65 + n / 26 %% 26) || chr(65 + n %% 26) "
    "FROM generate_series(0, %s) n"
)


def main() -> int:
    """Print the ratios."""
    home = Path(tempfile.mkdtemp(prefix="trabecula-bench-"))
    try:
        with running(home, reserve_mb=0) as services:
            environment = {**os.environ, **services.environment}
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
            with psycopg.connect(services.superuser_conninfo("trabecula")) as connection:
                compare_writes(connection)
    finally:
        remove_home(home)
    measure_proof()
    features.main()
    phantom.main([])
    fe.main()
    return 0


def compare_writes(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Print what the audit's triggers cost, against the same table without them, in turn."""
    connection.execute(PLAIN)
    connection.execute("SELECT set_config('trabecula.act_id', gen_random_uuid()::text, false)")
    seconds: dict[str, list[float]] = {"bench_plain": [], "sites_site": []}
    for _ in range(ROUNDS):
        for table, found in seconds.items():
            found.append(_seconds(lambda table=table: connection.execute(INSERT.format(table), [N_ROWS - 1])))
            connection.execute(f"DELETE FROM {table}")
    plain, audited = (sorted(found)[ROUNDS // 2] for found in seconds.values())
    _say(f"insert of {N_ROWS} rows: {plain:.3f} s plain, {audited:.3f} s under audit, ratio {audited / plain:.1f}")


def measure_proof() -> None:
    """Print how fast the proofs are made, against the bare hash that nothing can be faster than."""
    leaves = [number.to_bytes(32, "big") for number in range(N_LEAVES)]
    bare = _seconds(lambda: [merkle.hash_leaf(leaf) for leaf in leaves])
    root = _seconds(lambda: merkle.compute_root(leaves))
    _say(f"Merkle root of {N_LEAVES} leaves: {root:.2f} s, ratio to hashing the leaves alone {root / bare:.1f}")
    body: dict[str, jcs.Json] = {"kind": "audit.batch", "zone": "public", "root": "ab" * 32, "n": 1000}
    lines = _seconds(lambda: [jcs.dumps(body) for _ in range(20_000)])
    _say(f"canonical JSON: {20_000 / lines:,.0f} ledger bodies a second")


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
