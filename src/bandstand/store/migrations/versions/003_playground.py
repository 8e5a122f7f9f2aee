"""What the playground needs: logins that work once, sessions, marked jobs, and prompts that can be searched."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "003_playground"
down_revision = "002_apis"

ID = sa.String(64)
JOBS = sa.table("jobs", sa.column("id", ID), sa.column("spec", sa.JSON), sa.column("words"))


def upgrade() -> None:
    for table in ("logins", "sessions"):
        op.create_table(
            table,
            sa.Column("id", ID, nullable=False),
            sa.Column("account", ID, nullable=False),
            sa.Column("digest", sa.String(64), nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
            sa.Column("expires_at", sa.Double, nullable=False),
            sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{table}_account"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        )
    op.create_table(
        "marks",
        sa.Column("job", ID, nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_marks_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "mark", name="pk_marks"),
    )
    op.add_column("jobs", sa.Column("words", sa.Text))
    _fill_in_words()


def _fill_in_words() -> None:
    """As `store/library.py` folded them when this was written."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(JOBS.c.id, JOBS.c.spec)).all():
        prompt = str(row.spec.get("prompt", "")).replace("\0", " ")
        words = unicodedata.normalize("NFKC", prompt.encode(errors="replace").decode()).casefold()
        connection.execute(sa.update(JOBS).where(JOBS.c.id == row.id).values(words=words))


def downgrade() -> None:
    op.drop_column("jobs", "words")
    for table in ("marks", "sessions", "logins"):
        op.drop_table(table)
