"""The service database: keys, requests and their outcomes, items for people, decisions, money, the audit."""
