"""MusicGen, run by our own loop: text, melody, continuation, stereo, long pieces, MultiBand Diffusion.

Knows tracks, not jobs; of ours it imports only `audio` and `errors`, and can be used as a library (`engine.py`).
Source: "Simple and Controllable Music Generation" (arXiv:2306.05284) and the behaviour of its reference implementation.
"""
