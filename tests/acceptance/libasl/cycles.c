/* usage: cycles STORE ID COUNT [DAMAGED]: opens, walks, reads, verifies, fails and closes COUNT times; DAMAGED is the id of a snapshot whose source 0 has bad
 * ranges. Prints memory, open files and threads a few times on the way, and below valgrind what is lost and what is only still reachable. With FORGETFUL
 * a node stays open in each cycle, which must be seen. */
#include "common.h"
#include <dirent.h>
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>

enum { LINES = 10, ENTRIES_A_FOLDER = 40, DEPTH_MAX = 6, STEPS = 5 };

static char buffer[1 << 18];

static void walk(asl_node node, int depth)
{
    asl_directory directory;
    asl_node_info info = { .struct_size = sizeof info };
    OK(asl_directory_open(node, &directory));
    for (int index = 0; index < ENTRIES_A_FOLDER && asl_directory_next(directory, &info) == ASL_OK; index++) {
        asl_node child;
        uint64_t length;
        OK(asl_directory_node(directory, &child));
        if (info.kind == ASL_KIND_DIRECTORY && depth < DEPTH_MAX)
            walk(child, depth + 1);
        else if (info.kind == ASL_KIND_FILE)
            OK(asl_node_read(child, info.size / 3, buffer, sizeof buffer, &length));
        else if (info.kind == ASL_KIND_SYMBOLIC_LINK)
            OK(asl_node_text(child, ASL_NODE_TARGET, buffer, sizeof buffer, NULL));
        OK(asl_close(child));
    }
    OK(asl_close(directory));
}

static void verify(asl_snapshot snapshot)
{
    asl_verification verification;
    asl_verification_info info = { .struct_size = sizeof info };
    OK(asl_verification_open(snapshot, 0, &verification));
    for (int step = 0; step < STEPS; step++)
        MUST(asl_verification_step(verification, &info) <= ASL_END);
    MUST(info.findings == 0);
    OK(asl_close(verification));
}

static void read_damaged(asl_store store, const char *id)
{
    asl_snapshot snapshot;
    asl_node node;
    asl_error_info error = { .struct_size = sizeof error };
    uint64_t offset = 0, length;
    int ranges = 0;
    OK(asl_snapshot_open(store, id, &snapshot));
    OK(asl_node_open(snapshot, 0, "", &node));
    do {
        int32_t status = asl_node_read(node, offset, buffer, sizeof buffer, &length);
        offset += length;
        if (status != ASL_E_RANGE_UNREADABLE)
            continue;
        OK(asl_error(&error));
        MUST(error.offset <= offset && offset < error.offset + error.length);
        offset = error.offset + error.length;
        length = 1;
        ranges++;
    } while (length > 0);
    MUST(ranges > 0);
    OK(asl_close(node));
    OK(asl_close(snapshot));
}

/* Each way to fail that needs nothing but a store. */
static void err(const char *location, asl_store store, asl_snapshot snapshot)
{
    asl_store none;
    asl_snapshot other;
    asl_node node;
    uint8_t key[32] = { 1 };
    uint64_t length;
    char text[2];
    MUST(asl_store_open("/nowhere", NULL, &none) == ASL_E_STORE_MISSING && none == 0);
    MUST(asl_store_open("ftp://nowhere", NULL, &none) == ASL_E_ARGUMENT_INVALID);
    MUST(asl_store_open("https://127.0.0.1:1/", &(asl_open_options){ .struct_size = sizeof(asl_open_options), .token_file = location }, &none) == ASL_E_REMOTE_UNAUTHENTICATED);
    MUST(asl_snapshot_open(store, "0000", &other) == ASL_E_SNAPSHOT_MISSING);
    MUST(asl_snapshot_open(snapshot, "latest", &other) == ASL_E_HANDLE_INVALID);
    MUST(asl_node_open(snapshot, 0, "no/such/path", &node) == ASL_E_PATH_MISSING);
    MUST(asl_node_open(snapshot, 999, "", &node) == ASL_E_ARGUMENT_INVALID);
    MUST(asl_artifact_read(snapshot, key, NULL, 0, &length) == ASL_E_ARTIFACT_MISSING);
    MUST(asl_snapshot_text(snapshot, ASL_SNAPSHOT_RUN, text, sizeof text, NULL) == ASL_E_BUFFER_TOO_SMALL);
    MUST(asl_error_text(ASL_ERROR_ALL, buffer, sizeof buffer, NULL) == ASL_OK);
}

static void cycle(const char *location, const char *id, const char *damaged)
{
    asl_store store = open_store(location);
    asl_snapshots snapshots;
    asl_snapshot snapshot;
    asl_snapshot_info info = { .struct_size = sizeof info };
    asl_node node;
    OK(asl_snapshots_open(store, &snapshots));
    while (asl_snapshots_next(snapshots, &info) == ASL_OK)
        ;
    OK(asl_close(snapshots));
    OK(asl_snapshot_open(store, id, &snapshot));
    OK(asl_node_open(snapshot, 0, NULL, &node));
    walk(node, 0);
    verify(snapshot);
    err(location, store, snapshot);
    if (damaged)
        read_damaged(store, damaged);
    OK(asl_close(store));
    MUST(asl_close(store) == ASL_E_HANDLE_INVALID);
    OK(asl_close(snapshot));
#ifndef FORGETFUL
    OK(asl_close(node));
#endif
}

static long count_names(const char *folder)
{
    long count = 0;
    DIR *listing = opendir(folder);
    MUST(listing);
    while (readdir(listing))
        count++;
    closedir(listing);
    return count - 2;
}

static long resident_kib(void)
{
    long pages;
    FILE *file = fopen("/proc/self/statm", "r");
    MUST(file && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * 4;
}

int main(int count, char **arguments)
{
    long cycles;
    MUST(count == 4 || count == 5);
    cycles = atol(arguments[3]);
    for (long number = 1; number <= cycles; number++) {
        cycle(arguments[1], arguments[2], count == 5 ? arguments[4] : NULL);
        if (number % (cycles >= LINES ? cycles / LINES : 1) != 0)
            continue;
        printf("cycle %ld rss %ld files %ld threads %ld", number, resident_kib(), count_names("/proc/self/fd"), count_names("/proc/self/task"));
        if (RUNNING_ON_VALGRIND) {
            long lost, dubious, reachable, suppressed;
            VALGRIND_DO_QUICK_LEAK_CHECK;
            VALGRIND_COUNT_LEAKS(lost, dubious, reachable, suppressed);
            printf(" lost %ld dubious %ld reachable %ld suppressed %ld", lost, dubious, reachable, suppressed);
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
