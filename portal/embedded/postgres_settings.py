"""The settings of the embedded PostgreSQL, written anew at every start: what an auditor reads is what runs.

Production takes the same ones (docs). Nothing a person typed and no statement may reach the server's log.
"""

import stat
from pathlib import Path

from portal.embedded.places import Places

SHARED_MEMORY = Path("/dev/shm")

HBA = """# Written by the portal at every start. Sockets only, a password for everybody, the superuser included.
local all all scram-sha-256
local replication all scram-sha-256
"""

SETTINGS: dict[str, str] = {
    # reached through the private socket only
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "password_encryption": "'scram-sha-256'",
    "max_connections": "100",
    # an acknowledged commit is on the disk
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # nobody holds the others up
    "idle_in_transaction_session_timeout": "'60s'",
    "lock_timeout": "'5s'",
    # statements carry values, and values are people's; so do errors ("invalid input syntax for type date: …") and
    # their details ("Failing row contains …"): the portal, which gets them too, writes down the SQLSTATE
    "log_statement": "'none'",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "'panic'",
    "log_min_messages": "'log'",
    "log_error_verbosity": "'terse'",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "'%m [%p] %u '",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    # the server's lines go to the file that the supervisor opened; the server replaces a crashed backend itself
    "logging_collector": "off",
    "restart_after_crash": "on",
    # what initdb would choose
    "shared_buffers": "'128MB'",
    "max_wal_size": "'1GB'",
    "datestyle": "'iso, ymd'",
    "timezone": "'UTC'",
    "lc_monetary": "'C'",
    "lc_numeric": "'C'",
    "lc_time": "'C'",
    "default_text_search_config": "'pg_catalog.english'",
}


def shared_memory_kind(folder: Path) -> str:
    """Return 'posix' where everybody may write to /dev/shm, else 'mmap': a chroot often has only the bare folder."""
    everybody = stat.S_IWOTH | stat.S_ISVTX
    is_open = folder.is_dir() and folder.stat().st_mode & everybody == everybody
    return "posix" if is_open else "mmap"


def settings_text(places: Places) -> str:
    """Return the whole postgresql.conf of a home."""
    lines = ["# Written by the portal at every start; changes are lost.", f"cluster_name = '{places.cluster_name}'"]
    lines += [f"dynamic_shared_memory_type = '{shared_memory_kind(SHARED_MEMORY)}'"]
    lines += [f"{name} = {value}" for name, value in SETTINGS.items()]
    return "\n".join(lines) + "\n"
