// The decoder, read top to bottom: embeddings, layers, heads; then the C interface.
//
// Everything runs in one parallel region. Each `share` is a phase: its tasks go to whoever is free, and it ends when all are done.

#include "step.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "packing.h"
#include "state.h"

namespace bandstand {

namespace {

const Kernels* best(int wanted, int* level) {
    *level = 0;
#if defined(__x86_64__)
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512vnni");
    const int highest = !has_avx2 ? 0 : !has_avx512 ? 1 : __builtin_cpu_supports("avx512bf16") ? 3 : 2;
    *level = wanted < 0 || wanted > highest ? highest : wanted;
    const Kernels* all[] = {&plain_kernels, &avx2_kernels, &avx512_kernels, &avx512_bf16_kernels};
    return all[*level];
#else
    (void)wanted;
    return &plain_kernels;
#endif
}

int wanted_level = -1;

constexpr int STEP = 4;  // panels of a task
constexpr int64_t UNKNOWN = -1;  // a code that is still to be drawn

void add(const float* from, int width, float* to) {
    for (int i = 0; i < width; ++i) to[i] += from[i];
}

void sum_vectors(const Decoder& decoder, const int64_t* codes, float* to) {
    const int width = decoder.sizes.width;
    memset(to, 0, size_t(width) * 4);
    for (int book = 0; book < decoder.sizes.codebooks; ++book)
        add(&decoder.embedding[size_t(book * (decoder.sizes.codes + 1) + codes[book]) * size_t(width)], width, to);
}

void add_position(const Decoder& decoder, int position, float* to) {
    add(&decoder.positions[size_t(position) * size_t(decoder.sizes.width)], decoder.sizes.width, to);
}

// One thread's way through a batch.
class Pass {
  public:
    Pass(Decoder& decoder, Team::Member& member)
        : d(decoder), kernels(decoder.kernels), batch(decoder.batch), room(decoder.room), rows(int(batch.rows.size())), team(member) {}

    void embed(const int64_t* tokens) {
        team.share(rows, [&](int index) {
            const Row row = batch.rows[size_t(index)];
            float* to = room.hidden_rows[size_t(index)];
            sum_vectors(d, tokens + size_t(row.slot) * size_t(d.sizes.codebooks), to);
            add_position(d, row.position, to);
        });
    }

    void run_layers() {
        for (int index = 0; index < d.sizes.layers; ++index) {
            const Layer& layer = d.layers[size_t(index)];
            normalise(layer.attention_norm, rows);
            multiply(layer.attention_in, rows, Finish::STORE, room.wide_rows);
            attend_to_self(index);
            prepare_mixed(rows);
            multiply(layer.attention_out, rows, Finish::ADD, room.hidden_rows);
            if (!d.sizes.is_prefix) attend_to_text(index);
            normalise(layer.feed_norm, rows);
            multiply(layer.feed_in, rows, Finish::GELU, room.wide_rows);
            prepare(rows, d.sizes.inner, [&](int row) { return room.wide_rows[size_t(row)]; });
            multiply(layer.feed_out, rows, Finish::ADD, room.hidden_rows);
        }
    }

    void run_heads() {
        normalise(d.norm, rows);
        multiply(d.heads, rows, Finish::STORE, room.logit_rows);
    }

    // Of every track in the batch, what is unknown of the column after its last.
    void draw(const BandstandTracks& tracks) {
        const int books = d.sizes.codebooks;
        const auto codes = size_t(d.sizes.codes);
        team.share(d.sizes.slots * books, [&](int task) {
            const auto slot = size_t(task / books);
            const auto book = size_t(task % books);
            const int64_t last = tracks.column[slot];
            if (!tracks.is_playing[slot] || last + 1 >= tracks.columns_max) return;
            int64_t& cell = tracks.columns[size_t(task) * size_t(tracks.columns_max) + size_t(last) + 1];
            if (cell != UNKNOWN) return;
            const float* conditional = room.logits.data() + (slot * 2 * size_t(books) + book) * codes;
            const Wishes wishes{tracks.seed[slot],  tracks.draws[slot] + last, tracks.temperature[slot],
                                tracks.top_k[slot], tracks.top_p[slot],        tracks.guidance[slot]};
            cell = draw_code(conditional, conditional + size_t(books) * codes, int(book), wishes, room.drawing[size_t(team.thread)]);
        });
    }

    // Keys and values of `rows` vectors of text, from position `start` of a slot on.
    void remember_text(const float* text, int slot, int start, int count) {
        prepare(count, d.sizes.width, [&](int row) { return text + size_t(row) * size_t(d.sizes.width); });
        for (int index = 0; index < d.sizes.layers; ++index) {
            multiply(d.layers[size_t(index)].cross_in, count, Finish::STORE, room.wide_rows);
            team.share(d.sizes.heads, [&](int head) {
                const Cache cache = d.cross_cache(slot, index, head);
                for (int row = 0; row < count; ++row) {
                    const float* key = room.wide_rows[size_t(row)] + head * d.head_width;
                    append(cache, key, key + d.sizes.width, start + row);
                }
            });
        }
    }

