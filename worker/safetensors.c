#include "safetensors.h"

#include "files.h"
#include "json.h"
#include "memory.h"

#include <string.h>

static json_t *describe_tensor(const struct tensor *tensor)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    const size_t begin = tensor->offset * sizeof(float);
    const size_t end = begin + tensor->count * sizeof(float);
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)end);
}

/* The header, padded. */
static char *header_text(const struct objective *objective, const json_t *metadata)
{
    json_t *json = json_pack("{s:O}", "__metadata__", metadata);
    for (int i = 0; i < objective->tensor_count; i++)
        json_object_set_new(json, objective->tensors[i].name,
                            describe_tensor(&objective->tensors[i]));
    AUTO_FREE char *text = json_compact(json);
    json_decref(json);
    const int padding = (int)(-strlen(text) & 7);
    return xprintf("%s%*s", text, padding, "");
}

int safetensors_write(const char *path, const struct objective *objective, const real *theta,
                      const json_t *metadata, struct error *err)
{
    AUTO_FREE char *header = header_text(objective, metadata);
    const uint64_t length = strlen(header);
    unsigned char length_bytes[8];
    struct new_file file;

    for (int i = 0; i < 8; i++)
        length_bytes[i] = (unsigned char)(length >> (8 * i));
    if (new_file_open(&file, path, err) < 0)
        return -1;
    if (new_file_write(&file, length_bytes, sizeof length_bytes, err) < 0 ||
        new_file_write(&file, header, length, err) < 0 ||
        new_file_write(&file, theta, objective->dimension * sizeof *theta, err) < 0) {
        new_file_release(&file);
        return -1;
    }
    return new_file_finish(&file, err);
}
