"""stub."""

CHECKS = ()
