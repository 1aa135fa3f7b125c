"""The ground everything stands on: environment, errors, codes, hashing, storage, database roles."""
