// Sixteen lanes as four vectors of 128 bits, which the compiler knows on every machine: SSE2, NEON, or plain numbers. The reference for
// the other two.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4x32 __attribute__((vector_size(16)));
typedef uint32_t Word4 __attribute__((vector_size(16)));
typedef int16_t Short8 __attribute__((vector_size(16)));
typedef uint16_t UnsignedShort8 __attribute__((vector_size(16)));

struct Floats { Float4 at[4]; };
struct Ints { Int4x32 at[4]; };
struct Words { Word4 at[4]; };

constexpr int ROWS_MAX = 2;

#define EACH for (int part = 0; part < 4; ++part)

inline Floats spread(float value) { Floats r; EACH r.at[part] = Float4{value, value, value, value}; return r; }
inline Floats load(const float* from) { Floats r; memcpy(&r, from, 64); return r; }
inline void store(float* to, Floats a) { memcpy(to, &a, 64); }
inline Floats operator+(Floats a, Floats b) { EACH a.at[part] += b.at[part]; return a; }
inline Floats operator-(Floats a, Floats b) { EACH a.at[part] -= b.at[part]; return a; }
inline Floats operator*(Floats a, Floats b) { EACH a.at[part] *= b.at[part]; return a; }
inline Floats operator/(Floats a, Floats b) { EACH a.at[part] /= b.at[part]; return a; }

// Adds a product, rounding once where the machine can.
inline void add_product(Floats& to, Floats a, Floats b) {
#if defined(__ARM_FEATURE_FMA)
    EACH for (int lane = 0; lane < 4; ++lane) to.at[part][lane] = __builtin_fmaf(a.at[part][lane], b.at[part][lane], to.at[part][lane]);
#else
    EACH to.at[part] += a.at[part] * b.at[part];
#endif
}

inline Floats fused(Floats a, Floats b, Floats c) { add_product(c, a, b); return c; }
inline Floats larger(Floats a, Floats b) { EACH a.at[part] = a.at[part] > b.at[part] ? a.at[part] : b.at[part]; return a; }
inline Floats absolute(Floats a) { EACH a.at[part] = Float4(Word4(a.at[part]) & 0x7fffffffU); return a; }

// Adding and taking away 1.5 * 2^23 leaves no place for a fraction: the nearest whole number, for sizes below 2^22.
inline Floats nearest(Floats a) { EACH a.at[part] = a.at[part] + 12582912.0F - 12582912.0F; return a; }

// 2 to the power of whole numbers from -126 to 127.
inline Floats power_of_two(Floats a) {
    EACH a.at[part] = Float4((__builtin_convertvector(a.at[part], Int4x32) + 127) << 23);
    return a;
}

inline float sum(Floats a) {
    const Float4 four = (a.at[0] + a.at[2]) + (a.at[1] + a.at[3]);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

inline float largest(Floats a) {
    float r = a.at[0][0];
    EACH for (int lane = 0; lane < 4; ++lane) r = a.at[part][lane] > r ? a.at[part][lane] : r;
    return r;
}

inline Words load_words(const void* from) { Words r; memcpy(&r, from, 64); return r; }
inline Words spread_word(uint32_t value) { Words r; EACH r.at[part] = Word4{value, value, value, value}; return r; }
inline Words low_nibbles(Words a) { EACH a.at[part] &= 0x0f0f0f0fU; return a; }
inline Words high_nibbles(Words a) { EACH a.at[part] = a.at[part] >> 4 & 0x0f0f0f0fU; return a; }

// The first, or the second, of the two bfloat16 numbers in each lane.
inline Floats first_halves(Words a) { Floats r; EACH r.at[part] = Float4(a.at[part] << 16); return r; }
inline Floats second_halves(Words a) { Floats r; EACH r.at[part] = Float4(a.at[part] & 0xffff0000U); return r; }

inline Floats widen(const uint16_t* from) {
    Words r;
    EACH for (int lane = 0; lane < 4; ++lane) r.at[part][lane] = uint32_t(from[part * 4 + lane]) << 16;
    return second_halves(r);
}

// To bfloat16, ties to even.
inline void store_halves(uint16_t* to, Floats a) {
    EACH {
        const Word4 bits = Word4(a.at[part]);
        const Word4 rounded = (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16;
        for (int lane = 0; lane < 4; ++lane) to[part * 4 + lane] = uint16_t(rounded[lane]);
    }
}

inline Floats load_bytes(const int8_t* from) {
    Floats r;
    EACH for (int lane = 0; lane < 4; ++lane) r.at[part][lane] = float(from[part * 4 + lane]);
    return r;
}

inline Ints spread_int(int32_t value) { Ints r; EACH r.at[part] = Int4x32{value, value, value, value}; return r; }
inline Ints no_ints() { return spread_int(0); }
inline Ints operator+(Ints a, Ints b) { EACH a.at[part] += b.at[part]; return a; }
inline Ints to_ints(Floats a) { a = nearest(a); Ints r; EACH r.at[part] = __builtin_convertvector(a.at[part], Int4x32); return r; }
inline Floats to_floats(Ints a) { Floats r; EACH r.at[part] = __builtin_convertvector(a.at[part], Float4); return r; }

inline int32_t sum(Ints a) {
    const Int4x32 four = (a.at[0] + a.at[1]) + (a.at[2] + a.at[3]);
    return four[0] + four[1] + four[2] + four[3];
}

inline void store_bytes(int8_t* to, Ints a) {
    EACH for (int lane = 0; lane < 4; ++lane) to[part * 4 + lane] = int8_t(a.at[part][lane]);
}

// Adds four products of unsigned bytes with signed ones to each lane. `small`: the unsigned ones are below 16. One product just fits into
// 16 bits: 255 times -128 is -32640.
template <bool small>
inline void add_dot_bytes(Ints& to, Words a, Words b) {
    EACH {
        const Short8 even = Short8(a.at[part] & 0x00ff00ffU) * ((Short8(b.at[part]) << 8) >> 8);
        const Short8 odd = Short8(UnsignedShort8(a.at[part]) >> 8) * (Short8(b.at[part]) >> 8);
        to.at[part] += (Int4x32(even) << 16 >> 16) + (Int4x32(even) >> 16) + (Int4x32(odd) << 16 >> 16) + (Int4x32(odd) >> 16);
    }
}

// Adds two products of bfloat16 numbers to each lane.
inline void add_dot_halves(Floats& to, Words a, Words b) {
    add_product(to, first_halves(a), first_halves(b));
    add_product(to, second_halves(a), second_halves(b));
}

#undef EACH

}  // namespace
