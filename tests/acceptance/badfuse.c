/* A file system with one file, "disk", whose bytes are those of a real file; reads that touch a bad range give EIO.
 * Usage: badfuse MOUNTPOINT DATA RANGES [-f …]. RANGES has lines "start length", in bytes; it is read again when it has changed, so a
 * disk can heal, or get worse, while it is mounted. Every read is noted in RANGES.log: "offset length result". */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct range { long long start, length; };
static struct range ranges[65536];
static int count, data;
static long long size;
static const char *ranges_path;
static struct timespec read_at;
static FILE *note;

static void read_ranges(void)
{
    struct stat status;
    FILE *file;
    if (stat(ranges_path, &status) || (status.st_mtim.tv_sec == read_at.tv_sec && status.st_mtim.tv_nsec == read_at.tv_nsec))
        return;
    read_at = status.st_mtim;
    count = 0;
    if (!(file = fopen(ranges_path, "r")))
        return;
    while (count < 65536 && fscanf(file, "%lld %lld", &ranges[count].start, &ranges[count].length) == 2)
        count++;
    fclose(file);
}

static int get_attributes(const char *path, struct stat *status, struct fuse_file_info *info)
{
    (void)info;
    memset(status, 0, sizeof *status);
    if (!strcmp(path, "/")) {
        status->st_mode = S_IFDIR | 0755;
        status->st_nlink = 2;
    } else if (!strcmp(path, "/disk")) {
        status->st_mode = S_IFREG | 0644;
        status->st_nlink = 1;
        status->st_size = size;
        status->st_blocks = (size + 511) / 512;
        status->st_ino = 2;
    } else {
        return -ENOENT;
    }
    return 0;
}

static int list(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    (void)path, (void)offset, (void)info, (void)flags;
    fill(buffer, ".", NULL, 0, 0);
    fill(buffer, "..", NULL, 0, 0);
    fill(buffer, "disk", NULL, 0, 0);
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *info)
{
    (void)info;
    return strcmp(path, "/disk") ? -ENOENT : (info->flags & O_ACCMODE) == O_RDONLY || (info->flags & O_ACCMODE) == O_RDWR ? 0 : -EROFS;
}

static int read_file(const char *path, char *buffer, size_t length, off_t offset, struct fuse_file_info *info)
{
    int result;
    (void)path, (void)info;
    read_ranges();
    result = 0;
    for (int index = 0; index < count && !result; index++)
        if (ranges[index].start < offset + (long long)length && offset < ranges[index].start + ranges[index].length)
            result = -EIO;
    if (!result) {
        result = (int)pread(data, buffer, length, offset);
        result = result < 0 ? -errno : result;
    }
    fprintf(note, "%lld %zu %d\n", (long long)offset, length, result);
    fflush(note);
    return result;
}

static const struct fuse_operations operations = { .getattr = get_attributes, .readdir = list, .open = open_file, .read = read_file };

int main(int argc, char **argv)
{
    char name[4096];
    if (argc < 4)
        return 2;
    data = open(argv[2], O_RDONLY);
    ranges_path = argv[3];
    snprintf(name, sizeof name, "%s.log", ranges_path);
    note = fopen(name, "w");
    if (data < 0 || !note)
        return 1;
    size = lseek(data, 0, SEEK_END);
    argv[2] = argv[0];
    argv[3] = argv[1];
    return fuse_main(argc - 2, argv + 2, &operations, NULL);
}
