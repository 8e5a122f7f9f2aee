"""What a prompt is taken to mean as a whole: laws, then who plays what and how, then contradictions."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.plan import make_plan
from bandstand.composer.plan.style import style_names
from bandstand.composer.prompt.lexicon import lexicon
from bandstand.composer.prompt.parse import parse
from bandstand.composer.score import Role

VOCABULARY = sorted(lexicon().vocabulary)
LONG = 5000
SECONDS_MAX = 0.15
"""For `LONG` characters, of the processor's time: about 0.03 s on a machine with nothing else to do."""

some_words = st.lists(st.sampled_from(VOCABULARY), max_size=40).map(" ".join)


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    intent = parse(text)

    assert intent.prompt == text
    assert intent.bpm is None or 40 <= intent.bpm <= 240


@given(some_words)
def test_an_intent_speaks_of_styles_and_instruments_there_are(text):
    intent = parse(text)

    assert {*intent.genres, *intent.excluded_genres} <= set(style_names())
    assert {*intent.instruments, *intent.excluded} <= set(INSTRUMENTS) | set(lexicon().choices)


@given(some_words)
def test_who_is_excluded_does_not_play(text):
    intent = parse(text)
    heard = {*intent.instruments, *intent.opens, *intent.closes, *intent.levels}

    assert not heard & intent.excluded
    assert not set(intent.genres) & intent.excluded_genres


@given(some_words)
def test_energy_valence_and_pace_stay_in_their_ranges(text):
    intent = parse(text)

    assert intent.energy is None or -1 <= intent.energy <= 1
    assert intent.valence is None or -1 <= intent.valence <= 1
    assert intent.pace is None or -1.4 <= intent.pace <= 1.4


@given(some_words)
def test_upper_case_hyphens_and_accents_change_nothing(text):
    plain = parse(text)
    dressed = parse(text.upper().replace(" ", "  ").replace("E", "É"))

    assert (plain.genres, plain.instruments, plain.flags) == (
        dressed.genres,
        dressed.instruments,
        dressed.flags,
    )


@pytest.mark.parametrize(
    "prompt",
    ["", " \n\t", "🫠🪑" * 100, "qwertz uiop " * 420, "bpm " * 1250, "a/b//c \0", "\u202e"],
)
def test_nonsense_asks_for_nothing(prompt):
    intent = parse(prompt)

    assert (intent.genres, intent.instruments, intent.key, intent.bpm) == ((), (), None, None)
    assert intent.conflicts == ()


@pytest.mark.parametrize(
    "piece",
    [
        "wild piano, no drums ",
        "Am F C G ",
        "no piano or ",
        "3/4 80-90 bpm ",
        "the 90s ",
        "12 ",
        "saxaphoen ",
        "<b>",
        "-",
        "a",
        "\n ",
        "موسيقى ",
        "🎹",
        "in a ",
    ],
)
def test_a_long_prompt_is_read_at_once(piece):
    parse("warm up, saxaphoen")

    assert _quickest((piece * LONG)[:LONG]) < SECONDS_MAX


def _quickest(prompt: str) -> float:
    """Seconds of this thread's own time, of three tries: others use the machine as well."""

    def seconds() -> float:
        begun = time.thread_time()
        parse(prompt)
        return time.thread_time() - begun

    return min(seconds() for _ in range(3))


def test_reading_time_grows_no_faster_than_the_prompt():
    dice = random.Random(4)
    text = " ".join(dice.choice([*VOCABULARY, "no", "or", ","]) for _ in range(3000))

    parse(text)

    # A square cost would be 16 times as much.
    assert _quickest(text) < 10 * _quickest(text[:5000])


@pytest.mark.parametrize(
    "prompt", ["drum and bass 174 bpm", "drum & bass", "drum'n'bass dnb", "D&B"]
)
def test_drum_and_bass_is_a_style_and_no_instruments(prompt):
    intent = parse(prompt)

    assert intent.genres == ("drum-and-bass",)
    assert intent.instruments == ()


