"""What can be checked by anybody, offline: canonical JSON, Merkle trees, commitments, the ledger, the bundle.

Pure: the standard library and PyNaCl, no Django and no database, so that an outsider can run the same code.
"""
