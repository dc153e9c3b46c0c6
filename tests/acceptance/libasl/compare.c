/* usage: compare STORE ID SOURCE FOLDER: whether source number SOURCE of a snapshot is that folder, entry for entry and byte for byte: kind, mode, owner,
 * time, size, bytes, holes, link target, device, attributes, hard links. Each file is read in pieces of random lengths. */
#include "common.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { PIECE_MAX = 300000, WHOLE_HOLE_MAX = 1 << 20 };

static uint64_t entries, bytes, holes, links, attributes, state = 88172645463325252u;
static int top; /* the folder, open */

static void compare_range(asl_node node, int file, uint64_t offset, uint64_t end)
{
    static char ours[PIECE_MAX], theirs[PIECE_MAX];
    while (offset < end) {
        uint64_t want = 1 + next_random(&state) % PIECE_MAX, length;
        want = want < end - offset ? want : end - offset;
        OK(asl_node_read(node, offset, ours, want, &length));
        MUST(length == want);
        MUST(pread(file, theirs, want, (off_t)offset) == (ssize_t)want);
        MUST(memcmp(ours, theirs, want) == 0);
        offset += want;
        bytes += want;
    }
}

/* A hole in the store is where nothing is allocated in the file; of a long one the ends and some pieces are read. */
static void compare_hole(asl_node node, int file, const asl_extent *hole)
{
    off_t data = lseek(file, (off_t)hole->offset, SEEK_DATA);
    uint64_t end = hole->offset + hole->length;
    MUST(data < 0 ? errno == ENXIO : (uint64_t)data >= end);
    holes++;
    if (hole->length <= WHOLE_HOLE_MAX) {
        compare_range(node, file, hole->offset, end);
        return;
    }
    compare_range(node, file, hole->offset, hole->offset + 4096);
    compare_range(node, file, end - 4096, end);
    for (int round = 0; round < 4; round++) {
        uint64_t offset = hole->offset + next_random(&state) % (hole->length - 4096);
        compare_range(node, file, offset, offset + 4096);
    }
}

static void compare_bytes(asl_node node, int file, uint64_t size)
{
    asl_extent extents[7];
    uint64_t offset = 0, length;
    uint32_t count;
    char byte;
    do {
        OK(asl_node_map(node, offset, extents, 7, &count));
        for (uint32_t index = 0; index < count; index++) {
            MUST(extents[index].offset == offset && extents[index].length > 0 && extents[index].kind != ASL_EXTENT_BAD);
            if (extents[index].kind == ASL_EXTENT_HOLE)
                compare_hole(node, file, &extents[index]);
            else
                compare_range(node, file, offset, offset + extents[index].length);
            offset += extents[index].length;
        }
    } while (count > 0);
    MUST(offset == size);
    OK(asl_node_read(node, size, &byte, 1, &length));
    MUST(length == 0);
}

static void compare_attributes(asl_node node, uint32_t count, int folder, const char *name)
{
    static char names[65536], ours[65536], theirs[65536];
    char path[512], attribute[256];
    ssize_t length;
    uint32_t found = 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", folder, name);
    length = llistxattr(path, names, sizeof names);
    MUST(length >= 0);
    for (const char *each = names; each < names + length; each += strlen(each) + 1)
        found++;
    MUST(found == count);
    for (uint32_t index = 0; index < count; index++) {
        uint64_t size;
        OK(asl_node_attribute_name(node, index, attribute, sizeof attribute, NULL));
        OK(asl_node_attribute_value(node, index, ours, sizeof ours, &size));
        MUST(lgetxattr(path, attribute, theirs, sizeof theirs) == (ssize_t)size && memcmp(ours, theirs, size) == 0);
        attributes++;
    }
}

/* Walks from the top by open folders: a path may be longer than PATH_MAX. */
static int open_at_top(char *path, int flags)
{
    int folder = openat(top, ".", O_RDONLY | O_DIRECTORY);
    for (char *name = strtok(path, "/"); name; name = strtok(NULL, "/")) {
        int below = openat(folder, name, flags);
        close(folder);
        MUST(below >= 0);
        folder = below;
    }
    return folder;
}

static void compare_hard_link(asl_node node, uint32_t length, const struct stat *status)
{
    struct stat first;
    char *path = malloc(length + 1);
    int file;
    MUST(path);
    OK(asl_node_text(node, ASL_NODE_HARD_LINK, path, length + 1, NULL));
    file = open_at_top(path, O_PATH | O_NOFOLLOW);
    MUST(fstat(file, &first) == 0 && first.st_ino == status->st_ino && first.st_dev == status->st_dev);
    close(file);
    free(path);
    links++;
}

