"""Bandstand: a self-hosted server that makes music and pictures from text."""

__version__ = "0.1.0"
