#include "memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *must(void *block)
{
    if (!block) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return block;
}

void *xcalloc(size_t count, size_t bytes)
{
    return must(calloc(count ? count : 1, bytes ? bytes : 1));
}

void *xrealloc(void *block, size_t count, size_t bytes)
{
    size_t total;
    const int overflow = __builtin_mul_overflow(count, bytes, &total);
    assert(!overflow);
    return must(realloc(block, total ? total : 1));
}

char *xstrdup(const char *text)
{
    return must(strdup(text));
}

char *xstrndup(const char *text, size_t bytes)
{
    return must(strndup(text, bytes));
}

char *xprintf(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return must(length < 0 ? NULL : text);
}

FILE *xmemstream(char **text, size_t *bytes)
{
    return must(open_memstream(text, bytes));
}

/* Big blocks lie on huge pages where the system has them: a step over millions of weights spends a
 * tenth of its time on looking up small ones. */
void *aligned_block(size_t count, size_t bytes)
{
    enum { LINE = 64, HUGE_PAGE = 1 << 21, HUGE_FROM = 1 << 20 };
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total) || total > SIZE_MAX - HUGE_PAGE)
        return NULL;
    const size_t alignment = total >= HUGE_FROM ? HUGE_PAGE : LINE;
    total = (total + alignment) / alignment * alignment; /* never zero bytes */
    void *block = aligned_alloc(alignment, total);
    if (block && alignment == HUGE_PAGE)
        (void)madvise(block, total, MADV_HUGEPAGE); /* a wish: without them it is only slower */
    return block ? memset(block, 0, total) : NULL;
}

void memory_free_at(void *pointer_to_pointer)
{
    void *block;
    memcpy(&block, pointer_to_pointer, sizeof block);
    free(block);
}

void memory_close_at(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}
