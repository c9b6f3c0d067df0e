/* "Did you mean …?" by edit distance, swapped neighbours counting as one edit (Damerau, 1964); the
 * words are in json.h. */
#include "json.h"

#include "memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_WORD = 64, FARTHEST = 3 };

static int smallest(int a, int b, int c)
{
    const int least = a < b ? a : b;
    return least < c ? least : c;
}

static int edit_distance(const char *a, const char *b)
{
    const int rows = (int)strlen(a), columns = (int)strlen(b);
    int table[3][LONGEST_WORD + 1]; /* this row and the two above it, by turns */

    for (int i = 0; i <= rows; i++) {
        int *row = table[i % 3];
        const int *above = table[(i + 2) % 3], *higher = table[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= columns; j++) {
            if (i == 0) {
                row[j] = j;
                continue;
            }
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && higher[j - 2] + 1 < row[j])
                row[j] = higher[j - 2] + 1;
        }
    }
    return table[rows % 3][columns];
}

const char *nearest_name(const char *word, const char *const *names, int count)
{
    const char *best = NULL;
    int best_distance = FARTHEST + 1;
    const size_t length = strlen(word);

    if (length > LONGEST_WORD)
        return NULL;
    for (int i = 0; i < count; i++) {
        if (strlen(names[i]) > LONGEST_WORD)
            continue;
        const int distance = edit_distance(word, names[i]);
        if (distance < best_distance && 2 * (size_t)distance <= length) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

void names_joined(const char *const *names, int count, char *joined, size_t bytes)
{
    static const char more[] = ", …";
    size_t used = 0;

    snprintf(joined, bytes, "%s", count > 0 ? "" : "none");
    for (int i = 0; i < count; i++) {
        const size_t wanted = strlen(names[i]) + (i > 0 ? 2 : 0);
        const size_t behind = i + 1 < count ? sizeof more : 1; /* with the end */
        if (used + wanted + behind > bytes) {
            snprintf(joined + used, bytes - used, "%s", more + (used > 0 ? 0 : 2));
            return;
        }
        used += (size_t)snprintf(joined + used, bytes - used, "%s%s", i ? ", " : "", names[i]);
    }
}
