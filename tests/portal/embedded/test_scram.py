"""Password verifiers, against the example of the RFC and against PostgreSQL's own library."""

import base64
import hmac

from psycopg import pq

from portal.embedded.scram import is_verifier_of, make_verifier

# RFC 7677 section 3: user "user", password "pencil", its salt, its messages and the server's signature.
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
AUTH_MESSAGE = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={NONCE}"
SERVER_SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_server_key_signs_the_example_of_the_rfc():
    verifier = make_verifier("pencil", salt=SALT)
    assert verifier.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    server_key = base64.b64decode(verifier.rpartition(":")[2])
    signature = hmac.digest(server_key, AUTH_MESSAGE.encode(), "sha256")
    assert base64.b64encode(signature).decode() == SERVER_SIGNATURE


def test_a_verifier_made_by_libpq_is_known_again():
    from_libpq = _encrypted_by_libpq("pencil")
    assert is_verifier_of(from_libpq, "pencil")
    assert not is_verifier_of(from_libpq, "pencils")


def test_nothing_else_is_a_verifier():
    assert not is_verifier_of(None, "pencil")
    assert not is_verifier_of("md5c0ffee", "pencil")


def test_two_verifiers_of_one_password_share_no_salt():
    assert make_verifier("pencil") != make_verifier("pencil")


def _encrypted_by_libpq(password: str) -> str:
    # PQencryptPasswordConn asks a connection only when no algorithm is named.
    return (
        pq.PGconn.connect_start(b"host=/nonexistent")
        .encrypt_password(password.encode(), b"user", b"scram-sha-256")
        .decode()
    )
