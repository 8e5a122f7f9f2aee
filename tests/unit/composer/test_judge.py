"""The judge itself: its ears against sounds whose truth is known, and every check against a piece it must refuse."""

from dataclasses import replace

import numpy as np
import pytest
from battery import ears, form, given, harmony, key, robustness, smf, tuning, variety
from battery.checks import Bound, Check, Finding, Verdict
from battery.runner import SINGLE, Card, Setting
from battery.take import Take
from battery.work import mapped, read_prompts, spread
from scores import score_of
from unit.composer import hearing

from bandstand.composer.midi import score_to_midi
from bandstand.composer.piece import Piece
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.score import Chord, Metre, Note, Part, Role, Section

RATE = 32000
SECONDS = 16.0
TIME = np.arange(round(SECONDS * RATE)) / RATE
SINGLES = {check.id: check for check in SINGLE}


def stereo(wave, other=None):
    return np.stack([wave, wave if other is None else other]).astype(np.float32)


def sine(frequency, amplitude=0.25, time=TIME):
    return amplitude * np.sin(2 * np.pi * frequency * time)


def noise(slope, seed=0, amplitude=0.1):
    """dB per octave of its density."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=TIME.size))
    spectrum[1:] *= np.arange(1, spectrum.size) ** (slope / 6.02)
    spectrum[:20] = 0.0
    wave = np.fft.irfft(spectrum, TIME.size)
    return amplitude * wave / wave.std()


def clicks(times, length=TIME.size):
    wave = np.zeros(length)
    burst = np.random.default_rng(1).normal(size=400) * np.linspace(1.0, 0.0, 400) ** 2
    for at in times:
        start = round(at * RATE)
        wave[start : start + 400] += 0.4 * burst[: max(0, length - start)]
    return stereo(wave)


def take(*parts, sound=None, intent=None, prompt="", **changes):
    """A take of a hand-made score in A minor at 120 bpm, eight bars, without composing or playing anything."""
    score = replace(score_of(*parts, seconds=SECONDS), **{"style": "pop", **changes})
    piece = Piece(intent or Intent(), score, RATE)
    return Take(prompt, 0, score.seconds, RATE, piece=piece, sound=sound)


def line(pitches, role=Role.LEAD, instrument="flute", every=0.5, level=0.0):
    notes = tuple(Note(every * n, every, int(pitch), 0.7) for n, pitch in enumerate(pitches))
    return Part(role, instrument, notes, level)


def drums(bars):
    """Each bar a string of sixteenths."""
    hits = [4 * b + s / 4 for b, bar in enumerate(bars) for s, on in enumerate(bar) if on != "."]
    return Part(Role.DRUMS, "acoustic-kit", tuple(Note(at, 0.2, 38, 0.7) for at in hits))


A_MINOR = (Chord(0.0, 64.0, 9, (9, 0, 4), "Am"),)
SCALE = [69, 71, 72, 74, 76, 74, 72, 71]
TUNE = line(SCALE * 8)
HALVES = (Section("intro", 0, 4, 0.4), Section("b", 4, 4, 0.9))
FLUTE, SOLO = Intent(instruments=("flute",)), Intent(instruments=("flute",), solo="flute")
RANDOM = np.random.default_rng(7)
STEADY = clicks(np.arange(0.0, SECONDS - 0.1, 0.5))
PIANO = line([57, 60, 64, 60] * 16, Role.COMP, "piano")


def gap():
    wave = sine(440.0)
    wave[4 * RATE : 6 * RATE] = 0.0
    return stereo(wave)


def falling():
    return stereo(sine(440.0) * np.where(TIME < 8.0, 1.0, 0.5))


def given_chords(beats, roots):
    """A beat each of the triad on a root of D major that its bar is due."""
    wave = np.zeros(TIME.size + RATE)
    for place, beat in enumerate(beats):
        root = roots[int(beat) // 4 % len(roots)]
        for step in (0, 2, 4):
            given._pipe(wave, 0.5 * place, 0.5, 62 + given._degree(root + step), 0.1, RATE)
    return stereo(wave[: TIME.size])


def missing_note():
    bad = take(TUNE)
    fewer = replace(bad.score, parts=(line(SCALE * 8 + [69]),))
    bad.midi = smf.read(score_to_midi(fewer))
    return bad


def faster_file():
    bad = take(TUNE)
    bad.midi = smf.read(score_to_midi(replace(bad.score, bpm=120.1)))
    return bad


REFUSED = {
    "1": lambda: take(sound=clicks(np.arange(0.0, 15.9, 60.0 / 118.5))),
    "2": lambda: take(sound=clicks(np.sort(RANDOM.uniform(0.0, 15.9, 60))), bpm=90.0),
    "3": lambda: take(sound=stereo(sum(sine(f, 0.1) for f in (277.18, 349.23, 415.3)))),
    "4": lambda: take(line([69, 70, 73, 75] * 8)),
    "5a": lambda: take(PIANO, intent=FLUTE),
    "5b": lambda: take(line(SCALE * 4, level=-45.0), PIANO, intent=FLUTE),
    "6a": lambda: take(line(SCALE * 4, level=-20.0), PIANO, intent=SOLO),
    "6b": lambda: take(line(SCALE), PIANO, intent=SOLO),
    "7": lambda: take(sound=stereo(sine(440.0))[:, 1:]),
    "9": lambda: take(sound=stereo(sine(997.0, 0.1))),
    "10a": lambda: take(sound=stereo(0.93 * np.sin(np.pi / 2 * np.arange(TIME.size) + np.pi / 4))),
    "10b": lambda: take(sound=stereo(np.clip(sine(440.0, 1.2), -1.0, 1.0))),
    "11a": lambda: take(sound=stereo(sine(440.0) + 0.01)),
    "11b": lambda: take(sound=gap()),
    "12a": lambda: take(sound=stereo(noise(0.0))),
    "12b": lambda: take(sound=stereo(noise(-6.0) + sine(1000.0, 0.3))),
    "13": lambda: take(sound=stereo(noise(-6.0, amplitude=0.02) + sine(40.0, 0.4))),
    "14a": lambda: take(sound=stereo(noise(-6.0), noise(-6.0, seed=1))),
    "14b": lambda: take(sound=stereo(noise(-6.0))),
    "14c": lambda: take(sound=stereo(noise(-6.0), -noise(-6.0))),
    "14d": lambda: take(sound=stereo(sine(60.0), -sine(60.0))),
    "15a": lambda: take(sound=stereo(sine(440.0))),
    "15b": lambda: take(sound=falling(), sections=HALVES),
    "17": lambda: take(line([60, 72, 64, 79] * 8)),
    "18a": lambda: take(line([60, 72, 60, 62] * 8)),
    "18b": lambda: take(line([60, 67, 74, 72] * 8)),
    "19": lambda: take(line([71, 74, 77, 79] * 8, every=1.0), chords=A_MINOR),
    "20": lambda: take(line([64] * 32), line([65] * 32, Role.COMP, "piano")),
    "21a": lambda: take(line([64] * 64)),
    "21b": lambda: take(line([64, 65, 64, 65] * 16)),
    "22": lambda: take(drums(["x...x...x...x..."] * 8)),
    "23a": lambda: take(sound=given_chords(range(32), (0, 3, 1, 6, 2, 5, 4, 0)), bpm=120.0),
    "23b": lambda: take(sound=given_chords(4 * np.arange(32), (0, 3, 1, 4, 2)), bpm=120.0),
    "24a": lambda: take(line(RANDOM.integers(60, 80, 64))),
    "24b": lambda: take(sound=STEADY + stereo(sine(440.0)), sections=HALVES),
    "32a": missing_note,
    "32b": faster_file,
}
"""For each check of single pieces a piece that it must not let pass."""


@pytest.mark.parametrize("check", SINGLES)
def test_every_check_of_a_piece_refuses_a_bad_one(check):
    found = SINGLES[check].judge(REFUSED[check]())

    assert found is not None
    assert not found.holds


def test_tempo_of_a_click_track_is_heard():
    heard = hearing.refined_tempo(clicks(np.arange(0.0, 15.9, 60.0 / 97.3)), RATE)

    assert heard == pytest.approx(97.3, rel=5e-4)


# A deep stroke, a bright one and short noise, in sixteenths: strokes that nobody could tap to in another tempo.
BEATS = {
    "jig": ("x.....x.....", "............", "x.x.x.x.x.x."),
    "jig, rocking": ("x.....x.....", "............", "x...x.x...x."),
    "half-time": ("x...............", "........x.......", "x.x.x.x.x.x.x.x."),
    "samba": ("x...x...x...x...", "................", "xooxxooxxooxxoox"),
    "gallop": ("x.xxx.xxx.xxx.xx", "....x.......x...", "x...x...x...x..."),
}
SIX = Metre("6/8", 3.0)


def beaten(patterns, bpm):
    """Drums without anything else."""
    since = np.arange(round(0.2 * RATE)) / RATE
    dice = np.random.default_rng(1)
    low = np.sin(2 * np.pi * 60 * since) * np.exp(-since / 0.1)
    high = (np.sin(2 * np.pi * 200 * since) + dice.normal(size=since.size)) * np.exp(-since / 0.06)
    short = 0.4 * dice.normal(size=since.size) * np.exp(-since / 0.02)
    wave = np.zeros(TIME.size)
    for stroke, pattern in zip((low, 0.5 * high, short), patterns, strict=True):
        for n, at in enumerate(np.arange(0.0, SECONDS - 0.25, 15.0 / bpm)):
            begin, loud = round(at * RATE), {"x": 1.0, "o": 0.5}.get(pattern[n % len(pattern)], 0.0)
            wave[begin : begin + since.size] += loud * stroke
    return stereo(0.3 * wave)


@pytest.mark.parametrize("bpm", [83.0, 100.0, 118.0, 140.0, 157.0])
@pytest.mark.parametrize("groove", BEATS)
def test_a_groove_of_drums_is_heard_in_its_tempo(groove, bpm):
    metre = SIX if "jig" in groove else Metre("4/4", 4.0)
    played = take(sound=beaten(BEATS[groove], bpm), metre=metre, bpm=bpm)

    assert SINGLES["1"].judge(played).holds


def test_a_waltz_is_not_taken_for_a_jig():
    waltz = ("x...........", "............", "x...x...x...")

    assert not SINGLES["1"].judge(take(sound=beaten(waltz, 132.0), metre=SIX, bpm=132.0)).holds


def test_onsets_are_heard_where_they_are():
    times = np.arange(0.5, 15.0, 0.37)

    heard = ears.onsets(clicks(times), RATE)

    assert len(heard) == len(times)
    assert np.abs(heard - times).max() < 0.012


def test_clicks_on_the_grid_pass_and_late_ones_do_as_a_whole():
    times = np.arange(0.0, 15.5, 0.25)

    assert SINGLES["2"].judge(take(sound=clicks(times))).figure == 1.0
    assert SINGLES["2"].judge(take(sound=clicks(times + 0.02))).figure == 1.0


def test_key_of_a_cadence_is_heard():
    sound = given_chords(range(32), (0, 3, 4, 0))

    assert hearing.key_of(sound, RATE) == (2, "major")


@pytest.mark.parametrize(
    ("heard", "mark"),
    [
        ((9, "minor"), 1.0),
        ((4, "minor"), 0.5),
        ((2, "minor"), 0.5),
        ((0, "major"), 0.3),
        ((9, "major"), 0.2),
        ((3, "major"), 0.0),
    ],
)
def test_mirex_marks_are_those_of_its_table(heard, mark):
    assert key.mirex(heard, (9, "minor")) == mark


def test_sine_of_known_loudness_is_measured():
    """A sine of 997 Hz at full scale in one channel is -3.01 LUFS (BS.1770-4, annex 1): in both, 0."""
    time = np.arange(48000 * 5) / 48000

    assert ears.loudness(stereo(sine(997.0, 10 ** (-14 / 20), time)), 48000) == pytest.approx(
        -14.0, abs=0.06
    )


def test_peak_between_the_samples_is_found():
    wave = 0.5 * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)

    assert ears.true_peak(stereo(wave), RATE) == pytest.approx(-6.02, abs=0.3)


@pytest.mark.parametrize(("density", "thirds"), [(0.0, 3.0), (-3.0, 0.0), (-6.0, -3.0)])
def test_slope_of_noise_is_its_own(density, thirds):
    assert ears.slope(ears.third_octaves(stereo(noise(density)), RATE)) == pytest.approx(
        thirds, abs=0.25
    )


@pytest.mark.parametrize("off", [-7.0, 0.0, 11.5])
def test_cents_of_a_detuned_tone_are_found(off):
    time = np.arange(round(2.5 * RATE)) / RATE
    tone = stereo(sine(440.0 * 2.0 ** (off / 1200.0), 0.3, time))

    assert tuning.cents_off(tone, 69, RATE, start=0.1) == pytest.approx(off, abs=0.5)


def test_chords_that_come_round_are_alike_at_their_length():
    found = form.lags(take(sound=given_chords(range(32), (0, 3)), bpm=120.0))

    assert max(found, key=found.get) in {8, 16}
    assert max(found.values()) > 0.95


def test_change_in_the_middle_is_a_border():
    wave = np.where(TIME < 8.0, sine(220.0), noise(-3.0))

    assert form.borders_heard(take(sound=stereo(wave), sections=HALVES)) == 1.0


def test_entropy_of_four_notes_alike_is_two_bits():
    assert harmony.bits([0, 4, 7, 11] * 3) == pytest.approx(2.0)


def test_cut_is_a_click_and_a_crossfade_is_none():
    cut = sine(440.0)
    cut[8 * RATE :] = sine(587.0)[8 * RATE :] + 0.1
    fade = np.clip((TIME - 8.0) / 0.06, 0.0, 1.0)
    faded = sine(440.0) * np.cos(fade * np.pi / 2) + sine(587.0) * np.sin(fade * np.pi / 2)

    assert given.click(stereo(cut), 8 * RATE, RATE) > 3.0
    assert given.click(stereo(faded), 8 * RATE, RATE) < 1.5


def test_tune_is_like_itself_and_not_like_another():
    tune = given.organ(10.0, chords=False).clip.samples
    itself = given.sixteenths(tune, RATE, 104.0)
    other = given.sixteenths(given_chords(range(20), (6, 3, 1, 5)), RATE, 104.0)

    assert given.likeness(itself, itself)[0] > 0.95
    assert given.likeness(itself, other)[0] < 0.8


def test_prompts_that_share_one_kind_of_sound_are_not_told_apart():
    labels = np.repeat(np.arange(6), 4)
    alike = RANDOM.normal(size=(24, 20))
    apart = alike + 8.0 * RANDOM.normal(size=(6, 20))[labels]

    assert variety.between_over_within(alike, labels) < 1.3
    assert variety.between_over_within(apart, labels) > 2.0
    assert variety.nearest(alike, labels).mean() < 0.8
    assert variety.nearest(apart, labels).mean() > 0.99


def test_tunes_of_the_same_notes_have_no_distance():
    one, other = take(TUNE), take(line([pitch + 5 for pitch in SCALE * 8]))

    assert variety.edit_distance(variety.tokens(one), variety.tokens(other)) == 0.0


def test_tunes_of_other_steps_are_apart():
    one, other = take(TUNE), take(line(RANDOM.integers(60, 80, 64)))

    assert variety.edit_distance(variety.tokens(one), variety.tokens(other)) > 0.6


def test_same_groove_and_progression_are_counted_once():
    one, other = (take(drums(["x..x..x."] * 8), chords=A_MINOR) for _ in range(2))

    assert variety.groove(one) == variety.groove(other)
    assert variety.roots(one.score) == variety.roots(other.score) == (0,)


def test_seeds_of_one_sound_are_found():
    kept = {("x", n): Card("x", n, "pop", "same", [], []) for n in range(3)}
    setting = Setting(prompts=["x"], seeds=range(3), kept=kept)

    assert list(robustness.same_seeds(setting)) == [("x", None, 3.0)]


def test_exception_is_a_fault():
    _, found = robustness.faults(("pop", 1.0), rate=7)

    assert len(found) == 1


def test_midi_that_is_cut_off_is_refused():
    content = score_to_midi(take(TUNE).score)

    assert smf.read(content).notes == 64
    with pytest.raises(ValueError, match="cut off"):
        smf.read(content[:-10])


def test_verdict_needs_its_share_and_its_mean():
    check = Check("1", "one", Bound(low=1.0), lambda _: 0.0, share=0.5, mean=Bound(low=0.9))
    findings = [
        Finding("1", "x", n, figure, figure >= 1.0) for n, figure in enumerate((1.0, 0.9, 1.0))
    ]
    low = [*findings, Finding("1", "y", 3, 0.0, holds=False)]

    assert Verdict(check, findings).reached
    assert not Verdict(check, low).reached
    assert list(Verdict(check, low).failing()) == [("x", [1]), ("y", [3])]


def test_prompts_apart_are_no_prompts_to_tune_on():
    known, apart = read_prompts("prompts.txt"), read_prompts("held_out.txt")

    assert len(known) + len(apart) >= 60
    assert len(apart) >= 20
    assert not set(known) & set(apart)
    assert len(spread(known, 5)) == 5


def test_work_shared_out_comes_back_in_order():
    assert list(mapped(abs, [-3, 2, -1], jobs=2)) == [3, 2, 1]


def test_three_four_has_bars_of_three():
    waltz = take(line(SCALE * 6), metre=Metre("3/4", 3.0), bars=10)

    assert waltz.bar == 3.0
    assert form.distinct_bars(waltz) is not None
