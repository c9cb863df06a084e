/* Texts into tokens, and the distinct ones into a dictionary in the order in which they first come up.

Three rules: at single spaces; the same and each ASCII punctuation mark alone, without empty tokens; words and marks as
`text.tokens.WordTokenizer` says, of what is ASCII between two spaces. What is not, is a token as it stands, and the
caller splits it. Each part of the texts is split by one thread; `plaudit_merge` makes the parts' dictionaries one. */

#include "table.h"

#include <stdlib.h>

enum { AT_SPACES, AT_PUNCTUATION, WORDS, WORDS_LOWER };
enum { AHEAD = 16 }; /* tokens that wait while their slots are fetched */

typedef struct {
    Slot *slots;
    uint64_t mask;
    int64_t n; /* distinct tokens; token i is bytes[ends[i - 1]] to bytes[ends[i]] */
    int64_t *ends, ends_size;
    uint8_t *bytes;
    int64_t bytes_size;
    Seed seed;
} Dictionary;

typedef struct {
    const uint8_t *token;
    int64_t length;
    uint64_t key, hash;
} Waiting;

typedef struct {
    Dictionary dictionary;
    Waiting waiting[AHEAD];
    int n_waiting;
    int32_t *values, *renamed; /* renamed: each token's place in the merged dictionary */
    int64_t n_values, values_size;
    int64_t *lengths, n_texts; /* tokens of each text */
    uint8_t *scratch;
    int64_t scratch_size;
} Part;

static int grow(void **array, int64_t *size, int64_t needed, int64_t item) {
    if (needed <= *size) return 1;
    int64_t larger = *size * 2 > needed ? *size * 2 : needed;
    void *moved = realloc(*array, (size_t)(larger * item));
    if (!moved) return 0;
    *array = moved;
    *size = larger;
    return 1;
}

static int resize(Dictionary *d, uint64_t n_slots) {
    Slot *slots = malloc(n_slots * sizeof(Slot));
    if (!slots) return 0;
    for (uint64_t i = 0; i < n_slots; i++) slots[i].id = -1;
    if (d->slots) {
        for (uint64_t i = 0; i <= d->mask; i++) {
            if (d->slots[i].id < 0) continue;
            uint64_t at = slot_of(d->slots[i].key, d->slots[i].length, d->seed) & (n_slots - 1);
            while (slots[at].id >= 0) at = (at + 1) & (n_slots - 1);
            slots[at] = d->slots[i];
        }
    }
    free(d->slots);
    d->slots = slots;
    d->mask = n_slots - 1;
    return 1;
}

/* Return the number of a token, a new one where it is not there yet; -1 without memory. */
static inline int32_t number_of(Dictionary *d, const uint8_t *token, int64_t length, uint64_t key, uint64_t hash) {
    uint64_t at = hash & d->mask;
    for (; d->slots[at].id >= 0; at = (at + 1) & d->mask) {
        const Slot *slot = &d->slots[at];
        if (slot->key != key || slot->length != (uint32_t)length) continue;
        if (length <= 8) return slot->id;
        int64_t begin = slot->id ? d->ends[slot->id - 1] : 0;
        if (d->ends[slot->id] - begin == length && is_same(d->bytes + begin, token, length)) return slot->id;
    }
    int64_t begin = d->n ? d->ends[d->n - 1] : 0;
    if (d->n == INT32_MAX || !grow((void **)&d->ends, &d->ends_size, d->n + 1, 8) ||
        !grow((void **)&d->bytes, &d->bytes_size, begin + length + 8, 1))
        return -1;
    memcpy(d->bytes + begin, token, (size_t)length);
    d->ends[d->n] = begin + length;
    d->slots[at] = (Slot){key, (int32_t)d->n, (uint32_t)length};
    d->n++;
    if (2 * (uint64_t)d->n > d->mask && !resize(d, 2 * (d->mask + 1))) return -1;
    return (int32_t)(d->n - 1);
}

/* Give the waiting tokens their numbers; 0 without memory. */
static int flush(Part *part) {
    if (!grow((void **)&part->values, &part->values_size, part->n_values + part->n_waiting, 4)) return 0;
    for (int i = 0; i < part->n_waiting; i++) {
        const Waiting *w = &part->waiting[i];
        int32_t number = number_of(&part->dictionary, w->token, w->length, w->key, w->hash);
        if (number < 0) return 0;
        part->values[part->n_values++] = number;
    }
    part->n_waiting = 0;
    return 1;
}

/* Take note of a token whose key is known, and fetch the slot that it will ask for. */
static inline int put_key(Part *part, const uint8_t *token, int64_t length, uint64_t key) {
    Dictionary *d = &part->dictionary;
    uint64_t hash = slot_of(key, length, d->seed);
    __builtin_prefetch(&d->slots[hash & d->mask]);
    part->waiting[part->n_waiting++] = (Waiting){token, length, key, hash};
    return part->n_waiting < AHEAD || flush(part);
}

