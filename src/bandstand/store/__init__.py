"""What is on disk in rows: jobs, events, accounts, credits, deliveries. Files are in `blobs.py`, not here."""
