#include "draw.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace bandstand {

namespace {

constexpr uint64_t GOLDEN = 0x9E3779B97F4A7C15;

// SplitMix64's finaliser.
uint64_t mix(uint64_t number) {
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9;
    number = (number ^ number >> 27) * 0x94D049BB133111EB;
    return number ^ number >> 31;
}

// The codes' heights plus Gumbel noise: the highest of these is a draw from their softmax. Only what is kept needs any noise.
class Race {
  public:
    Race(const Wishes& wishes, uint64_t first) : key_(mix(mix(uint64_t(wishes.seed) + GOLDEN) + uint64_t(wishes.step) * GOLDEN)), first_(first) {}

    void enter(int code, float height) {
        const uint64_t bits = mix(key_ + (first_ + uint64_t(code) + 1) * GOLDEN) >> 41;
        const double noise = -std::log(-std::log((double(bits) + 0.5) * 0x1p-23));
        if (best_ >= 0 && double(height) + noise <= highest_) return;
        highest_ = double(height) + noise;
        best_ = code;
    }

    int64_t best() const { return best_; }

  private:
    const uint64_t key_, first_;
    double highest_ = 0.0;
    int64_t best_ = -1;
};

// The k-th highest; ties with it are kept.
float least_of_k(DrawRoom& room, int64_t k) {
    if (k <= 0 || size_t(k) >= room.heights.size()) return -std::numeric_limits<float>::infinity();
    std::copy(room.heights.begin(), room.heights.end(), room.sorted.begin());
    const auto at = room.sorted.begin() + long(k) - 1;
    std::nth_element(room.sorted.begin(), at, room.sorted.end(), std::greater<>());
    return *at;
}

// Calls act(code) for the likeliest codes, as long as those before have at most so much probability together.
template <class Act>
void for_top_p(DrawRoom& room, float p, Act act) {
    std::iota(room.order.begin(), room.order.end(), 0);
    std::stable_sort(room.order.begin(), room.order.end(),
                     [&](int a, int b) { return room.heights[size_t(a)] > room.heights[size_t(b)]; });
    const double peak = room.heights[size_t(room.order.front())];
    double total = 0.0;
    for (const int code : room.order) total += std::exp(double(room.heights[size_t(code)]) - peak);
    double before = 0.0;
    for (const int code : room.order) {
        if (before > double(p) * total) return;
        act(code);
        before += std::exp(double(room.heights[size_t(code)]) - peak);
    }
}

}  // namespace

int64_t draw_code(const float* conditional, const float* null, int book, const Wishes& wishes, DrawRoom& room) {
    const size_t codes = room.heights.size();
    const bool is_hot = wishes.temperature > 0.0F;
    for (size_t code = 0; code < codes; ++code) {
        const float guided = null[code] + (conditional[code] - null[code]) * wishes.guidance;
        const float height = is_hot ? guided / wishes.temperature : guided;
        room.heights[code] = height == height ? height : -std::numeric_limits<float>::infinity();
    }
    if (!is_hot) return std::max_element(room.heights.begin(), room.heights.end()) - room.heights.begin();
    Race race(wishes, uint64_t(book) * codes);
    const auto enter = [&](int code) { race.enter(code, room.heights[size_t(code)]); };
    if (wishes.top_p > 0.0F) {
        for_top_p(room, wishes.top_p, enter);
    } else {
        const float least = least_of_k(room, wishes.top_k);
        for (size_t code = 0; code < codes; ++code)
            if (room.heights[code] >= least) enter(int(code));
    }
    return race.best();
}

}  // namespace bandstand