static inline int put(Part *part, const uint8_t *token, int64_t length, const uint8_t *limit) {
    return put_key(part, token, length, key_of(token, length, limit, part->dictionary.seed));
}

/* What a byte is, 0 or 0xFF, without a branch, so that loops over bytes become vector instructions. */
static inline uint8_t within(uint8_t c, uint8_t first, uint8_t n) { return (uint8_t)(c - first) < n ? 0xFF : 0; }
static inline uint8_t is_letter(uint8_t c) { return within(c | 32, 'a', 26) | within(c, '0', 10); }
static inline uint8_t is_word(uint8_t c) { return is_letter(c) | within(c, '_', 1) | within(c, '\'', 1); }
static inline uint8_t is_punctuation(uint8_t c) { return within(c, 33, 94) & (uint8_t)~is_letter(c); }
static inline uint8_t is_blank(uint8_t c) { return within(c, 0, 33) | within(c, 127, 1); }

/* How many bytes from `at` are 0xFF; there are 8 bytes that are not behind the last. */
static inline int64_t run(const uint8_t *at) {
    for (int64_t n = 0;; n += 8) {
        uint64_t others = ~eight(at + n);
        if (others) return n + (__builtin_ctzll(others) >> 3);
    }
}

/* The words and marks of some ASCII bytes that have been folded; apostrophes at a word's edge are one token. */
static int put_words(Part *part, const uint8_t *folded, const uint8_t *wordy, int64_t length, const uint8_t *limit) {
    for (int64_t i = 0; i < length;) {
        if (!wordy[i]) {
            if (!is_blank(folded[i]) && !put(part, folded + i, 1, limit)) return 0;
            i++;
            continue;
        }
        int64_t end = i + run(wordy + i), first = i, last;
        end = end < length ? end : length;
        while (first < end && folded[first] == '\'') first++;
        for (last = end; last > first && folded[last - 1] == '\'';) last--;
        if (first > i && !put(part, folded + i, first - i, limit)) return 0;
        if (last > first && !put(part, folded + first, last - first, limit)) return 0;
        if (end > last && !put(part, folded + last, end - last, limit)) return 0;
        i = end;
    }
    return 1;
}

/* Write bytes with capital letters moved by `step`, and 0xFF where one is a word's; return all bytes' bits together. */
static uint8_t fold_bytes(const uint8_t *restrict at, int64_t length, uint8_t step, uint8_t *restrict folded,
                          uint8_t *restrict wordy) {
    uint8_t high = 0;
    for (int64_t i = 0; i < length; i++) high |= at[i];
    for (int64_t i = 0; i < length; i++) folded[i] = (uint8_t)(at[i] + ((uint8_t)(at[i] - 'A') < 26 ? step : 0));
    for (int64_t i = 0; i < length; i++) wordy[i] = is_word(at[i]);
    return high;
}

static int split_words(Part *part, const uint8_t *at, int64_t length, const uint8_t *limit, int fold) {
    if (!grow((void **)&part->scratch, &part->scratch_size, 2 * (length + 8), 1)) return 0;
    uint8_t *folded = part->scratch, *wordy = folded + length + 8;
    uint8_t high = fold_bytes(at, length, fold ? 32 : 0, folded, wordy);
    memset(folded + length, 0, 8);
    memset(wordy + length, 0, 8);
    const uint8_t *folded_limit = wordy;
    if (!(high & 0x80)) return put_words(part, folded, wordy, length, folded_limit) && flush(part);
    for (int64_t begin = 0; begin < length;) {
        int64_t end = begin;
        for (high = 0; end < length && at[end] != ' '; end++) high |= at[end];
        int ok = high & 0x80 ? put(part, at + begin, end - begin, limit)
                             : put_words(part, folded + begin, wordy + begin, end - begin, folded_limit);
        if (!ok) return 0;
        begin = end + 1;
    }
    return flush(part);
}

static int split_pieces(Part *part, const uint8_t *at, int64_t length, const uint8_t *limit) {
    if (!grow((void **)&part->scratch, &part->scratch_size, length + 8, 1)) return 0;
    uint8_t *restrict inner = part->scratch;
    for (int64_t i = 0; i < length; i++) inner[i] = (uint8_t)~(within(at[i], ' ', 1) | is_punctuation(at[i]));
    memset(inner + length, 0, 8);
    for (int64_t i = 0; i < length; i++) {
        int64_t n = run(inner + i);
        if (n && !put(part, at + i, n, limit)) return 0;
        i += n;
        if (i < length && at[i] != ' ' && !put(part, at + i, 1, limit)) return 0;
    }
    return 1;
}

