/* Sums by text in NumPy's order, so that they are NumPy's to the bit: `np.add.reduceat` adds to the first number the
pairwise sum of the others (numpy/_core/src/umath/loops_utils.h.src). And what gathers tokens back. */

#include "table.h"

#include <math.h>

enum { BLOCK = 128, WIDEST = 64 };

#define PAIRWISE(NAME, TYPE, ITEM, AT)                                                        \
    static double NAME(const TYPE *values, const ITEM *items, int64_t n) {                    \
        double sum = -0.0;                                                                    \
        int64_t i = 0;                                                                        \
        if (n < 8) {                                                                          \
            for (; i < n; i++) sum += AT(i);                                                  \
            return sum;                                                                       \
        }                                                                                     \
        if (n > BLOCK) {                                                                      \
            int64_t half = n / 2 - n / 2 % 8;                                                 \
            return NAME(values, items, half) + NAME(values, items + half, n - half);          \
        }                                                                                     \
        double r[8];                                                                          \
        for (; i < 8; i++) r[i] = AT(i);                                                      \
        for (; i < n - n % 8; i += 8)                                                         \
            for (int j = 0; j < 8; j++) r[j] += AT(i + j);                                    \
        sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));              \
        for (; i < n; i++) sum += AT(i);                                                      \
        return sum;                                                                           \
    }

#define PLAIN(i) (double)values[items[i]]
#define SQUARE(i) (double)(values[items[i]] * values[items[i]])
#define ITEM_ITSELF(i) items[i]
PAIRWISE(pairwise_float, float, int32_t, PLAIN)
PAIRWISE(pairwise_square, float, int32_t, SQUARE)
PAIRWISE(pairwise_double, double, int32_t, PLAIN)
PAIRWISE(pairwise, void, double, ITEM_ITSELF)

enum { FLOAT, FLOAT_SQUARED, DOUBLE };

/* Write each text's sum of values[indices[offsets[i]]] to values[indices[offsets[i + 1]]]; 0 for an empty one. */
EXPORT void plaudit_gathered_sums(int kind, const void *values, const int32_t *indices, const int64_t *offsets,
                                  int64_t n, double *out) {
    for (int64_t i = 0; i < n; i++) {
        const int32_t *own = indices + offsets[i];
        int64_t length = offsets[i + 1] - offsets[i] - 1;
        if (length < 0)
            out[i] = 0;
        else if (kind == FLOAT)
            out[i] = (double)((const float *)values)[own[0]] + pairwise_float(values, own + 1, length);
        else if (kind == DOUBLE)
            out[i] = ((const double *)values)[own[0]] + pairwise_double(values, own + 1, length);
        else {
            float first = ((const float *)values)[own[0]];
            out[i] = (double)(first * first) + pairwise_square(values, own + 1, length);
        }
    }
}

/* Add each text's weight to the sum of each feature that it has; `sums` begin at 0. */
EXPORT void plaudit_add_to(const double *weights, const int32_t *indices, const int64_t *offsets, int64_t n,
                                 double *sums) {
    for (int64_t i = 0; i < n; i++) {
        if (weights[i] == 0) continue;
        for (int64_t k = offsets[i]; k < offsets[i + 1]; k++) sums[indices[k]] += weights[i];
    }
}

/* Return the sum of a text's numbers: the first, and the pairwise sum of the others. */
static double text_sum(const double *own, int64_t length) { return own[0] + pairwise(NULL, own + 1, length - 1); }

/* Write each text's sum of values[k] * coefficients[indices[k]]; `scratch` holds the longest text. */
EXPORT void plaudit_weighted_sums(const float *values, const float *coefficients, const int32_t *indices,
                                  const int64_t *offsets, int64_t n, double *scratch, double *out) {
    for (int64_t i = 0; i < n; i++) {
        int64_t begin = offsets[i], length = offsets[i + 1] - begin;
        for (int64_t k = 0; k < length; k++)
            scratch[k] = (double)values[begin + k] * (double)coefficients[indices[begin + k]];
        out[i] = length ? text_sum(scratch, length) : 0;
    }
}

static float unit_where_empty(double square) {
    double root = sqrt(square);
    return root > 0 ? (float)root : 1;
}

