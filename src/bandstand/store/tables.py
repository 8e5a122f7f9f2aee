"""The tables, declared once; `migrations/` builds the same on SQLite and on PostgreSQL, and a test compares the two.

Times are UTC seconds as float, money is whole millicredits, JSON is whatever the nouns turn into.
The tables of DBOS live beside these (schema `dbos` on PostgreSQL) and are never joined.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = sa.String(64)
Serial = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # only INTEGER counts up by itself there

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("metered", sa.Boolean, nullable=False),
    sa.Column("available", sa.BigInteger, nullable=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("webhook_secret", sa.Text),
    sa.Column("webhook_secret_before", sa.Text),
    sa.Column("webhook_secret_at", sa.Double),
    sa.Column("outputs_url", sa.Text),
    sa.CheckConstraint("available >= 0", name="available_not_negative"),
    sa.CheckConstraint("held >= 0", name="held_not_negative"),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
    sa.Column("scopes", sa.JSON),
    sa.Column("expires_at", sa.Double),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("origin", sa.String(32), nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("engine", sa.String(32), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("progress", sa.Double, nullable=False),
    sa.Column("outputs", sa.JSON, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("hook", sa.JSON),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("started_at", sa.Double),
    sa.Column("finished_at", sa.Double),
    sa.Column("number", sa.BigInteger, unique=True, index=True),
    sa.Column("removed_at", sa.Double),
    sa.Column("deadline_at", sa.Double),
    sa.Column("kind", sa.String(16)),
    sa.Column("asked_model", sa.Text),
    sa.Column("words", sa.Text),
    sa.Index("ix_jobs_page", "account", "origin", sa.desc("created_at"), sa.desc("id")),
    sa.Index("ix_jobs_status_created_at", "status", "created_at"),
    sa.Index("ix_jobs_account_status", "account", "status"),
    sa.Index("ix_jobs_account_created_at_id", "account", "created_at", "id"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("job", Id, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("transfer", Id, nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("job", Id),
    sa.Column("pocket", sa.String(96), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.UniqueConstraint("job", "kind", "pocket"),
    sa.Index("ix_ledger_pocket_at", "pocket", "at"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job", Id, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("tried_at", sa.Double),
    sa.Index("ix_deliveries_job", "job"),
    sa.Index("ix_deliveries_status_due_at", "status", "due_at"),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Index("ix_files_account_created_at", "account", "created_at"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("account", Id, primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("job", Id, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("job", Id, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("mark", sa.String(16), primary_key=True),
)

logins = sa.Table(
    "logins",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
