// Matrix products on lanes: the inner loops where the time goes. Included once for each instruction set, after its lanes.
//
// The sums of a panel stay in registers, one for each row of a tile; each is one chain over the inputs in order, so that it does not
// depend on its neighbours. Trap: reading two panels at once costs half the speed: one forward stream is what the machine itself foresees
// best. Trap: rows of inputs must not lie a power of two apart, or they push each other out of the cache (see `Inputs::stride`).

#pragma once

#include "kernels.h"

namespace {

using namespace bandstand;

// Weights for many rows are used more slowly than they come: then, and only then, it pays to ask for them ahead, into the second cache.
template <int rows>
inline void fetch_ahead(const void* weights) {
    if constexpr (rows >= 6) __builtin_prefetch(static_cast<const char*>(weights) + 8192, 0, 2);
}

inline Floats exponential(Floats x) {
    // e^x = 2^n e^r with |r| <= ln 2 / 2; ln 2 in two parts, so that r is exact. The polynomial is a minimax fit of degree 6.
    x = larger(x, spread(-87.0F));
    const Floats n = nearest(x * spread(1.44269504F));
    Floats r = fused(n, spread(-0.693359375F), x);
    r = fused(n, spread(2.12194440e-4F), r);
    Floats y = spread(1.9875691500e-4F);
    y = fused(y, r, spread(1.3981999507e-3F));
    y = fused(y, r, spread(8.3334519073e-3F));
    y = fused(y, r, spread(4.1665795894e-2F));
    y = fused(y, r, spread(1.6666665459e-1F));
    y = fused(y, r, spread(5.0000001201e-1F));
    y = fused(y, r * r, r) + spread(1.0F);
    return y * power_of_two(n);
}

inline Floats gelu(Floats x) {
    // max(x, 0) - |x| erfc(|x| / sqrt 2) / 2: nothing cancels. erfc after Abramowitz and Stegun 7.1.26, absolute error 1.5e-7.
    const Floats size = absolute(x);
    const Floats z = size * spread(0.70710678F);
    const Floats t = spread(1.0F) / fused(z, spread(0.3275911F), spread(1.0F));
    Floats y = spread(1.061405429F);
    y = fused(y, t, spread(-1.453152027F));
    y = fused(y, t, spread(1.421413741F));
    y = fused(y, t, spread(-0.284496736F));
    y = fused(y, t, spread(0.254829592F));
    y = y * t * exponential(spread(0.0F) - z * z);
    return larger(x, spread(0.0F)) - spread(0.5F) * size * y;
}

inline void finish(const Product& product, Floats value, int row, int panel) {
    float* to = product.outputs[row] + panel * LANES;
    if (product.finish == Finish::ADD) value = value + load(to);
    if (product.finish == Finish::GELU) value = gelu(value);
    store(to, value);
}

// What the rows of one tile read: pointers, so that the loops below index nothing.
template <int rows>
struct Tile {
    const char* values[rows];
    Tile(const Inputs& inputs, int first) {
        for (int row = 0; row < rows; ++row) values[row] = inputs.values + size_t(first + row) * inputs.stride;
    }
    float number(int row, int k) const { return reinterpret_cast<const float*>(values[row])[k]; }
    uint32_t word(int row, int k) const { return reinterpret_cast<const uint32_t*>(values[row])[k]; }
};

struct Float32 {
    template <int rows>
    static void tile(const Product& product, int first_row, int panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Floats sums[rows];
        for (Floats& one : sums) one = spread(0.0F);
        const auto* weights = reinterpret_cast<const float*>(matrix.panel(panel));
        for (int k = 0; k < matrix.inputs; ++k, weights += LANES) {
            fetch_ahead<rows>(weights);
            const Floats w = load(weights);
            #pragma GCC unroll 16
            for (int row = 0; row < rows; ++row) add_product(sums[row], w, spread(inputs.number(row, k)));
        }
        for (int row = 0; row < rows; ++row) finish(product, sums[row], first_row + row, panel);
    }
};

struct BFloat16 {
    template <int rows>
    static void tile(const Product& product, int first_row, int panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Floats sums[rows];
        for (Floats& one : sums) one = spread(0.0F);
        const char* weights = matrix.panel(panel);
        for (int k = 0; k < matrix.inputs / 2; ++k, weights += 64) {
            fetch_ahead<rows>(weights);
            const Words w = load_words(weights);
            #pragma GCC unroll 16
            for (int row = 0; row < rows; ++row) add_dot_halves(sums[row], w, spread_word(inputs.word(row, k)));
        }
        for (int row = 0; row < rows; ++row) finish(product, sums[row], first_row + row, panel);
    }
};

struct Int8 {
    template <int rows>
    static void tile(const Product& product, int first_row, int panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Ints sums[rows];
        for (int row = 0; row < rows; ++row) sums[row] = spread_int(-128 * product.inputs->sums_of(first_row + row)[0]);
        const char* weights = matrix.panel(panel);
        for (int k = 0; k < matrix.inputs / 4; ++k, weights += 64) {
            fetch_ahead<rows>(weights);
            const Words w = load_words(weights);
            #pragma GCC unroll 16
            for (int row = 0; row < rows; ++row) add_dot_bytes<false>(sums[row], w, spread_word(inputs.word(row, k)));
        }
        const Floats scales = load(reinterpret_cast<const float*>(weights));
        for (int row = 0; row < rows; ++row) {
            const Floats scale = scales * spread(product.inputs->scales[first_row + row]);
            finish(product, to_floats(sums[row]) * scale, first_row + row, panel);
        }
    }
};

struct Int4 {
    template <int rows>
    static void tile(const Product& product, int first_row, int panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Floats sums[rows];
        for (Floats& one : sums) one = spread(0.0F);
        for (int group = 0; group < matrix.inputs / GROUP; ++group) {
            const char* chunk = matrix.panel(panel) + size_t(group / 2) * INT4_CHUNK;
            const char* nibbles = chunk + group % 2 * 256;
            Ints whole[rows];
            for (int row = 0; row < rows; ++row) whole[row] = spread_int(-8 * product.inputs->sums_of(first_row + row)[group]);
            for (int k = group * 8; k < group * 8 + 4; ++k, nibbles += 64) {
                fetch_ahead<rows>(nibbles);
                const Words w = load_words(nibbles);
                const Words low = low_nibbles(w);
                const Words high = high_nibbles(w);
                #pragma GCC unroll 16
                for (int row = 0; row < rows; ++row) {
                    add_dot_bytes<true>(whole[row], low, spread_word(inputs.word(row, k)));
                    add_dot_bytes<true>(whole[row], high, spread_word(inputs.word(row, k + 4)));
                }
            }
            const Floats scale = widen(reinterpret_cast<const uint16_t*>(chunk + 512) + group % 2 * LANES);
            #pragma GCC unroll 16
            for (int row = 0; row < rows; ++row) sums[row] = fused(to_floats(whole[row]), scale, sums[row]);
        }
        for (int row = 0; row < rows; ++row)
            finish(product, sums[row] * spread(product.inputs->scales[first_row + row]), first_row + row, panel);
    }
};

template <class Format, int most>
inline void tile_of(const Product& product, int rows, int row, int panel) {
    if constexpr (most > 1)
        if (rows < most) return tile_of<Format, most - 1>(product, rows, row, panel);
    Format::template tile<most>(product, row, panel);
}

template <class Format>
void multiply(const Product& product, int panel) {
    for (int row = 0; row < product.rows; row += ROWS_MAX) {
        const int rows = product.rows - row < ROWS_MAX ? product.rows - row : ROWS_MAX;
        tile_of<Format, ROWS_MAX>(product, rows, row, panel);
    }
}

}  // namespace
