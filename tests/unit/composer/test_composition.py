"""What makes notes a piece: candidates and their critic, phrases, voice leading, who comes and goes, how it ends."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from pieces import edits, planned, styled

from bandstand.composer import theory
from bandstand.composer.compose import compose_score, critic, figures
from bandstand.composer.compose.draft import sketch, write
from bandstand.composer.compose.voicing import voice_chord
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.style import style_names
from bandstand.composer.score import Chord, Given, Key, Note, Part, Role, Score

KINDS = ("pop", "house", "folk", "lofi", "rock", "waltz", "funk")
TUNE = tuple(
    Note(float(n), 1.0, pitch, 0.7)
    for n, pitch in enumerate((60, 60, 67, 67, 69, 69, 67, 67, 65, 65, 64, 64, 62, 62, 60, 60))
)
every_style = pytest.mark.parametrize("name", style_names())
some_styles = pytest.mark.parametrize("name", KINDS)


def part(score: Score, role: Role) -> Part:
    return next(found for found in score.parts if found.role is role)


def tune(score: Score) -> list[tuple[float, float, int]]:
    end = score.bars * score.metre.beats - 0.1
    return [row for row in critic.rows(part(score, Role.LEAD)) if row[0] < end]


def notes_of(score: Score, name: str, *roles: Role) -> list[Note]:
    beats = score.metre.beats
    spans = [
        (s.first_bar * beats, (s.first_bar + s.bars) * beats)
        for s in score.sections
        if s.name == name
    ]
    return [
        note
        for found in score.parts
        if found.role in roles
        for note in found.notes
        if any(first <= note.start + 0.1 < end for first, end in spans)
    ]


@every_style
def test_the_critic_says_what_it_thinks(name):
    marks = styled(name, seed=0).marks

    assert set(marks) == set(critic.WEIGHTS)
    assert all(0.0 <= mark <= 1.0 for mark in marks.values())


@some_styles
def test_what_is_kept_is_better_than_the_first_draft(name):
    plans = [planned(name, seed=seed) for seed in range(3)]
    first = [write(plan, sketch(plan, 0)) for plan in plans]
    kept = [styled(name, seed=seed) for seed in range(3)]
    firsts = [
        critic.worth(critic.judge(score, plan)) for score, plan in zip(first, plans, strict=True)
    ]

    assert np.mean([critic.worth(score.marks) for score in kept]) > np.mean(firsts)


def test_the_critic_hears_a_wrong_note():
    score = styled("pop")
    lead = part(score, Role.LEAD)
    wrong = replace(lead, notes=tuple(replace(note, pitch=note.pitch + 1) for note in lead.notes))
    spoilt = replace(score, parts=tuple(wrong if p is lead else p for p in score.parts))
    marks = critic.judge(spoilt, planned("pop"))

    assert marks["scale"] < score.marks["scale"]
    assert marks["clashes"] < score.marks["clashes"]
    assert critic.worth(marks) < critic.worth(score.marks)


@every_style
def test_seeds_of_any_style_have_tunes_and_chords_of_their_own(name):
    assert_seeds_differ(name, seeds=4, progressions=2)


@pytest.mark.parametrize("name", ["pop", "lofi", "new-age", "indian-classical", "techno"])
def test_eight_seeds_have_tunes_and_chords_of_their_own(name):
    assert_seeds_differ(name, seeds=8, progressions=3)


def assert_seeds_differ(name: str, *, seeds: int, progressions: int) -> None:
    scores = [styled(name, seed=seed) for seed in range(seeds)]
    moves = [figures.moves(tune(score)) for score in scores]
    distances = [edits(a, b) / max(len(a), len(b)) for a, b in itertools.combinations(moves, 2)]
    found = {
        tuple((chord.root - score.key.tonic) % 12 for chord in score.chords) for score in scores
    }

    assert min(distances) >= 0.4
    # Music over a drone has but one chord.
    assert len(found) >= progressions or all(set(roots) == {0} for roots in found)


@some_styles
def test_leaps_are_answered_and_seldom_wide(name):
    moves = [figures.moves(tune(styled(name, seed=seed))) for seed in range(3)]

    assert np.mean([figures.answered_leaps(move) for move in moves]) >= 0.6
    assert np.mean([figures.leap_share(move) for move in moves]) <= 0.05


@some_styles
def test_a_tune_comes_back_but_does_not_stand_still(name):
    scores = [styled(name, seed=seed) for seed in range(3)]
    shares = [figures.distinct_share(tune(score), score.metre.beats, score.key) for score in scores]

    assert 0.25 <= np.mean(shares) <= 0.7


@pytest.mark.parametrize("name", ["pop", "house"])
def test_a_long_tune_goes_on_changing(name):
    score = styled(name, 300.0)

    assert 0.2 <= figures.distinct_share(tune(score), score.metre.beats, score.key) <= 0.7


@some_styles
def test_a_singer_breathes(name):
    for seed in range(3):
        score = styled(name, seed=seed)

        assert figures.longest_breath(tune(score), 0.4) * 60 / score.bpm <= 14.0


@some_styles
@pytest.mark.parametrize("seconds", [8, 15, 30])
def test_the_hook_is_heard_within_five_seconds(name, seconds):
    for seed in range(2):
        score = styled(name, seconds, seed)

        assert score.seconds_at(tune(score)[0][0]) <= 5.0


def chord_of(root: int, *above: int) -> Chord:
    return Chord(0.0, 4.0, root, tuple((root + n) % 12 for n in above), "")


@pytest.mark.parametrize("role", [Role.COMP, Role.PAD])
@pytest.mark.parametrize("instrument", ["piano", "warm-pad", "strings", "organ"])
def test_common_tones_stay_and_the_others_move_little(role, instrument):
    voice = Voice(role, instrument)
    hands: tuple[int, ...] = ()
    for root, quality in ((0, 4), (9, 3), (5, 4), (7, 4), (4, 3), (9, 3), (2, 3), (7, 4)):
        chord = chord_of(root, 0, quality, 7)
        before, hands = hands, voice_chord(chord, voice, hands)
        common = {pitch for pitch in before if pitch % 12 in chord.notes}

        assert len(hands) == 3
        assert not before or len(common - set(hands)) <= 1
        assert not before or sum(min(abs(p - q) for q in before) for p in hands) <= 7


def test_neighbouring_chords_do_not_move_in_parallel_fifths():
    voice = Voice(Role.PAD, "warm-pad")
    first = voice_chord(chord_of(0, 0, 4, 7), voice)
    second = voice_chord(chord_of(2, 0, 3, 7), voice, first)

    assert len({after - before for before, after in zip(first, second, strict=True)}) > 1


@every_style
def test_the_tonic_has_its_share(name):
    for seed in range(2):
        score = styled(name, seed=seed)
        end = score.bars * score.metre.beats
        played = [chord for chord in score.chords if chord.start < end - 1e-6]
        at_home = sum(chord.length for chord in played if chord.root == score.key.tonic)

        assert at_home >= 0.35 * sum(chord.length for chord in played)


def test_chords_are_turned_suspended_and_coloured():
    names = {chord.name for seed in range(12) for chord in styled("pop", 30, seed).chords}

    assert any("/" in name for name in names)
    assert any("sus" in name for name in names)
    assert any(name.endswith(("7", "add9")) for name in names)


@pytest.mark.parametrize("name", ["pop", "soul", "synthwave"])
def test_verse_and_chorus_have_other_chords(name):
    differ = []
    for seed in range(6):
        score = styled(name, 60, seed)
        first = {s.name: s for s in reversed(score.sections)}
        loops = [
            [c.root for c in score.chords if 0 <= c.start - s.first_bar * score.metre.beats < 12]
            for s in (first["a"], first["b"] if "b" in first else first["drop"])
        ]
        differ.append(loops[0] != loops[1])

    assert np.mean(differ) >= 0.6


@pytest.mark.parametrize("name", ["pop", "house", "funk", "synthwave", "rock"])
def test_somebody_comes_or_goes_every_eight_bars(name):
    score = styled(name, 90)
    playing = [
        frozenset(
            p.role
            for p in score.parts
            if any(
                0 <= note.start - bar * score.metre.beats < score.metre.beats for note in p.notes
            )
        )
        for bar in range(score.bars)
    ]
    runs = [len(list(run)) for _, run in itertools.groupby(playing)]

    assert np.mean(runs) <= 8


def test_a_build_rolls_and_the_drop_comes_in_with_everybody():
    score = styled("house", 60)
    rolled = notes_of(score, "build", Role.DRUMS)
    kicks = [note for note in notes_of(score, "drop", Role.DRUMS) if note.pitch == 36]
    snares = [note.start for note in rolled if note.pitch == 38]

    assert len(snares) >= 8
    assert np.diff(snares)[-3:].mean() < np.diff(snares)[:3].mean()
    assert kicks


def test_a_breakdown_has_no_beat():
    score = styled("house", 60, 1, "breakdown")

    assert notes_of(score, "break", Role.LEAD, Role.PAD, Role.COMP)
    assert not notes_of(score, "break", Role.DRUMS, Role.BASS)


def test_a_hard_ending_is_short():
    score = styled("rock", 30, 1, "hard-ending")
    ends = [score.seconds_at(n.start + n.length) for p in score.parts for n in p.notes]

    assert max(ends) < score.seconds - 0.02
    assert max(ends) > score.seconds - 3.5


def test_a_fade_goes_on_to_the_end_and_dies_away():
    score = styled("pop", 40, 1, "fade-out")
    drums = part(score, Role.DRUMS).notes
    late = [note.velocity for note in drums if score.seconds_at(note.start) > score.seconds - 2]
    before = [note.velocity for note in drums if score.seconds_at(note.start) < score.seconds - 12]

    assert score.fade > 4
    assert max(late) < 0.6 * max(before)


def test_a_solo_is_played_by_somebody_else():
    score = styled("pop", 200)

    assert notes_of(score, "solo", Role.COUNTER)
    assert not notes_of(score, "solo", Role.LEAD)


def test_the_lifted_chorus_is_the_same_music_a_tone_higher():
    score = styled("pop", 300)
    lifted = [s for s in score.sections if s.lift]
    beats = score.metre.beats
    key = Key((score.key.tonic + lifted[0].lift) % 12, score.key.mode)
    late = [
        note.pitch % 12 in theory.scale(key)
        for p in figures.tuned(score.parts)
        for note in p.notes
        if note.start + 0.1 >= lifted[0].first_bar * beats
    ]

    assert np.mean(late) >= 0.9


@pytest.mark.parametrize("seconds", [30.0, 90.0, 300.0])
def test_a_variation_keeps_the_motif(seconds):
    shapes = [
        _first_rhythm(compose_score(planned("pop", seconds, 5, variation=n), 5)) for n in range(3)
    ]

    assert len({score_shape[0] for score_shape in shapes}) == 1


def _first_rhythm(score: Score) -> tuple[tuple[int, ...], int]:
    """The sixteenths of the first verse's first bar."""
    verse = next(s for s in score.sections if s.name == "a")
    first = verse.first_bar * score.metre.beats
    at = tuple(
        round(4 * (start - first)) for start, _, _ in tune(score) if -0.1 <= start - first < 1.9
    )
    return at, len(score.parts)


