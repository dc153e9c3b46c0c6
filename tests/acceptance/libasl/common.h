/* What the test programs of libasl share. Each checks what it is about, prints a line of what it counted, and ends with 0; the first thing that
 * does not hold is printed, and ends it with 1. */
#define _GNU_SOURCE
#include <asl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void fail(const char *file, int line, const char *what)
{
    char text[4096] = "";
    asl_error_text(ASL_ERROR_ALL, text, sizeof text, NULL);
    printf("%s:%d: %s does not hold\n%s\n", file, line, what, text);
    fflush(stdout);
    _exit(1);
}

#define MUST(holds) ((holds) ? (void)0 : fail(__FILE__, __LINE__, #holds))
#define OK(call) MUST((call) == ASL_OK)

/* How a server is reached, from the environment; a directory needs nothing. */
static inline asl_store open_store(const char *location)
{
    asl_open_options options = { .struct_size = sizeof options, .timeout_seconds = 20 };
    asl_store store;
    options.token_file = getenv("ASL_TOKEN_FILE");
    options.pin = getenv("ASL_PIN");
    options.ca_file = getenv("ASL_CA_FILE");
    OK(asl_store_open(location, &options, &store));
    return store;
}

/* Numbers that are the same on each run (xorshift64). */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
