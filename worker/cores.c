#include "cores.h"

#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

/* As it was before the first call. */
static const cpu_set_t *own_cores(void)
{
    static cpu_set_t own;
    static bool known;
    if (!known && sched_getaffinity(0, sizeof own, &own) < 0)
        return NULL;
    known = true;
    return &own;
}

static cpu_set_t chosen_from(const json_t *cores, const cpu_set_t *own)
{
    cpu_set_t chosen;
    size_t i;
    json_t *entry;
    CPU_ZERO(&chosen);
    json_array_foreach(cores, i, entry)
    {
        const json_int_t core = json_integer_value(entry);
        if (json_is_integer(entry) && core >= 0 && core < CPU_SETSIZE && CPU_ISSET(core, own))
            CPU_SET(core, &chosen);
    }
    return chosen;
}

/* A thread that ends meanwhile needs no place any more. */
static void move_threads(const cpu_set_t *to)
{
    DIR *threads = opendir("/proc/self/task");
    const struct dirent *entry;
    while (threads && (entry = readdir(threads)))
        if (atoi(entry->d_name) > 0)
            sched_setaffinity(atoi(entry->d_name), sizeof *to, to);
    if (threads)
        closedir(threads);
}

void cores_take(const json_t *cores)
{
    const cpu_set_t *own = own_cores();
    if (!own)
        return;
    const cpu_set_t chosen = chosen_from(cores, own);
    if (!cores)
        move_threads(own);
    else if (CPU_COUNT(&chosen) > 0)
        move_threads(&chosen);
}
