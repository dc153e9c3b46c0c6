/*
 * asl.h: reading a store of AslRescue from C and what can call C. Link with -lasl, or load /usr/local/lib/libasl.so.
 * docs/libasl.md is the guide; docs/store-format.md says what lies in a store. SPDX-License-Identifier: Apache-2.0
 *
 *   store ── snapshots ──▶ snapshot ── node (a file, folder, link, image …) ──▶ bytes, map of bad ranges, attributes
 *                             │             └── directory ──▶ node …
 *                             ├── artifact by key
 *                             └── verification
 *
 * What holds for every function:
 *
 *  - It returns ASL_OK, ASL_END where the header says so, or the number of an error: an ASL_E_… below, or another number of
 *    docs/exit-codes.md. asl_error tells more about the last error of the calling thread.
 *  - Handles are numbers; 0 is none. Each is closed with asl_close, in any order: what was opened from a handle stays usable when
 *    that handle is closed. One that was closed, never given, or stands for something else gives ASL_E_HANDLE_INVALID.
 *  - Any thread may call, with any handle. Calls with one store or snapshot run side by side. Calls with one asl_snapshots, asl_node,
 *    asl_directory or asl_verification run one after the other: open it again to read on two threads at once. A handle that is closed while
 *    another thread is inside a call stays until that call returns.
 *  - Memory is the caller's. Texts (char *) end with a NUL, which *length does not count; data (void *) has none. With a capacity of 0
 *    only *length is written, and that is no error. What does not fit gives ASL_E_BUFFER_TOO_SMALL, writes *length, and nothing else.
 *    *length may be NULL. Names and paths are raw bytes, whatever a file system had; other texts are UTF-8.
 *  - A struct that is filled begins with struct_size, which the caller sets to the size it knows: sizeof. It may grow at its end;
 *    what a library does not know, it sets to 0.
 *  - After fork, without exec, the child cannot use the library: each call gives ASL_E_LIBRARY_UNUSABLE.
 */
#ifndef ASL_H
#define ASL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Within one number, functions, constants and members of structs are added and never changed. */
#define ASL_ABI_VERSION 1

typedef uint64_t asl_store;
typedef uint64_t asl_snapshots;
typedef uint64_t asl_snapshot;
typedef uint64_t asl_node;
typedef uint64_t asl_directory;
typedef uint64_t asl_verification;

/* What functions return. The numbers are those of all programs of AslRescue, and are for ever. */
enum {
    ASL_OK = 0,
    ASL_END = 1, /* nothing follows */

    ASL_E_STORE_MISSING = 2001,
    ASL_E_STORE_OCCUPIED = 2002,
    ASL_E_STORE_FORMAT_UNKNOWN = 2003,
    ASL_E_STORE_IO = 2004,
    ASL_E_ARTIFACT_MISSING = 2005,
    ASL_E_SNAPSHOT_MISSING = 2006,
    ASL_E_SNAPSHOT_AMBIGUOUS = 2007,
    ASL_E_PATH_MISSING = 2008,
    ASL_E_RUN_MISSING = 2009,
    ASL_E_RUN_BUSY = 2010,
    ASL_E_RUN_MISMATCH = 2011,
    ASL_E_RANGE_UNREADABLE = 2012, /* the source could not be read there: the bytes are unknown, not zero */
    ASL_E_FORMAT_CORRUPT = 2040,
    ASL_E_BLOCK_CORRUPT = 2041,
    ASL_E_SEGMENT_CORRUPT = 2042,
    ASL_E_SNAPSHOT_CORRUPT = 2043,
    ASL_E_LOG_CORRUPT = 2044,
    ASL_E_TREE_CORRUPT = 2045,
    ASL_E_OBJECT_MISSING = 2046,
    ASL_E_ENDPOINT_UNREACHABLE = 6011,
    ASL_E_REMOTE_REQUEST_INVALID = 8001,
    ASL_E_REMOTE_UNAUTHENTICATED = 8002,
    ASL_E_REMOTE_FORBIDDEN = 8003,
    ASL_E_REMOTE_CONTENT_REFUSED = 8004,
    ASL_E_REMOTE_BUSY = 8005,
    ASL_E_REMOTE_UNTRUSTED = 8006,
    ASL_E_SIGNATURE_REFUSED = 8007,
    ASL_E_STORAGE_UNFIT = 8008,
    ASL_E_USAGE = 9001,
    ASL_E_INTERNAL = 9002, /* a defect of the library: please report it */
    ASL_E_INTERRUPTED = 9003,
    ASL_E_HANDLE_INVALID = 9004,
    ASL_E_ARGUMENT_INVALID = 9005,
    ASL_E_BUFFER_TOO_SMALL = 9006,
    ASL_E_LIBRARY_UNUSABLE = 9007 /* forked, no memory or handles left (65,536 may be open at once), or no OpenSSL */
};

