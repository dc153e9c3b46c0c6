/* What the runtime would do to the process that loads the library, and must not: linked in place of the C library's by ld's --wrap
 * (docs/adr/0050-c-library.md).
 *
 *   signal           SIGPIPE stays as the host has it. The runtime ignores it for the whole process when it starts, so that `list | head` would
 *                    never end.
 *   send, sendmsg    a server that closes its connection is an error and no SIGPIPE, which the runtime takes to be ignored. Nothing else in
 *                    the library writes to what may have nobody at its other end.
 *   pthread_create   threads of the library have all signals blocked but those that a thread causes itself. Otherwise the host's handlers
 *                    could run on them, and a host that waits for a signal (sigwait, signalfd) would miss it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>

typedef void (*signal_handler)(int);

signal_handler __real_signal(int number, signal_handler handler);
signal_handler __wrap_signal(int number, signal_handler handler);
ssize_t __real_send(int socket, const void *bytes, size_t length, int flags);
ssize_t __wrap_send(int socket, const void *bytes, size_t length, int flags);
ssize_t __real_sendmsg(int socket, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

signal_handler __wrap_signal(int number, signal_handler handler)
{
    struct sigaction now;
    if (number != SIGPIPE)
        return __real_signal(number, handler);
    return sigaction(number, NULL, &now) == 0 ? now.sa_handler : SIG_ERR;
}

ssize_t __wrap_send(int socket, const void *bytes, size_t length, int flags)
{
    return __real_send(socket, bytes, length, flags | MSG_NOSIGNAL);
}

ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags)
{
    return __real_sendmsg(socket, message, flags | MSG_NOSIGNAL);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
    sigset_t blocked, before;
    int result;
    sigfillset(&blocked);
    for (size_t index = 0; index < sizeof own / sizeof *own; index++)
        sigdelset(&blocked, own[index]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    result = __real_pthread_create(thread, attributes, start, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}
