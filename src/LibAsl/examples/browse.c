/*
 * Lists the snapshots of a store, prints the tree of one, or writes a file of it to standard output.
 *
 *     cc -o browse browse.c -I FOLDER-OF-ASL.H -L /usr/local/lib -lasl -Wl,-rpath,/usr/local/lib
 *
 *     browse STORE                      the snapshots
 *     browse STORE ID                   the entries of a snapshot; ID may be "latest"
 *     browse STORE ID SOURCE PATH       the bytes of a file, of source number SOURCE, from 0
 *
 * STORE is a directory, or an https URL: then ASL_TOKEN_FILE, ASL_PIN and ASL_CA_FILE say how to reach the server.
 * Exit codes are those of asl-admin; 3: some bytes could not be read when the source was taken in, and are left out.
 */
#include <asl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with what the library says of the last call. */
static void stop(void)
{
    asl_error_info error = { .struct_size = sizeof error };
    char text[4096];
    if (asl_error_text(ASL_ERROR_ALL, text, sizeof text, NULL) == ASL_OK)
        fprintf(stderr, "%s\n", text);
    asl_error(&error);
    exit(error.exit_code);
}

static void check(int32_t status)
{
    if (status != ASL_OK)
        stop();
}

static void list(asl_store store)
{
    asl_snapshots snapshots;
    asl_snapshot_info info = { .struct_size = sizeof info };
    int32_t status;
    check(asl_snapshots_open(store, &snapshots));
    while ((status = asl_snapshots_next(snapshots, &info)) == ASL_OK)
        printf("%s  %s  %s  %" PRId64 "  %" PRIu64 " entries, %" PRIu64 " bytes, %" PRIu64 " problems\n",
               info.id, info.domain, info.run, info.created_seconds, info.entries, info.source_bytes, info.problems);
    if (status != ASL_END)
        stop();
    asl_close(snapshots);
}

/* Names are raw bytes: what could confuse a terminal is printed as \xNN. */
static void print_bytes(const char *bytes)
{
    for (; *bytes; bytes++) {
        unsigned char byte = (unsigned char)*bytes;
        if (byte < 32 || byte == '\\' || byte >= 127)
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
}

/* A path as long as need be: a tree may be deeper than any PATH_MAX. */
static char *below(const char *path, const char *name)
{
    char *joined = malloc(strlen(path) + strlen(name) + 2);
    if (!joined)
        abort();
    sprintf(joined, "%s%s%s", path, *path ? "/" : "", name);
    return joined;
}

static void tree(asl_node node, const char *path)
{
    asl_directory directory;
    asl_node_info info = { .struct_size = sizeof info };
    int32_t status;
    check(asl_directory_open(node, &directory));
    while ((status = asl_directory_next(directory, &info)) == ASL_OK) {
        char *child_path = below(path, info.name);
        printf("%c%04" PRIo32 " %5" PRIu32 " %5" PRIu32 " %12" PRIu64 " %" PRId64 " ", "-dlpscb?i"[info.kind], info.mode, info.user, info.group, info.size, info.modified_seconds);
        print_bytes(child_path);
        puts(info.problems ? "  (not exactly what the source held)" : "");
        if (info.kind == ASL_KIND_DIRECTORY) {
            asl_node child;
            check(asl_directory_node(directory, &child));
            tree(child, child_path);
            asl_close(child);
        }
        free(child_path);
    }
    if (status != ASL_END)
        stop();
    asl_close(directory);
}

/* Writes what is known of a file; a bad range is left out and told. */
static int cat(asl_node node)
{
    static char buffer[1 << 20];
    uint64_t offset = 0, length = 0;
    int result = 0;
    for (;;) {
        int32_t status = asl_node_read(node, offset, buffer, sizeof buffer, &length);
        if (status == ASL_E_RANGE_UNREADABLE) {
            asl_error_info error = { .struct_size = sizeof error };
            asl_error(&error);
            fprintf(stderr, "unknown: %" PRIu64 " bytes at offset %" PRIu64 " (errno %" PRId32 ")\n", error.length, error.offset, error.system_error);
            if (error.length == 0) /* nothing of the file could be read */
                return 3;
            offset = error.offset + error.length;
            result = 3;
            continue;
        }
        check(status);
        if (length == 0)
            return result;
        fwrite(buffer, 1, length, stdout);
        offset += length;
    }
}

int main(int count, char **arguments)
{
    asl_open_options options = { .struct_size = sizeof options };
    asl_store store;
    asl_snapshot snapshot;
    asl_node node;
    int result = 0;
    if (count < 2 || count > 5 || count == 4) {
        fprintf(stderr, "usage: browse STORE [ID [SOURCE PATH]]\n");
        return 2;
    }
    options.token_file = getenv("ASL_TOKEN_FILE");
    options.pin = getenv("ASL_PIN");
    options.ca_file = getenv("ASL_CA_FILE");
    check(asl_store_open(arguments[1], &options, &store));
    if (count == 2) {
        list(store);
    } else {
        asl_snapshot_info info = { .struct_size = sizeof info };
        check(asl_snapshot_open(store, arguments[2], &snapshot));
        check(asl_snapshot_describe(snapshot, &info));
        if (count == 5) {
            check(asl_node_open(snapshot, (uint32_t)strtoul(arguments[3], NULL, 10), arguments[4], &node));
            result = cat(node);
            asl_close(node);
        } else {
            for (uint32_t source = 0; source < info.source_count; source++) {
                asl_node_info root = { .struct_size = sizeof root };
                check(asl_node_open(snapshot, source, NULL, &node));
                check(asl_node_describe(node, &root));
                printf("source %" PRIu32 ": %" PRIu64 " %s\n", source, root.size, root.kind == ASL_KIND_DIRECTORY ? "entries" : "bytes");
                if (root.kind == ASL_KIND_DIRECTORY)
                    tree(node, "");
                asl_close(node);
            }
        }
        asl_close(snapshot);
    }
    asl_close(store);
    return result;
}
