/* Byte strings as keys of a hash table with open addressing: one cache line a look-up, for strings of up to 8 bytes.

Such a string is its own key, so that equal keys and lengths are equal strings; a longer one has a 64-bit hash and is
compared. The seed is drawn once a process: nobody can prepare texts whose words all collide. No result depends on it. */

#ifndef PLAUDIT_TABLE_H
#define PLAUDIT_TABLE_H

#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef struct {
    uint64_t key;
    int32_t id; /* -1: free */
    uint32_t length;
} Slot;

typedef struct {
    uint64_t a, b;
} Seed;

/* wyhash's mixing: the two halves of a 128-bit product (https://github.com/wangyi-fudan/wyhash). */
static inline uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t eight(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* The key of a string; `limit` is the end of the memory that may be read. */
static inline uint64_t key_of(const uint8_t *string, int64_t length, const uint8_t *limit, Seed seed) {
    if (length <= 8) {
        if (length == 0) return 0;
        if (limit - string >= 8) return eight(string) & (~0ULL >> (64 - 8 * length));
        uint64_t word = 0;
        for (int64_t i = 0; i < length; i++) word |= (uint64_t)string[i] << (8 * i);
        return word;
    }
    uint64_t hash = seed.a ^ (uint64_t)length;
    int64_t i = 0;
    for (; i + 8 < length; i += 8) hash = mix(hash ^ eight(string + i), seed.b);
    return mix(hash ^ eight(string + length - 8), seed.b);
}

/* Whether two strings of the same length, above 8, are equal. */
static inline int is_same(const uint8_t *a, const uint8_t *b, int64_t length) {
    for (int64_t i = 0; i + 8 < length; i += 8)
        if (eight(a + i) != eight(b + i)) return 0;
    return eight(a + length - 8) == eight(b + length - 8);
}

static inline uint64_t slot_of(uint64_t key, int64_t length, Seed seed) {
    return mix(key ^ seed.a, (uint64_t)length ^ seed.b);
}

/* A slot of `text.key_table.KeyTable`. */
typedef struct {
    int64_t key, position; /* key -1: free */
} KeySlot;

static inline uint64_t key_slot(int64_t key, int shift) { return ((uint64_t)key * 0x9E3779B97F4A7C15ULL) >> shift; }

static inline int64_t position_of(const KeySlot *slots, uint64_t mask, int shift, int64_t key) {
    uint64_t at = key_slot(key, shift);
    while (slots[at].key != key && slots[at].key >= 0) at = (at + 1) & mask;
    return slots[at].key == key ? slots[at].position : -1;
}

#endif