@pytest.mark.parametrize(
    ("prompt", "genres"),
    [
        ("An electronic music soundtrack with a trumpet solo", ("electronic", "cinematic")),
        ("blues techno", ("techno", "blues")),
        ("jazzy hip hop", ("hip-hop", "jazz")),
        ("a hint of jazz, house", ("house", "jazz")),
        ("hip hop with blues elements", ("hip-hop", "blues")),
        ("jazz-inspired hip hop", ("hip-hop", "jazz")),
        ("epic battle rock", ("rock", "cinematic")),
        ("klezmer clarinet", ("klezmer",)),
        ("sitar for a yoga studio", ("indian-classical", "new-age")),
        ("something for the beach", ("tropical-house",)),
        ("warm downtempo, not jazz", ("downtempo",)),
        ("a haunted house", ("cinematic",)),
    ],
)
def test_the_style_that_leads_is_the_first(prompt, genres):
    assert parse(prompt).genres == genres


@pytest.mark.parametrize(
    "prompt",
    ["a trumpet solo", "solo trumpet", "piano, featuring a trumpet", "trumpet lead over piano"],
)
def test_the_soloist_is_named_before_or_after(prompt):
    assert parse(prompt).solo == "trumpet"


def test_a_list_that_is_featured_has_no_soloist():
    assert parse("featuring piano, strings and drums").solo is None


@pytest.mark.parametrize(
    ("prompt", "alone"),
    [
        ("solo piano", True),
        ("just guitar and voice", True),
        ("string quartet", True),
        ("piano only", True),
        ("rock with a solo guitar", False),
        ("just a great song", False),
        ("bridge with only piano", False),
    ],
)
def test_only_keeps_everybody_else_away(prompt, alone):
    assert ("alone" in parse(prompt).flags) is alone


@pytest.mark.parametrize(
    ("prompt", "levels"),
    [
        ("lots of brass", {"brass": 4}),
        ("heavy drums and piano", {"drums": 4}),
        ("subtle percussion", {"percussion": -5}),
        ("a hint of flute", {"flute": -6}),
        ("flute in the background", {"flute": -5}),
        ("bass-heavy", {"bass": 4}),
        ("big sound with piano", {}),
    ],
)
def test_emphasis_is_about_the_instrument_beside_it(prompt, levels):
    assert parse(prompt).levels == levels


def test_it_is_told_who_begins_and_who_ends():
    intent = parse("starts with a flute, then drums, ends with soft bells")

    assert (intent.opens, intent.closes) == (("flute",), ("bells",))
    assert parse("piano intro, strings").opens == ("piano",)


def test_a_word_for_several_players_brings_them():
    assert parse("string quartet").instruments == ("violin", "viola", "cello")


def test_a_general_word_gives_way_to_a_particular_one():
    assert parse("guitars, drums, distorted guitar").instruments == ("drums", "distorted-guitar")


def test_moods_say_how_bright_and_how_lively():
    calm, wild = parse("calm sad"), parse("energetic happy")

    assert calm.energy is not None
    assert wild.energy is not None
    assert calm.energy < 0 < wild.energy
    assert (calm.valence or 0) < 0 < (wild.valence or 0)


def test_very_and_slightly_say_how_much():
    very, plain, slightly = (parse(f"{word} sad").valence or 0 for word in ("very", "", "slightly"))

    assert very < plain < slightly < 0


@pytest.mark.parametrize(
    ("prompt", "flag"),
    [
        ("with an intro", "intro"),
        ("no intro", "no-intro"),
        ("a huge bass drop", "drop"),
        ("without a drop", "no-drop"),
        ("tension builds up", "build"),
        ("a breakdown in the middle", "breakdown"),
        ("fades out", "fade-out"),
        ("no fade out", "hard-ending"),
        ("ends abruptly", "hard-ending"),
        ("with an outro", "outro"),
        ("a seamless loop", "loop"),
        ("half-time drums", "half-time"),
        ("double time feel", "double-time"),
        ("gradually building to a climax", "crescendo"),
        ("a catchy hook", "hook"),
        ("a key change", "key-change"),
        ("shuffle groove", "swing"),
        ("call and response", "call-response"),
        ("ambient without drums", "no-drums"),
        ("beatless", "no-drums"),
    ],
)
def test_words_of_form_become_flags(prompt, flag):
    assert flag in parse(prompt).flags


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("A minor, C major", "key"),
        ("90 bpm, 100 bpm", "tempo"),
        ("in 3/4 and 5/4", "metre"),
        ("the 60s and the 80s", "decade"),
        ("slow and fast", "slow and fast"),
        ("fast ambient", "slow by nature"),
        ("calm death metal", "wild by nature"),
        ("slow, 180 bpm", "do not agree"),
        ("piano, no piano", "without piano"),
        ("piano ballad, no piano", "without piano"),
        ("jazz, no jazz", "without jazz"),
        ("a loop that fades out", "exclude each other"),
        ("11/16", "not known"),
        ("4/8", "played as 2/4"),
        ("happy and depressing", "in the middle"),
        ("reggae, techno", "leads"),
        ("lyrics about love", "sung"),
        ("3 bpm", "out of reach"),
    ],
)
def test_a_contradiction_is_settled_and_told_in_a_sentence(prompt, told):
    conflicts = parse(prompt).conflicts

    assert any(told in sentence for sentence in conflicts)
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in conflicts)
    assert all(sentence.endswith(".") for sentence in conflicts)


