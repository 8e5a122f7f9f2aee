#include "state.h"

#include <algorithm>

namespace bandstand {

namespace {

// Columns that are prefilled together: enough to read weights seldom, few enough to stay in the caches.
constexpr int COLUMNS = 16;

Matrix shaped(BandstandPrecision precision, int outputs, int inputs) {
    Matrix matrix;
    matrix.outputs = outputs;
    matrix.inputs = int(padded(size_t(inputs), INPUT_STEP));
    matrix.panel_bytes = panel_bytes(precision, matrix.inputs);
    return matrix;
}

Norm norm_of(int width) {
    return {std::vector<float>(size_t(width)), std::vector<float>(size_t(width))};
}

// In the order in which a step reads them.
std::vector<Matrix*> matrices(Decoder& decoder) {
    std::vector<Matrix*> all;
    for (Layer& layer : decoder.layers) {
        all.insert(all.end(), {&layer.attention_in, &layer.attention_out});
        if (!decoder.sizes.is_prefix) all.insert(all.end(), {&layer.cross_query, &layer.cross_out});
        all.insert(all.end(), {&layer.feed_in, &layer.feed_out});
    }
    all.push_back(&decoder.heads);
    if (!decoder.sizes.is_prefix)
        for (Layer& layer : decoder.layers) all.push_back(&layer.cross_in);
    return all;
}

void shape(Decoder& decoder) {
    const int width = decoder.sizes.width;
    const int inner = decoder.sizes.inner;
    const auto made = [&](int outputs, int inputs) { return shaped(decoder.precision, outputs, inputs); };
    decoder.norm = norm_of(width);
    decoder.heads = made(decoder.sizes.codebooks * decoder.sizes.codes, width);
    decoder.layers.resize(size_t(decoder.sizes.layers));
    for (Layer& layer : decoder.layers) {
        layer.attention_norm = norm_of(width);
        layer.attention_in = made(3 * width, width);
        layer.attention_out = made(width, width);
        layer.feed_norm = norm_of(width);
        layer.feed_in = made(inner, width);
        layer.feed_out = made(width, inner);
        if (decoder.sizes.is_prefix) continue;
        layer.cross_norm = norm_of(width);
        layer.cross_query = made(width, width);
        layer.cross_in = made(2 * width, width);
        layer.cross_out = made(width, width);
    }
}

void place(Decoder& decoder) {
    size_t bytes = 0;
    for (const Matrix* matrix : matrices(decoder)) bytes += padded(matrix->panel_bytes * size_t(matrix->count()), 4096);
    decoder.weights = Memory(bytes);
    char* at = decoder.weights.begin();
    for (Matrix* matrix : matrices(decoder)) {
        matrix->panels = at;
        at += padded(matrix->panel_bytes * size_t(matrix->count()), 4096);
    }
}

void make_room(Decoder& decoder) {
    Room& room = decoder.room;
    const auto rows = size_t(decoder.rows_max);
    const auto width = size_t(decoder.sizes.width);
    const size_t widest = std::max(3 * width, size_t(decoder.sizes.inner));
    const size_t longest = padded(std::max(width, size_t(decoder.sizes.inner)), INPUT_STEP);
    room.hidden.resize(rows * width);
    room.wide.resize(rows * widest);
    room.mixed.resize(rows * width);
    for (size_t row = 0; row < rows; ++row) {
        room.hidden_rows.push_back(room.hidden.data() + row * width);
        room.wide_rows.push_back(room.wide.data() + row * widest);
    }
    room.logit_rows.resize(rows);
    const size_t stride = longest * 4 + 64;
    room.values.resize(rows * stride);
    room.scales.resize(rows);
    room.sums.resize(rows * longest / GROUP);
    room.inputs = {room.values.data(), stride, room.scales.data(), room.sums.data(), longest / GROUP};
    const size_t positions = padded(size_t(std::max(decoder.sizes.length, decoder.sizes.text)), LANES);
    room.scores.assign(size_t(decoder.sizes.threads), std::vector<float>(positions));
    room.normal.assign(size_t(decoder.sizes.threads), std::vector<float>(width));
    const auto slots = size_t(decoder.sizes.slots);
    const auto books = size_t(decoder.sizes.codebooks);
    const auto codes = size_t(decoder.sizes.codes);
    room.drawing.assign(size_t(decoder.sizes.threads), DrawRoom(codes));
    room.tokens.resize(slots * books);
    room.positions.resize(slots);
    room.logits.resize(slots * 2 * books * codes);
}

size_t blocks(int positions) {
    return padded(size_t(positions), BLOCK) / BLOCK;
}

}  // namespace

}  // namespace bandstand

