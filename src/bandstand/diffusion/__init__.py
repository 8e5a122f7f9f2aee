"""Stable Diffusion on diffusers: reads checkpoints, draws pictures from words, and lets somebody watch and stop it.

Knows wishes and pictures, not jobs; trains nothing and downloads nothing. Can be lifted out and used alone.
"""
