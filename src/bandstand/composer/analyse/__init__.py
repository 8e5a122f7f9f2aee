"""Hears what is in given sound: tempo, beat and bar, key, chords, tune, loudness. Writes no music itself; see `given/`.

    spectrum.py    sound  -> its rises, and its notes over time (constant Q)
    pulse.py       rises  -> tempo to a few parts in ten thousand, beats, bars
    key.py         notes  -> tuning, key
    harmony.py     notes  -> a triad for every bar
    tune.py        notes  -> the upper voice, and on the grid of bars
    heard.py       all of it together: `listen`

Plain numpy: what it needs of signal processing is a few lines each, see docs/decisions/015.
"""
