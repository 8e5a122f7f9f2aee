"""What a prompt says about music. Knows no notes: see `plan/` for what is made of it.

text.py                  a prompt as clean text, and as words with the gaps between them
figures.py, keys.py      what is read by rule: tempo, metre, decade; keys in any spelling
words/*.toml             what is read by heart: genres, scenes, moods, instruments, time, form, grammar
lexicon.py, typos.py     the words looked up, and what a misspelt one stands for
items.py                 the longest phrases that are known, one after another
scope.py                 how far a "no" reaches
reading.py               what each phrase means beside its neighbours
settle.py                what was said twice or against itself
parse.py                 the door: str -> Intent
intent.py                what was asked, what each flag means, what was understood, ignored and in conflict
"""