static int32_t kind_of(mode_t mode)
{
    return S_ISREG(mode) ? ASL_KIND_FILE : S_ISDIR(mode) ? ASL_KIND_DIRECTORY : S_ISLNK(mode) ? ASL_KIND_SYMBOLIC_LINK : S_ISFIFO(mode) ? ASL_KIND_FIFO
         : S_ISSOCK(mode) ? ASL_KIND_SOCKET : S_ISCHR(mode) ? ASL_KIND_CHARACTER_DEVICE : ASL_KIND_BLOCK_DEVICE;
}

static void compare_entry(asl_node node, const asl_node_info *info, int folder, const char *name)
{
    struct stat status;
    MUST(fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    MUST(info->kind == kind_of(status.st_mode) && info->mode == (status.st_mode & 07777) && info->user == status.st_uid && info->group == status.st_gid);
    MUST(info->modified_seconds == status.st_mtim.tv_sec && info->modified_nanoseconds == (uint32_t)status.st_mtim.tv_nsec && info->problems == 0);
    compare_attributes(node, info->attribute_count, folder, name);
    entries++;
    if (info->hard_link_length)
        compare_hard_link(node, info->hard_link_length, &status);
    if (info->kind == ASL_KIND_FILE) {
        int file = openat(folder, name, O_RDONLY | O_NOFOLLOW);
        MUST(file >= 0 && info->size == (uint64_t)status.st_size);
        compare_bytes(node, file, info->size);
        close(file);
    } else if (info->kind == ASL_KIND_SYMBOLIC_LINK) {
        char ours[4096], theirs[4096];
        ssize_t length = readlinkat(folder, name, theirs, sizeof theirs);
        OK(asl_node_text(node, ASL_NODE_TARGET, ours, sizeof ours, NULL));
        MUST(length == (ssize_t)info->target_length && memcmp(ours, theirs, (size_t)length) == 0);
    } else if (info->kind == ASL_KIND_CHARACTER_DEVICE || info->kind == ASL_KIND_BLOCK_DEVICE) {
        MUST(info->device_major == major(status.st_rdev) && info->device_minor == minor(status.st_rdev));
    }
}

static uint64_t count_names(int folder)
{
    uint64_t count = 0;
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY);
    DIR *listing = fdopendir(again);
    MUST(listing);
    while (readdir(listing))
        count++;
    closedir(listing);
    return count - 2;
}

static void compare_folder(asl_node node, int folder)
{
    asl_directory directory;
    asl_node_info info = { .struct_size = sizeof info };
    uint64_t count = 0;
    int32_t status;
    char last[256] = "";
    OK(asl_directory_open(node, &directory));
    while ((status = asl_directory_next(directory, &info)) == ASL_OK) {
        asl_node child;
        MUST(strlen(info.name) == info.name_length && strcmp(last, info.name) < 0);
        strcpy(last, info.name);
        OK(asl_directory_node(directory, &child));
        compare_entry(child, &info, folder, info.name);
        if (info.kind == ASL_KIND_DIRECTORY) {
            int below = openat(folder, info.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            MUST(below >= 0);
            compare_folder(child, below);
            close(below);
        }
        OK(asl_close(child));
        count++;
    }
    MUST(status == ASL_END && count == count_names(folder));
    OK(asl_close(directory));
}

int main(int count, char **arguments)
{
    asl_snapshot snapshot;
    asl_node node;
    asl_node_info info = { .struct_size = sizeof info };
    asl_store store;
    MUST(count == 5);
    store = open_store(arguments[1]);
    OK(asl_snapshot_open(store, arguments[2], &snapshot));
    OK(asl_node_open(snapshot, (uint32_t)atoi(arguments[3]), NULL, &node));
    OK(asl_node_describe(node, &info));
    top = open(arguments[4], O_RDONLY | O_DIRECTORY);
    MUST(top >= 0);
    compare_entry(node, &info, top, ".");
    compare_folder(node, top);
    OK(asl_close(node));
    OK(asl_close(snapshot));
    OK(asl_close(store));
    printf("%" PRIu64 " entries, %" PRIu64 " bytes, %" PRIu64 " holes, %" PRIu64 " hard links, %" PRIu64 " attributes\n", entries, bytes, holes, links, attributes);
    return 0;
}
