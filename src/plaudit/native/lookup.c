/* Where strings stand in a vocabulary, where numbers stand in a table, and BERT's WordPiece of plain ASCII words. */

#include "table.h"

/* Index a vocabulary of n distinct strings in `n_slots` slots, a power of two above n, all free. */
EXPORT void plaudit_index(const uint8_t *bytes, int64_t size, const int64_t *offsets, int64_t n, Slot *slots,
                          int64_t n_slots, uint64_t seed_a, uint64_t seed_b) {
    Seed seed = {seed_a, seed_b};
    for (int64_t i = 0; i < n; i++) {
        int64_t length = offsets[i + 1] - offsets[i];
        uint64_t key = key_of(bytes + offsets[i], length, bytes + size, seed);
        uint64_t at = slot_of(key, length, seed) & (uint64_t)(n_slots - 1);
        while (slots[at].id >= 0) at = (at + 1) & (uint64_t)(n_slots - 1);
        slots[at] = (Slot){key, (int32_t)i, (uint32_t)length};
    }
}

typedef struct {
    const uint8_t *bytes;
    const int64_t *offsets;
    const Slot *slots;
    int64_t n_slots;
    uint64_t seed_a, seed_b;
} Vocabulary;

static inline int32_t find(const Vocabulary *v, const uint8_t *string, int64_t length, uint64_t key) {
    Seed seed = {v->seed_a, v->seed_b};
    uint64_t mask = (uint64_t)v->n_slots - 1, at = slot_of(key, length, seed) & mask;
    for (; v->slots[at].id >= 0; at = (at + 1) & mask) {
        const Slot *slot = &v->slots[at];
        if (slot->key != key || slot->length != (uint32_t)length) continue;
        if (length <= 8) return slot->id;
        int64_t begin = v->offsets[slot->id];
        if (v->offsets[slot->id + 1] - begin == length && is_same(v->bytes + begin, string, length))
            return slot->id;
    }
    return -1;
}

enum { AHEAD = 16 };

/* Write the place of each of n strings in the vocabulary, -1 where it is not there. */
EXPORT void plaudit_rows(const Vocabulary *v, const uint8_t *bytes, int64_t size, const int64_t *offsets, int64_t n,
                         int64_t *rows) {
    Seed seed = {v->seed_a, v->seed_b};
    for (int64_t begin = 0; begin < n; begin += AHEAD) {
        int64_t end = begin + AHEAD < n ? begin + AHEAD : n;
        uint64_t keys[AHEAD];
        for (int64_t i = begin; i < end; i++) {
            int64_t length = offsets[i + 1] - offsets[i];
            keys[i - begin] = key_of(bytes + offsets[i], length, bytes + size, seed);
            __builtin_prefetch(&v->slots[slot_of(keys[i - begin], length, seed) & (uint64_t)(v->n_slots - 1)]);
        }
        for (int64_t i = begin; i < end; i++)
            rows[i] = find(v, bytes + offsets[i], offsets[i + 1] - offsets[i], keys[i - begin]);
    }
}

enum { LONGEST_WORD = 256 };

/* Write the pieces of words of printable ASCII, the longest first: ids [length of all words] and, for each word, how
many; -1 for a word that the caller has to ask for, since it is not such. Returns how many ids there are. */
EXPORT int64_t plaudit_wordpiece(const Vocabulary *v, const uint8_t *bytes, const int64_t *offsets, int64_t n,
                                 const uint8_t *prefix, int64_t prefix_length, int64_t most, int fold, int32_t unknown,
                                 int32_t *ids, int64_t *counts) {
    uint8_t buffer[2 * LONGEST_WORD + 8];
    Seed seed = {v->seed_a, v->seed_b};
    int64_t total = 0;
    for (int64_t w = 0; w < n; w++) {
        const uint8_t *word = bytes + offsets[w];
        int64_t length = offsets[w + 1] - offsets[w], first = total;
        int plain = length <= LONGEST_WORD && prefix_length <= LONGEST_WORD;
        for (int64_t i = 0; plain && i < length; i++) {
            uint8_t c = word[i];
            plain = c > 32 && c < 127;
            buffer[LONGEST_WORD + i] = (uint8_t)(fold && c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        counts[w] = -1;
        if (!plain) continue;
        int known = length <= most;
        for (int64_t begin = 0; known && begin < length;) {
            /* the continuation's prefix is laid over what has been read already */
            uint8_t *start = buffer + LONGEST_WORD + begin;
            if (begin) memcpy(start -= prefix_length, prefix, (size_t)prefix_length);
            int64_t lead = begin ? prefix_length : 0, end = length;
            int32_t id = -1;
            for (; end > begin && id < 0; end--) {
                int64_t size = lead + end - begin;
                id = find(v, start, size, key_of(start, size, buffer + sizeof buffer, seed));
            }
            known = id >= 0;
            if (known) {
                ids[total++] = id;
                begin = end + 1;
            }
        }
        if (!known) {
            total = first;
            ids[total++] = unknown;
        }
        counts[w] = total - first;
    }
    return total;
}

/* Write the position of each of n numbers from 0, -1 where it is not there (`text.key_table`). */
EXPORT void plaudit_positions(const KeySlot *slots, int64_t n_slots, int shift, const int64_t *keys, int64_t n,
                              int64_t *positions) {
    for (int64_t begin = 0; begin < n; begin += AHEAD) {
        int64_t end = begin + AHEAD < n ? begin + AHEAD : n;
        for (int64_t i = begin; i < end; i++) __builtin_prefetch(&slots[key_slot(keys[i], shift)]);
        for (int64_t i = begin; i < end; i++)
            positions[i] = position_of(slots, (uint64_t)n_slots - 1, shift, keys[i]);
    }
}
