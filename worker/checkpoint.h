/*
 * Checkpoints: files that hold all that a run needs to go on bit for bit.
 *
 *     sweepd checkpoint 1\n
 *     {"run", "attempt", "step", "fingerprint", "spec" (its digest),
 *      "sections": [{"name", "bytes", "crc32"}, …]}\n
 *     the sections, one after the other, as they are in memory (little-endian)
 *     64 hexadecimal digits: SHA-256 of all before
 *
 * A section's CRC-32 is zlib's. A file is written aside, synced, renamed to checkpoint-STEP, and
 * the folder is synced: under its name there is a whole file or none.
 *
 * A file that other runs go on from (branching.h) has the name kept-STEP and is never removed here;
 * its head has the digest of the trunk in place of the specification's.
 */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct checkpoint_head {
    int64_t run, attempt, step;
    const char *fingerprint; /* text */
    const char *spec_digest;
    bool kept; /* kept-STEP, for other runs */
};

struct checkpoint_section {
    const char *name;
    void *bytes;
    size_t count;
};

enum { CHECKPOINT_SECTIONS_MAX = 16 };
#define CHECKPOINT_NAME "checkpoint-" /* and the step */

int checkpoint_write(const char *folder, const struct checkpoint_head *head,
                     const struct checkpoint_section *sections, int count, struct error *err);

/* Fills the sections, which must be the ones that were written: names, order, lengths. Nothing is
 * changed where it fails:
 *     ERROR_NOT_FOUND  no such file
 *     ERROR_CONFLICT   made under another fingerprint
 *     ERROR_INVALID    damaged, or of another specification or run
 * head: run, step, fingerprint and spec_digest are what is expected. */
int checkpoint_read(const char *folder, const struct checkpoint_head *head,
                    const struct checkpoint_section *sections, int count, struct error *err);

/* The newest step at or below `most` that has a file; -1: none. */
int64_t checkpoint_newest(const char *folder, int64_t most);

/* Removes files older than `kept` (but never the newest), and what crashes left half-written. */
void checkpoint_prune(const char *folder, int64_t kept);

/* Removes files newer than `step`; -1: all. */
void checkpoint_remove_after(const char *folder, int64_t step);

#endif
