/* Which n-grams of a vocabulary each text has, each once and in order (`text.ngrams.NgramVocabulary.rows`,
   `training.gathering`). */

#include "table.h"

#include <stdlib.h>

typedef struct {
    const KeySlot *slots;
    int64_t mask, size, shift; /* size: n-grams of this length */
} Level;

/* Sort n numbers from 0 to below 2^bits. */
static void sort(uint32_t *numbers, uint32_t *spare, int64_t n, int bits) {
    if (n < 48) {
        for (int64_t i = 1; i < n; i++) {
            uint32_t number = numbers[i];
            int64_t k = i;
            for (; k > 0 && numbers[k - 1] > number; k--) numbers[k] = numbers[k - 1];
            numbers[k] = number;
        }
        return;
    }
    uint32_t *from = numbers, *to = spare;
    for (int shift = 0; shift < bits; shift += 8) {
        int64_t starts[257] = {0};
        for (int64_t i = 0; i < n; i++) starts[(from[i] >> shift & 255) + 1]++;
        for (int k = 0; k < 256; k++) starts[k + 1] += starts[k];
        for (int64_t i = 0; i < n; i++) to[starts[from[i] >> shift & 255]++] = from[i];
        uint32_t *other = from;
        from = to;
        to = other;
    }
    if (from != numbers) memcpy(numbers, from, (size_t)n * 4);
}

static int bits_of(int64_t size) {
    int bits = 1;
    while ((int64_t)1 << bits < size) bits++;
    return bits;
}

/* Write the n-grams of n texts, [at most n_levels times their tokens], and where each text's end.

values: below 0 for a token that is in no dictionary; numbers: each one's place in the vocabulary, -1 for none; levels: for each length from 1, the first without slots.
Returns how many there are; -1 without memory. */
EXPORT int64_t plaudit_ngram_rows(const int32_t *values, const int64_t *offsets, int64_t n, const int64_t *numbers,
                                  int64_t n_known, const Level *levels, int64_t n_levels, int32_t *out, int64_t *ends) {
    int64_t longest = 0, total = 0;
    for (int64_t i = 0; i < n; i++)
        if (offsets[i + 1] - offsets[i] > longest) longest = offsets[i + 1] - offsets[i];
    int64_t *tokens = malloc((size_t)(longest + 1) * 8), *grams = malloc((size_t)(longest + 1) * 8);
    int64_t *keys = malloc((size_t)(longest + 1) * 8);
    uint32_t *found = malloc((size_t)(longest + 1) * 4), *spare = malloc((size_t)(longest + 1) * 4);
    if (!tokens || !grams || !keys || !found || !spare) total = -1;
    for (int64_t i = 0; total >= 0 && i < n; i++) {
        int64_t length = offsets[i + 1] - offsets[i], before = 0;
        for (int64_t k = 0; k < length; k++) {
            int32_t value = values[offsets[i] + k];
            grams[k] = tokens[k] = value < 0 ? -1 : numbers[value];
        }
        for (int64_t l = 0; l < n_levels; l++) {
            const Level *level = &levels[l];
            int64_t n_places = length - l, n_found = 0;
            if (n_places <= 0) break;
            if (l) {
                for (int64_t k = 0; k < n_places; k++) {
                    int can = grams[k] >= 0 && grams[k + 1] >= 0;
                    keys[k] = can ? grams[k] * n_known + tokens[k + l] : -1;
                    if (can) __builtin_prefetch(&level->slots[key_slot(keys[k], (int)level->shift)]);
                }
                for (int64_t k = 0; k < n_places; k++)
                    grams[k] = keys[k] < 0 ? -1 : position_of(level->slots, (uint64_t)level->mask, (int)level->shift, keys[k]);
            }
            for (int64_t k = 0; k < n_places; k++)
                if (grams[k] >= 0) found[n_found++] = (uint32_t)grams[k];
            sort(found, spare, n_found, bits_of(level->size));
            for (int64_t k = 0; k < n_found; k++)
                if (!k || found[k] != found[k - 1]) out[total++] = (int32_t)(found[k] + before);
            before += level->size;
        }
        ends[i] = total;
    }
    free(tokens);
    free(grams);
    free(keys);
    free(found);
    free(spare);
    return total;
}

/* Write the distinct tokens of n texts in the order in which they first come up, and where each text's end.

seen: int64 [V], all -1. Returns how many there are. */
EXPORT int64_t plaudit_distinct(const int32_t *values, const int64_t *offsets, int64_t n, int64_t *seen, int32_t *out,
                                int64_t *ends) {
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = offsets[i]; k < offsets[i + 1]; k++) {
            if (seen[values[k]] == i) continue;
            seen[values[k]] = i;
            out[total++] = values[k];
        }
        ends[i] = total;
    }
    return total;
}

/* Write how many distinct character n-grams each of n texts has.

starts, keys: which ones each word of the dictionary has; seen: int64 [their number], all -1. */
EXPORT void plaudit_character_sizes(const int64_t *offsets, const int32_t *words, int64_t n, const int64_t *starts,
                                    const int64_t *keys, int64_t *seen, int64_t *sizes) {
    for (int64_t i = 0; i < n; i++) {
        int64_t size = 0;
        for (int64_t w = offsets[i]; w < offsets[i + 1]; w++)
            for (int64_t k = starts[words[w]]; k < starts[words[w] + 1]; k++) {
                size += seen[keys[k]] != i;
                seen[keys[k]] = i;
            }
        sizes[i] = size;
    }
}

/* Write each text's n-grams, then the character n-grams of its words with how often they occur, in order.

ends: where each text begins, [n + 1]; n_grams: the first character n-gram's number; tally: uint32 [n_characters], all 0.
Returns 0; -1 without memory. */
EXPORT int64_t plaudit_character_rows(const int64_t *row_offsets, const int32_t *grams, const int64_t *offsets,
                                      const int32_t *words, int64_t n, const int64_t *starts, const int64_t *keys,
                                      int64_t n_grams, int64_t n_characters, const int64_t *ends, uint32_t *tally,
                                      int32_t *indices, float *counts) {
    int64_t longest = 0;
    for (int64_t i = 0; i < n; i++)
        if (ends[i + 1] - ends[i] > longest) longest = ends[i + 1] - ends[i];
    uint32_t *found = malloc((size_t)(longest + 1) * 4), *spare = malloc((size_t)(longest + 1) * 4);
    int bits = bits_of(n_characters);
    for (int64_t i = 0; found && spare && i < n; i++) {
        int64_t at = ends[i], n_found = 0;
        for (int64_t k = row_offsets[i]; k < row_offsets[i + 1]; k++, at++) {
            indices[at] = grams[k];
            counts[at] = 1;
        }
        for (int64_t w = offsets[i]; w < offsets[i + 1]; w++)
            for (int64_t k = starts[words[w]]; k < starts[words[w] + 1]; k++)
                if (!tally[keys[k]]++) found[n_found++] = (uint32_t)keys[k];
        sort(found, spare, n_found, bits);
        for (int64_t k = 0; k < n_found; k++, at++) {
            indices[at] = (int32_t)(n_grams + found[k]);
            counts[at] = (float)tally[found[k]];
            tally[found[k]] = 0;
        }
    }
    int64_t result = found && spare ? 0 : -1;
    free(found);
    free(spare);
    return result;
}
