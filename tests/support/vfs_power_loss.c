#include "support/vfs_power_loss.h"

#include "memory.h"
#include "random.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECTOR = 512, SHM_LOCKS = 8, SHM_REGIONS_MAX = 64 };

struct content {
    uint8_t *bytes;
    size_t size, capacity;
};

struct file {
    struct file *next;
    char *name;
    bool listed;      /* its name is in the folder as programs see it */
    bool listed_kept; /* and after a loss of power */
    bool size_changed;
    struct content now, kept;
    uint8_t *dirty; /* [sectors], written since the last sync */
    size_t dirty_capacity;
    int open_count;
    /* locks of the database file */
    int shared;
    const void *reserved, *pending, *exclusive; /* the handle that holds it */
    /* shared memory of the log's index */
    void *regions[SHM_REGIONS_MAX];
    int region_bytes;
    int shm_users;
    int shm_shared[SHM_LOCKS];
    const void *shm_exclusive[SHM_LOCKS];
};

struct disk {
    sqlite3_vfs vfs;
    pthread_mutex_t lock;
    struct file *files;
    struct rng rng;
    disk_hook *hook;
    void *hook_context;
    size_t limit;
    bool fail_syncs;
};

struct handle {
    sqlite3_file base;
    struct disk *disk;
    struct file *file;
    int level;         /* SQLITE_LOCK_… */
    bool syncs_folder; /* at its next sync, as the unix VFS does for a new journal or log */
    bool delete_on_close;
    bool has_shm;
    unsigned shm_shared_mask, shm_exclusive_mask;
};

/* --- contents --------------------------------------------------------------------------------- */

static void resize(struct content *content, size_t size)
{
    if (size > content->capacity) {
        const size_t capacity = size * 2 > 65536 ? size * 2 : 65536;
        content->bytes = xrealloc(content->bytes, capacity, 1);
        memset(content->bytes + content->capacity, 0, capacity - content->capacity);
        content->capacity = capacity;
    }
    if (size < content->size)
        memset(content->bytes + size, 0, content->size - size);
    content->size = size;
}

static void copy_content(struct content *to, const struct content *from)
{
    resize(to, from->size);
    if (from->size)
        memcpy(to->bytes, from->bytes, from->size);
}

static size_t sectors(size_t bytes)
{
    return (bytes + SECTOR - 1) / SECTOR;
}