/* ---- the library ------------------------------------------------------------------------------------------------------- */

/* ASL_ABI_VERSION of the library: a program that was compiled with a greater one needs a newer library. */
int32_t asl_abi_version(void);

/* Which release it is: "0.1.0". */
int32_t asl_version(char *text, uint64_t capacity, uint64_t *length);

/* Closes a handle of any kind. 0 is no error; one that is closed already is ASL_E_HANDLE_INVALID. */
int32_t asl_close(uint64_t handle);

/* ---- errors ------------------------------------------------------------------------------------------------------------ */

typedef struct asl_error_info {
    uint32_t struct_size;
    int32_t code;         /* 0: no call of this thread has failed yet */
    int32_t exit_code;    /* what a program should end with: docs/exit-codes.md */
    int32_t is_permanent; /* 0: the same call may succeed later */
    int32_t system_error; /* of ASL_E_RANGE_UNREADABLE: as in asl_extent; otherwise 0 */
    int32_t reserved;
    uint64_t offset; /* of ASL_E_RANGE_UNREADABLE: where the whole bad range begins, and how long it is */
    uint64_t length;
} asl_error_info;

enum {
    ASL_ERROR_ALL = 0,   /* several lines, for a terminal or a log */
    ASL_ERROR_WHAT = 1,  /* what happened, in a clause */
    ASL_ERROR_WHERE = 2, /* path, offset, key; may be empty */
    ASL_ERROR_WHY = 3,   /* the cause; may be empty */
    ASL_ERROR_FIX = 4    /* what can be done */
};

/* The last error of the calling thread. It stays until another call fails; these two change nothing of it, whatever they return. */
int32_t asl_error(asl_error_info *info);
int32_t asl_error_text(int32_t part, char *text, uint64_t capacity, uint64_t *length);

/* What a program that ends because of an error should exit with, 0 for ASL_OK and ASL_END. */
int32_t asl_exit_code(int32_t code);

/* ---- stores ------------------------------------------------------------------------------------------------------------ */

/* How a server is reached; not used for a directory. NULL and 0 stand for what is usual. */
typedef struct asl_open_options {
    uint32_t struct_size;
    uint32_t timeout_seconds;     /* a request that fails is repeated, and a connection on which nothing moves is kept, for so long; 60 */
    const char *token_file;       /* a file of mode 0600 with the bearer token */
    const char *pin;              /* SHA-256 of the certificate that the server must have, in hexadecimal */
    const char *ca_file;          /* certificates (PEM) that may vouch for the server, instead of the system's */
    const char *certificate_file; /* our own certificate (PEM), with key_file */
    const char *key_file;         /* a file of mode 0600 */
    const char *proxy;            /* http, https or socks5 URL */
} asl_open_options;

/* Opens the store in a directory, or behind an https URL. Reads only: no function of this library writes to a store. */
int32_t asl_store_open(const char *location, const asl_open_options *options, asl_store *store);

/* ---- snapshots --------------------------------------------------------------------------------------------------------- */

typedef struct asl_snapshot_info {
    uint32_t struct_size;
    uint32_t source_count;
    int64_t started_seconds; /* when its run began, since 1970 */
    int64_t created_seconds; /* when it was sealed */
    uint32_t started_nanoseconds;
    uint32_t created_nanoseconds;
    uint64_t entries;
    uint64_t files;
    uint64_t directories;
    uint64_t source_bytes; /* sizes of all files and images, holes included */
    uint64_t read_bytes;   /* read from the sources in this run */
    uint64_t unchanged_files;
    uint64_t added_artifacts;
    uint64_t added_raw_bytes;
    uint64_t added_stored_bytes;
    uint64_t bad_bytes; /* of ranges that could not be read */
    uint64_t problems;  /* entries that are not exactly what the source held */
    char id[72];        /* 64 hexadecimal digits */
    char root[72];      /* equal for equal sources, wherever they were taken in */
    char domain[136];   /* cut after 135 bytes; asl_snapshot_text has all */
    char run[136];
} asl_snapshot_info;

enum {
    ASL_SNAPSHOT_DOMAIN = 0,
    ASL_SNAPSHOT_RUN = 1,
    ASL_SNAPSHOT_CASE = 2, /* case, examiner and note may be empty */
    ASL_SNAPSHOT_EXAMINER = 3,
    ASL_SNAPSHOT_NOTE = 4,
    ASL_SNAPSHOT_HOST = 5, /* the machine that took it in */
    ASL_SNAPSHOT_BOOT = 6,
    ASL_SNAPSHOT_PROGRAM = 7,
    ASL_SNAPSHOT_COMPRESSOR = 8
};

