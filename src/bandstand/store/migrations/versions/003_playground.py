"""What the playground needs: logins that work once, sessions, marked jobs, and what jobs are looked for by.

That stands in columns of its own, for PostgreSQL reads nothing out of a JSON text in which any string has a NUL.
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "003_playground"
down_revision = "002_apis"

ID = sa.String(64)
FOUND_BY = (("kind", sa.String(16)), ("asked_model", sa.Text), ("words", sa.Text))
JOBS = sa.table(
    "jobs",
    sa.column("id", ID),
    sa.column("spec", sa.JSON),
    *(sa.column(name, kind) for name, kind in FOUND_BY),
)


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
    op.create_index("ix_ledger_pocket_at", "ledger", ["pocket", "at"])
    for name, kind in FOUND_BY:
        op.add_column("jobs", sa.Column(name, kind))
    _fill_in()


def _fill_in() -> None:
    """Words as `store/words.py` folded them when this was written."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(JOBS.c.id, JOBS.c.spec)).all():
        prompt = str(row.spec.get("prompt", "")).replace("\0", " ")
        words = unicodedata.normalize("NFKC", prompt.encode(errors="replace").decode()).casefold()
        connection.execute(
            sa.update(JOBS)
            .where(JOBS.c.id == row.id)
            .values(
                kind=row.spec.get("kind", "music"),
                asked_model=row.spec.get("model", ""),
                words=words,
            )
        )


def downgrade() -> None:
    for name, _ in reversed(FOUND_BY):
        op.drop_column("jobs", name)
    op.drop_index("ix_ledger_pocket_at", "ledger")
    for table in ("marks", "sessions", "logins"):
        op.drop_table(table)
