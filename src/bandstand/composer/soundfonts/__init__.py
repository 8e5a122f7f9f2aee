"""Played from samples: any SoundFont 2 or 3 file that lies on this machine, for the instruments it is better at.

    search.py    where a file may lie, and what it is called in the description of a piece
    reading.py   the file: chunks and records, every index checked
    zones.py     a preset's zones -> the regions that sound for a key and a velocity
    samples.py   the sound of a region, decoded when it is needed, in tune
    playing.py   the kernel: one region of one note
    sampler.py   which instruments are taken from it, and the voice that plays them

No file is part of Bandstand, and none is needed. Source: SoundFont Technical Specification 2.04 (E-mu, 2006); SF3 is
the same with each sample as an Ogg Vorbis file.
"""
