// What is done to one row at a time, on lanes: layer norm, bringing a row into the format that products read, attention over the cache.
// Included once for each instruction set, after its products.

#pragma once

#include <cstring>

#include "products.h"

namespace {

void normalise(const float* row, const float* weight, const float* bias, int width, float* output) {
    Floats total = spread(0.0F);
    for (int i = 0; i < width; i += LANES) total = total + load(row + i);
    const Floats mean = spread(sum(total) / float(width));
    Floats squares = spread(0.0F);
    for (int i = 0; i < width; i += LANES) {
        const Floats apart = load(row + i) - mean;
        squares = fused(apart, apart, squares);
    }
    const Floats scale = spread(1.0F / __builtin_sqrtf(sum(squares) / float(width) + 1e-5F));
    for (int i = 0; i < width; i += LANES)
        store(output + i, fused((load(row + i) - mean) * scale, load(weight + i), load(bias + i)));
}

void prepare_float32(const float* row, int count, int padded_count, const Inputs& inputs, int index) {
    auto* to = reinterpret_cast<float*>(inputs.values + size_t(index) * inputs.stride);
    for (int i = 0; i < count; i += LANES) store(to + i, load(row + i));
    for (int i = count; i < padded_count; i += LANES) store(to + i, spread(0.0F));
}

void prepare_bfloat16(const float* row, int count, int padded_count, const Inputs& inputs, int index) {
    auto* to = reinterpret_cast<uint16_t*>(inputs.values + size_t(index) * inputs.stride);
    for (int i = 0; i < count; i += LANES) store_halves(to + i, load(row + i));
    for (int i = count; i < padded_count; i += LANES) store_halves(to + i, spread(0.0F));
}

// Signed bytes with one scale for the row; returns what the numbers were divided by.
void to_bytes(const float* row, int count, int padded_count, int8_t* to, float* scale, int32_t* sums, int group) {
    Floats most = spread(0.0F);
    for (int i = 0; i < count; i += LANES) most = larger(most, absolute(load(row + i)));
    const float peak = largest(most);
    *scale = peak / 127.0F;
    const Floats inverse = spread(peak > 0.0F ? 127.0F / peak : 0.0F);
    for (int start = 0; start < padded_count; start += group) {
        Ints total = no_ints();
        for (int i = start; i < start + group && i < padded_count; i += LANES) {
            const Ints whole = i < count ? to_ints(load(row + i) * inverse) : no_ints();
            total = total + whole;
            store_bytes(to + i, whole);
        }
        sums[start / group] = sum(total);
    }
}

void prepare_int8(const float* row, int count, int padded_count, const Inputs& inputs, int index) {
    auto* to = reinterpret_cast<int8_t*>(inputs.values + size_t(index) * inputs.stride);
    to_bytes(row, count, padded_count, to, inputs.scales + index, inputs.sums + size_t(index) * inputs.sums_stride, padded_count);
}

void prepare_int4(const float* row, int count, int padded_count, const Inputs& inputs, int index) {
    auto* to = reinterpret_cast<int8_t*>(inputs.values + size_t(index) * inputs.stride);
    to_bytes(row, count, padded_count, to, inputs.scales + index, inputs.sums + size_t(index) * inputs.sums_stride, GROUP);
}

char* block_of(const Cache& cache, int position) {
    return cache.first + size_t(position / BLOCK) * cache.block_bytes;
}

void append_float32(const Cache& cache, const float* key, const float* value, int head_width, int position) {
    auto* keys = reinterpret_cast<float*>(block_of(cache, position));
    float* values = keys + BLOCK * head_width;
    const int at = position % BLOCK;
    float* panel = keys + at / LANES * LANES * head_width + at % LANES;
    for (int i = 0; i < head_width; ++i) panel[i * LANES] = key[i];
    for (int i = 0; i < head_width; i += LANES) store(values + at * head_width + i, load(value + i));
}

void append_bfloat16(const Cache& cache, const float* key, const float* value, int head_width, int position) {
    auto* keys = reinterpret_cast<uint16_t*>(block_of(cache, position));
    uint16_t* values = keys + BLOCK * head_width;
    const int at = position % BLOCK;
    alignas(64) uint16_t rounded[HEAD_WIDTH_MAX];
    for (int i = 0; i < head_width; i += LANES) store_halves(rounded + i, load(key + i));
    uint16_t* panel = keys + at / LANES * LANES * head_width + at % LANES * 2;
    for (int i = 0; i < head_width; i += 2) {
        panel[i * LANES] = rounded[i];
        panel[i * LANES + 1] = rounded[i + 1];
    }
    for (int i = 0; i < head_width; i += LANES) store_halves(rounded + i, load(value + i));
    uint16_t* pair = values + at / 2 * 2 * head_width;
    if (at % 2 == 0) {
        // The odd one's place is read together with this one, with weight zero: it must hold a number.
        for (int i = 0; i < head_width; ++i) {
            pair[2 * i] = rounded[i];
            pair[2 * i + 1] = 0;
        }
    } else {
        for (int i = 0; i < head_width; ++i) pair[2 * i + 1] = rounded[i];
    }
}

void append_bytes(const Cache& cache, const float* key, const float* value, int head_width, int position) {
    char* keys = block_of(cache, position);
    char* values = keys + bytes_block_bytes(head_width);
    const size_t scales = size_t(BLOCK) * size_t(head_width);
    const int at = position % BLOCK;
    alignas(64) int8_t whole[HEAD_WIDTH_MAX];
    int32_t total;
    to_bytes(key, head_width, head_width, whole, reinterpret_cast<float*>(keys + scales) + at, &total, head_width);
    auto* panel = reinterpret_cast<uint8_t*>(keys) + at / LANES * LANES * head_width + at % LANES * 4;
    for (int i = 0; i < head_width; ++i) panel[i / 4 * 64 + i % 4] = uint8_t(whole[i] + 128);
    to_bytes(value, head_width, head_width, whole, reinterpret_cast<float*>(values + scales) + at, &total, head_width);
    memcpy(values + at * head_width, whole, size_t(head_width));
}

// Attention over a cache of float32. Scores and weights of 16 positions are computed at once.
struct FloatCache {
    static constexpr size_t keys_bytes(int head_width) { return size_t(BLOCK) * size_t(head_width) * 4; }