def test_variations_differ():
    tunes = {tuple(tune(compose_score(planned("pop", 30, 5, variation=n), 5))) for n in range(3)}

    assert len(tunes) == 3


@pytest.mark.parametrize("name", ["pop", "jazz", "indian-classical", "techno", "celtic"])
def test_a_given_tune_is_played_note_for_note(name):
    given = Given(tune=TUNE, key=Key(0, "major"), bpm=100.0)
    score = compose_score(planned(name, 30, 2, given=given), 2)
    heard = [note.pitch % 12 for note in part(score, Role.LEAD).notes]
    instrument = INSTRUMENTS[part(score, Role.LEAD).instrument]

    assert heard[: len(TUNE)] == [note.pitch % 12 for note in TUNE]
    assert all(
        instrument.low <= note.pitch <= instrument.high for note in part(score, Role.LEAD).notes
    )


def test_a_given_tune_is_harmonised_with_its_own_notes():
    given = Given(tune=TUNE, key=Key(0, "major"), bpm=100.0)
    score = compose_score(planned("pop", 20, 2, given=given), 2)

    assert [chord.root for chord in score.chords[:2]] == [0, 5]
    assert figures.rub_share(score.parts, score.bars * score.metre.beats) <= 0.02


def test_given_chords_go_round():
    written = tuple(
        (Chord(4.0 * n, 4.0, root, (root, (root + 4) % 12, (root + 7) % 12), ""),)
        for n, root in enumerate((0, 7, 5))
    )
    score = compose_score(
        planned("pop", 30, 2, given=Given(chords=written, key=Key(0, "major"))), 2
    )

    assert [chord.root for chord in score.chords[:7]] == [0, 7, 5, 0, 7, 5, 0]


