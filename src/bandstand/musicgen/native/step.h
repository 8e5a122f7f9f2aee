// One decoder step of MusicGen for all rows, on the CPU: the C interface of the library.
//
// A slot is one track: two rows, the conditional one (0) and the null one (1). Everything is float32 at this border; inside, weights,
// activations and the key/value cache have the precision the decoder was opened with. No function checks what it is given: the caller does.
// One thread at a time may be inside a decoder; the decoder's own threads are its own affair.

#pragma once

#include <cstdint>

#define BANDSTAND_EXPORT extern "C" __attribute__((visibility("default")))

enum BandstandPrecision : int32_t { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2, INT4 = 3 };

// Which tensor is handed over; the outer ones belong to no layer.
enum BandstandTensor : int32_t {
    EMBEDDING,
    POSITIONS,
    NORM_WEIGHT,
    NORM_BIAS,
    HEADS,
    ATTENTION_NORM_WEIGHT,
    ATTENTION_NORM_BIAS,
    ATTENTION_IN,
    ATTENTION_OUT,
    CROSS_NORM_WEIGHT,
    CROSS_NORM_BIAS,
    CROSS_QUERY,
    CROSS_IN,
    CROSS_OUT,
    FEED_NORM_WEIGHT,
    FEED_NORM_BIAS,
    FEED_IN,
    FEED_OUT,
};

struct BandstandSizes {
    int32_t width;  // a multiple of 16
    int32_t inner;  // likewise
    int32_t layers;
    int32_t heads;  // width / heads is a multiple of 16, at most 128
    int32_t codebooks;
    int32_t codes;  // a multiple of 16; code `codes` is the special token
    int32_t is_prefix;  // 1: no cross-attention
    int32_t slots;
    int32_t length;  // positions of a slot
    int32_t text;  // positions of text that a slot can attend to
    int32_t precision;
    int32_t threads;
};

struct Decoder;

// What the decoder was built for; a library of another number is not loaded.
BANDSTAND_EXPORT int32_t bandstand_step_version();

// Instructions to use: 0 plain, 1 AVX2, 2 AVX-512 with VNNI, 3 also BF16; -1 chooses the best. Returns what decoders opened from now on
// will use: never more than the machine has.
BANDSTAND_EXPORT int32_t bandstand_step_level(int32_t wanted);

// nullptr when there is not enough memory.
BANDSTAND_EXPORT Decoder* bandstand_step_open(const BandstandSizes* sizes);

// Copies and packs one tensor, row-major; each must be handed over once before anything is computed.
BANDSTAND_EXPORT void bandstand_step_pack(Decoder*, int32_t tensor, int32_t layer, const float* values);

// text [count, width]: what the slot's conditional row attends to from now on; count 0 means nothing, exactly like the null row.
BANDSTAND_EXPORT void bandstand_step_attend(Decoder*, int32_t slot, const float* text, int32_t count);

// tokens [count, codebooks], vectors [count, width]: the sum of the codebooks' vectors.
BANDSTAND_EXPORT void bandstand_step_embed(const Decoder*, const int64_t* tokens, int32_t count, float* vectors);

// vectors [2, count, width]: what stands at the positions from `start` on, in both rows, positions not yet added; fills the cache.
BANDSTAND_EXPORT void bandstand_step_prefill(Decoder*, int32_t slot, const float* vectors, int32_t count, int32_t start);

// tokens [slots, codebooks]; positions [slots], -1 for idle ones; logits [slots, 2, codebooks, codes], untouched where idle.
BANDSTAND_EXPORT void bandstand_step_logits(Decoder*, const int64_t* tokens, const int64_t* positions, float* logits);

// The running tracks: what musicgen/state.py says of its tensors, row-major, in its order.
struct BandstandTracks {
    int64_t* columns;  // [slots, codebooks, columns_max]; -1: still to be drawn
    int64_t* column;  // [slots]
    const int64_t* prefix;
    const bool* is_playing;
    const int64_t* seed;
    const int64_t* draws;
    const float* temperature;
    const int64_t* top_k;
    const float* top_p;
    const float* guidance;
    int32_t columns_max;
    int32_t positions_max;
};

// One step of every track that plays: draws what is still unknown of its next column, and goes on to it. 0, and nothing is done, when a
// token is no code or a position lies beyond the slot.
BANDSTAND_EXPORT int32_t bandstand_step_take(Decoder*, const BandstandTracks*);

// Bytes of weights and of a full cache.
BANDSTAND_EXPORT int64_t bandstand_step_weight_bytes(const Decoder*);
BANDSTAND_EXPORT int64_t bandstand_step_cache_bytes(const Decoder*);

BANDSTAND_EXPORT void bandstand_step_close(Decoder*);
