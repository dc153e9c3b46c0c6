/* usage: threads STORE ID PATH FILE: threads that share a store, a snapshot and a node, and have others of their own, read PATH of source 0, which must be FILE;
 * handles are closed under them; threads come and go by the thousand. */
#include "common.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { THREADS = 8, ROUNDS = 200, SHORT_LIVED = 1000, CLOSINGS = 100, PIECE_MAX = 200000 };

static asl_store store;
static asl_snapshot snapshot;
static _Atomic asl_node shared;
static const char *path, *expected;
static uint64_t size;
static atomic_long reads, refused;

static int32_t read_some(asl_node node, uint64_t *state)
{
    static _Thread_local char buffer[PIECE_MAX];
    uint64_t offset = next_random(state) % size, want = next_random(state) % PIECE_MAX, length;
    int32_t status = asl_node_read(node, offset, buffer, want, &length);
    if (status == ASL_OK) {
        MUST(length == (want < size - offset ? want : size - offset));
        MUST(memcmp(buffer, expected + offset, length) == 0);
        reads++;
    }
    return status;
}

static void *read_both(void *argument)
{
    uint64_t state = 77 + (uint64_t)(uintptr_t)argument;
    char wrong[32], text[4096];
    asl_node own;
    snprintf(wrong, sizeof wrong, "none-%d", (int)(uintptr_t)argument);
    OK(asl_node_open(snapshot, 0, path, &own));
    for (int round = 0; round < ROUNDS; round++) {
        asl_node none;
        OK(read_some(round % 2 ? own : shared, &state));
        MUST(asl_node_open(snapshot, 0, wrong, &none) == ASL_E_PATH_MISSING);
        OK(asl_error_text(ASL_ERROR_WHAT, text, sizeof text, NULL));
        MUST(strstr(text, wrong)); /* and no other thread's */
    }
    OK(asl_close(own));
    return NULL;
}

static void *live_shortly(void *argument)
{
    asl_node_info info = { .struct_size = sizeof info };
    OK(asl_node_describe(shared, &info));
    MUST(info.size == size && asl_close(1) == ASL_E_HANDLE_INVALID);
    return argument;
}

static void *read_until_closed(void *argument)
{
    uint64_t state = 99 + (uint64_t)(uintptr_t)argument;
    int32_t status;
    while ((status = read_some(shared, &state)) == ASL_OK)
        ;
    MUST(status == ASL_E_HANDLE_INVALID);
    refused++;
    return NULL;
}

static void run(void *(*work)(void *), int count)
{
    pthread_t threads[THREADS];
    for (int index = 0; index < count; index++)
        MUST(pthread_create(&threads[index], NULL, work, (void *)(uintptr_t)index) == 0);
    if (work == read_until_closed) {
        usleep(3000);
        OK(asl_close(shared));
    }
    for (int index = 0; index < count; index++)
        MUST(pthread_join(threads[index], NULL) == 0);
}

int main(int count, char **arguments)
{
    struct stat status;
    int file;
    asl_node node;
    MUST(count == 5);
    path = arguments[3];
    file = open(arguments[4], O_RDONLY);
    MUST(file >= 0 && fstat(file, &status) == 0);
    size = (uint64_t)status.st_size;
    expected = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    MUST(expected != MAP_FAILED);
    store = open_store(arguments[1]);
    OK(asl_snapshot_open(store, arguments[2], &snapshot));
    OK(asl_node_open(snapshot, 0, path, &node));
    shared = node;
    run(read_both, THREADS);
    for (int index = 0; index < SHORT_LIVED / THREADS; index++)
        run(live_shortly, THREADS);
    for (int index = 0; index < CLOSINGS; index++) {
        run(read_until_closed, THREADS);
        OK(asl_node_open(snapshot, 0, path, &node));
        shared = node;
    }
    MUST(refused == CLOSINGS * THREADS);
    OK(asl_close(shared));
    OK(asl_close(snapshot));
    OK(asl_close(store));
    printf("%ld reads by %d threads, %d short-lived threads, %ld reads of closed nodes refused\n", reads, THREADS, SHORT_LIVED, refused);
    return 0;
}
