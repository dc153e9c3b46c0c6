/* usage: host LIBRARY STORE ID: what the library does to the process that loads it, by dlopen, and what it leaves alone: signals, limits, threads, fork. */
#include "common.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SIGNALS = 65 };

static const char *library, *location, *id;
static int32_t (*store_open)(const char *, const asl_open_options *, asl_store *);
static int32_t (*snapshot_open)(asl_store, const char *, asl_snapshot *);
static int32_t (*verification_open)(asl_snapshot, uint32_t, asl_verification *);
static int32_t (*verification_step)(asl_verification, asl_verification_info *);
static int32_t (*close_handle)(uint64_t);
static int32_t (*abi_version)(void);

static void load(void)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        puts(dlerror());
    MUST(handle);
    *(void **)&store_open = dlsym(handle, "asl_store_open");
    *(void **)&snapshot_open = dlsym(handle, "asl_snapshot_open");
    *(void **)&verification_open = dlsym(handle, "asl_verification_open");
    *(void **)&verification_step = dlsym(handle, "asl_verification_step");
    *(void **)&close_handle = dlsym(handle, "asl_close");
    *(void **)&abi_version = dlsym(handle, "asl_abi_version");
    MUST(abi_version && store_open && snapshot_open && verification_open && verification_step && close_handle);
    MUST(dlclose(handle) == 0); /* its code stays, as its threads run in it */
}

/* Checks the snapshot once, with all data; gives the status of the first call that fails. */
static int32_t use(void)
{
    asl_store store;
    asl_snapshot snapshot;
    asl_verification verification;
    asl_verification_info info = { .struct_size = sizeof info };
    int32_t status = store_open(location, NULL, &store);
    if (status != ASL_OK)
        return status;
    MUST(snapshot_open(store, id, &snapshot) == ASL_OK && verification_open(snapshot, ASL_VERIFY_DATA, &verification) == ASL_OK);
    while ((status = verification_step(verification, &info)) == ASL_OK)
        ;
    MUST(status == ASL_END && info.findings == 0 && info.data_bytes > 0);
    MUST(close_handle(verification) == ASL_OK && close_handle(snapshot) == ASL_OK && close_handle(store) == ASL_OK);
    return ASL_OK;
}

/* What a status file has behind a word, as a number in hexadecimal. */
static unsigned long long field(const char *path, const char *word)
{
    char line[256];
    unsigned long long value = ~0ull;
    FILE *file = fopen(path, "r");
    MUST(file || errno == ENOENT); /* a thread that has just ended has nothing unblocked */
    if (!file)
        return value;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, word, strlen(word)))
            value = strtoull(line + strlen(word), NULL, 16);
    fclose(file);
    return value;
}

/* Signals that the runtime takes for itself: faults of its own code, and the one that stops its threads for a moment. */
static int is_taken(int number)
{
    return number == SIGSEGV || number == SIGFPE || number == 34;
}

static void leaves_signals_and_limits_alone(void)
{
    struct sigaction before[SIGNALS], after;
    struct rlimit files_before, files_after;
    sigset_t mask_before, mask_after;
    MUST(getrlimit(RLIMIT_NOFILE, &files_before) == 0 && pthread_sigmask(SIG_SETMASK, NULL, &mask_before) == 0);
    for (int number = 1; number < SIGNALS; number++)
        sigaction(number, NULL, &before[number]);
    load();
    MUST(use() == ASL_OK && use() == ASL_OK);
    for (int number = 1; number < SIGNALS; number++)
        if (sigaction(number, NULL, &after) == 0 && after.sa_handler != before[number].sa_handler && !is_taken(number)) {
            printf("signal %d has another disposition\n", number);
            MUST(0);
        }
    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    for (int number = 1; number < SIGNALS; number++)
        MUST(sigismember(&mask_before, number) == sigismember(&mask_after, number));
    MUST(getrlimit(RLIMIT_NOFILE, &files_after) == 0 && files_before.rlim_cur == files_after.rlim_cur);
    puts("signals, masks and limits are as they were");
}

/* On a thread of the library nothing must be delivered that the host waits for. */
static void its_threads_take_no_signals(void)
{
    const unsigned long long asked = (1ull << (SIGINT - 1)) | (1ull << (SIGTERM - 1)) | (1ull << (SIGCHLD - 1)) | (1ull << (SIGALRM - 1)) | (1ull << (SIGUSR1 - 1)) | (1ull << (SIGPIPE - 1));
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int threads = 0;
    MUST(tasks);
    while ((task = readdir(tasks))) {
        char path[300];
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        MUST((field(path, "SigBlk:") & asked) == asked);
        threads++;
    }
    closedir(tasks);
    MUST(threads > 0);
    printf("%d threads of the library have signals blocked\n", threads);
}

static int child_of(void (*work)(void))
{
    int status;
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        work();
        _exit(77);
    }
    MUST(waitpid(child, &status, 0) == child);
    return status;
}

static void write_into_nothing(void)
{
    int ends[2];
    load();
    MUST(use() == ASL_OK && pipe(ends) == 0);
    close(ends[0]);
    (void)!write(ends[1], "x", 1);
}

static void be_interrupted(void)
{
    load();
    alarm(20); /* so that it ends in any case */
    if (fork() == 0) {
        usleep(300000);
        kill(getppid(), SIGINT);
        _exit(0);
    }
    while (use() == ASL_OK)
        ;
}

static void use_for_the_first_time(void)
{
    load();
    _exit(use() == ASL_OK ? 0 : 1);
}

static void use_once_more(void)
{
    asl_store store;
    alarm(20);
    for (int round = 0; round < 2000; round++)
        MUST(store_open(location, NULL, &store) == ASL_E_LIBRARY_UNUSABLE && store == 0);
    MUST(close_handle(0) == ASL_E_LIBRARY_UNUSABLE);
    _exit(0);
}

/* Whatever is called first starts the runtime, and a child cannot use it any more. */
static void ask_and_fork(void)
{
    load();
    alarm(20);
    MUST(abi_version() == ASL_ABI_VERSION);
    _exit(child_of(use_once_more) == 0 ? 0 : 1);
}

int main(int count, char **arguments)
{
    int status;
    MUST(count == 4);
    library = arguments[1], location = arguments[2], id = arguments[3];
    status = child_of(write_into_nothing);
    MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    status = child_of(be_interrupted);
    MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    puts("SIGPIPE and SIGINT end a process that uses the library as they end any other");
    MUST(child_of(use_for_the_first_time) == 0 && child_of(ask_and_fork) == 0);
    leaves_signals_and_limits_alone();
    its_threads_take_no_signals();
    MUST(child_of(use_once_more) == 0);
    MUST(use() == ASL_OK);
    puts("a child forked before the first call can use it, one forked later is refused, the parent goes on");
    return 0;
}
