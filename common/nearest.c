/* "Did you mean …?" by Levenshtein distance; the words are in json.h. */
#include "json.h"

#include "memory.h"

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
    int row[LONGEST_WORD + 1];

    for (int j = 0; j <= columns; j++)
        row[j] = j;
    for (int i = 1; i <= rows; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= columns; j++) {
            const int above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[columns];
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
