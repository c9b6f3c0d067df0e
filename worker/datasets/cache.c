/* Opens the cache files that everything else of this folder makes. */
#include "datasets/dataset.h"

#include "datasets/layout.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const void *section(const struct dataset *dataset, const struct layout *layout,
                           enum section which)
{
    if (layout->bytes[which] == 0)
        return NULL;
    return (const char *)dataset->map + layout->offset[which];
}

static void place_part(const struct dataset *dataset, const struct form *form,
                       const struct layout *layout, enum section features, enum section answers,
                       struct dataset_part *part)
{
    const void *rows = section(dataset, layout, features);
    const void *of_rows = section(dataset, layout, answers);

    part->bytes = form->element == ELEMENT_BYTE ? rows : NULL;
    part->floats = form->element == ELEMENT_FLOAT ? rows : NULL;
    part->labels = form->classes ? of_rows : NULL;
    part->targets = form->classes ? NULL : of_rows;
}

static void place(struct dataset *dataset, const struct form *form)
{
    const struct layout layout = layout_of(form);

    dataset->rank = form->rank;
    memcpy(dataset->shape, form->shape, sizeof dataset->shape);
    dataset->feature_count = form->feature_count;
    dataset->classes = form->classes;
    dataset->target_count = form->target_count;
    dataset->train.count = form->train;
    dataset->valid.count = form->valid;
    dataset->mean = form->mean;
    dataset->deviation = form->deviation;
    memcpy(dataset->digest, form->digest, sizeof dataset->digest);
    place_part(dataset, form, &layout, SECTION_TRAIN_FEATURES, SECTION_TRAIN_ANSWERS,
               &dataset->train);
    place_part(dataset, form, &layout, SECTION_VALID_FEATURES, SECTION_VALID_ANSWERS,
               &dataset->valid);
    dataset->feature_mean = section(dataset, &layout, SECTION_FEATURE_MEAN);
    dataset->feature_deviation = section(dataset, &layout, SECTION_FEATURE_DEVIATION);
    dataset->class_counts = section(dataset, &layout, SECTION_CLASS_COUNTS);
    dataset->class_names = section(dataset, &layout, SECTION_CLASS_NAMES);
    dataset->class_names_bytes = form->class_names_bytes;
}

/* A label beyond the classes would be a write outside the logits later on. */
static bool labels_fit(const struct dataset_part *part, uint32_t classes)
{
    uint16_t most = 0;
    if (!part->labels)
        return true;
    for (uint32_t i = 0; i < part->count; i++)
        most = part->labels[i] > most ? part->labels[i] : most;
    return most < classes;
}

static int read_header(int fd, struct form *form, struct error *err)
{
    char text[DATASET_HEADER_BYTES];
    struct stat status;

    if (fstat(fd, &status) < 0)
        return error_errno(err, "look at it");
    if (!S_ISREG(status.st_mode) || status.st_size < DATASET_HEADER_BYTES)
        return error_set(err, "shorter than its header of %d bytes", DATASET_HEADER_BYTES);
    if (pread(fd, text, sizeof text, 0) != (ssize_t)sizeof text)
        return error_errno(err, "read its header");
    if (header_read(text, form, err) < 0)
        return -1;

    const uint64_t expected = layout_of(form).file_bytes;
    if ((uint64_t)status.st_size != expected)
        return error_set(err, "%jd bytes long; its header says %" PRIu64, (intmax_t)status.st_size,
                         expected);
    return 0;
}

static int map(struct dataset *dataset, int fd, struct error *err)
{
    struct form form = {0};
    if (read_header(fd, &form, err) < 0)
        return -1;

    const size_t bytes = layout_of(&form).file_bytes;
    void *mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return error_errno(err, "map it");
    dataset->map = mapped;
    dataset->map_bytes = bytes;
    place(dataset, &form);
    if (!labels_fit(&dataset->train, form.classes) || !labels_fit(&dataset->valid, form.classes))
        return error_set(err, "a label is not below the %" PRIu32 " classes", form.classes);
    return 0;
}

int dataset_open(const char *path, struct dataset **out_dataset, struct error *err)
{
    struct error why = {0};
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_of(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
                        "open data set \"%s\": %s", path, strerror(errno));

    struct dataset *dataset = xcalloc(1, sizeof *dataset);
    if (map(dataset, fd, &why) < 0) {
        dataset_free(dataset);
        return error_of(err, why.kind, "data set \"%.128s\": %.320s", path, why.sentence);
    }
    *out_dataset = dataset;
    return 0;
}

void dataset_free(struct dataset *dataset)
{
    if (!dataset)
        return;
    if (dataset->map)
        munmap(dataset->map, dataset->map_bytes);
    free(dataset);
}