static int split_spaces(Part *part, const uint8_t *at, int64_t length, const uint8_t *limit) {
    const uint64_t ones = 0x0101010101010101ULL;
    for (const uint8_t *end = at + length;;) {
        int64_t n = 0;
        const uint8_t *from = at;
        for (; limit - at >= 8 && at < end; at += 8) { /* eight bytes at a time; the lowest set bit is exact */
            uint64_t word = eight(at), spaces = word ^ (' ' * ones);
            uint64_t found = (spaces - ones) & ~spaces & (0x80 * ones);
            if (!found) continue;
            at += __builtin_ctzll(found) >> 3;
            break;
        }
        while (limit - at < 8 && at < end && *at != ' ') at++;
        if (at > end) at = end;
        n = at - from;
        if (!put(part, from, n, limit)) return 0;
        if (at == end) return 1;
        at++;
    }
}

static int split_text(Part *part, const uint8_t *at, int64_t length, const uint8_t *limit, int rule) {
    if (rule == AT_SPACES) return split_spaces(part, at, length, limit);
    if (rule == AT_PUNCTUATION) return split_pieces(part, at, length, limit);
    return split_words(part, at, length, limit, rule == WORDS_LOWER);
}

EXPORT void plaudit_free(Part *part) {
    if (!part) return;
    free(part->dictionary.slots);
    free(part->dictionary.ends);
    free(part->dictionary.bytes);
    free(part->values);
    free(part->renamed);
    free(part->lengths);
    free(part->scratch);
    free(part);
}

static Part *new_part(uint64_t n_slots, Seed seed) {
    Part *part = calloc(1, sizeof(Part));
    if (!part) return NULL;
    part->dictionary.seed = seed;
    if (resize(&part->dictionary, n_slots)) return part;
    plaudit_free(part);
    return NULL;
}

/* Split N texts, bytes[offsets[i]] to bytes[offsets[i + 1]], the buffer having `size` bytes; NULL without memory. */
EXPORT Part *plaudit_split(const uint8_t *bytes, int64_t size, const int64_t *offsets, int64_t n_texts, int rule,
                           uint64_t seed_a, uint64_t seed_b) {
    Part *part = new_part(n_texts < 16 ? 512 : 65536, (Seed){seed_a, seed_b});
    if (!part) return NULL;
    part->n_texts = n_texts;
    part->lengths = malloc((size_t)(n_texts ? n_texts : 1) * 8);
    int ok = part->lengths != NULL;
    for (int64_t i = 0; ok && i < n_texts; i++) {
        int64_t before = part->n_values + part->n_waiting;
        ok = split_text(part, bytes + offsets[i], offsets[i + 1] - offsets[i], bytes + size, rule);
        part->lengths[i] = part->n_values + part->n_waiting - before;
    }
    if (ok && flush(part)) return part;
    plaudit_free(part);
    return NULL;
}

/* Make the parts' dictionaries one, in the order of the parts; NULL without memory. */
EXPORT Part *plaudit_merge(Part **parts, int64_t n_parts) {
    Part *merged = new_part(1 << 18, parts[0]->dictionary.seed);
    if (!merged) return NULL;
    for (int64_t p = 0; p < n_parts; p++) {
        Dictionary *own = &parts[p]->dictionary;
        parts[p]->renamed = malloc((size_t)(own->n ? own->n : 1) * 4);
        int ok = parts[p]->renamed != NULL;
        for (int64_t i = 0, begin = 0; ok && i < own->n; begin = own->ends[i++]) {
            int64_t length = own->ends[i] - begin;
            const uint8_t *token = own->bytes + begin;
            uint64_t key = key_of(token, length, own->bytes + own->bytes_size, own->seed);
            int32_t number = number_of(&merged->dictionary, token, length, key, slot_of(key, length, own->seed));
            parts[p]->renamed[i] = number;
            ok = number >= 0;
        }
        if (!ok) {
            plaudit_free(merged);
            return NULL;
        }
    }
    return merged;
}

/* Write how large the dictionary is: distinct tokens, their bytes; and the tokens of the texts. */
EXPORT void plaudit_sizes(const Part *part, int64_t *sizes) {
    sizes[0] = part->dictionary.n;
    sizes[1] = part->dictionary.n ? part->dictionary.ends[part->dictionary.n - 1] : 0;
    sizes[2] = part->n_values;
}

/* Write the dictionary as Arrow has it: offsets [V + 1] and bytes. */
EXPORT void plaudit_dictionary(const Part *part, int64_t *offsets, uint8_t *bytes) {
    const Dictionary *d = &part->dictionary;
    offsets[0] = 0;
    if (!d->n) return;
    memcpy(offsets + 1, d->ends, (size_t)d->n * 8);
    memcpy(bytes, d->bytes, (size_t)d->ends[d->n - 1]);
}

/* Write the texts' tokens and, starting behind `begin` tokens of earlier parts, where each text's end. */
EXPORT void plaudit_values(const Part *part, int64_t begin, int32_t *values, int64_t *ends) {
    for (int64_t i = 0; i < part->n_texts; i++) ends[i] = begin += part->lengths[i];
    if (!part->renamed) {
        if (part->n_values) memcpy(values, part->values, (size_t)part->n_values * 4);
    } else {
        for (int64_t i = 0; i < part->n_values; i++) values[i] = part->renamed[part->values[i]];
    }
}
