"""Playing from SoundFont files: pitch, loop, envelope, ranges, filter, choke, determinism, and files that lie."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scores import one_note, score_of
from tiny_soundfont import ROOT, TinyPreset, TinySample, TinyZone, looped_sine, sine, soundfont

from bandstand.composer.mix.loudness import Meter
from bandstand.composer.piece import render
from bandstand.composer.render.perform import Sounding, perform
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Note, Part, Role
from bandstand.composer.soundfonts.playing import stage
from bandstand.composer.soundfonts.sampler import SoundSet
from bandstand.composer.soundfonts.search import find_soundset, open_soundset
from bandstand.composer.soundfonts.zones import gain_of
from bandstand.errors import Misconfigured

RATE = 32000
LOOPED = (54, 1)
FLUTE, PIANO, KIT = (0, 73), (0, 0), (128, 0)


def opened(tmp_path, content, name="tiny.sf2"):
    path = tmp_path / name
    path.write_bytes(content)
    return open_soundset(path)


def flute(*zones, samples=None, upper=(), vorbis=False):
    samples = samples or [looped_sine()]
    return soundfont(samples, [TinyPreset(*FLUTE, list(zones), list(upper))], vorbis=vorbis)


def heard(sounds, score, seconds, cuts=None):
    stem = Stem(Player(score, 0, RATE, sounds))
    lengths = cuts or [round(seconds * RATE)]
    return np.concatenate([stem.block(length) for length in lengths], axis=1)


def hertz_of(sound):
    mono = sound.sum(axis=0) * np.hanning(sound.shape[1])
    power = np.abs(np.fft.rfft(mono, 1 << 18))
    return float(np.argmax(power) * RATE / (1 << 18))


def level_of(sound):
    return 20.0 * np.log10(np.sqrt((sound.astype(np.float64) ** 2).mean()) + 1e-12)


@pytest.mark.parametrize("vorbis", [False, True], ids=["sf2", "sf3"])
@pytest.mark.parametrize("pitch", [60, 69, 72, 81])
def test_note_has_its_pitch_and_the_sample_is_brought_in_tune(tmp_path, pitch, vorbis):
    sounds = opened(tmp_path, flute(TinyZone(0, [LOOPED]), vorbis=vorbis))

    sound = heard(sounds, one_note("flute", pitch), 1.5)

    wanted = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    assert abs(1200.0 * np.log2(hertz_of(sound[:, RATE // 2 :]) / wanted)) < 6.0


def test_loop_sounds_longer_than_its_sample(tmp_path):
    sounds = opened(tmp_path, flute(TinyZone(0, [LOOPED])))

    sound = heard(sounds, one_note("flute", 69, length=2.0), 3.0)

    assert level_of(sound[:, RATE : RATE + 3200]) > -40.0


def test_sample_without_loop_ends_by_itself(tmp_path):
    sounds = opened(tmp_path, flute(TinyZone(0), samples=[TinySample(sine(0.3))]))

    sound = heard(sounds, one_note("flute", ROOT, length=2.0), 2.0)

    assert level_of(sound[:, : RATE // 5]) > -40.0
    assert np.abs(sound[:, RATE // 2 :]).max() == 0.0


def test_keys_and_velocities_choose_the_zone(tmp_path):
    low = TinyZone(0, [(43, 0 | 68 << 8), LOOPED])
    soft = TinyZone(1, [(43, 69 | 127 << 8), (44, 0 | 63 << 8), LOOPED])
    hard = TinyZone(2, [(43, 69 | 127 << 8), (44, 64 | 127 << 8), LOOPED])
    samples = [looped_sine(), TinySample(sine(0.5, 441.0)), TinySample(sine(0.5, 882.0))]
    samples[1].loop = samples[2].loop = (1000, 4000)
    sounds = opened(tmp_path, flute(low, soft, hard, samples=samples))
    regions = sounds.regions_of("flute")

    chosen = {
        (key, velocity): [r.sample for r in regions if r.sounds(key, velocity)]
        for key in (60, 69, 100)
        for velocity in (20, 100)
    }

    assert chosen[60, 20] == chosen[60, 100] == [0]
    assert chosen[69, 20] == chosen[100, 20] == [1]
    assert chosen[69, 100] == [2]


def test_global_zone_stands_for_what_the_others_leave_open(tmp_path):
    everyone = TinyZone(None, [(52, 25), LOOPED])
    sounds = opened(tmp_path, flute(everyone, TinyZone(0), TinyZone(0, [(52, -10)])))

    first, second = sounds.regions_of("flute")

    assert (first.get(52), second.get(52)) == (25, -10)
    assert first.get(54) == second.get(54) == 1


def test_preset_is_added_to_its_instrument(tmp_path):
    sounds = opened(tmp_path, flute(TinyZone(0, [(48, 100), LOOPED]), upper=[(48, 50), (51, 2)]))

    (region,) = sounds.regions_of("flute")

    assert (region.get(48), region.get(51)) == (150, 2)


def test_velocity_attenuates_by_the_square(tmp_path):
    (region,) = opened(tmp_path, flute(TinyZone(0, [LOOPED]))).regions_of("flute")

    gains = [gain_of(region, 60, velocity) for velocity in (127, 64, 32)]

    assert gains[0] == pytest.approx(1.0)
    assert gains[1] == pytest.approx((64 / 127) ** 2, rel=0.01)
    assert gains[2] == pytest.approx((32 / 127) ** 2, rel=0.01)


def test_own_modulator_stands_in_for_the_usual_one(tmp_path):
    none = TinyZone(0, [LOOPED], modulators=[(0x0502, 48, 0, 0, 0)])
    (region,) = opened(tmp_path, flute(none)).regions_of("flute")

    assert gain_of(region, 60, 20) == pytest.approx(1.0)


def test_envelope_goes_through_its_stages():
    envelope = np.array([0.1, 0.2, 0.1, 1.0, 40.0, 0.5])

    levels = [stage(envelope, time, 3.0, 100.0) for time in (0.05, 0.2, 0.35, 0.5, 2.0, 3.1)]

    assert levels[:3] == pytest.approx([0.0, 0.5, 1.0])
    assert 20.0 * np.log10(levels[3:]) == pytest.approx([-10.0, -40.0, -60.0], abs=0.01)


def test_attack_and_release_are_heard(tmp_path):
    slow = TinyZone(0, [(34, round(1200 * np.log2(0.5))), (38, round(1200 * np.log2(0.4))), LOOPED])
    notes = (Note(0.0, 2.0, 69, 0.7), Note(6.0, 1.0, 69, 0.7))
    score = score_of(Part(Role.COMP, "flute", notes))
    sound = heard(opened(tmp_path, flute(slow)), score, 2.0)

    early, full, released = sound[:, 1600:3200], sound[:, 25600:28800], sound[:, 36800:38400]

    assert level_of(early) < level_of(full) - 8.0
    assert -60.0 < level_of(released) - level_of(full) < -30.0


def test_low_cutoff_darkens(tmp_path):
    chance = np.random.default_rng(1)
    noise = TinySample(0.3 * chance.standard_normal(6000).clip(-3, 3), loop=(500, 5500))

    def centre(cutoff):
        zone = TinyZone(0, [(8, cutoff), LOOPED])
        sound = heard(opened(tmp_path, flute(zone, samples=[noise])), one_note("flute", 69), 1.0)
        power = np.abs(np.fft.rfft(sound.sum(axis=0))) ** 2
        return (power * np.arange(len(power))).sum() / power.sum()

    assert centre(6000) < 0.3 * centre(13500)


def test_pan_moves_it_to_a_side(tmp_path):
    sound = heard(
        opened(tmp_path, flute(TinyZone(0, [(17, -500), LOOPED]))), one_note("flute", 69), 1.0
    )

    assert level_of(sound[0]) > level_of(sound[1]) + 40.0


def test_next_of_a_class_chokes_the_one_before(tmp_path):
    ringing = [(57, 1), (43, 46 | 46 << 8)]
    closing = [(57, 1), (43, 42 | 42 << 8), (48, 1000)]
    content = soundfont(
        [TinySample(sine(2.0))], [TinyPreset(*KIT, [TinyZone(0, ringing), TinyZone(0, closing)])]
    )
    sounds = opened(tmp_path, content)
    voice = sounds.voice_of("acoustic-kit", RATE, tonic=0, seed=1)
    notes = (Sounding(0, 10**9, 46, 0.8, 0.0, 1), Sounding(8000, 10**9, 42, 0.8, 0.0, 2))

    choked = voice.choked(notes)

    assert [note.hold for note in choked] == [8000, 10**9]


def test_slurred_notes_do_not_begin_anew(tmp_path):
    slow = TinyZone(0, [(34, round(1200 * np.log2(0.25))), LOOPED])
    notes = tuple(Note(i, 1.0, 69 + i % 3, 0.7) for i in range(6))
    score = score_of(Part(Role.LEAD, "flute", notes))
    slurs = [sounding for sounding in perform(score, 0, RATE) if sounding.turns]

    sound = heard(opened(tmp_path, flute(slow)), score, 3.0)

    assert slurs
    for slur in slurs:
        for turn in slur.turns:
            at = slur.at + turn.after
            steady, after = sound[:, at - 3200 : at], sound[:, at + 1600 : at + 4800]
            assert level_of(after) > level_of(steady) - 4.0


@pytest.mark.parametrize("vorbis", [False, True], ids=["sf2", "sf3"])
def test_stem_is_the_same_however_it_is_cut(tmp_path, vorbis):
    sounds = opened(tmp_path, flute(TinyZone(0, [LOOPED]), vorbis=vorbis))
    notes = tuple(Note(0.5 * i, 0.6, 66 + 2 * i, 0.5 + 0.05 * i) for i in range(8))
    score = score_of(Part(Role.LEAD, "flute", notes))

    at_once = heard(sounds, score, 4.0)
    again = opened(tmp_path, flute(TinyZone(0, [LOOPED]), vorbis=vorbis))
    in_blocks = heard(again, score, 4.0, cuts=[1, 999, 31000, 64000, 32000])

    assert np.array_equal(at_once, in_blocks)


def test_samples_are_as_loud_as_our_own_sound(tmp_path):
    score = one_note("flute", 77)

    def loudness(sounds):
        meter = Meter(RATE)
        meter.feed(heard(sounds, score, 1.0))
        return meter.integrated()

    quiet = opened(tmp_path, flute(TinyZone(0, [LOOPED]), samples=[looped_sine(level=0.05)]))

    assert loudness(quiet) == pytest.approx(loudness(None), abs=1.5)


def test_what_the_file_does_not_have_is_our_own(tmp_path):
    sounds = opened(tmp_path, flute(TinyZone(0, [LOOPED])))

    assert np.array_equal(
        heard(sounds, one_note("piano", 60), 1.0), heard(None, one_note("piano", 60), 1.0)
    )


def test_synthesizers_stay_our_own(tmp_path):
    content = soundfont([looped_sine()], [TinyPreset(0, 81, [TinyZone(0, [LOOPED])])])
    sounds = opened(tmp_path, content)

    assert sounds.voice_of("lead-synth", RATE, tonic=0, seed=1) is None


def test_key_without_a_zone_is_played_by_our_own_voice(tmp_path):
    sounds = opened(tmp_path, flute(TinyZone(0, [(43, 0 | 70 << 8), LOOPED])))

    assert level_of(heard(sounds, one_note("flute", 80), 1.0)) > -40.0


def test_broken_vorbis_is_played_by_our_own_voice(tmp_path):
    content = flute(TinyZone(0, [LOOPED]), vorbis=True)
    at = content.index(b"OggS")
    sounds = opened(tmp_path, content[:at] + b"XXXX" + content[at + 4 :])

    assert level_of(heard(sounds, one_note("flute", 69), 1.0)) > -40.0


def test_piece_from_samples_is_the_same_in_two_runs(tmp_path):
    def digest():
        sounds = opened(tmp_path, flute(TinyZone(0, [LOOPED]), vorbis=True))
        notes = tuple(Note(0.5 * i, 0.5, 69 + i, 0.7) for i in range(8))
        score = score_of(Part(Role.LEAD, "flute", notes))
        found = hashlib.sha256()
        for stretch in render(score, RATE, sounds):
            found.update(stretch.clip.samples.tobytes("F"))
        return found.hexdigest()

    assert digest() == digest()


def test_it_tells_its_name_and_its_hash(tmp_path):
    content = flute(TinyZone(0, [LOOPED]))

    about = opened(tmp_path, content).about()

    assert about == {"name": "tiny.sf2", "sha256": hashlib.sha256(content).hexdigest()}


def test_best_file_of_the_folders_is_taken(tmp_path):
    for name in ("FluidR3Mono_GM.sf3", "FluidR3_GM.sf2"):
        (tmp_path / name).write_bytes(flute(TinyZone(0, [LOOPED])))

    found = find_soundset(None, [tmp_path])

    assert found is not None
    assert found.name == "FluidR3_GM.sf2"


def test_broken_file_of_the_folders_is_passed_over(tmp_path):
    (tmp_path / "FluidR3_GM.sf2").write_bytes(b"RIFF")

    assert find_soundset(None, [tmp_path]) is None


def test_wanted_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Misconfigured, match=r"missing\.sf2"):
        find_soundset(tmp_path / "missing.sf2", [])


def table_place(content, name):
    return content.index(name) + 8


LIES = {
    "no riff": lambda c: b"RIFX" + c[4:],
    "cut short": lambda c: c[: len(c) // 2],
    "empty": lambda _: b"",
    "chunk longer than the file": lambda c: c.replace(
        c[c.index(b"smpl") : c.index(b"smpl") + 8], b"smpl\xff\xff\xff\x7f"
    ),
    "no presets": lambda c: c.replace(b"phdr", b"xxxx"),
    "sample outside the file": lambda c: (
        c[: table_place(c, b"shdr") + 24]
        + struct.pack("<I", 2**31)
        + c[table_place(c, b"shdr") + 28 :]
    ),
    "instrument that is not there": lambda c: (
        c[: table_place(c, b"pgen") + 2] + struct.pack("<H", 999) + c[table_place(c, b"pgen") + 4 :]
    ),
    "rate of nothing": lambda c: (
        c[: table_place(c, b"shdr") + 36] + struct.pack("<I", 0) + c[table_place(c, b"shdr") + 40 :]
    ),
}


@pytest.mark.parametrize("lie", sorted(LIES))
def test_file_that_lies_is_refused(tmp_path, lie):
    content = flute(TinyZone(0, [LOOPED]))

    with pytest.raises(Misconfigured, match=r"tiny\.sf2"):
        opened(tmp_path, LIES[lie](content))


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_no_changed_byte_does_harm(tmp_path_factory, changes):
    content = bytearray(flute(TinyZone(0, [LOOPED, (57, 1)]), samples=[looped_sine()]))
    tables = content.index(b"pdta")
    for place, value in changes:
        content[tables + place % (len(content) - tables)] = value
    path = tmp_path_factory.mktemp("changed") / "tiny.sf2"
    path.write_bytes(content)

    try:
        sounds = SoundSet(path)
    except Misconfigured:
        return

    assert np.isfinite(heard(sounds, one_note("flute", 69, length=0.2), 0.3)).all()
