#include "trainer/inside.h"

#include "checkpoint.h"
#include "memory.h"

#include <inttypes.h>
#include <string.h>

/* What a checkpoint holds, in its order; the answer is how many sections. */
static int sections_of(struct trainer *trainer, struct checkpoint_section *sections)
{
    struct stepper *stepper = &trainer->stepper;
    const size_t memory = (size_t)stepper->memory_count * stepper->stride;
    const size_t scalars = (size_t)stepper->optimizer->scalar_count;
    const struct checkpoint_section all[] = {
        {"progress", &trainer->progress, sizeof trainer->progress},
        {"theta", trainer->theta, stepper->pieces.dimension * sizeof(real)},
        {"scalars", stepper->scalars, scalars * sizeof(double)},
        {"memory", stepper->memory, memory * sizeof(real)},
        {"extra", stepper->extra, stepper->extra_count * sizeof(real)},
    };
    memcpy(sections, all, sizeof all);
    return COUNT_OF(all);
}

static struct checkpoint_head head_at(const struct trainer *trainer, int64_t step)
{
    return (struct checkpoint_head){
        .run = trainer->training->run,
        .attempt = trainer->training->attempt,
        .step = step,
        .fingerprint = trainer->fingerprint,
        .spec_digest = trainer->spec_digest,
    };
}

static double wall_ms(const struct trainer *trainer, int64_t now_ns)
{
    return trainer->earlier_ms + (double)(now_ns - trainer->begun_ns) / 1e6;
}

/* A disk that is full costs the checkpoint, not the run. */
void keep_checkpoint(struct trainer *trainer, int64_t now_ns)
{
    const struct report *report = trainer->report;
    const char *folder = trainer->training->folder;
    struct checkpoint_section sections[CHECKPOINT_SECTIONS_MAX];
    struct error err;

    trainer->checkpointed_ns = now_ns;
    if (!folder)
        return;
    trainer->progress.wall_ms = wall_ms(trainer, now_ns);
    const struct checkpoint_head head = head_at(trainer, trainer->progress.step);
    if (checkpoint_write(folder, &head, sections, sections_of(trainer, sections), &err) < 0) {
        say(trainer, "no checkpoint at step %" PRId64 ": %s", head.step, err.sentence);
        return;
    }
    report->checkpoint(report->context, head.step);
    checkpoint_prune(folder, report->kept(report->context));
}

/* Other kernels would give other bits from here on: a person must decide. */
static int cannot_go_on(int64_t step, struct error *err)
{
    const struct error reason = *err;
    return error_of(err, ERROR_CONFLICT,
                    "checkpoint %" PRId64 " cannot be continued on this machine: %.400s", step,
                    reason.sentence);
}

/* Goes on from the step asked for; where its file is gone or damaged from the newest older one that
 * is whole, or from the start. Never from a newer one: rows between might not be on record. */
int resume(struct trainer *trainer, struct error *err)
{
    const struct training *training = trainer->training;
    struct checkpoint_section sections[CHECKPOINT_SECTIONS_MAX];
    const int count = sections_of(trainer, sections);
    int64_t step = training->folder && training->checkpoint > 0 ? training->checkpoint : -1;

    while (step > 0) {
        const struct checkpoint_head head = head_at(trainer, step);
        if (checkpoint_read(training->folder, &head, sections, count, err) == 0)
            break;
        if (err->kind == ERROR_CONFLICT)
            return cannot_go_on(step, err);
        say(trainer, "checkpoint %" PRId64 " cannot be used: %s", step, err->sentence);
        step = checkpoint_newest(training->folder, step - 1);
    }
    if (step <= 0)
        trainer->objective->methods->init(trainer->objective, trainer->theta);
    if (training->folder)
        checkpoint_remove_after(training->folder, trainer->progress.step);
    trainer->earlier_ms = trainer->progress.wall_ms;
    return 0;
}

bool checkpoint_is_due(const struct trainer *trainer, int64_t now_ns)
{
    const struct course *course = &trainer->course;
    if (course->checkpoint_every_ns == 0)
        return trainer->progress.step % course->report_every == 0;
    return now_ns - trainer->checkpointed_ns >= course->checkpoint_every_ns;
}