/*
 * The sealed snapshots of a store: domain by domain, oldest first. asl_snapshots_next gives ASL_END behind the last. A permanent error
 * concerns one snapshot, or one domain whose log is damaged: the next call goes on behind it.
 */
int32_t asl_snapshots_open(asl_store store, asl_snapshots *snapshots);
int32_t asl_snapshots_next(asl_snapshots snapshots, asl_snapshot_info *info);

/* Opens the snapshot that asl_snapshots_next told last. */
int32_t asl_snapshots_snapshot(asl_snapshots snapshots, asl_snapshot *snapshot);

/* Opens a snapshot by its id, by the first digits of it, or the newest one: "latest". */
int32_t asl_snapshot_open(asl_store store, const char *id, asl_snapshot *snapshot);

int32_t asl_snapshot_describe(asl_snapshot snapshot, asl_snapshot_info *info);
int32_t asl_snapshot_text(asl_snapshot snapshot, int32_t which, char *text, uint64_t capacity, uint64_t *length);

typedef struct asl_source_info {
    uint32_t struct_size;
    int32_t kind; /* ASL_SOURCE_TREE or ASL_SOURCE_IMAGE */
    uint32_t device_major;
    uint32_t device_minor;
    int64_t file_system; /* f_type of statfs */
    uint32_t flags;      /* ASL_SOURCE_READ_ONLY … */
    uint32_t logical_sector;
    uint32_t physical_sector;
    uint32_t reserved;
    uint64_t size;   /* of an image; this and all below is 0 or empty for a tree */
    uint64_t start;  /* where on its disk a partition begins */
    char sha256[72]; /* of all bytes of an image; empty where ranges are bad */
    char parent[72]; /* the snapshot that it was read incrementally to; may be empty, also for a tree */
} asl_source_info;

enum { ASL_SOURCE_TREE = 0, ASL_SOURCE_IMAGE = 1 };

enum {
    ASL_SOURCE_READ_ONLY = 1, /* the kernel refused writes to the device */
    ASL_SOURCE_WRITTEN = 2    /* the device was written to while it was read */
};

enum { ASL_SOURCE_PATH = 0, ASL_SOURCE_MODEL = 1, ASL_SOURCE_SERIAL = 2, ASL_SOURCE_WORLD_WIDE_NAME = 3 };

/* The sources of a snapshot, from 0 to source_count - 1. */
int32_t asl_source_describe(asl_snapshot snapshot, uint32_t source, asl_source_info *info);
int32_t asl_source_text(asl_snapshot snapshot, uint32_t source, int32_t which, char *text, uint64_t capacity, uint64_t *length);

/* ---- trees ------------------------------------------------------------------------------------------------------------- */

enum {
    ASL_KIND_FILE = 0,
    ASL_KIND_DIRECTORY = 1,
    ASL_KIND_SYMBOLIC_LINK = 2,
    ASL_KIND_FIFO = 3,
    ASL_KIND_SOCKET = 4,
    ASL_KIND_CHARACTER_DEVICE = 5,
    ASL_KIND_BLOCK_DEVICE = 6,
    ASL_KIND_UNKNOWN = 7, /* it was listed, and nothing more could be learned */
    ASL_KIND_IMAGE = 8    /* the bytes of a whole block device: a size and bytes, nothing else */
};

/* Why an entry is less than, or not surely, what the source held. In asl_node_info.problems problem n is bit 1 << n. */
enum {
    ASL_PROBLEM_UNREADABLE = 1, /* a file has no bytes then, a folder not all of its entries */
    ASL_PROBLEM_VANISHED = 2,
    ASL_PROBLEM_CHANGED = 3, /* while it was read */
    ASL_PROBLEM_BAD_RANGES = 4,
    ASL_PROBLEM_NOT_ENTERED = 5, /* another file system, or the kernel's: its entries are not there */
    ASL_PROBLEM_METADATA_UNREADABLE = 6
};

typedef struct asl_node_info {
    uint32_t struct_size;
    int32_t kind;  /* ASL_KIND_… */
    uint32_t mode; /* permission bits, 0 to 07777 */
    uint32_t user;
    uint32_t group;
    uint32_t problems; /* bits, see above; 0 for an entry that is what the source held */
    int64_t modified_seconds; /* since 1970, may be negative */
    uint32_t modified_nanoseconds;
    uint32_t attribute_count; /* extended attributes, ACLs and capabilities among them */
    uint32_t device_major;    /* of device nodes */
    uint32_t device_minor;
    uint64_t size; /* bytes of a file or an image; number of entries of a directory */
    uint32_t target_length;
    uint32_t hard_link_length;
    uint32_t name_length; /* at most 4096; 0 for the root of a source */
    uint32_t reserved;
    char name[256];
} asl_node_info;