static void mark_dirty(struct file *file, size_t from, size_t to)
{
    const size_t last = sectors(to);
    if (last > file->dirty_capacity) {
        file->dirty = xrealloc(file->dirty, last * 2, 1);
        memset(file->dirty + file->dirty_capacity, 0, last * 2 - file->dirty_capacity);
        file->dirty_capacity = last * 2;
    }
    for (size_t i = from / SECTOR; i < last; i++)
        file->dirty[i] = 1;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void sync_content(struct file *file)
{
    resize(&file->kept, file->now.size);
    for (size_t i = 0; i < least(sectors(file->now.size), file->dirty_capacity); i++) {
        if (file->dirty[i]) {
            const size_t at = i * SECTOR;
            memcpy(file->kept.bytes + at, file->now.bytes + at, least(SECTOR, file->now.size - at));
        }
    }
    if (file->dirty)
        memset(file->dirty, 0, file->dirty_capacity);
    file->size_changed = false;
}

/* --- files ------------------------------------------------------------------------------------ */

static struct file *find_file(struct disk *disk, const char *name)
{
    for (struct file *file = disk->files; file; file = file->next)
        if (file->listed && strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static struct file *make_file(struct disk *disk, const char *name)
{
    struct file *file = xcalloc(1, sizeof *file);
    file->name = xstrdup(name);
    file->listed = true;
    file->next = disk->files;
    disk->files = file;
    return file;
}

static void free_file(struct file *file)
{
    for (int i = 0; i < SHM_REGIONS_MAX; i++)
        free(file->regions[i]);
    free(file->now.bytes);
    free(file->kept.bytes);
    free(file->dirty);
    free(file->name);
    free(file);
}

/* Files that nobody sees, now or after a loss, or has open. */
static void drop_files(struct disk *disk)
{
    for (struct file **at = &disk->files; *at;) {
        struct file *file = *at;
        if (file->listed || file->listed_kept || file->open_count > 0) {
            at = &file->next;
        } else {
            *at = file->next;
            free_file(file);
        }
    }
}

static void sync_folder(struct disk *disk)
{
    for (struct file *file = disk->files; file; file = file->next)
        file->listed_kept = file->listed;
    drop_files(disk);
}

static void call_hook(struct disk *disk)
{
    if (disk->hook)
        disk->hook(disk->hook_context, disk);
}

static size_t used_bytes(const struct disk *disk)
{
    size_t used = 0;
    for (const struct file *file = disk->files; file; file = file->next)
        used += file->listed ? file->now.size : 0;
    return used;
}

/* --- reading and writing ---------------------------------------------------------------------- */

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)file;
}

static int vfs_read(sqlite3_file *base, void *into, int count, sqlite3_int64 offset)
{
    const struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    const struct content *now = &handle->file->now;
    const size_t at = (size_t)offset;
    const size_t there = at < now->size ? least((size_t)count, now->size - at) : 0;
    if (there)
        memcpy(into, now->bytes + at, there);
    memset((char *)into + there, 0, (size_t)count - there);
    pthread_mutex_unlock(&handle->disk->lock);
    return there == (size_t)count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int write_locked(struct handle *handle, const void *from, size_t count, size_t at)
{
    struct disk *disk = handle->disk;
    struct content *now = &handle->file->now;
    call_hook(disk);
    const size_t growth = at + count > now->size ? at + count - now->size : 0;
    if (disk->limit && growth && used_bytes(disk) + growth > disk->limit)
        return SQLITE_FULL;
    const size_t old_size = now->size;
    if (growth) {
        resize(now, at + count);
        handle->file->size_changed = true;
    }
    memcpy(now->bytes + at, from, count);
    mark_dirty(handle->file, at < old_size ? at : old_size, at + count);
    return SQLITE_OK;
}

static int vfs_write(sqlite3_file *base, const void *from, int count, sqlite3_int64 offset)
{
    struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    const int code = write_locked(handle, from, (size_t)count, (size_t)offset);
    pthread_mutex_unlock(&handle->disk->lock);
    return code;
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    call_hook(handle->disk);
    resize(&handle->file->now, (size_t)size);
    handle->file->size_changed = true;
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

static int vfs_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = handle_of(base);
    (void)flags;
    int code = SQLITE_IOERR_FSYNC;
    pthread_mutex_lock(&handle->disk->lock);
    call_hook(handle->disk);
    if (!handle->disk->fail_syncs) {
        sync_content(handle->file);
        if (handle->syncs_folder)
            sync_folder(handle->disk);
        handle->syncs_folder = false;
        code = SQLITE_OK;
    }
    pthread_mutex_unlock(&handle->disk->lock);
    return code;
}

static int vfs_file_size(sqlite3_file *base, sqlite3_int64 *out_size)
{
    const struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    *out_size = (sqlite3_int64)handle->file->now.size;
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

/* --- locks of the database file (https://sqlite.org/lockingv3.html) -----------------------------
 */

static int lock_locked(struct handle *handle, int level)
{
    struct file *file = handle->file;
    const bool other_exclusive = file->exclusive && file->exclusive != handle;
    const bool other_pending = file->pending && file->pending != handle;
    if (level == SQLITE_LOCK_SHARED) {
        if (other_exclusive || other_pending)
            return SQLITE_BUSY;
        file->shared += handle->level == SQLITE_LOCK_NONE;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (file->reserved && file->reserved != handle)
            return SQLITE_BUSY;
        file->reserved = handle;
    } else {
        if (other_pending || other_exclusive || (file->reserved && file->reserved != handle))
            return SQLITE_BUSY;
        if (file->shared > 1)
            return SQLITE_BUSY;
        file->pending = handle;
        file->exclusive = handle;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int vfs_lock(sqlite3_file *base, int level)
{
    struct handle *handle = handle_of(base);
    if (handle->level >= level)
        return SQLITE_OK;
    pthread_mutex_lock(&handle->disk->lock);
    const int code = lock_locked(handle, level);
    pthread_mutex_unlock(&handle->disk->lock);
    return code;
}

static void let_go(const void **owner, const struct handle *handle)
{
    if (*owner == handle)
        *owner = NULL;
}

static int vfs_unlock(sqlite3_file *base, int level)
{
    struct handle *handle = handle_of(base);
    if (handle->level <= level)
        return SQLITE_OK;
    struct file *file = handle->file;
    pthread_mutex_lock(&handle->disk->lock);
    let_go(&file->reserved, handle);
    let_go(&file->pending, handle);
    let_go(&file->exclusive, handle);
    file->shared -= level == SQLITE_LOCK_NONE;
    handle->level = level;
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

static int vfs_check_reserved(sqlite3_file *base, int *out_held)
{
    const struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    *out_held = handle->file->reserved != NULL;
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

/* --- shared memory of the log's index -----------------------------------------------------------
 */

static int vfs_shm_map(sqlite3_file *base, int region, int bytes, int extend, void volatile **out)
{
    struct handle *handle = handle_of(base);
    struct file *file = handle->file;
    assert(region < SHM_REGIONS_MAX);
    pthread_mutex_lock(&handle->disk->lock);
    file->shm_users += !handle->has_shm;
    handle->has_shm = true;
    file->region_bytes = bytes;
    if (!file->regions[region] && extend)
        file->regions[region] = xcalloc(1, (size_t)bytes);
    *out = file->regions[region];
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

static bool shm_is_free(const struct handle *handle, int place, bool exclusive)
{
    const struct file *file = handle->file;
    const void *owner = file->shm_exclusive[place];
    const int own = (handle->shm_shared_mask >> place) & 1;
    return (!owner || owner == handle) && (!exclusive || file->shm_shared[place] - own == 0);
}

static void shm_take(struct handle *handle, int place, bool exclusive)
{
    const unsigned bit = 1U << place;
    if (exclusive) {
        handle->file->shm_exclusive[place] = handle;
        handle->shm_exclusive_mask |= bit;
    } else if (!(handle->shm_shared_mask & bit)) {
        handle->file->shm_shared[place]++;
        handle->shm_shared_mask |= bit;
    }
}

static void shm_release(struct handle *handle, int place)
{
    const unsigned bit = 1U << place;
    if (handle->shm_exclusive_mask & bit)
        handle->file->shm_exclusive[place] = NULL;
    if (handle->shm_shared_mask & bit)
        handle->file->shm_shared[place]--;
    handle->shm_exclusive_mask &= ~bit;
    handle->shm_shared_mask &= ~bit;
}

static int shm_lock_locked(struct handle *handle, int first, int count, int flags)
{
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int i = first; i < first + count; i++) {
        if (flags & SQLITE_SHM_UNLOCK)
            shm_release(handle, i);
        else if (!shm_is_free(handle, i, exclusive))
            return SQLITE_BUSY;
    }
    for (int i = first; !(flags & SQLITE_SHM_UNLOCK) && i < first + count; i++)
        shm_take(handle, i, exclusive);
    return SQLITE_OK;
}

static int vfs_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    const int code = shm_lock_locked(handle, first, count, flags);
    pthread_mutex_unlock(&handle->disk->lock);
    return code;
}

static void vfs_shm_barrier(sqlite3_file *base)
{
    struct handle *handle = handle_of(base);
    pthread_mutex_lock(&handle->disk->lock);
    pthread_mutex_unlock(&handle->disk->lock);
}

/* The index is of no file: it is gone with its last user. */
static int vfs_shm_unmap(sqlite3_file *base, int delete_it)
{
    struct handle *handle = handle_of(base);
    struct file *file = handle->file;
    (void)delete_it;
    pthread_mutex_lock(&handle->disk->lock);
    for (int i = 0; i < SHM_LOCKS; i++)
        shm_release(handle, i);
    if (handle->has_shm && --file->shm_users == 0) {
        for (int i = 0; i < SHM_REGIONS_MAX; i++) {
            free(file->regions[i]);
            file->regions[i] = NULL;
        }
    }
    handle->has_shm = false;
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

/* --- the rest of a handle ------------------------------------------------------------------------
 */

static int vfs_close(sqlite3_file *base)
{
    struct handle *handle = handle_of(base);
    vfs_shm_unmap(base, 0);
    vfs_unlock(base, SQLITE_LOCK_NONE);
    pthread_mutex_lock(&handle->disk->lock);
    handle->file->open_count--;
    if (handle->delete_on_close)
        handle->file->listed = false;
    drop_files(handle->disk);
    pthread_mutex_unlock(&handle->disk->lock);
    return SQLITE_OK;
}

static int vfs_file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int vfs_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_file_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_file_control,
    .xSectorSize = vfs_sector_size,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};

/* --- the folder ----------------------------------------------------------------------------------
 */

static int open_locked(struct disk *disk, const char *name, struct handle *handle, int flags)
{
    struct file *file = find_file(disk, name);
    if (!file && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    if (!file) {
        call_hook(disk);
        file = make_file(disk, name);
    }
    file->open_count++;
    handle->file = file;
    handle->disk = disk;
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    handle->syncs_folder =
        (flags & SQLITE_OPEN_CREATE) && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
    handle->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                    int *out_flags)
{
    struct disk *disk = vfs->pAppData;
    struct handle *handle = handle_of(base);
    memset(handle, 0, sizeof *handle);
    pthread_mutex_lock(&disk->lock);
    const int code = open_locked(disk, name ? name : "temporary", handle, flags);
    pthread_mutex_unlock(&disk->lock);
    if (code == SQLITE_OK && out_flags)
        *out_flags = flags;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int with_folder_sync)
{
    struct disk *disk = vfs->pAppData;
    pthread_mutex_lock(&disk->lock);
    call_hook(disk);
    struct file *file = find_file(disk, name);
    if (file)
        file->listed = false;
    drop_files(disk);
    if (with_folder_sync)
        sync_folder(disk);
    pthread_mutex_unlock(&disk->lock);
    return file ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out_there)
{
    struct disk *disk = vfs->pAppData;
    (void)flags;
    pthread_mutex_lock(&disk->lock);
    const struct file *file = find_file(disk, name);
    *out_there = file && (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0);
    pthread_mutex_unlock(&disk->lock);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int bytes, char *out)
{
    (void)vfs;
    sqlite3_snprintf(bytes, out, "%s", name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int count, char *out)
{
    struct disk *disk = vfs->pAppData;
    pthread_mutex_lock(&disk->lock);
    for (int i = 0; i < count; i++)
        out[i] = (char)rng_u32(&disk->rng);
    pthread_mutex_unlock(&disk->lock);
    return count;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    sched_yield();
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out_ms)
{
    (void)vfs;
    *out_ms = INT64_C(210866760000000) + (sqlite3_int64)time(NULL) * 1000; /* Julian day ms */
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    (void)bytes;
    (void)out;
    return 0;
}

struct disk *disk_new(const char *vfs_name, uint64_t seed)
{
    struct disk *disk = xcalloc(1, sizeof *disk);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE); /* for the hook */
    pthread_mutex_init(&disk->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    disk->rng = rng_stream(seed, RANDOM_TEST, 0);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = 512,
        .zName = vfs_name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    const int code = sqlite3_vfs_register(&disk->vfs, 0);
    assert(code == SQLITE_OK);
    (void)code;
    return disk;
}

void disk_free(struct disk *disk)
{
    sqlite3_vfs_unregister(&disk->vfs);
    disk_restore(disk, NULL);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}

void disk_watch(struct disk *disk, disk_hook *hook, void *context)
{
    pthread_mutex_lock(&disk->lock);
    disk->hook = hook;
    disk->hook_context = context;
    pthread_mutex_unlock(&disk->lock);
}

/* --- losing power --------------------------------------------------------------------------------
 */

struct disk_image {
    struct file *files;
};

static bool chance(struct disk *disk, uint32_t one_in)
{
    return rng_below(&disk->rng, one_in) == 0;
}

/* What is left of one sector: its old bytes, its new ones, or the new ones up to some place. */
static void lose_sector(struct disk *disk, const struct file *file, size_t sector,
                        struct content *left)
{
    const size_t at = sector * SECTOR;
    if (at >= left->size || at >= file->now.size)
        return;
    size_t count = least(SECTOR, least(left->size, file->now.size) - at);
    switch (rng_below(&disk->rng, 3)) {
    case 0:
        return;
    case 1:
        count = rng_below(&disk->rng, (uint32_t)count + 1);
        break;
    default:
        break;
    }
    memcpy(left->bytes + at, file->now.bytes + at, count);
}

static size_t size_left(struct disk *disk, const struct file *file)
{
    if (!file->size_changed || file->now.size == file->kept.size)
        return file->kept.size;
    const size_t low = least(file->now.size, file->kept.size);
    const size_t span = file->now.size + file->kept.size - 2 * low;
    switch (rng_below(&disk->rng, 3)) {
    case 0:
        return file->kept.size;
    case 1:
        return file->now.size;
    default:
        return low + rng_below(&disk->rng, (uint32_t)span + 1);
    }
}

/* Sometimes nothing that was not synced is kept, sometimes all: the ends matter most. */
static void lose_content(struct disk *disk, const struct file *file, struct content *left)
{
    copy_content(left, &file->kept);
    if (chance(disk, 8))
        return;
    resize(left, size_left(disk, file));
    const size_t count = least(sectors(file->now.size), file->dirty_capacity);
    for (size_t i = 0; i < count; i++)
        if (file->dirty[i])
            lose_sector(disk, file, i, left);
}

static bool is_left(struct disk *disk, const struct file *file)
{
    return file->listed == file->listed_kept ? file->listed : chance(disk, 2);
}

static bool has_name(const struct file *files, const char *name)
{
    for (; files; files = files->next)
        if (strcmp(files->name, name) == 0)
            return true;
    return false;
}

struct disk_image *disk_after_loss(struct disk *disk)
{
    struct disk_image *image = xcalloc(1, sizeof *image);
    for (const struct file *file = disk->files; file; file = file->next) {
        if (!is_left(disk, file) || has_name(image->files, file->name))
            continue;
        struct file *left = xcalloc(1, sizeof *left);
        left->name = xstrdup(file->name);
        lose_content(disk, file, &left->now);
        left->next = image->files;
        image->files = left;
    }
    return image;
}

static void free_files(struct file *file)
{
    while (file) {
        struct file *next = file->next;
        free_file(file);
        file = next;
    }
}

void disk_image_free(struct disk_image *image)
{
    if (image)
        free_files(image->files);
    free(image);
}

void disk_restore(struct disk *disk, const struct disk_image *image)
{
    pthread_mutex_lock(&disk->lock);
    for (const struct file *file = disk->files; file; file = file->next)
        assert(file->open_count == 0);
    free_files(disk->files);
    disk->files = NULL;
    for (const struct file *file = image ? image->files : NULL; file; file = file->next) {
        struct file *restored = make_file(disk, file->name);
        restored->listed_kept = true;
        copy_content(&restored->now, &file->now);
        copy_content(&restored->kept, &file->now);
    }
    pthread_mutex_unlock(&disk->lock);
}

/* --- faults --------------------------------------------------------------------------------------
 */

void disk_limit(struct disk *disk, size_t bytes)
{
    pthread_mutex_lock(&disk->lock);
    disk->limit = bytes;
    pthread_mutex_unlock(&disk->lock);
}

void disk_fail_syncs(struct disk *disk, bool fail)
{
    pthread_mutex_lock(&disk->lock);
    disk->fail_syncs = fail;
    pthread_mutex_unlock(&disk->lock);
}

size_t disk_used(struct disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    const size_t used = used_bytes(disk);
    pthread_mutex_unlock(&disk->lock);
    return used;
}
