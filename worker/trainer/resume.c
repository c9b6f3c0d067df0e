#include "trainer/inside.h"

#include "branching.h"
#include "checkpoint.h"
#include "json.h"
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

/* --- branches ------------------------------------------------------------------------------- */

/* kept-STEP of a run; `digest` [DIGEST_TEXT_BYTES] is filled in and must outlive the head. */
static struct checkpoint_head kept_head(const struct trainer *trainer, int64_t run, int64_t step,
                                        char *digest)
{
    json_t *trunk = branch_trunk(trainer->training->spec);
    AUTO_FREE char *text = json_compact(trunk);
    json_decref(trunk);
    digest_of(text, strlen(text), digest);

    struct checkpoint_head head = head_at(trainer, step);
    head.run = run;
    head.spec_digest = digest;
    head.kept = true;
    return head;
}

static bool is_kept(const struct trainer *trainer)
{
    size_t i;
    json_t *at;
    json_array_foreach(json_object_get(trainer->training->spec, "keep_at"), i, at)
    {
        const int64_t step = branch_step(json_number_value(at), trainer->course.steps);
        if (step > 0 && step == trainer->progress.step)
            return true;
    }
    return false;
}

/* A member of a population ends there, and others go on from the same file. */
static bool is_handed_on(const struct trainer *trainer)
{
    return json_object_get(trainer->training->spec, "branch_changes") != NULL;
}

bool keep_for_branches(struct trainer *trainer, int64_t now_ns)
{
    const char *folder = trainer->training->folder;
    struct checkpoint_section sections[CHECKPOINT_SECTIONS_MAX];
    char digest[DIGEST_TEXT_BYTES];
    struct error err;

    if (!folder || !is_kept(trainer))
        return false;
    trainer->progress.wall_ms = wall_ms(trainer, now_ns);
    const struct checkpoint_head head =
        kept_head(trainer, trainer->training->run, trainer->progress.step, digest);
    if (checkpoint_write(folder, &head, sections, sections_of(trainer, sections), &err) == 0)
        return is_handed_on(trainer);
    say(trainer, "nothing kept at step %" PRId64 " for other runs to go on from: %s", head.step,
        err.sentence);
    return false;
}

/* From another run's middle, or from fresh weights. */
static int begin(struct trainer *trainer, struct error *err)
{
    const json_t *branch = json_object_get(trainer->training->spec, "branch");
    struct checkpoint_section sections[CHECKPOINT_SECTIONS_MAX];
    char digest[DIGEST_TEXT_BYTES];
    struct error why;

    if (!json_is_object(branch)) {
        trainer->objective->methods->init(trainer->objective, trainer->theta);
        return 0;
    }
    const int64_t run = json_integer_at(branch, "run", 0);
    const int64_t step = json_integer_at(branch, "step", 0);
    const struct checkpoint_head head = kept_head(trainer, run, step, digest);
    AUTO_FREE char *folder =
        xprintf("%s/../%" PRId64, trainer->training->folder ? trainer->training->folder : ".", run);
    if (checkpoint_read(folder, &head, sections, sections_of(trainer, sections), &why) == 0)
        return 0;
    return error_of(err, why.kind,
                    "cannot go on from step %" PRId64 " of run %" PRId64
                    ": %.400s; send the job anew, which trains that run again",
                    step, run, why.sentence);
}

/* --- going on --------------------------------------------------------------------------------- */

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
    if (step <= 0 && begin(trainer, err) < 0)
        return -1;
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