/* Opens what lies at a path of a source: raw bytes, slashes between names, no ".." and no links followed; NULL or "" for its root. */
int32_t asl_node_open(asl_snapshot snapshot, uint32_t source, const char *path, asl_node *node);

int32_t asl_node_describe(asl_node node, asl_node_info *info);

enum {
    ASL_NODE_NAME = 0,
    ASL_NODE_TARGET = 1,   /* where a symbolic link points */
    ASL_NODE_HARD_LINK = 2 /* path of the first name of the same file, from the root of the source; empty for the first and the only one */
};

int32_t asl_node_text(asl_node node, int32_t which, char *text, uint64_t capacity, uint64_t *length);

/* Extended attributes, from 0 to attribute_count - 1. */
int32_t asl_node_attribute_name(asl_node node, uint32_t index, char *text, uint64_t capacity, uint64_t *length);
int32_t asl_node_attribute_value(asl_node node, uint32_t index, void *data, uint64_t capacity, uint64_t *length);

/*
 * Reads bytes of a file or an image from an offset on. *length is how many: fewer than the capacity at the end, before a bad range, and before
 * damage of the store; asking again from there tells which. At the end and behind it *length is 0. Holes read as zeros. A bad range that begins at
 * the offset, or holds it, gives ASL_E_RANGE_UNREADABLE, and asl_error has where all of it lies. So does a file of which nothing could be read, with
 * a range of length 0, as nobody knows how long it was. What is in the buffer behind *length means nothing.
 */
int32_t asl_node_read(asl_node node, uint64_t offset, void *data, uint64_t capacity, uint64_t *length);

enum { ASL_EXTENT_DATA = 0, ASL_EXTENT_HOLE = 1, ASL_EXTENT_BAD = 2 };

typedef struct asl_extent {
    uint64_t offset;
    uint64_t length;
    int32_t kind;  /* ASL_EXTENT_… */
    int32_t error; /* of a bad range: above 0 what each of its sectors gave (errno), below 0 what a longer read gave, 0 not tried */
    uint8_t key[32]; /* of data: the artifact, for asl_artifact_read */
} asl_extent;

/*
 * What the bytes of a file or an image are, from the extent that holds the offset on, in order and without a gap. *count is how many were
 * written; 0 at the end. Go on at offset + length of the last one. A file of which nothing could be read gives ASL_E_RANGE_UNREADABLE.
 */
int32_t asl_node_map(asl_node node, uint64_t offset, asl_extent *extents, uint32_t capacity, uint32_t *count);

/* The entries of a directory, ascending by the bytes of their names; ASL_END behind the last. After an error the next call tries again. */
int32_t asl_directory_open(asl_node node, asl_directory *directory);
int32_t asl_directory_next(asl_directory directory, asl_node_info *info);

/* Opens the entry that asl_directory_next told last: cheaper than by its path. */
int32_t asl_directory_node(asl_directory directory, asl_node *node);

/* ---- artifacts --------------------------------------------------------------------------------------------------------- */

/* Reads an artifact, whatever it is part of, by the 32 bytes of its SHA-256. At most 16 MiB. Only what the snapshot can reach is found. */
int32_t asl_artifact_read(asl_snapshot snapshot, const uint8_t *key, void *data, uint64_t capacity, uint64_t *length);

/* ---- verification ------------------------------------------------------------------------------------------------------ */

enum { ASL_VERIFY_DATA = 1 /* read every block whole, decompress and hash each artifact; without it their footers */ };

typedef struct asl_verification_info {
    uint32_t struct_size;
    uint32_t findings_kept; /* at most 100: asl_verification_finding */
    uint64_t findings;      /* all; 0 at ASL_END: the snapshot is whole */
    uint64_t segments;
    uint64_t segments_all;
    uint64_t blocks;
    uint64_t blocks_all;
    uint64_t artifacts;
    uint64_t entries;
    uint64_t data_bytes;
} asl_verification_info;

/*
 * Checks all that can be read below a snapshot: its file, the segments that it pins, the blocks that these name, its trees. Each step does a
 * block, or some rows or entries, and tells how far it is; ASL_END when all has been checked. Damage is a finding and no error; an error means
 * that the store is out of reach, and there is no result.
 */
int32_t asl_verification_open(asl_snapshot snapshot, uint32_t flags, asl_verification *verification);
int32_t asl_verification_step(asl_verification verification, asl_verification_info *info);

/* One of the findings that were kept, from 0 to findings_kept - 1: *code is an ASL_E_…, the text several lines. */
int32_t asl_verification_finding(asl_verification verification, uint32_t index, int32_t *code, char *text, uint64_t capacity, uint64_t *length);

#ifdef __cplusplus
}
#endif

#endif
