// The arithmetic of a step as a table of functions, one table for each instruction set. No threads, no state.
//
// Every output is computed by the same sequence of operations whatever the number of rows, of panels or of threads: a row's result depends
// on nothing but the row.

#pragma once

#include "formats.h"

namespace bandstand {

enum class Finish { STORE, ADD, GELU };

struct Product {
    const Matrix* matrix;
    const Inputs* inputs;
    int rows;
    Finish finish;
    float* const* outputs;  // [rows], each [matrix->outputs]
};

struct Attention {
    const float* query;  // [head_width]
    Cache cache;
    int head_width;
    int positions;
    float* scores;  // room for `positions`, padded to LANES, twice
    float* output;  // [head_width]
};

struct Kernels {
    const char* name;

    // Layer norm of one row.
    void (*normalise)(const float* row, const float* weight, const float* bias, int width, float* output);
    // One row into the format of inputs; `count` numbers, padded with zeros to `padded_count`.
    void (*prepare[4])(const float* row, int count, int padded_count, const Inputs& inputs, int index);
    // One panel of a product, for all rows.
    void (*multiply[4])(const Product& product, int panel);
    // Keys and values of one head and position into the cache; by CacheFormat.
    void (*append[3])(const Cache& cache, const float* key, const float* value, int head_width, int position);
    void (*attend[3])(const Attention& attention);
};

extern const Kernels plain_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const Kernels avx512_bf16_kernels;
#endif

}  // namespace bandstand