  private:
    void normalise(const Norm& norm, int count) {
        float* normal = room.normal[size_t(team.thread)].data();
        team.share(count, [&](int row) {
            kernels.normalise(room.hidden_rows[size_t(row)], norm.weight.data(), norm.bias.data(), d.sizes.width, normal);
            prepare_row(normal, d.sizes.width, row);
        });
    }

    template <class From>
    void prepare(int count, int width, From from) {
        team.share(count, [&](int row) { prepare_row(from(row), width, row); });
    }

    void prepare_mixed(int count) {
        prepare(count, d.sizes.width, [&](int row) { return mixed(row); });
    }

    void prepare_row(const float* from, int width, int row) {
        kernels.prepare[d.precision](from, width, int(padded(size_t(width), INPUT_STEP)), room.inputs, row);
    }

    void multiply(const Matrix& matrix, int count, Finish finish, const std::vector<float*>& outputs) {
        const Product product{&matrix, &room.inputs, count, finish, outputs.data()};
        team.share((matrix.count() + STEP - 1) / STEP, [&](int task) {
            const int end = std::min(task * STEP + STEP, matrix.count());
            for (int panel = task * STEP; panel < end; ++panel) kernels.multiply[d.precision](product, panel);
        });
    }

    // A sequence's keys and values go into the cache by the hand that reads them next.
    void attend_to_self(int layer) {
        const int heads = d.sizes.heads;
        team.share(int(batch.sequences.size()) * heads, [&](int task) {
            const Sequence sequence = batch.sequences[size_t(task / heads)];
            const int offset = task % heads * d.head_width;
            const Row first = batch.rows[size_t(sequence.first)];
            const Cache cache = d.self_cache(first.slot, layer, first.kind, task % heads);
            for (int row = sequence.first; row < sequence.first + sequence.count; ++row) {
                const float* key = room.wide_rows[size_t(row)] + d.sizes.width + offset;
                append(cache, key, key + d.sizes.width, batch.rows[size_t(row)].position);
            }
            for (int row = sequence.first; row < sequence.first + sequence.count; ++row)
                attend(cache, row, offset, batch.rows[size_t(row)].position + 1);
        });
    }

    void attend_to_text(int index) {
        const Layer& layer = d.layers[size_t(index)];
        const int heads = d.sizes.heads;
        const int count = batch.conditional;
        normalise(layer.cross_norm, count);
        multiply(layer.cross_query, count, Finish::STORE, room.wide_rows);
        team.share(count * heads, [&](int task) {
            const int row = task / heads;
            const int slot = batch.rows[size_t(row)].slot;
            attend(d.cross_cache(slot, index, task % heads), row, task % heads * d.head_width, d.text_lengths[size_t(slot)]);
        });
        prepare_mixed(count);
        multiply(layer.cross_out, count, Finish::ADD, room.hidden_rows);
    }

    void append(const Cache& cache, const float* key, const float* value, int position) {
        kernels.append[cache_format(d.precision)](cache, key, value, d.head_width, position);
    }

    void attend(const Cache& cache, int row, int offset, int positions) {
        const float* query = room.wide_rows[size_t(row)] + offset;
        float* scores = room.scores[size_t(team.thread)].data();
        kernels.attend[cache_format(d.precision)]({query, cache, d.head_width, positions, scores, mixed(row) + offset});
    }

    float* mixed(int row) { return room.mixed.data() + size_t(row) * size_t(d.sizes.width); }

    Decoder& d;
    const Kernels& kernels;
    const Batch& batch;
    Room& room;
    const int rows;
    Team::Member& team;
};

// Rows with text come first, so that cross-attention takes one stretch of them.
void gather_step(Decoder& decoder, const int64_t* positions, float* logits) {
    Batch& batch = decoder.batch;
    batch.clear();
    const size_t size = size_t(decoder.sizes.codebooks) * size_t(decoder.sizes.codes);
    const auto gather = [&](int kind, bool with_text) {
        for (int slot = 0; slot < decoder.sizes.slots; ++slot) {
            const bool has_text = kind == 0 && decoder.text_lengths[size_t(slot)] > 0;
            if (positions[slot] < 0 || has_text != with_text) continue;
            const size_t row = batch.rows.size();
            decoder.room.logit_rows[row] = logits + size_t(slot * 2 + kind) * size;
            batch.rows.push_back({slot, kind, int(positions[slot])});
            batch.sequences.push_back({int(row), 1});
            batch.conditional += with_text;
        }
    };
    gather(0, true);
    gather(0, false);
    gather(1, false);
}

// The last known codes of every track and where they stand; false when they cannot.
bool read_tracks(Decoder& decoder, const BandstandTracks& tracks) {
    const auto books = size_t(decoder.sizes.codebooks);
    for (size_t slot = 0; slot < size_t(decoder.sizes.slots); ++slot) {
        const int64_t last = tracks.column[slot];
        const int64_t position = tracks.is_playing[slot] ? tracks.prefix[slot] + last : -1;
        decoder.room.positions[slot] = position;
        if (position < 0) continue;
        if (position >= tracks.positions_max || last >= tracks.columns_max) return false;
        for (size_t book = 0; book < books; ++book) {
            const int64_t token = tracks.columns[(slot * books + book) * size_t(tracks.columns_max) + size_t(last)];
            if (token < 0 || token > decoder.sizes.codes) return false;
            decoder.room.tokens[slot * books + book] = token;
        }
    }
    return true;
}

void gather_columns(Decoder& decoder, int slot, const float* vectors, int stride, int start, int count) {
    Batch& batch = decoder.batch;
    batch.clear();
    const auto width = size_t(decoder.sizes.width);
    for (int kind = 0; kind < 2; ++kind) {
        batch.sequences.push_back({int(batch.rows.size()), count});
        for (int column = 0; column < count; ++column) {
            float* to = decoder.room.hidden_rows[batch.rows.size()];
            memcpy(to, vectors + size_t(kind * stride + column) * width, width * 4);
            add_position(decoder, start + column, to);
            batch.rows.push_back({slot, kind, start + column});
        }
    }
    batch.conditional = decoder.text_lengths[size_t(slot)] > 0 ? count : 0;
}

}  // namespace

}  // namespace bandstand

