"""Stems -> mix -> master: levels, room, tone, loudness. Everything carries its state from block to block.

channel.py    one part: low cut, level, place, width, ducking
space.py      reverb and echo, which all parts share
aging.py      wow and crackle of a worn record
loudness.py   the BS.1770 meter            spectrum.py   slope, low end and width of a mix
limiter.py    the true-peak limiter
forecast.py   how loud each part will be, from the notes alone
colour.py     which thirds the notes fill: what the bars heard beforehand do not tell of the rest
excerpts.py   which bars to listen to beforehand, and what they tell of the others
sheet.py      a score's mix sheet: levels and tone found by listening to a few bars beforehand
ride.py       the hand on the fader: loudness corrected slowly while the piece plays
desk.py       the desk: stems in, finished blocks out
"""