/* Write each entry's count times its feature's scale, by the length of its block in its text: the features before
`n_first` are a block, the others another. `scratch` holds the longest text twice. */
EXPORT void plaudit_scaled(const float *scales, const float *counts, const int32_t *indices,
                                 const int64_t *offsets, int64_t n, int64_t n_first, double *scratch, float *out) {
    for (int64_t i = 0; i < n; i++) {
        int64_t begin = offsets[i], length = offsets[i + 1] - begin;
        double *second = scratch + length;
        if (!length) continue;
        for (int64_t k = 0; k < length; k++) {
            float value = scales[indices[begin + k]];
            float square = value * value;
            int is_first = indices[begin + k] < n_first;
            if (counts) square *= counts[begin + k];
            scratch[k] = is_first ? (double)square : 0;
            second[k] = is_first ? 0 : (double)square;
            out[begin + k] = value;
        }
        float of_first = unit_where_empty(text_sum(scratch, length)), of_second = unit_where_empty(text_sum(second, length));
        for (int64_t k = 0; k < length; k++) {
            out[begin + k] /= indices[begin + k] < n_first ? of_first : of_second;
            if (counts) out[begin + k] *= counts[begin + k];
        }
    }
}

/* The pairwise sum of n rows of `table`, `width` numbers each; `out` is not part of it. */
static inline __attribute__((always_inline)) void sum_block(const float *table, const int32_t *rows, int64_t n,
                                                            const int64_t width, float *out) {
    float r[8][WIDEST];
    int64_t i = 0;
    if (n < 8) {
        for (int64_t d = 0; d < width; d++) out[d] = -0.0f;
        for (; i < n; i++)
            for (int64_t d = 0; d < width; d++) out[d] += table[rows[i] * width + d];
        return;
    }
    for (; i < 8; i++)
        for (int64_t d = 0; d < width; d++) r[i][d] = table[rows[i] * width + d];
    for (; i < n - n % 8; i += 8) {
        for (int j = 0; j < 8; j++) {
            const float *row = table + rows[i + j] * width;
            for (int64_t d = 0; d < width; d++) r[j][d] += row[d];
        }
    }
    for (int64_t d = 0; d < width; d++)
        out[d] = ((r[0][d] + r[1][d]) + (r[2][d] + r[3][d])) + ((r[4][d] + r[5][d]) + (r[6][d] + r[7][d]));
    for (; i < n; i++)
        for (int64_t d = 0; d < width; d++) out[d] += table[rows[i] * width + d];
}

static void sum_rows(const float *table, const int32_t *rows, int64_t n, int64_t width, float *out) {
    if (n <= BLOCK) {
        if (width == 16)
            sum_block(table, rows, n, 16, out);
        else
            sum_block(table, rows, n, width, out);
        return;
    }
    float right[WIDEST];
    int64_t half = n / 2 - n / 2 % 8;
    sum_rows(table, rows, half, width, out);
    sum_rows(table, rows + half, n - half, width, right);
    for (int64_t d = 0; d < width; d++) out[d] += right[d];
}

/* Write each text's sum of rows of `table`, float32 [N, width] with a width of at most 64, and how many of its tokens
are `known`. */
EXPORT void plaudit_row_sums(const float *table, const uint8_t *known, const int32_t *values, const int64_t *offsets,
                             int64_t n, int64_t width, float *out, int64_t *counts) {
    for (int64_t i = 0; i < n; i++, out += width) {
        const int32_t *own = values + offsets[i];
        int64_t length = offsets[i + 1] - offsets[i];
        counts[i] = 0;
        for (int64_t k = 0; k < length; k++) counts[i] += known[own[k]];
        if (!length) {
            memset(out, 0, (size_t)width * 4);
            continue;
        }
        const float *first = table + own[0] * width;
        sum_rows(table, own + 1, length - 1, width, out);
        for (int64_t d = 0; d < width; d++) out[d] = first[d] + out[d];
    }
}

/* Write how many inner tokens each of n texts has, and return how many all have. */
EXPORT int64_t plaudit_expanded(const int32_t *values, const int64_t *offsets, int64_t n, const int64_t *inner_offsets,
                                int64_t *lengths) {
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        lengths[i] = 0;
        for (int64_t k = offsets[i]; k < offsets[i + 1]; k++)
            lengths[i] += inner_offsets[values[k] + 1] - inner_offsets[values[k]];
        total += lengths[i];
    }
    return total;
}

/* Write the inner tokens of n outer ones, one after another. */
EXPORT void plaudit_expand(const int32_t *values, int64_t n, const int64_t *inner_offsets, const int32_t *inner_values,
                           int32_t *out) {
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = inner_offsets[values[k]]; i < inner_offsets[values[k] + 1]; i++) *out++ = inner_values[i];
}