using namespace bandstand;

int32_t bandstand_step_version() {
    return 2;
}

int32_t bandstand_step_level(int32_t wanted) {
    int level;
    best(wanted, &level);
    wanted_level = level;
    return level;
}

Decoder* bandstand_step_open(const BandstandSizes* sizes) {
    int level;
    try {
        return new Decoder(*sizes, *best(wanted_level, &level));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void bandstand_step_pack(Decoder* decoder, int32_t tensor, int32_t layer, const float* values) {
    if (std::vector<float>* numbers = decoder->numbers(tensor, layer)) {
        memcpy(numbers->data(), values, numbers->size() * 4);
        return;
    }
    const Matrix& matrix = *decoder->matrix(tensor, layer);
    const int inputs = tensor == FEED_OUT ? decoder->sizes.inner : decoder->sizes.width;
    decoder->team.together([&](Team::Member& team) {
        team.share(matrix.count(), [&](int panel) { pack_panel(decoder->precision, values, inputs, matrix, panel); });
    });
}

void bandstand_step_attend(Decoder* decoder, int32_t slot, const float* text, int32_t count) {
    decoder->batch.clear();
    decoder->text_lengths[size_t(slot)] = count;
    decoder->team.together([&](Team::Member& member) {
        Pass pass(*decoder, member);
        for (int start = 0; start < count; start += decoder->rows_max) {
            const float* from = text + size_t(start) * size_t(decoder->sizes.width);
            pass.remember_text(from, slot, start, std::min(decoder->rows_max, count - start));
        }
    });
}

void bandstand_step_embed(const Decoder* decoder, const int64_t* tokens, int32_t count, float* vectors) {
    for (int row = 0; row < count; ++row)
        sum_vectors(*decoder, tokens + size_t(row) * size_t(decoder->sizes.codebooks), vectors + size_t(row) * size_t(decoder->sizes.width));
}

void bandstand_step_prefill(Decoder* decoder, int32_t slot, const float* vectors, int32_t count, int32_t start) {
    const int step = decoder->rows_max / 2;
    for (int column = 0; column < count; column += step) {
        const int columns = std::min(step, count - column);
        gather_columns(*decoder, slot, vectors + size_t(column) * size_t(decoder->sizes.width), count, start + column, columns);
        decoder->team.together([&](Team::Member& member) { Pass(*decoder, member).run_layers(); });
    }
}

void bandstand_step_logits(Decoder* decoder, const int64_t* tokens, const int64_t* positions, float* logits) {
    gather_step(*decoder, positions, logits);
    if (decoder->batch.rows.empty()) return;
    decoder->team.together([&](Team::Member& member) {
        Pass pass(*decoder, member);
        pass.embed(tokens);
        pass.run_layers();
        pass.run_heads();
    });
}

int32_t bandstand_step_take(Decoder* decoder, const BandstandTracks* tracks) {
    Room& room = decoder->room;
    if (!read_tracks(*decoder, *tracks)) return 0;
    gather_step(*decoder, room.positions.data(), room.logits.data());
    if (decoder->batch.rows.empty()) return 1;
    decoder->team.together([&](Team::Member& member) {
        Pass pass(*decoder, member);
        pass.embed(room.tokens.data());
        pass.run_layers();
        pass.run_heads();
        pass.draw(*tracks);
    });
    for (int slot = 0; slot < decoder->sizes.slots; ++slot) tracks->column[slot] += tracks->is_playing[slot];
    return 1;
}

int64_t bandstand_step_weight_bytes(const Decoder* decoder) {
    return int64_t(decoder->weights.bytes() + decoder->embedding.size() * 4);
}

int64_t bandstand_step_cache_bytes(const Decoder* decoder) {
    return int64_t(decoder->self_memory.bytes() + (decoder->sizes.is_prefix ? 0 : decoder->cross_memory.bytes()));
}

void bandstand_step_close(Decoder* decoder) {
    delete decoder;
}
