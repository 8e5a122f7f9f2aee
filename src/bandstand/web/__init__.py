"""HTTP around the dialects: the application, files, health, limits. What the APIs say is in `dialects/`."""
