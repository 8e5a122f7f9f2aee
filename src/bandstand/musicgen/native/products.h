// Matrix products on lanes: the inner loops where the time goes. Included once for each instruction set, after its lanes.
//
// `rows` x `panels` sums stay in registers; each is one chain over the inputs in order, so that it does not depend on its neighbours.

#pragma once

#include "kernels.h"

namespace {

using namespace bandstand;

constexpr int AHEAD = 1024;  // bytes by which weights are asked for before they are needed

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
    template <int rows, int panels>
    static void tile(const Product& product, int first_row, int first_panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Floats sums[rows][panels];
        for (auto& row : sums)
            for (Floats& one : row) one = spread(0.0F);
        const char* weights = matrix.panel(first_panel);
        for (int k = 0; k < matrix.inputs; ++k, weights += 64) {
            Floats w[panels];
            for (int p = 0; p < panels; ++p) {
                const char* from = weights + size_t(p) * matrix.panel_bytes;
                fetch_ahead(from + AHEAD);
                w[p] = load(reinterpret_cast<const float*>(from));
            }
            for (int row = 0; row < rows; ++row) {
                const Floats x = spread(inputs.number(row, k));
                for (int p = 0; p < panels; ++p) sums[row][p] = fused(w[p], x, sums[row][p]);
            }
        }
        for (int row = 0; row < rows; ++row)
            for (int p = 0; p < panels; ++p) finish(product, sums[row][p], first_row + row, first_panel + p);
    }
};

struct BFloat16 {
    template <int rows, int panels>
    static void tile(const Product& product, int first_row, int first_panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Floats sums[rows][panels];
        for (auto& row : sums)
            for (Floats& one : row) one = spread(0.0F);
        const char* weights = matrix.panel(first_panel);
        for (int k = 0; k < matrix.inputs / 2; ++k, weights += 64) {
            Words w[panels];
            for (int p = 0; p < panels; ++p) {
                const char* from = weights + size_t(p) * matrix.panel_bytes;
                fetch_ahead(from + AHEAD);
                w[p] = load_words(from);
            }
            for (int row = 0; row < rows; ++row) {
                const Words x = spread_word(inputs.word(row, k));
                for (int p = 0; p < panels; ++p) sums[row][p] = dot_halves(sums[row][p], w[p], x);
            }
        }
        for (int row = 0; row < rows; ++row)
            for (int p = 0; p < panels; ++p) finish(product, sums[row][p], first_row + row, first_panel + p);
    }
};

struct Int8 {
    template <int rows, int panels>
    static void tile(const Product& product, int first_row, int first_panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        Ints sums[rows][panels];
        for (auto& row : sums)
            for (Ints& one : row) one = no_ints();
        const char* weights = matrix.panel(first_panel);
        for (int k = 0; k < matrix.inputs / 4; ++k, weights += 64) {
            Words w[panels];
            for (int p = 0; p < panels; ++p) {
                const char* from = weights + size_t(p) * matrix.panel_bytes;
                fetch_ahead(from + AHEAD);
                w[p] = load_words(from);
            }
            for (int row = 0; row < rows; ++row) {
                const Words x = spread_word(inputs.word(row, k));
                for (int p = 0; p < panels; ++p) sums[row][p] = dot_bytes<false>(sums[row][p], w[p], x);
            }
        }
        for (int row = 0; row < rows; ++row) {
            const int index = first_row + row;
            const Ints offset = spread_int(128 * product.inputs->sums[size_t(index) * product.inputs->sums_stride]);
            for (int p = 0; p < panels; ++p) {
                const auto* scales = reinterpret_cast<const float*>(weights + size_t(p) * matrix.panel_bytes);
                const Floats scale = load(scales) * spread(product.inputs->scales[index]);
                finish(product, to_floats(sums[row][p] - offset) * scale, index, first_panel + p);
            }
        }
    }
};

struct Int4 {
    template <int rows, int panels>
    static void tile(const Product& product, int first_row, int first_panel) {
        const Matrix& matrix = *product.matrix;
        const Tile<rows> inputs(*product.inputs, first_row);
        const size_t stride = product.inputs->sums_stride;
        const int32_t* group_sums = product.inputs->sums + size_t(first_row) * stride;
        Floats sums[rows][panels];
        for (auto& row : sums)
            for (Floats& one : row) one = spread(0.0F);
        const char* weights = matrix.panel(first_panel);
        for (int group = 0; group < matrix.inputs / GROUP; ++group) {
            const char* from = weights + size_t(group / 2) * 576;
            for (int p = 0; p < panels; ++p, from += matrix.panel_bytes) {
                const char* nibbles = from + size_t(group % 2) * 256;
                Ints whole[rows];
                for (int row = 0; row < rows; ++row) whole[row] = spread_int(-8 * group_sums[row * stride + group]);
                for (int k = 0; k < 4; ++k) {
                    fetch_ahead(nibbles + k * 64 + AHEAD);
                    const Words w = load_words(nibbles + k * 64);
                    const Words low = low_nibbles(w);
                    const Words high = high_nibbles(w);
                    for (int row = 0; row < rows; ++row) {
                        whole[row] = dot_bytes<true>(whole[row], low, spread_word(inputs.word(row, group * 8 + k)));
                        whole[row] = dot_bytes<true>(whole[row], high, spread_word(inputs.word(row, group * 8 + 4 + k)));
                    }
                }
                const Floats scale = widen(reinterpret_cast<const uint16_t*>(from + 512) + group % 2 * LANES);
                for (int row = 0; row < rows; ++row) sums[row][p] = fused(to_floats(whole[row]), scale, sums[row][p]);
            }
        }
        for (int row = 0; row < rows; ++row) {
            const Floats scale = spread(product.inputs->scales[first_row + row]);
            for (int p = 0; p < panels; ++p) finish(product, sums[row][p] * scale, first_row + row, first_panel + p);
        }
    }
};

template <class Format, int rows, int panels>
inline void tile_of(const Product& product, int first, int count, int panel) {
    if constexpr (rows > 1)
        if (count < rows) return tile_of<Format, rows - 1, panels>(product, first, count, panel);
    Format::template tile<rows, panels>(product, first, panel);
}

template <class Format>
void multiply(const Product& product, int first, int count) {
    for (int panel = first; panel < first + count;) {
        const bool is_wide = PANELS_MAX > 1 && panel + PANELS_MAX <= first + count;
        for (int row = 0; row < product.rows; row += ROWS_MAX) {
            const int rows = product.rows - row < ROWS_MAX ? product.rows - row : ROWS_MAX;
            if (is_wide)
                tile_of<Format, ROWS_MAX, PANELS_MAX>(product, row, rows, panel);
            else
                tile_of<Format, ROWS_MAX, 1>(product, row, rows, panel);
        }
        panel += is_wide ? PANELS_MAX : 1;
    }
}

}  // namespace
