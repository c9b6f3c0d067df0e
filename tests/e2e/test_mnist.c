/*
 * The main job on real data: MNIST uploaded in one request, four schedules compared with nesterov,
 * each tuned over four rates on two seeds, reported on five others. Skips where MNIST is absent.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/service.h"

#include "memory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEADLINE_S = 400, FILE_BYTES_MAX = 64 * 1024 * 1024 };

static bool add_file(struct form *form, const char *part, const char *name)
{
    const char *data = getenv("SWEEPD_TEST_DATA");
    AUTO_FREE char *path = xprintf("%s/mnist/%s", data ? data : "../shared/data", name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    AUTO_FREE char *bytes = xcalloc(FILE_BYTES_MAX, 1);
    form_file(form, part, bytes, fread(bytes, 1, FILE_BYTES_MAX, file));
    fclose(file);
    return true;
}

static bool upload(int port)
{
    struct form form = {0};
    form_value(&form, "format", "idx");
    if (!add_file(&form, "train_features", "train-images-idx3-ubyte.gz") ||
        !add_file(&form, "train_labels", "train-labels-idx1-ubyte.gz") ||
        !add_file(&form, "valid_features", "t10k-images-idx3-ubyte.gz") ||
        !add_file(&form, "valid_labels", "t10k-labels-idx1-ubyte.gz")) {
        free(form.bytes);
        return false;
    }
    struct http_answer answer = form_send(&form, port, "/api/v1/datasets/mnist");
    api_expect(&answer, 201);
    answer_release(&answer);
    return true;
}

static void await_end(int port, int64_t job)
{
    for (int waited_ms = 0; waited_ms < DEADLINE_S * 1000; waited_ms += 50) {
        json_auto_t *now = api_get(port, "/api/v1/jobs/%lld", (long long)job);
        if (!api_is_null(now, "/finished_ms"))
            return;
        usleep(50000);
    }
    fail_msg("the comparison did not end within %d s", DEADLINE_S);
}

static void the_best_schedule_on_mnist_passes_97_5_percent(void **state)
{
    (void)state;
    struct service service;
    service_start(&service, NULL);
    if (!upload(service.port)) {
        print_message("SKIPPED: no MNIST in $SWEEPD_TEST_DATA\n");
        service_end(&service);
        skip();
    }
    const int64_t job = api_submit(
        service.port,
        "{'kind': 'compare', 'base': {'dataset': 'mnist', 'standardize': 'global',"
        "  'model': {'type': 'mlp', 'hidden': [128]}, 'epochs': 5, 'batch_size': 128,"
        "  'optimizer': {'type': 'nesterov', 'lr': 0.1, 'weight_decay': 0.0001}},"
        " 'arms': [{'name': 'linear', 'patch': {'schedule': {'type': 'linear'}}},"
        "          {'name': 'cosine', 'patch': {'schedule': {'type': 'cosine'}}},"
        "          {'name': 'step', 'patch': {'schedule': {'type': 'step'}}},"
        "          {'name': 'constant', 'patch': {'schedule': {'type': 'constant'}}}],"
        " 'tune': {'over': {'/optimizer/lr': [0.01, 0.03, 0.1, 0.3]}, 'seeds': [101, 102]},"
        " 'seeds': [1, 2, 3, 4, 5], 'baseline': 'constant',"
        " 'metric': {'name': 'valid_accuracy', 'goal': 'maximize', 'at': 'last'}}");
    await_end(service.port, job);

    json_auto_t *report = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)job);
    double best = 0;
    assert_int_equal(api_size(report, "/arms"), 4);
    for (int arm = 0; arm < 4; arm++) {
        AUTO_FREE char *n = xprintf("/arms/%d/n", arm);
        AUTO_FREE char *mean = xprintf("/arms/%d/mean", arm);
        assert_int_equal(api_integer(report, n), 5);
        best = fmax(best, api_number(report, mean));
    }
    print_message("best mean valid_accuracy: %.5f\n", best);
    assert_true(best > 0.975);
    service_end(&service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_schedule_on_mnist_passes_97_5_percent),
    };
    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
