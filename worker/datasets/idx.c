/*
 * IDX, the format of the MNIST files (LeCun, Cortes and Burges): two zero bytes, the element type,
 * the rank, the extents as 32-bit big-endian numbers, then the elements, the last index fastest.
 * Only unsigned bytes are read; of a labels file rank 1, of a features file any other.
 */
#include "datasets/pairs.h"

#include "memory.h"

#include <inttypes.h>

enum { MAGIC_BYTES = 4, EXTENT_BYTES = 4, TYPE_UNSIGNED_BYTE = 8, CHUNK_BYTES = 1 << 16 };

struct header {
    int rank;
    uint32_t extent[DATASET_RANK_MAX + 1];
    uint64_t file_bytes; /* header and elements */
};

static int check_magic(const struct input *input, const unsigned char magic[MAGIC_BYTES],
                       struct error *err)
{
    if (magic[0] != 0 || magic[1] != 0)
        return input_refuse_byte(input, err, 0,
                                 "wrong magic: %02x %02x %02x %02x; an IDX file begins with "
                                 "00 00 08 and its rank",
                                 magic[0], magic[1], magic[2], magic[3]);
    if (magic[2] != TYPE_UNSIGNED_BYTE)
        return input_refuse_byte(
            input, err, 2, "element type %02x; only unsigned bytes (08) are accepted", magic[2]);
    if (magic[3] < 1 || magic[3] > DATASET_RANK_MAX + 1)
        return input_refuse_byte(input, err, 3, "rank %d; 1 to %d are accepted", magic[3],
                                 DATASET_RANK_MAX + 1);
    return 0;
}

static int read_extent(struct input *input, struct header *header, int place, struct error *err)
{
    unsigned char raw[EXTENT_BYTES];
    const uint64_t byte = input->offset;
    const uint64_t header_bytes = MAGIC_BYTES + (uint64_t)header->rank * EXTENT_BYTES;

    if (input_take(input, raw, sizeof raw, header_bytes, err) < 0)
        return -1;
    const uint32_t extent =
        (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | (uint32_t)raw[3];
    if (extent == 0)
        return input_refuse_byte(input, err, byte, "dimension %d is 0; expected at least 1",
                                 place + 1);
    header->extent[place] = extent;
    return 0;
}

static int read_header(struct input *input, struct header *header, struct error *err)
{
    unsigned char magic[MAGIC_BYTES];

    if (input_take(input, magic, sizeof magic, MAGIC_BYTES, err) < 0 ||
        check_magic(input, magic, err) < 0)
        return -1;
    *header = (struct header){.rank = magic[3]};
    for (int i = 0; i < header->rank; i++)
        if (read_extent(input, header, i, err) < 0)
            return -1;
    return 0;
}

static int set_shape(struct input *input, struct table *table, struct header *header,
                     struct error *err)
{
    struct error why;

    if (header->rank == 1)
        return input_refuse_byte(input, err, 3,
                                 "rank 1 is a list of labels; features have rank 2 or more, "
                                 "[examples][…]");
    if (table_set_shape(table, ELEMENT_BYTE, header->rank - 1, header->extent + 1,
                        header->extent[0], &why) < 0)
        return input_refuse_byte(input, err, MAGIC_BYTES, "%s", why.sentence);
    header->file_bytes = input->offset + header->extent[0] * table_row_bytes(table);
    return 0;
}

static int read_features(struct input *input, struct table *table, enum table_part part,
                         struct error *err)
{
    struct header header;
    unsigned char chunk[CHUNK_BYTES];

    if (read_header(input, &header, err) < 0 || set_shape(input, table, &header, err) < 0)
        return -1;
    while (input->offset < header.file_bytes) {
        const uint64_t left = header.file_bytes - input->offset;
        const size_t now = left < sizeof chunk ? (size_t)left : sizeof chunk;
        if (input_take(input, chunk, now, header.file_bytes, err) < 0 ||
            table_add_bytes(table, part, chunk, now, err) < 0)
            return -1;
    }
    return input_expect_end(input, err);
}

static int read_labels(struct input *input, struct table *table, enum table_part part,
                       struct error *err)
{
    struct header header;

    if (read_header(input, &header, err) < 0)
        return -1;
    if (header.rank != 1)
        return input_refuse_byte(input, err, 3,
                                 "rank %d, but labels have rank 1 (is this a features file?)",
                                 header.rank);
    if (pairs_check_count(input, table, part, MAGIC_BYTES, header.extent[0], err) < 0)
        return -1;
    header.file_bytes = input->offset + header.extent[0];
    for (uint32_t i = 0; i < header.extent[0]; i++) {
        unsigned char label;
        if (input_take(input, &label, 1, header.file_bytes, err) < 0 ||
            table_add_number(table, part, label, err) < 0)
            return -1;
    }
    return input_expect_end(input, err);
}

static int parse(const struct upload *upload, struct table *table, struct error *err)
{
    static const struct pair_reader reader = {read_features, read_labels};
    table->task = TASK_CLASS;
    return pairs_parse(upload, table, &reader, err);
}

static const struct setting settings[] = {FORMAT_SETTINGS, {0}};

const struct format idx_format = {
    .name = "idx",
    .help = "IDX files of unsigned bytes, as MNIST has them; plain or gzip",
    .parts = pair_parts,
    .settings = settings,
    .parse = parse,
};
