/*
 * Slots are cores: a run that counts for so many slots has as many cores, which no other run has.
 * Only where this server was given all the cores that it may run on: on a machine that it shares,
 * the system knows better who is idle (to pin a part of it, start sweepd under taskset).
 */
#include "workers/inside.h"

#include "json.h"

#include <sched.h>

void find_cores(struct conductor *conductor)
{
    const int slots = conductor->options.slots;
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0 || CPU_COUNT(&allowed) != slots)
        return;
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, &allowed))
            conductor->cores[conductor->core_count++].number = core;
}

json_t *take_cores(struct conductor *conductor, const struct run *run)
{
    json_t *list = NULL;
    int left = run->threads;
    for (int i = 0; i < conductor->core_count && left > 0; i++) {
        if (conductor->cores[i].run != 0)
            continue;
        list = list ? list : json_array();
        json_array_append_new(list, json_integer(conductor->cores[i].number));
        conductor->cores[i].run = run->id;
        left--;
    }
    return list;
}

void give_cores_back(struct conductor *conductor, const struct run *run)
{
    for (int i = 0; i < conductor->core_count; i++)
        if (conductor->cores[i].run == run->id)
            conductor->cores[i].run = 0;
}