@pytest.mark.parametrize("name", ["pop", "house", "lofi"])
def test_grooves_of_eight_seeds_differ(name):
    grooves = {
        tuple(
            sorted(
                {
                    (round(4 * n.start) % 16, n.pitch)
                    for n in part(score, Role.DRUMS).notes
                    if n.start < 32
                }
            )
        )
        for score in (styled(name, seed=seed) for seed in range(8))
    }

    assert len(grooves) >= 2


@pytest.mark.parametrize(("name", "colour"), [("ambient", "add9"), ("rock", ""), ("lofi", "m7")])
def test_a_piece_ends_in_the_colour_of_its_style(name, colour):
    for seed in range(6):
        score = styled(name, seed=seed)
        if theory.family(score.key.mode) == ("minor" if colour == "m7" else "major"):
            tonic = theory.tonic_name(score.key)
            assert score.chords[-1].name in {f"{tonic}{colour}", f"{tonic}m"}


def test_most_bars_of_a_song_come_back_higher_or_lower():
    pieces = [styled("folk", seed=seed) for seed in range(6)]
    shares = [figures.distinct_share(tune(p), p.metre.beats, p.key) for p in pieces]

    assert np.mean(shares) < 0.65


def test_the_end_of_a_piece_counts_for_its_variety():
    eight = np.zeros((12, 24))
    eight[[0, 2, 4, 7], :16] = 1.0
    eight[0, 16:] = 1.0

    assert figures.entropy(eight, 16) == pytest.approx((2.0 + 0.0) / 2)


def test_who_holds_the_only_chord_is_a_drone():
    chord = Chord(0.0, 4.0, 0, (0, 7, 5), "C5")
    held = Part(Role.PAD, "strings", tuple(Note(n, 1.0, 60 + 7 * (n % 2), 0.5) for n in range(8)))

    assert figures.is_drone(held, [chord])
    assert not figures.is_drone(held, [chord, replace(chord, root=5, notes=(5, 9, 0))])


def test_a_loop_is_found_to_be_wholly_like_itself():
    loop = np.random.default_rng(0).random((12, 8))

    likeness, lag = figures.repetition(np.tile(loop, 3))

    assert likeness == pytest.approx(1.0)
    assert lag == 8


def test_a_few_last_beats_that_come_again_do_not_make_a_piece_like_itself():
    piece = np.random.default_rng(0).random((12, 20))
    piece[:, 16:] = piece[:, :4]

    assert figures.repetition(piece)[1] <= 10
