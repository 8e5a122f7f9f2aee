// Sixteen lanes in one AVX-512 register; what each function does is said in lanes_plain.h.

#pragma once

#include <immintrin.h>

#include <cstdint>

namespace {

struct Floats { __m512 v; };
struct Ints { __m512i v; };
struct Words { __m512i v; };

constexpr int ROWS_MAX = 16;

inline Floats spread(float value) { return {_mm512_set1_ps(value)}; }
inline Floats load(const float* from) { return {_mm512_loadu_ps(from)}; }
inline void store(float* to, Floats a) { _mm512_storeu_ps(to, a.v); }
inline Floats operator+(Floats a, Floats b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Floats operator-(Floats a, Floats b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Floats operator*(Floats a, Floats b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Floats operator/(Floats a, Floats b) { return {_mm512_div_ps(a.v, b.v)}; }
inline Floats fused(Floats a, Floats b, Floats c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline void add_product(Floats& to, Floats a, Floats b) { to.v = _mm512_fmadd_ps(a.v, b.v, to.v); }
inline Floats larger(Floats a, Floats b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Floats absolute(Floats a) { return {_mm512_abs_ps(a.v)}; }
inline Floats nearest(Floats a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Floats power_of_two(Floats a) { return {_mm512_scalef_ps(_mm512_set1_ps(1.0F), a.v)}; }

inline float sum(Floats a) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline float largest(Floats a) { return _mm512_reduce_max_ps(a.v); }

inline Words load_words(const void* from) { return {_mm512_loadu_si512(from)}; }
inline Words spread_word(uint32_t value) { return {_mm512_set1_epi32(int32_t(value))}; }
inline Words low_nibbles(Words a) { return {_mm512_and_si512(a.v, _mm512_set1_epi8(15))}; }
inline Words high_nibbles(Words a) { return {_mm512_and_si512(_mm512_srli_epi16(a.v, 4), _mm512_set1_epi8(15))}; }
inline Floats first_halves(Words a) { return {_mm512_castsi512_ps(_mm512_slli_epi32(a.v, 16))}; }
inline Floats second_halves(Words a) { return {_mm512_castsi512_ps(_mm512_and_si512(a.v, _mm512_set1_epi32(int32_t(0xffff0000))))}; }

inline Floats widen(const uint16_t* from) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))};
}

inline void store_halves(uint16_t* to, Floats a) {
    const __m512i bits = _mm512_castps_si512(a.v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}

inline Floats load_bytes(const int8_t* from) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))))};
}

inline Ints no_ints() { return {_mm512_setzero_si512()}; }
inline Ints spread_int(int32_t value) { return {_mm512_set1_epi32(value)}; }
inline Ints operator+(Ints a, Ints b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline Ints to_ints(Floats a) { return {_mm512_cvtps_epi32(a.v)}; }
inline Floats to_floats(Ints a) { return {_mm512_cvtepi32_ps(a.v)}; }
inline int32_t sum(Ints a) { return _mm512_reduce_add_epi32(a.v); }
inline void store_bytes(int8_t* to, Ints a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(a.v)); }

template <bool small>
inline void add_dot_bytes(Ints& to, Words a, Words b) { to.v = _mm512_dpbusd_epi32(to.v, a.v, b.v); }

inline void add_dot_halves(Floats& to, Words a, Words b) {
#if defined(__AVX512BF16__)
    to.v = _mm512_dpbf16_ps(to.v, __m512bh(a.v), __m512bh(b.v));
#else
    add_product(to, first_halves(a), first_halves(b));
    add_product(to, second_halves(a), second_halves(b));
#endif
}

}  // namespace
