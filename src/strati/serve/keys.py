"""Keys: made once, kept as hashes, with a role, scopes and limits. And the sessions of the pages."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.serve.records import Role
from strati.serve.store.database import Database

LEAST = 16  # characters of a key that somebody chose
_FIELDS = {"name", "key", "sha256", "role", "models", "rate", "tokens", "dollars"}


@dataclass(frozen=True, slots=True)
class Key:
    """Who asks. `scopes` are the models (stacks and bases) it may use; empty means all."""

    id: str
    name: str
    role: Role
    scopes: tuple[str, ...] = ()
    rate: int | None = None
    tokens: int | None = None
    dollars: float | None = None

    def may_use(self, model: str) -> bool:
        return not self.scopes or model in self.scopes


def digest_of(secret: str) -> str:
    """What is kept of a key. Keys are long and random, so one fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Keys:
    """The keys of a service; they are few, so all are held in memory."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._by_hash: dict[str, Key] = {}
        self.load()

    def load(self) -> None:
        """Read the keys again."""
        rows = self.database.db.execute(
            "SELECT hash, id, name, role, scopes, rate, tokens, dollars FROM keys WHERE revoked IS NULL"
        )
        self._by_hash = {
            row[0]: Key(row[1], row[2], Role(row[3]), tuple(json.loads(row[4])), row[5], row[6], row[7]) for row in rows
        }

    def __len__(self) -> int:
        return len(self._by_hash)

    def find(self, secret: str) -> Key | None:
        """The key that this is, or None."""
        return self._by_hash.get(digest_of(secret))

    def get(self, id: str) -> Key | None:
        return next((key for key in self._by_hash.values() if key.id == id), None)

    def all(self) -> list[Key]:
        return sorted(self._by_hash.values(), key=lambda key: key.name)

    def make(self, name: str, role: Role = Role.ADMIN) -> str:
        """A new key; it is told this once."""
        secret = f"strati-{secrets.token_urlsafe(24)}"
        self.put(name, digest_of(secret), role)
        return secret

    def put(
        self,
        name: str,
        hash: str,
        role: Role,
        scopes: Sequence[str] = (),
        limits: tuple[int | None, int | None, float | None] = (None, None, None),
    ) -> Key:
        """Keep a key by its hash; one of the same name is replaced."""
        with self.database.writing() as db:
            known = db.execute("SELECT id FROM keys WHERE name = ? AND revoked IS NULL", (name,)).fetchone()
            id = known[0] if known else f"k-{secrets.token_hex(4)}"
            db.execute("DELETE FROM keys WHERE id = ? OR hash = ?", (id, hash))
            db.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (id, name, hash, str(role), json.dumps(list(scopes)), *limits, time.time()),
            )
        self.load()
        return self._by_hash[hash]

    def revoke(self, name: str) -> bool:
        """End a key at once; false when there is none of this name."""
        with self.database.writing() as db:
            done = db.execute("UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL", (time.time(), name))
        self.load()
        return bool(done.rowcount)

    def from_environment(self, secret: str) -> Key:
        """The key in STRATI_KEY. Raises `TaskError` when it is too short to be safe."""
        if len(secret) < LEAST or secret != secret.strip():
            raise TaskError(f"the key in STRATI_KEY has {len(secret)} characters, expected at least {LEAST}, no blanks")
        return self.put("STRATI_KEY", digest_of(secret), Role.ADMIN)

    def from_file(self, path: Path) -> list[Key]:
        """The keys in a TOML file of [[keys]].

        Raises:
            TaskError: the file cannot be read, or an entry does not make sense.
        """
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TaskError(f"the file of keys {path} cannot be read: {error}") from error
        entries = data.get("keys")
        if not isinstance(entries, list) or not entries:
            raise TaskError(f"{path} has no [[keys]], expected one for each key")
        return [self._entry(path, number, entry) for number, entry in enumerate(entries, 1)]

    def _entry(self, path: Path, number: int, entry: dict[str, JSON]) -> Key:
        where = f"{path}, key {number}"
        unknown = set(entry) - _FIELDS
        if unknown:
            raise TaskError(f"{where}: {min(unknown)!r} is not known, expected {', '.join(sorted(_FIELDS))}")
        secret, hash = entry.get("key"), entry.get("sha256")
        if isinstance(secret, str) and len(secret) < LEAST:
            raise TaskError(f"{where}: the key has {len(secret)} characters, expected at least {LEAST}")
        if not isinstance(secret, str) and not (isinstance(hash, str) and len(hash) == 64):
            raise TaskError(f"{where}: expected key = the key itself, or sha256 = its 64 hexadecimal digits")
        role = entry.get("role", "reader")
        if role not in list(Role):
            raise TaskError(f"{where}: the role {role!r} is not known, expected {', '.join(Role)}")
        limits = (entry.get("rate"), entry.get("tokens"), entry.get("dollars"))
        hash = digest_of(secret) if isinstance(secret, str) else str(hash)
        return self.put(str(entry.get("name", f"key {number}")), hash, Role(role), entry.get("models", ()), limits)


class Sessions:
    """Signed session cookies, one-time login codes, and the token that proves a form is ours."""

    LASTS = 7 * 86_400
    CODE_LASTS = 900

    def __init__(self, database: Database) -> None:
        from itsdangerous import URLSafeTimedSerializer

        secret = database.read("session_secret")
        if secret is None:
            secret = secrets.token_hex(32)
            database.write("session_secret", secret)
        self._secret = str(secret)
        self._signer = URLSafeTimedSerializer(self._secret, salt="strati.session")
        self._codes: dict[str, tuple[str, float]] = {}

    def code(self, key: Key) -> str:
        """A code that logs in once, within a quarter of an hour."""
        code = secrets.token_urlsafe(18)
        self._codes[code] = (key.id, time.monotonic() + self.CODE_LASTS)
        return code

    def redeem(self, code: str) -> str | None:
        """The id of the key a code is for; it is worth nothing afterwards."""
        id, until = self._codes.pop(code, ("", 0.0))
        return id if id and time.monotonic() < until else None

    def begin(self, key: Key, reviewer: str = "") -> str:
        """The cookie of a new session."""
        return self._signer.dumps([key.id, reviewer or key.name, secrets.token_hex(8)])

    def read(self, cookie: str) -> tuple[str, str] | None:
        """(key id, name of the person) of a session, or None when it is forged or over."""
        from itsdangerous import BadData

        try:
            id, name, _ = self._signer.loads(cookie, max_age=self.LASTS)
        except (BadData, ValueError, TypeError):
            return None
        return str(id), str(name)

    def form_token(self, cookie: str) -> str:
        """What a form or script of ours has to send along: bound to the session, unknown to other sites."""
        return hmac.new(self._secret.encode(), f"form:{cookie}".encode(), "sha256").hexdigest()[:32]

    def is_ours(self, cookie: str, token: str) -> bool:
        return hmac.compare_digest(self.form_token(cookie), token)
