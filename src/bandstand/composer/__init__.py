"""The composer: music from a prompt, by rules and dice instead of a model. Imports nothing heavy itself.

    prompt/parse.py     words     -> Intent   what was asked, what was understood
    plan/plan.py        Intent    -> Plan     tempo, key, metre, form, who plays
    compose/            Plan      -> Score    every note, in beats
    midi.py             Score     -> a MIDI file
    render/, mix/       Score     -> stems -> sound

The same prompt, length and seed give the same score, always.
"""
