"""Given music -> what a piece is composed around (`score.Given`), and pieces that go on from given sound.

sound.py         sound               -> its tune and chords, for a piece that follows them
midi.py          a MIDI file         -> the same
chart.py         a plan.json         -> the same
notes.py         MIDI or plan, by its first bytes
continuation.py  sound               -> the same sound, and a piece that goes on from it
"""
