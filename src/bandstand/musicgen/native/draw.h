// From two rows of logits to one code: guidance, temperature, top-k, top-p, and noise from (seed, step). What each means is said in
// musicgen/sampling.py, which does the same in torch; the two differ where rounding decides between two codes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bandstand {

struct Wishes {
    int64_t seed;
    int64_t step;
    float temperature;
    int64_t top_k;
    float top_p;
    float guidance;
};

// Room for the codes of one codebook.
struct DrawRoom {
    explicit DrawRoom(size_t codes) : heights(codes), sorted(codes), order(codes) {}
    std::vector<float> heights, sorted;
    std::vector<int32_t> order;
};

// conditional, null [codes]: as many as there is room for. A logit that is no number is never drawn, if there is any that is.
int64_t draw_code(const float* conditional, const float* null, int book, const Wishes& wishes, DrawRoom& room);

}  // namespace bandstand
