// What a decoder holds: weights, caches, room for one batch of rows, and its threads. No arithmetic.

#pragma once

#include <memory>
#include <vector>

#include "draw.h"
#include "kernels.h"
#include "memory.h"
#include "step.h"
#include "team.h"

namespace bandstand {

struct Norm {
    std::vector<float> weight, bias;
};

struct Layer {
    Norm attention_norm, cross_norm, feed_norm;
    Matrix attention_in, attention_out, cross_query, cross_in, cross_out, feed_in, feed_out;
};

struct Row {
    int slot;
    int kind;  // 0 conditional, 1 null
    int position;
};

// Rows of one slot and kind with positions that follow each other: one at a time when stepping, several when prefilling.
struct Sequence {
    int first;
    int count;
};

struct Batch {
    std::vector<Row> rows;
    std::vector<Sequence> sequences;
    int conditional = 0;  // so many rows attend to text; they come first

    void clear() {
        rows.clear();
        sequences.clear();
        conditional = 0;
    }
};

// Room for the numbers of one batch.
struct Room {
    std::vector<float> hidden;  // [rows][width]: what layers add to
    std::vector<float> wide;  // [rows][3 width or inner]: what products give
    std::vector<float> mixed;  // [rows][width]: what attention gives
    std::vector<float*> hidden_rows, wide_rows, logit_rows;
    std::vector<char> values;
    std::vector<float> scales;
    std::vector<int32_t> sums;
    std::vector<std::vector<float>> scores, normal;  // of each thread
    std::vector<DrawRoom> drawing;  // likewise
    std::vector<int64_t> tokens, positions;  // of the slots, for a step that draws
    std::vector<float> logits;  // likewise
    Inputs inputs{};
};

}  // namespace bandstand

struct Decoder {
    explicit Decoder(const BandstandSizes& sizes, const bandstand::Kernels& kernels);

    // Where a tensor goes: into panels, or as it is (nullptr for a matrix). layer: -1 for the outer ones.
    bandstand::Matrix* matrix(int tensor, int layer);
    std::vector<float>* numbers(int tensor, int layer);
    bandstand::Cache self_cache(int slot, int layer, int kind, int head) const;
    bandstand::Cache cross_cache(int slot, int layer, int head) const;

    const BandstandSizes sizes;
    const bandstand::Kernels& kernels;
    const BandstandPrecision precision;
    const int head_width;
    const int rows_max;

    bandstand::Memory weights, self_memory, cross_memory;
    std::vector<bandstand::Layer> layers;
    bandstand::Norm norm;
    bandstand::Matrix heads;
    std::vector<float> embedding;  // [codebooks * (codes + 1)][width]
    std::vector<float> positions;  // [length][width]
    std::vector<int> text_lengths;  // of each slot
    bandstand::Batch batch;
    bandstand::Room room;
    bandstand::Team team;
};
