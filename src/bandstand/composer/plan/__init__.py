"""Decides what is to be composed: style, tempo, key, metre, form, who plays. Writes no note itself.

A style is one file in `styles/`; dropping a file in adds a style, and `prompt/lexicon.toml` gives it its words.
Patterns are strings of sixteenths, read from the start of a bar; a pattern may span several bars, and is cut to the
bar in a metre other than 4/4 (3/4 and 6/8 have their own in `metres.toml`, and a style may bring better ones under
`[metre."6/8"]`).

    title, bpm            name for people; slowest and fastest
    modes                 names of `theory.MODES`, the likelier the more often
    colour                of the chords: power, triad, add9, seventh, ninth, dominant
    energy                0..1, at the middle of a piece
    swing, swing_unit     share of a pair of eighths (0.5) or sixteenths (0.25) that its first half takes
    humanise              seconds by which players miss the grid
    section_bars          length of a verse in a long piece
    [progressions]        by family of mode: degrees, one a bar, "4+5" for two in a bar; tonic in 40 % of the bars
    [instruments]         by role: whom to choose from; a role that is not there is not played
    [[drums]]             use = main (three or more), half (quiet sections), fill; then lines: X loud, x, o soft
    [[percussion]]        the same, for the second drummer;  [[tabla]] the same in the strokes of the tabla
    bass                  1 3 5 7 degrees of the chord, 8 the octave, a approach to what follows, - hold
    [[comp]]              how = block, stab, strum or broken; rhythm in X x o and - hold
    arp, drone            as bass; chord notes counted from 0 upwards in arp
    [tune]                the melody: density 0..1, syncopation 0..1, span in scale steps, register in semitones,
                          length 0..1 of a note that sounds, fine = sixteenths, pentatonic
    [mix]                 the fields of `score.Mix`
"""
