"""What a prompt says about music. Knows no notes: see `plan/` for what is made of it."""
