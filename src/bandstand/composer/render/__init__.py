"""Score -> stems: every note of a part as sound, block by block.

    patches.py   instrument name -> sound; the data stands in *_patches.py and *_kits.py
    waves.py     held sounds            struck.py   dying partials
    plucked.py   strings                drums.py, kits.py   drums
    rings.py     a rendered stroke, laid many times
    amp.py       the guitar amplifier, the fiddle's box
    perform.py   notes in beats -> notes in samples: slurs, bends, chokes, the last chord
    stem.py      one part, block by block

Not for what the parts sound like together; that is `mix/`.
"""
