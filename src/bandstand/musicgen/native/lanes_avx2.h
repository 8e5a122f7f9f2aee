// Sixteen lanes in two AVX2 registers; what each function does is said in lanes_plain.h.

#pragma once

#include <immintrin.h>

#include <cstdint>

namespace {

struct Floats { __m256 a, b; };
struct Ints { __m256i a, b; };
struct Words { __m256i a, b; };

// Sixteen registers hold four rows of one panel (eight), its weights and what is made of them on the way.
constexpr int ROWS_MAX = 4;

inline Floats spread(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
inline Floats load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
inline void store(float* to, Floats x) { _mm256_storeu_ps(to, x.a); _mm256_storeu_ps(to + 8, x.b); }
inline Floats operator+(Floats x, Floats y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
inline Floats operator-(Floats x, Floats y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
inline Floats operator*(Floats x, Floats y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
inline Floats operator/(Floats x, Floats y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
inline Floats fused(Floats x, Floats y, Floats z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
inline void add_product(Floats& to, Floats x, Floats y) {
    to.a = _mm256_fmadd_ps(x.a, y.a, to.a);
    to.b = _mm256_fmadd_ps(x.b, y.b, to.b);
}
inline Floats larger(Floats x, Floats y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }

inline Floats absolute(Floats x) {
    const __m256 sign = _mm256_set1_ps(-0.0F);
    return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}

inline Floats nearest(Floats x) {
    return {_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
            _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}

inline __m256 power_of_two(__m256 x) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(127)), 23));
}
inline Floats power_of_two(Floats x) { return {power_of_two(x.a), power_of_two(x.b)}; }

inline float sum(Floats x) {
    const __m256 eight = _mm256_add_ps(x.a, x.b);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline float largest(Floats x) {
    const __m256 eight = _mm256_max_ps(x.a, x.b);
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

inline __m256i load_half(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
inline Words load_words(const void* from) { return {load_half(from), load_half(static_cast<const char*>(from) + 32)}; }
inline Words spread_word(uint32_t value) { const __m256i v = _mm256_set1_epi32(int32_t(value)); return {v, v}; }
inline __m256i low_nibbles(__m256i x) { return _mm256_and_si256(x, _mm256_set1_epi8(15)); }
inline Words low_nibbles(Words x) { return {low_nibbles(x.a), low_nibbles(x.b)}; }
inline Words high_nibbles(Words x) { return {low_nibbles(_mm256_srli_epi16(x.a, 4)), low_nibbles(_mm256_srli_epi16(x.b, 4))}; }
inline Floats first_halves(Words x) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(x.a, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(x.b, 16))};
}
inline Floats second_halves(Words x) {
    const __m256i mask = _mm256_set1_epi32(int32_t(0xffff0000));
    return {_mm256_castsi256_ps(_mm256_and_si256(x.a, mask)), _mm256_castsi256_ps(_mm256_and_si256(x.b, mask))};
}

inline __m256 widen_eight(const uint16_t* from) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}
inline Floats widen(const uint16_t* from) { return {widen_eight(from), widen_eight(from + 8)}; }

inline __m256i rounded_half(__m256 x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd), 16);
}
inline void store_halves(uint16_t* to, Floats x) {
    // Packing works within 128 bits; the permutation brings the quarters back into order.
    const __m256i packed = _mm256_packus_epi32(rounded_half(x.a), rounded_half(x.b));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permute4x64_epi64(packed, 0xd8));
}

inline __m256 eight_bytes(const int8_t* from) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
inline Floats load_bytes(const int8_t* from) { return {eight_bytes(from), eight_bytes(from + 8)}; }

inline Ints no_ints() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
inline Ints spread_int(int32_t value) { const __m256i v = _mm256_set1_epi32(value); return {v, v}; }
inline Ints operator+(Ints x, Ints y) { return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)}; }
inline Ints to_ints(Floats x) { return {_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)}; }
inline Floats to_floats(Ints x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }

inline int32_t sum(Ints x) {
    const __m256i eight = _mm256_add_epi32(x.a, x.b);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}

inline void store_bytes(int8_t* to, Ints x) {
    const __m256i halves = _mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xd8);
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
}

// Pairs of unsigned times signed bytes saturate at 16 bits, unless the unsigned ones are small: larger ones are widened first.
template <bool small>
inline __m256i dot_eight(__m256i to, __m256i x, __m256i y) {
    if constexpr (small) {
        return _mm256_add_epi32(to, _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), _mm256_set1_epi16(1)));
    } else {
        const __m256i even = _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(y, 8), 8));
        const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(y, 8));
        return _mm256_add_epi32(to, _mm256_add_epi32(even, odd));
    }
}
template <bool small>
inline void add_dot_bytes(Ints& to, Words x, Words y) {
    to.a = dot_eight<small>(to.a, x.a, y.a);
    to.b = dot_eight<small>(to.b, x.b, y.b);
}

inline void add_dot_halves(Floats& to, Words x, Words y) {
    add_product(to, first_halves(x), first_halves(y));
    add_product(to, second_halves(x), second_halves(y));
}

}  // namespace