def test_the_first_of_two_wishes_wins():
    intent = parse("A minor, C major, 90 bpm, 100 bpm, 3/4, 5/4")

    assert intent.key is not None
    assert intent.metre is not None
    assert (intent.key.tonic, intent.bpm, intent.metre.written) == (9, 90, "3/4")


@pytest.mark.parametrize(
    "prompt", ["calm piano", "techno, 130 bpm", "sad violin in D minor", "waltz in 3/4", "no drums"]
)
def test_where_nothing_contradicts_nothing_is_told(prompt):
    assert parse(prompt).conflicts == ()


def test_words_it_does_not_know_are_listed():
    intent = parse("piano with flubberwocks")

    assert intent.understood == ("piano",)
    assert intent.ignored == ("flubberwocks",)


def test_what_was_understood_stands_in_the_order_of_the_prompt():
    intent = parse("calm piano, 90 bpm, in 3/4, no drums")

    assert intent.understood == ("calm", "piano", "90 bpm", "3/4", "no drums")


def test_markup_and_signs_do_not_hide_the_words():
    intent = parse('<b>piano</b>, **violin** {"bpm": 120} 🎷 https://piano.example/drums')

    assert intent.instruments == ("piano", "violin", "saxophone")
    assert intent.bpm == 120


@pytest.mark.parametrize("prompt", ["just drums and bass", "only percussion: djembe and shaker"])
def test_nobody_sings_where_only_rhythm_is_asked_for(prompt):
    plan = make_plan(parse(prompt), 8.0, 1)

    assert {voice.role for voice in plan.voices} <= {Role.DRUMS, Role.PERCUSSION, Role.BASS}


@pytest.mark.parametrize(
    "prompt", ["ambient, no melody", "techno without a melody", "piano, no tune"]
)
def test_without_a_melody_nobody_leads(prompt):
    plan = make_plan(parse(prompt), 8.0, 1)

    assert not {Role.LEAD, Role.COUNTER} & {voice.role for voice in plan.voices}


def test_who_is_asked_for_plays_along_where_nobody_leads():
    plan = make_plan(parse("violin and piano, no melody"), 8.0, 1)

    assert {"violin", "piano"} <= {voice.instrument for voice in plan.voices}


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("#DarkTechno #138bpm", "techno"),
        ("#lofihiphop", "lofi"),
        ("a trap beat", "trap"),
        ("I need a house track", "house"),
        ("sports highlight reel", "rock"),
        ("une valse musette", "waltz"),
        ("just drums and bass, hip hop", "hip-hop"),
    ],
)
def test_words_of_every_day_name_their_style(prompt, style):
    assert parse(prompt).genres[0] == style


@pytest.mark.parametrize(
    ("prompt", "name"),
    [("à l'accordéon", "accordion"), ("avec l'orgue", "organ"), ("dell'organo", "organ")],
)
def test_articles_that_have_grown_to_a_word_are_read_over(prompt, name):
    assert name in parse(prompt).instruments


def test_parts_of_a_hashtag_are_read():
    assert {"piano", "cello"} <= set(parse("#sadpiano #PianoAndCello").instruments)


@pytest.mark.parametrize(
    "prompt",
    ["podcast intro", "music for my youtube intro", "drop D tuning", "a bluegrass breakdown"],
)
def test_words_of_the_trade_are_no_wishes_of_form(prompt):
    assert not {"intro", "drop", "breakdown"} & parse(prompt).flags


def test_another_concert_pitch_is_told_to_be_out_of_reach():
    assert "440" in parse("meditation, 432 Hz").conflicts[0]
