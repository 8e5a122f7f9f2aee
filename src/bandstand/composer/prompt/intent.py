"""What a prompt asks for, in words the planner knows. Says nothing about how it is met: see `plan/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bandstand.composer.score import Key, Metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A prompt, understood as far as it goes. What was not asked is None or empty.

    genres          names of styles, the leading one first: names of music ("techno"), then colours ("jazzy"), then what
                    an instrument stands for ("sitar"), then the scene ("beach")
    excluded_genres names of styles that are not wanted; wins over `genres`
    instruments     names of `instruments.INSTRUMENTS` or of the lexicon's choices ("guitar", "bass", "drums")
    excluded        the same, and what goes with it ("no drums": hand drums as well); never one of `instruments`
    solo            the one of `instruments` that is to be the soloist
    levels          of `instruments`, dB: 4 "lots of", -5 "subtle", -6 "a hint of"
    opens, closes   of `instruments`: who begins ("starts with piano", "piano intro") and who has the last word
    mode            without a tonic: "in a minor key"; else that of `key`
    bpm             one figure, met exactly
    tempo           bpm from..to, by an Italian word or as figures ("80-90 bpm")
    pace            -1.4 slowest .. 0 the middle of the style's range .. 1.4 fastest
    energy          -1 calm .. 1 energetic; valence -1 sad .. 1 happy
    era             "1990s"
    flags           see below; a flag that is not here was not asked
    understood      the words that were used, in order; `ignored` those that were not
    conflicts       sentences for people: what could not be met as written

    Flags of form:
    intro           the tune is prepared by a few bars, even in a short piece; no-intro: begins with the tune itself
    verse, chorus   a plain section and one that everybody joins, the chorus with the hook
    bridge          a section unlike the others before the last chorus; no-bridge: none
    hook            the main tune is heard within seconds and comes back often
    build           the bars before the peak rise: rolls, risers, growing density; no-build: none
    drop            after a rise or a gap everything enters at once on the one, bass first; no-drop: none
    breakdown       in the middle drums and bass leave for some bars; no-breakdown: none
    stop-time       everybody rests for a beat or a bar, then goes on together
    outro           closing bars that thin out, then a cadence
    hard-ending     the last chord is short and ends the piece at once
    fade-out        the loudness falls to nothing over the last bars, with no last chord; fade-in the contrary
    crescendo       energy grows from the first bar to the last; decrescendo: falls
    key-change      the last chorus is a step higher
    loop            the end goes over into the beginning

    Flags of who plays:
    solo            somebody has a solo section; no-solo: nobody; `solo` says who, if it was said
    alone           nobody plays but `instruments`
    sparse, dense   few parts and rests; many layers
    call-response   phrases are answered by a second instrument
    no-melody       nobody leads, nobody answers: those who are asked for accompany
    no-drums        neither drums nor percussion
    instrumental    no voice

    Flags of time:
    half-time       the backbeat falls on three: the drums feel half as fast, the tempo stays
    double-time     the drums feel twice as fast, the tempo stays
    swing, straight uneven or even eighths, whatever the style has
    syncopated      accents between the beats
    four-on-the-floor  the kick on every beat
    rubato          the tempo breathes, no steady drums
    accelerando, ritardando  faster, slower towards the end

    Flags of notes:
    riff            the tune is one short figure, repeated
    pentatonic, chromatic  the notes of the tune: five of the scale; more than the scale
    arpeggio        somebody breaks the chords
    legato, staccato  long joined notes; short ones
    rich-chords     sevenths and ninths
    counterpoint    a second independent tune
    drone           a tonic held throughout
    trills          ornaments

    Flags of sound: reverb, dry, delay, dust (crackle, tape), drive (saturation), clean, sidechain, wide, mono.
    """

    prompt: str = ""
    genres: tuple[str, ...] = ()
    excluded_genres: frozenset[str] = frozenset()
    moods: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    solo: str | None = None
    levels: Mapping[str, float] = field(default_factory=dict[str, float])
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    bpm: float | None = None
    key: Key | None = None
    mode: str | None = None
    metre: Metre | None = None
    tempo: tuple[float, float] | None = None
    pace: float | None = None
    energy: float | None = None
    valence: float | None = None
    era: str | None = None
    flags: frozenset[str] = frozenset()
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
