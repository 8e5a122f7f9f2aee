"""Decides what is to be composed: style, tempo, key, metre, form, who plays. Writes no note itself.

A style is one file in `styles/`; dropping a file in adds a style, and `prompt/words/genres.toml` gives it its words.
A file that is wrong is refused in whole sentences (`proof.py`). Patterns are strings of sixteenths, read from the
start of a bar; a pattern may span several bars. Those at the top of a file are in the style's own metre: a bar is 16
sixteenths in 4/4, two bars of 2/4, and 12 in 3/4 or 6/8. Other kinds of metre, "4/4", "3/4" or "6/8", may have their
own under `[metres."6/8"]`; where a style has none, everybody plays what is in `metres.toml`.

    title, bpm            name for people; slowest and fastest
    modes                 names of `theory.MODES`, the likelier the more often
    colour                of the chords: power, triad, add9, seventh, ninth, dominant
    energy                0..1, at the middle of a piece
    metre                 in which it is played unless another is asked for; 4/4 if left out
    swing, swing_unit     share of a pair of eighths (0.5) or sixteenths (0.25) that its first half takes
    humanise              seconds by which players miss the grid
    lay_back              seconds by which backbeats come late, and the bass by half of it; below 0 they push
    section_bars          length of a verse in a long piece
    idiom                 name of the players of its own, of `compose/idioms/`, that a tradition may have
    [progressions]        by mode or family of modes (major and minor at least): degrees, one a bar, "4+5" for two in
                          a bar; begin on the tonic and are there for 40 % of the bars
    [contrast]            the same for the B section; may begin elsewhere
    [instruments]         by role: whom to choose from; a role that is not there is not played
    [[drums]]             use = main (three or more), b (B section), half (quiet sections), fill; then lines of
                          strokes: X loud, x, o soft, r two and t three to a sixteenth
    [[percussion]]        the same, for the second drummer;  [[tabla]] the same in the strokes of the tabla
    bass                  1 3 5 7 notes of the chord, 8 the octave, 2 4 6 steps of the scale between them,
                          a approach to what follows, - hold
    [[comp]]              how = block, stab, strum or broken; rhythm in X x o and - hold
    arp, drone            as bass; chord notes counted from 0 upwards in arp, 1 5 8 in drone
    [tune]                the melody: density 0..1, syncopation 0..1, span in scale steps, register in semitones,
                          length 0..1 of a note that sounds, fine = sixteenths, pentatonic
    [mix]                 the fields of `score.Mix`
"""