using namespace bandstand;

Decoder::Decoder(const BandstandSizes& given, const Kernels& chosen)
    : sizes(given),
      kernels(chosen),
      precision(BandstandPrecision(given.precision)),
      head_width(given.width / given.heads),
      rows_max(2 * std::max(given.slots, COLUMNS)),
      text_lengths(size_t(given.slots), 0),
      team(given.threads) {
    shape(*this);
    place(*this);
    make_room(*this);
    embedding.resize(size_t(sizes.codebooks) * size_t(sizes.codes + 1) * size_t(sizes.width));
    positions.resize(size_t(sizes.length) * size_t(sizes.width));
    const size_t block = head_block_bytes(precision, head_width) * size_t(sizes.heads) * size_t(sizes.layers);
    self_memory = Memory(2 * block * blocks(sizes.length) * size_t(sizes.slots));
    if (!sizes.is_prefix) cross_memory = Memory(block * blocks(sizes.text) * size_t(sizes.slots));
}

Matrix* Decoder::matrix(int tensor, int index) {
    if (tensor == HEADS) return &heads;
    Layer& layer = layers[size_t(index)];
    switch (tensor) {
        case ATTENTION_IN: return &layer.attention_in;
        case ATTENTION_OUT: return &layer.attention_out;
        case CROSS_QUERY: return &layer.cross_query;
        case CROSS_IN: return &layer.cross_in;
        case CROSS_OUT: return &layer.cross_out;
        case FEED_IN: return &layer.feed_in;
        default: return &layer.feed_out;
    }
}

std::vector<float>* Decoder::numbers(int tensor, int index) {
    switch (tensor) {
        case EMBEDDING: return &embedding;
        case POSITIONS: return &positions;
        case NORM_WEIGHT: return &norm.weight;
        case NORM_BIAS: return &norm.bias;
        default: break;
    }
    Layer* layer = index < 0 ? nullptr : &layers[size_t(index)];
    switch (tensor) {
        case ATTENTION_NORM_WEIGHT: return &layer->attention_norm.weight;
        case ATTENTION_NORM_BIAS: return &layer->attention_norm.bias;
        case CROSS_NORM_WEIGHT: return &layer->cross_norm.weight;
        case CROSS_NORM_BIAS: return &layer->cross_norm.bias;
        case FEED_NORM_WEIGHT: return &layer->feed_norm.weight;
        case FEED_NORM_BIAS: return &layer->feed_norm.bias;
        default: return nullptr;
    }
}

Cache Decoder::self_cache(int slot, int layer, int kind, int head) const {
    const size_t one = head_block_bytes(precision, head_width);
    const size_t block = one * 2 * size_t(sizes.heads) * size_t(sizes.layers);
    const size_t inside = (size_t(layer) * 2 + size_t(kind)) * size_t(sizes.heads) + size_t(head);
    return {self_memory.begin() + size_t(slot) * blocks(sizes.length) * block + inside * one, block};
}

Cache Decoder::cross_cache(int slot, int layer, int head) const {
    const size_t one = head_block_bytes(precision, head_width);
    const size_t block = one * size_t(sizes.heads) * size_t(sizes.layers);
    const size_t inside = size_t(layer) * size_t(sizes.heads) + size_t(head);
    return {cross_memory.begin() + size_t(slot) * blocks(sizes.text) * block + inside * one, block};
}
