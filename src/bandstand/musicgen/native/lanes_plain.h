// Sixteen lanes in plain C++, for any machine; the compiler finds what vectors there are. The reference for the other two.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

struct Floats { float at[16]; };
struct Ints { int32_t at[16]; };
struct Words { uint32_t at[16]; };

constexpr int ROWS_MAX = 4;

#define EACH for (int lane = 0; lane < 16; ++lane)

inline float multiply_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

inline Floats spread(float value) { Floats r; EACH r.at[lane] = value; return r; }
inline Floats load(const float* from) { Floats r; memcpy(&r, from, 64); return r; }
inline void store(float* to, Floats a) { memcpy(to, &a, 64); }
inline Floats operator+(Floats a, Floats b) { EACH a.at[lane] += b.at[lane]; return a; }
inline Floats operator-(Floats a, Floats b) { EACH a.at[lane] -= b.at[lane]; return a; }
inline Floats operator*(Floats a, Floats b) { EACH a.at[lane] *= b.at[lane]; return a; }
inline Floats operator/(Floats a, Floats b) { EACH a.at[lane] /= b.at[lane]; return a; }
inline Floats fused(Floats a, Floats b, Floats c) { EACH c.at[lane] = multiply_add(a.at[lane], b.at[lane], c.at[lane]); return c; }
inline void add_product(Floats& to, Floats a, Floats b) { to = fused(a, b, to); }
inline Floats larger(Floats a, Floats b) { EACH a.at[lane] = a.at[lane] > b.at[lane] ? a.at[lane] : b.at[lane]; return a; }
inline Floats absolute(Floats a) { EACH a.at[lane] = fabsf(a.at[lane]); return a; }
inline Floats nearest(Floats a) { EACH a.at[lane] = nearbyintf(a.at[lane]); return a; }

// 2 to the power of whole numbers from -126 to 127.
inline Floats power_of_two(Floats a) {
    Words bits;
    EACH bits.at[lane] = uint32_t(int32_t(a.at[lane]) + 127) << 23;
    Floats r;
    memcpy(&r, &bits, 64);
    return r;
}

inline float sum(Floats a) {
    for (int half = 8; half; half /= 2)
        for (int lane = 0; lane < half; ++lane) a.at[lane] += a.at[lane + half];
    return a.at[0];
}

inline float largest(Floats a) {
    float r = a.at[0];
    EACH r = a.at[lane] > r ? a.at[lane] : r;
    return r;
}

inline Words load_words(const void* from) { Words r; memcpy(&r, from, 64); return r; }
inline Words spread_word(uint32_t value) { Words r; EACH r.at[lane] = value; return r; }
inline Words low_nibbles(Words a) { EACH a.at[lane] &= 0x0f0f0f0f; return a; }
inline Words high_nibbles(Words a) { EACH a.at[lane] = a.at[lane] >> 4 & 0x0f0f0f0f; return a; }

// The first, or the second, of the two bfloat16 numbers in each lane.
inline Floats first_halves(Words a) { EACH a.at[lane] <<= 16; Floats r; memcpy(&r, &a, 64); return r; }
inline Floats second_halves(Words a) { EACH a.at[lane] &= 0xffff0000; Floats r; memcpy(&r, &a, 64); return r; }
inline Floats widen(const uint16_t* from) { Words r; EACH r.at[lane] = uint32_t(from[lane]) << 16; Floats f; memcpy(&f, &r, 64); return f; }

// To bfloat16, ties to even.
inline void store_halves(uint16_t* to, Floats a) {
    Words bits;
    memcpy(&bits, &a, 64);
    EACH to[lane] = uint16_t((bits.at[lane] + 0x7fff + (bits.at[lane] >> 16 & 1)) >> 16);
}

inline Ints no_ints() { Ints r; EACH r.at[lane] = 0; return r; }
inline Ints spread_int(int32_t value) { Ints r; EACH r.at[lane] = value; return r; }
inline Ints operator+(Ints a, Ints b) { EACH a.at[lane] += b.at[lane]; return a; }
inline Ints operator-(Ints a, Ints b) { EACH a.at[lane] -= b.at[lane]; return a; }
inline Ints to_ints(Floats a) { Ints r; EACH r.at[lane] = int32_t(nearbyintf(a.at[lane])); return r; }
inline Floats to_floats(Ints a) { Floats r; EACH r.at[lane] = float(a.at[lane]); return r; }
inline int32_t sum(Ints a) { int32_t r = 0; EACH r += a.at[lane]; return r; }
inline void store_bytes(int8_t* to, Ints a) { EACH to[lane] = int8_t(a.at[lane]); }

// Adds four products of unsigned bytes with signed ones to each lane. `small`: the unsigned ones are below 16.
template <bool small>
inline void add_dot_bytes(Ints& to, Words a, Words b) {
    EACH for (int byte = 0; byte < 32; byte += 8)
        to.at[lane] += int32_t(a.at[lane] >> byte & 0xff) * int8_t(b.at[lane] >> byte & 0xff);
}

// Adds two products of bfloat16 numbers to each lane.
inline void add_dot_halves(Floats& to, Words a, Words b) {
    add_product(to, first_halves(a), first_halves(b));
    add_product(to, second_halves(a), second_halves(b));
}

#undef EACH

}  // namespace