    static void query(const float* from, float scale, int head_width, float* to) {
        for (int i = 0; i < head_width; i += LANES) store(to + i, load(from + i) * spread(scale));
    }

    template <int panels>
    static void score(const float* query, const char* block, int panel, int head_width, float* scores) {
        const float* keys = reinterpret_cast<const float*>(block) + panel * LANES * head_width;
        Floats sums[panels];
        for (Floats& one : sums) one = spread(0.0F);
        for (int i = 0; i < head_width; ++i)
            for (int p = 0; p < panels; ++p) add_product(sums[p], load(keys + (p * head_width + i) * LANES), spread(query[i]));
        for (int p = 0; p < panels; ++p) store(scores + p * LANES, sums[p]);
    }

    static void round(float* /*weights*/, int /*count*/) {}

    template <int parts>
    static void add(const float* weights, int start, const char* block, int count, Floats* sums) {
        const float* values = reinterpret_cast<const float*>(block) + BLOCK * parts * LANES;
        for (int at = 0; at < count; ++at) {
            const Floats weight = spread(weights[start + at]);
            for (int i = 0; i < parts; ++i) add_product(sums[i], load(values + (at * parts + i) * LANES), weight);
        }
    }
};

// Over a cache of bfloat16: query and weights are rounded too, so that one instruction takes two numbers of a lane.
struct HalfCache {
    static constexpr size_t keys_bytes(int head_width) { return size_t(BLOCK) * size_t(head_width) * 2; }

    static void query(const float* from, float scale, int head_width, float* to) {
        for (int i = 0; i < head_width; i += LANES) store_halves(reinterpret_cast<uint16_t*>(to) + i, load(from + i) * spread(scale));
    }

    template <int panels>
    static void score(const float* query, const char* block, int panel, int head_width, float* scores) {
        const char* keys = block + size_t(panel) * LANES * head_width * 2;
        const auto* pairs = reinterpret_cast<const uint32_t*>(query);
        Floats sums[panels];
        for (Floats& one : sums) one = spread(0.0F);
        for (int i = 0; i < head_width / 2; ++i)
            for (int p = 0; p < panels; ++p)
                add_dot_halves(sums[p], load_words(keys + size_t(p * head_width / 2 + i) * 64), spread_word(pairs[i]));
        for (int p = 0; p < panels; ++p) store(scores + p * LANES, sums[p]);
    }

    // In place: they take the first half of the room.
    static void round(float* weights, int count) {
        for (int i = 0; i < count; i += LANES) store_halves(reinterpret_cast<uint16_t*>(weights) + i, load(weights + i));
    }

    template <int parts>
    static void add(const float* weights, int start, const char* block, int count, Floats* sums) {
        const char* values = block + size_t(BLOCK) * parts * LANES * 2;
        const auto* pairs = reinterpret_cast<const uint32_t*>(weights) + start / 2;
        for (int at = 0; at < (count + 1) / 2; ++at) {
            const Words weight = spread_word(pairs[at]);
            for (int i = 0; i < parts; ++i) add_dot_halves(sums[i], load_words(values + size_t(at * parts + i) * 64), weight);
        }
    }
};

// Over a cache of bytes: the query is brought into bytes too, the weights are not.
struct ByteCache {
    // What `query` leaves in the room for the query.
    struct Query {
        int8_t values[HEAD_WIDTH_MAX];
        float scale;
        int32_t total;
    };
    static constexpr size_t keys_bytes(int head_width) { return bytes_block_bytes(head_width); }
    static_assert(sizeof(Query) <= HEAD_WIDTH_MAX * sizeof(float));

    static void query(const float* from, float scale, int head_width, float* to) {
        auto* query = reinterpret_cast<Query*>(to);
        to_bytes(from, head_width, head_width, query->values, &query->scale, &query->total, head_width);
        query->scale *= scale;
    }

