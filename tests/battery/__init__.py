"""The battery: 33 checks that judge what the composer makes, from its sound and its notes. Nobody listens, no model judges.

    checks.py       what a check is: a figure, the bound it must keep, the share of pieces that must keep it
    take.py         one piece, composed and played once, with what the checks measure taken from it on demand
    ears.py         measuring finished sound without the composer's own code: librosa, pyloudnorm, scipy
    prompts.txt     prompts to tune on; held_out.txt those that nobody tunes on
    __main__.py     python -m battery, from tests/

    tempo.py        1, 2          tempo and beat
    key.py          3, 4          key, in the sound and in the notes
    instruments.py  5, 6          what was asked for is there and can be heard
    sound.py        7, 9 - 15     length, loudness, peaks, tone, width, dynamics
    melody.py       17, 18, 19    the tune
    harmony.py      20, 21        clashes and variety of pitch
    form.py         22, 23, 24    groove, repetition, sections
    variety.py      16, 29, 30    moods, prompts and seeds told apart
    tuning.py       25            single notes of every instrument
    given.py        26, 27, 28    joins, continuation, a given melody
    speed.py        31            how fast
    robustness.py   8, 32, 33     the same again, MIDI, and prompts nobody would write

Not part of `scripts/test`, but for a fast share in `unit/composer/test_battery.py`. The numbers are those of the
project's reference on the composer.
"""
