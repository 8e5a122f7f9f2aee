#include "packing.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bandstand {

namespace {

float from_bfloat16(uint16_t half) {
    const uint32_t bits = uint32_t(half) << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

// Sixteen rows of a matrix, zero beyond their ends.
struct Rows {
    const float* values;
    int inputs;
    float at(int row, int k) const { return k < inputs ? values[size_t(row) * inputs + k] : 0.0F; }
};

void pack_float32(Rows rows, int padded_inputs, char* panel) {
    auto* to = reinterpret_cast<float*>(panel);
    for (int k = 0; k < padded_inputs; ++k)
        for (int row = 0; row < LANES; ++row) *to++ = rows.at(row, k);
}

void pack_bfloat16(Rows rows, int padded_inputs, char* panel) {
    auto* to = reinterpret_cast<uint16_t*>(panel);
    for (int k = 0; k < padded_inputs; k += 2)
        for (int row = 0; row < LANES; ++row) {
            *to++ = to_bfloat16(rows.at(row, k));
            *to++ = to_bfloat16(rows.at(row, k + 1));
        }
}

void pack_int8(Rows rows, int padded_inputs, char* panel) {
    auto* scales = reinterpret_cast<float*>(panel + size_t(padded_inputs) * LANES);
    for (int row = 0; row < LANES; ++row) {
        const float* from = rows.values + size_t(row) * rows.inputs;
        float peak = 0.0F;
        for (int k = 0; k < rows.inputs; ++k) peak = std::max(peak, std::fabs(from[k]));
        scales[row] = peak / 127.0F;
        const float inverse = peak > 0.0F ? 127.0F / peak : 0.0F;
        auto* to = reinterpret_cast<uint8_t*>(panel) + row * 4;
        for (int k = 0; k < padded_inputs; ++k) {
            // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number, and vectorises.
            const float whole = rows.at(row, k) * inverse + 12582912.0F - 12582912.0F;
            to[size_t(k) / 4 * 64 + k % 4] = uint8_t(int(whole) + 128);
        }
    }
}

// The scale of a group makes its largest number -8, the only one of sixteen steps that has no opposite.
void pack_int4(Rows rows, int padded_inputs, char* panel) {
    for (int start = 0; start < padded_inputs; start += GROUP) {
        char* chunk = panel + size_t(start / (2 * GROUP)) * INT4_CHUNK;
        auto* nibbles = reinterpret_cast<uint8_t*>(chunk) + start / GROUP % 2 * 256;
        auto* scales = reinterpret_cast<uint16_t*>(chunk + 512) + start / GROUP % 2 * LANES;
        for (int row = 0; row < LANES; ++row) {
            float peak = 0.0F;
            for (int k = start; k < start + GROUP; ++k)
                if (std::fabs(rows.at(row, k)) > std::fabs(peak)) peak = rows.at(row, k);
            scales[row] = to_bfloat16(peak / -8.0F);
            const float scale = from_bfloat16(scales[row]);
            for (int k = 0; k < GROUP; ++k) {
                const float steps = scale == 0.0F ? 0.0F : std::nearbyint(rows.at(row, start + k) / scale);
                const auto whole = uint8_t(int(std::clamp(steps, -8.0F, 7.0F)) + 8);
                uint8_t& byte = nibbles[k / 4 % 4 * 64 + row * 4 + k % 4];
                byte = uint8_t(k < GROUP / 2 ? whole : byte | whole << 4);
            }
        }
    }
}

}  // namespace

uint16_t to_bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void pack_panel(BandstandPrecision precision, const float* values, int inputs, const Matrix& matrix, int panel) {
    const Rows rows{values + size_t(panel) * LANES * inputs, inputs};
    switch (precision) {
        case FLOAT32: return pack_float32(rows, matrix.inputs, matrix.panel(panel));
        case BFLOAT16: return pack_bfloat16(rows, matrix.inputs, matrix.panel(panel));
        case INT8: return pack_int8(rows, matrix.inputs, matrix.panel(panel));
        case INT4: return pack_int4(rows, matrix.inputs, matrix.panel(panel));
    }
}

}  // namespace bandstand