    template <int panels>
    static void score(const float* given, const char* block, int panel, int head_width, float* scores) {
        const auto* query = reinterpret_cast<const Query*>(given);
        const auto* words = reinterpret_cast<const uint32_t*>(query->values);
        const char* keys = block + size_t(panel) * LANES * size_t(head_width);
        Ints sums[panels];
        for (Ints& one : sums) one = spread_int(-128 * query->total);
        for (int i = 0; i < head_width / 4; ++i)
            for (int p = 0; p < panels; ++p)
                add_dot_bytes<false>(sums[p], load_words(keys + size_t(p * head_width / 4 + i) * 64), spread_word(words[i]));
        const auto* scales = reinterpret_cast<const float*>(block + size_t(BLOCK) * size_t(head_width)) + panel * LANES;
        for (int p = 0; p < panels; ++p)
            store(scores + p * LANES, to_floats(sums[p]) * load(scales + p * LANES) * spread(query->scale));
    }

    static void round(float* /*weights*/, int /*count*/) {}

    template <int parts>
    static void add(const float* weights, int start, const char* block, int count, Floats* sums) {
        constexpr int head_width = parts * LANES;
        const char* bytes = block + bytes_block_bytes(head_width);
        const auto* values = reinterpret_cast<const int8_t*>(bytes);
        const auto* scales = reinterpret_cast<const float*>(bytes + size_t(BLOCK) * head_width);
        for (int at = 0; at < count; ++at) {
            const Floats weight = spread(weights[start + at] * scales[at]);
            for (int i = 0; i < parts; ++i) add_product(sums[i], load_bytes(values + (at * parts + i) * LANES), weight);
        }
    }
};

// Scores to weights that are to be divided by what is returned.
float soften(float* scores, int positions, int padded_positions) {
    for (int i = positions; i < padded_positions; ++i) scores[i] = scores[0];
    Floats most = load(scores);
    for (int i = LANES; i < padded_positions; i += LANES) most = larger(most, load(scores + i));
    const Floats peak = spread(largest(most));
    for (int i = 0; i < padded_positions; i += LANES) store(scores + i, exponential(load(scores + i) - peak));
    for (int i = positions; i < padded_positions; ++i) scores[i] = 0.0F;
    Floats total = spread(0.0F);
    for (int i = 0; i < padded_positions; i += LANES) total = total + load(scores + i);
    return sum(total);
}

// Blocks lie far apart, and no machine foresees the jump: the next one is asked for while this one is worked on.
inline void ask_for(const char* from, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + at, 0, 2);
}

template <class Format, int parts>
void attend_with(const Attention& attention) {
    constexpr int head_width = parts * LANES;
    constexpr size_t keys_bytes = Format::keys_bytes(head_width);
    const int positions = attention.positions;
    alignas(64) float query[HEAD_WIDTH_MAX];
    Format::query(attention.query, 1.0F / __builtin_sqrtf(float(head_width)), head_width, query);
    for (int start = 0; start < positions; start += BLOCK) {
        const char* block = block_of(attention.cache, start);
        if (start + BLOCK < positions) ask_for(block_of(attention.cache, start + BLOCK), keys_bytes);
        float* scores = attention.scores + start;
        if (positions - start >= BLOCK)
            Format::template score<BLOCK / LANES>(query, block, 0, head_width, scores);
        else
            for (int panel = 0; panel * LANES < positions - start; ++panel)
                Format::template score<1>(query, block, panel, head_width, scores + panel * LANES);
    }
    ask_for(attention.cache.first + keys_bytes, keys_bytes);
    const int padded_positions = int(padded(size_t(positions), LANES));
    const Floats total = spread(soften(attention.scores, positions, padded_positions));
    Format::round(attention.scores, padded_positions);
    Floats sums[parts];
    for (Floats& one : sums) one = spread(0.0F);
    for (int start = 0; start < positions; start += BLOCK) {
        const int count = positions - start < BLOCK ? positions - start : BLOCK;
        if (start + BLOCK < positions) ask_for(block_of(attention.cache, start + BLOCK) + keys_bytes, keys_bytes);
        Format::template add<parts>(attention.scores, start, block_of(attention.cache, start), count, sums);
    }
    for (int i = 0; i < parts; ++i) store(attention.output + i * LANES, sums[i] / total);
}

template <class Format, int parts = HEAD_WIDTH_MAX / LANES>
void attend(const Attention& attention) {
    if constexpr (parts > 1)
        if (attention.head_width < parts * LANES) return attend<Format, parts - 1>(attention);
    attend_with<Format, parts>(attention);
}

constexpr Kernels table(const char* name) {
    return {
        name,
        normalise,
        {prepare_float32, prepare_bfloat16, prepare_int8, prepare_int4},
        {multiply<Float32>, multiply<BFloat16>, multiply<Int8>, multiply<Int4>},
        {append_float32, append_bfloat16, append_bytes},
        {attend<FloatCache>, attend<HalfCache>, attend<ByteCache>},
    };
}

}  // namespace
