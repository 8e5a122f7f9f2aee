// How weights, inputs and the key/value cache lie in memory: what packing writes and kernels read. The same for every instruction set.
//
// A matrix [outputs, inputs] is cut into panels of 16 outputs, each contiguous, so that a kernel reads memory in one forward stream and
// keeps 16 outputs of a row in one register. `k` counts inputs, padded to a multiple of 64 with zeros.
//
//   float32   [k][16]
//   bfloat16  [k / 2][16][2]
//   int8      [k / 4][16][4] as weight + 128, then 16 float32 scales
//   int4      for every 64 k: two groups of [4][16][4] bytes (low nibble: the group's first 16 k, high nibble: its last 16) as weight + 8,
//             then [2][16] bfloat16 scales
//
// Activations of the integer formats are signed bytes with one scale for a row; weights are stored with an offset because the instruction
// multiplies unsigned by signed, and the offset is taken back with the sum of the row's activations.

#pragma once

#include <cstddef>
#include <cstdint>

#include "step.h"

namespace bandstand {

constexpr int LANES = 16;
constexpr int INPUT_STEP = 64;
constexpr int GROUP = 32;  // inputs that share a scale at int4
constexpr int INT4_CHUNK = 576;  // bytes of two groups
constexpr int BLOCK = 64;  // positions of the cache that lie together
constexpr int HEAD_WIDTH_MAX = 128;

constexpr size_t padded(size_t count, size_t step) {
    return (count + step - 1) / step * step;
}

struct Matrix {
    int32_t outputs = 0;
    int32_t inputs = 0;  // padded
    size_t panel_bytes = 0;
    char* panels = nullptr;

    int count() const { return outputs / LANES; }
    char* panel(int index) const { return panels + size_t(index) * panel_bytes; }
};

inline size_t panel_bytes(BandstandPrecision precision, int inputs) {
    switch (precision) {
        case FLOAT32: return size_t(inputs) * LANES * 4;
        case BFLOAT16: return size_t(inputs) * LANES * 2;
        case INT8: return size_t(inputs) * LANES + LANES * 4;
        default: return size_t(inputs) / (2 * GROUP) * INT4_CHUNK;
    }
}

// Activations of several rows, ready to be multiplied.
struct Inputs {
    char* values;  // float32, bfloat16 or signed bytes
    size_t stride;  // bytes from row to row: an odd number of cache lines
    float* scales;  // [rows], integer formats
    int32_t* sums;  // [rows][inputs_max / GROUP]: sums of a group at int4; at int8 the first is the sum of the row
    size_t sums_stride;

    const int32_t* sums_of(int row) const { return sums + size_t(row) * sums_stride; }
};

// Keys and values of one head in one block of positions. Decoders of integers keep them as bytes, with a scale for each head and position.
//   keys    float32 [4][head][16]       bfloat16 [4][head / 2][16][2]     a panel has 16 positions
//           int8    [4][head / 4][16][4] as key + 128, then 64 float32 scales
//   values  float32 [64][head]          bfloat16 [32][head][2]            pairs of positions
//           int8    [64][head], then 64 float32 scales
// Blocks of one slot follow each other `block_bytes` apart; all layers, rows and heads of a block lie together, so that memory grows
// with the positions in use.
struct Cache {
    char* first;  // block 0 of this slot, layer, row and head
    size_t block_bytes;
};

enum CacheFormat { FLOAT32_CACHE, BFLOAT16_CACHE, INT8_CACHE };

inline CacheFormat cache_format(BandstandPrecision precision) {
    return precision == FLOAT32 ? FLOAT32_CACHE : precision == BFLOAT16 ? BFLOAT16_CACHE : INT8_CACHE;
}

// Of keys alone, or of values alone.
constexpr size_t bytes_block_bytes(int head_width) {
    return size_t(BLOCK) * (size_t(head_width) + 4);
}

inline size_t head_block_bytes(BandstandPrecision precision, int head_width) {
    switch (cache_format(precision)) {
        case FLOAT32_CACHE: return 2 * size_t(BLOCK) * size_t(head_width) * 4;
        case BFLOAT16_CACHE: return 2 * size_t(BLOCK) * size_t(head_width) * 2;
        default: return 2 * bytes_block_bytes(head_width);
    }
}

}  // namespace bandstand
