"""What the foreign APIs need: webhooks signed per account, uploaded files, idempotent creates, integer ids, scoped keys."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "002_apis"
down_revision = "001_first"

ID = sa.String(64)


def new_columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("jobs", sa.Column("number", sa.BigInteger)),
        ("jobs", sa.Column("removed_at", sa.Double)),
        ("jobs", sa.Column("deadline_at", sa.Double)),
        ("accounts", sa.Column("webhook_secret", sa.Text)),
        ("accounts", sa.Column("webhook_secret_before", sa.Text)),
        ("accounts", sa.Column("webhook_secret_at", sa.Double)),
        ("accounts", sa.Column("outputs_url", sa.Text)),
        ("keys", sa.Column("scopes", sa.JSON)),
        ("keys", sa.Column("expires_at", sa.Double)),
        ("deliveries", sa.Column("tried_at", sa.Double)),
    ]


def upgrade() -> None:
    for table, column in new_columns():
        op.add_column(table, column)
    op.create_index("ix_jobs_number", "jobs", ["number"], unique=True)
    op.create_table(
        "files",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("about", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_files_account"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
    )
    op.create_index("ix_files_account_created_at", "files", ["account", "created_at"])
    op.create_table(
        "idempotency",
        sa.Column("account", ID, nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("job", ID, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name="pk_idempotency"),
    )


def downgrade() -> None:
    op.drop_table("idempotency")
    op.drop_table("files")
    op.drop_index("ix_jobs_number", "jobs")
    for table, column in reversed(new_columns()):
        op.drop_column(table, column.name)
