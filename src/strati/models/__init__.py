"""Asking models: the contract, asking one thing once, and the adapters that fill it (local, hosted, catalog)."""
