/*
 * A disk in memory, as a SQLite VFS, whose power can be lost at any operation.
 *
 * A file has two contents: what reads see, and what is known to be kept because it was synced.
 * Where power is lost, each 512-byte sector that was written since is dropped, kept or torn at a
 * random byte, a changed size takes hold or not, and files that were made or deleted since the last
 * sync of their folder are there or not. Bytes outside of the ranges written are never touched
 * (SQLITE_IOCAP_POWERSAFE_OVERWRITE, as SQLite's own unix VFS assumes). The folder is synced where
 * that VFS does it: at the first sync of a journal or log, and by a delete that asks for it.
 *
 * A loss is a picture taken while the program goes on, so that one session gives many of them.
 * All functions may be called from any thread.
 */
#ifndef VFS_POWER_LOSS_H
#define VFS_POWER_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk;
struct disk_image; /* the files after a loss of power */

/* Registers a VFS of that name (a literal). Chance comes from the seed alone. */
struct disk *disk_new(const char *vfs_name, uint64_t seed);
void disk_free(struct disk *disk);

/* Called before each write, truncation, sync, creation and deletion, on the thread that does it,
 * with the disk held: it may take pictures and set faults. NULL: none. */
typedef void disk_hook(void *context, struct disk *disk);
void disk_watch(struct disk *disk, disk_hook *hook, void *context);

/* The files as they would be found if power were lost now. */
struct disk_image *disk_after_loss(struct disk *disk);
void disk_image_free(struct disk_image *image);
/* Makes the disk hold that, all of it synced; NULL: nothing. No file may be open. */
void disk_restore(struct disk *disk, const struct disk_image *image);

/* Faults: writes that would make all files together larger than `bytes` fail with SQLITE_FULL (0:
 * no limit); syncs fail with SQLITE_IOERR_FSYNC. */
void disk_limit(struct disk *disk, size_t bytes);
void disk_fail_syncs(struct disk *disk, bool fail);

size_t disk_used(struct disk *disk);

#endif
