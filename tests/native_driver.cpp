// Drives the step library through its C interface, for builds with sanitizers: every precision, every set of instructions, several threads,
// rows that come and go. Says what is wrong and ends with 1; the sanitizers say the rest.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "lanes_plain.h"
#include "products.h"
#include "step.h"
#include "team.h"

namespace {

int wrong = 0;

void expect(bool is_so, const char* what) {
    if (is_so) return;
    std::printf("wrong: %s\n", what);
    wrong = 1;
}

// Odd enough to need padding everywhere: 48 is no multiple of 64, 70 positions are more than one block.
BandstandSizes sizes_of(int precision, int slots, int threads, int is_prefix) {
    return {48, 192, 2, 3, 4, 32, is_prefix, slots, 70, 9, precision, threads};
}

std::vector<float> numbers(size_t count, unsigned seed) {
    std::vector<float> made(count);
    for (float& one : made) {
        seed = seed * 1664525U + 1013904223U;
        one = float(int(seed >> 8 & 0xffff) - 0x8000) / 0x8000;
    }
    return made;
}

void pack(Decoder* decoder, int tensor, int layer, int outputs, int inputs) {
    const auto values = numbers(size_t(outputs) * size_t(inputs), unsigned(tensor * 31 + layer));
    bandstand_step_pack(decoder, tensor, layer, values.data());
}

Decoder* open_packed(const BandstandSizes& sizes) {
    Decoder* decoder = bandstand_step_open(&sizes);
    const int width = sizes.width;
    pack(decoder, EMBEDDING, -1, sizes.codebooks * (sizes.codes + 1), width);
    pack(decoder, POSITIONS, -1, sizes.length, width);
    pack(decoder, NORM_WEIGHT, -1, 1, width);
    pack(decoder, NORM_BIAS, -1, 1, width);
    pack(decoder, HEADS, -1, sizes.codebooks * sizes.codes, width);
    for (int layer = 0; layer < sizes.layers; ++layer) {
        for (int tensor : {ATTENTION_NORM_WEIGHT, ATTENTION_NORM_BIAS, FEED_NORM_WEIGHT, FEED_NORM_BIAS}) pack(decoder, tensor, layer, 1, width);
        pack(decoder, ATTENTION_IN, layer, 3 * width, width);
        pack(decoder, ATTENTION_OUT, layer, width, width);
        pack(decoder, FEED_IN, layer, sizes.inner, width);
        pack(decoder, FEED_OUT, layer, width, sizes.inner);
        if (sizes.is_prefix) continue;
        for (int tensor : {CROSS_NORM_WEIGHT, CROSS_NORM_BIAS}) pack(decoder, tensor, layer, 1, width);
        pack(decoder, CROSS_QUERY, layer, width, width);
        pack(decoder, CROSS_IN, layer, 2 * width, width);
        pack(decoder, CROSS_OUT, layer, width, width);
    }
    return decoder;
}

// The last logits of `slot` after all its positions, when every slot below `busy` runs too.
std::vector<float> run(const BandstandSizes& sizes, int slot, int busy) {
    Decoder* decoder = open_packed(sizes);
    const size_t size = size_t(2 * sizes.codebooks * sizes.codes);
    const auto text = numbers(size_t(sizes.text) * size_t(sizes.width), 7);
    const auto before = numbers(size_t(2 * 19 * sizes.width), 9);
    std::vector<float> logits(size * size_t(sizes.slots), 0.0F);
    const auto plays = [&](int index) { return index == slot || index < busy; };
    for (int index = 0; index < sizes.slots; ++index) {
        if (!plays(index)) continue;
        if (!sizes.is_prefix) bandstand_step_attend(decoder, index, text.data(), index % 2 ? 0 : sizes.text);
        bandstand_step_prefill(decoder, index, before.data(), 19, 0);
    }
    for (int position = 19; position < sizes.length; ++position) {
        std::vector<int64_t> tokens, positions;
        for (int index = 0; index < sizes.slots; ++index) {
            positions.push_back(plays(index) ? position : -1);
            for (int book = 0; book < sizes.codebooks; ++book) tokens.push_back((position * 7 + book + index) % (sizes.codes + 1));
        }
        bandstand_step_logits(decoder, tokens.data(), positions.data(), logits.data());
    }
    bandstand_step_close(decoder);
    return {logits.begin() + long(size) * slot, logits.begin() + long(size) * (slot + 1)};
}

void check_rows(int precision, int is_prefix) {
    const std::vector<float> alone = run(sizes_of(precision, 3, 1, is_prefix), 2, 0);
    expect(std::all_of(alone.begin(), alone.end(), [](float one) { return std::isfinite(one); }), "logits that are no numbers");
    expect(alone == run(sizes_of(precision, 11, 3, is_prefix), 2, 11), "a row depends on other rows or on threads");
}

// Codes drawn by whole steps of `slots` tracks, each in its own way.
std::vector<int64_t> drawn(int slots, int threads) {
    const BandstandSizes sizes = sizes_of(INT8, slots, threads, 0);
    constexpr int columns_max = 30;
    Decoder* decoder = open_packed(sizes);
    const auto count = size_t(slots);
    std::vector<int64_t> columns(count * size_t(sizes.codebooks) * columns_max, -1), column(count, 0), prefix(count, 0), seed(count, 5), draws(count, 0),
        top_k(count);
    for (size_t first = 0; first < columns.size(); first += columns_max) columns[first] = sizes.codes;
    std::vector<float> temperature(count), top_p(count), guidance(count, 3.0F);
    const auto is_playing = std::make_unique<bool[]>(count);
    for (size_t slot = 0; slot < count; ++slot) {
        is_playing[slot] = true;
        top_k[slot] = int64_t(slot) * 9 - 3;
        top_p[slot] = slot % 3 == 1 ? 0.8F : 0.0F;
        temperature[slot] = float(slot) / 3.0F;
    }
    const BandstandTracks tracks{columns.data(),     column.data(), prefix.data(), is_playing.get(), seed.data(), draws.data(),
                                 temperature.data(), top_k.data(),  top_p.data(),  guidance.data(),  columns_max, sizes.length};
    for (int step = 0; step < columns_max - 1; ++step) expect(bandstand_step_take(decoder, &tracks) == 1, "a step that is not taken");
    columns[columns_max - 1] = sizes.codes + 1;
    expect(bandstand_step_take(decoder, &tracks) == 0, "a token that is no code is taken");
    bandstand_step_close(decoder);
    columns.resize(size_t(sizes.codebooks) * columns_max);
    columns[columns_max - 1] = 0;
    return columns;
}

void check_draws() {
    const std::vector<int64_t> alone = drawn(1, 1);
    expect(std::all_of(alone.begin(), alone.end(), [](int64_t code) { return code >= 0 && code <= 32; }), "a code that is none");
    expect(alone == drawn(7, 3), "a draw depends on other tracks or on threads");
}

// More threads than cores, phases of no, few and many tasks: each task is done once, and before the next phase begins.
void check_team() {
    bandstand::Team team(5);
    for (int region = 0; region < 200; ++region) {
        constexpr int phases = 60;
        std::vector<std::vector<std::atomic<int>>> done;
        for (int phase = 0; phase < phases; ++phase) done.emplace_back(size_t((phase * 7 + region) % 23));
        std::atomic<int> early{0};
        team.together([&](bandstand::Team::Member& member) {
            for (int phase = 0; phase < phases; ++phase)
                member.share(int(done[size_t(phase)].size()), [&](int task) {
                    done[size_t(phase)][size_t(task)].fetch_add(1, std::memory_order_relaxed);
                    if (phase == 0) return;
                    for (const std::atomic<int>& before : done[size_t(phase) - 1]) early += before.load(std::memory_order_relaxed) != 1;
                });
        });
        expect(early == 0, "a phase begins before the one before it is over");
        for (const auto& phase : done)
            for (const std::atomic<int>& task : phase) expect(task == 1, "a task is not done once");
    }
}

void check_gelu() {
    for (int start = -160; start < 160; ++start) {
        float given[16], found[16];
        for (int lane = 0; lane < 16; ++lane) given[lane] = float(start * 16 + lane) / 256.0F;
        store(found, gelu(load(given)));
        for (int lane = 0; lane < 16; ++lane) {
            const double x = given[lane];
            const double wanted = 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
            expect(std::fabs(found[lane] - wanted) <= 1e-6 * std::max(1.0, std::fabs(wanted)), "gelu");
        }
    }
}

}  // namespace

int main() {
    const int highest = bandstand_step_level(-1);
    for (int level = 0; level <= highest; ++level) {
        expect(bandstand_step_level(level) == level, "a level that is there is not taken");
        for (int precision = FLOAT32; precision <= INT4; ++precision)
            for (int is_prefix = 0; is_prefix < 2; ++is_prefix) check_rows(precision, is_prefix);
    }
    check_draws();
    check_team();
    check_gelu();
    return wrong;
}
