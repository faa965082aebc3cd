// Runs a program and makes one of its system calls on files fail: fail_call KIND N PROGRAM [ARGUMENT…]
//
// The calls of its first thread that write, synchronise, rename, truncate, close and open for writing are counted; the Nth one
// does not take place. KIND says how: "error" (no space left, or an input/output error), "interrupt" (EINTR), or "short" (a
// write of more than one byte writes half). Standard output and error, and files that are only read, do not count. Says on its
// own standard error, as the last line, which call it was ("failed: fsync"), or "failed: none", and ends with the program's
// status (128 + the signal that ended it). Nor do the files count that a coverage build keeps its counts in (*.gcda).
//
// The kernel asks this program before each such call (seccomp's user notification), so that nothing escapes, whatever library
// it comes from.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct Call {
    int number, error;
    const char *name;
} calls[] = {
    {SYS_write, ENOSPC, "write"},   {SYS_writev, ENOSPC, "writev"},    {SYS_pwrite64, ENOSPC, "pwrite64"},
    {SYS_fsync, EIO, "fsync"},      {SYS_fdatasync, EIO, "fdatasync"}, {SYS_ftruncate, EIO, "ftruncate"},
    {SYS_rename, EIO, "rename"},    {SYS_renameat2, EIO, "renameat2"}, {SYS_close, EIO, "close"},
    {SYS_openat, ENOSPC, "openat"}, {SYS_fchmod, EPERM, "fchmod"},     {SYS_memfd_create, ENOMEM, "memfd_create"},
};
enum { CALLS = sizeof calls / sizeof *calls };

static void die(const char *what) {
    perror(what);
    exit(99);
}

// ---- The child: a filter that asks about the calls above, whose descriptor goes to the parent

static int install_filter(void) {
    struct sock_filter code[CALLS + 3] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    for (unsigned i = 0; i < CALLS; i++)
        code[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, CALLS - i, 0);
    code[CALLS + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[CALLS + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog filter = {CALLS + 3, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("prctl");
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    if (listener < 0) die("seccomp");
    return listener;
}

typedef union Control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
} Control;

static void send_descriptor(int socket, int descriptor) {
    char byte = 0;
    struct iovec data = {&byte, 1};
    Control control = {{0}};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    if (sendmsg(socket, &message, 0) != 1) die("sendmsg");
}

static int receive_descriptor(int socket) {
    char byte;
    int descriptor;
    struct iovec data = {&byte, 1};
    Control control = {{0}};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, 0) != 1) die("recvmsg");
    memcpy(&descriptor, CMSG_DATA(&control.header), sizeof descriptor);
    return descriptor;
}

// ---- The parent

// Half of a write, done here in the child's name. False if it cannot be halved.
static int write_half(const struct seccomp_notif *asked, struct seccomp_notif_resp *answer) {
    size_t size = asked->data.args[2];
    if (asked->data.nr != SYS_write || size < 2) return 0;
    char path[64], *bytes = malloc(size / 2);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)asked->pid, (int)asked->data.args[0]);
    struct iovec here = {bytes, size / 2}, there = {(void *)(uintptr_t)asked->data.args[1], size / 2};
    int process = (int)syscall(SYS_pidfd_open, asked->pid, 0);
    int file = (int)syscall(SYS_pidfd_getfd, process, (int)asked->data.args[0], 0);
    if (!bytes || file < 0 || process_vm_readv((pid_t)asked->pid, &here, 1, &there, 1, 0) != (ssize_t)(size / 2)) die("half");
    answer->val = write(file, bytes, size / 2);
    close(file);
    close(process);
    free(bytes);
    return 1;
}

typedef struct Failing {
    pid_t thread;
    const char *kind;
    long left;
    const char *failed;
} Failing;

static int keeps_counts(const char *path) {
    size_t length = strlen(path);
    return length > 5 && strcmp(path + length - 5, ".gcda") == 0;
}

// Whether the path of an openat, which lies in the program's memory, is such a file's.
static int opens_counts(pid_t process, uint64_t at) {
    char name[64], path[4096] = "";
    snprintf(name, sizeof name, "/proc/%d/mem", (int)process);
    int memory = open(name, O_RDONLY | O_CLOEXEC);
    int known = memory >= 0 && pread(memory, path, sizeof path - 1, (off_t)at) > 0; // less, where the memory ends before
    if (memory >= 0) close(memory);
    return known && keeps_counts(path);
}

static int opened_for_writing(pid_t process, int descriptor) {
    char path[64], line[64], file[4096] = "";
    unsigned flags = 0;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)process, descriptor);
    if (readlink(path, file, sizeof file - 1) > 0 && keeps_counts(file)) return 0;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)process, descriptor);
    FILE *about = fopen(path, "r");
    while (about && fgets(line, sizeof line, about)) sscanf(line, "flags: %o", &flags);
    if (about) fclose(about);
    return (flags & O_ACCMODE) != O_RDONLY;
}

static int counts(const Failing *failing, const struct seccomp_notif *asked) {
    int number = asked->data.nr, descriptor = (int)asked->data.args[0];
    if ((pid_t)asked->pid != failing->thread) return 0;
    if (number == SYS_openat)
        return ((int)asked->data.args[2] & (O_WRONLY | O_RDWR | O_CREAT)) &&
               !opens_counts(failing->thread, asked->data.args[1]);
    if (number == SYS_rename || number == SYS_renameat2 || number == SYS_memfd_create) return 1;
    return descriptor > STDERR_FILENO && (number == SYS_fsync || opened_for_writing(failing->thread, descriptor));
}

// What becomes of a call: it goes on, or it fails.
static void decide(Failing *failing, const struct seccomp_notif *asked, struct seccomp_notif_resp *answer) {
    answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (!counts(failing, asked) || failing->left <= 0 || --failing->left > 0) return;
    const struct Call *call = calls;
    while (call->number != asked->data.nr) call++;
    if (strcmp(failing->kind, "short") == 0) {
        if (write_half(asked, answer)) answer->flags = 0;
        else failing->left = 1; // the next one, then
    } else {
        answer->flags = 0;
        answer->error = strcmp(failing->kind, "interrupt") == 0 ? -EINTR : -call->error;
    }
    if (answer->flags == 0) failing->failed = call->name;
}

static void serve(int listener, Failing *failing) {
    for (;;) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        if (poll(&ready, 1, -1) < 0 && errno == EINTR) continue;
        if (!(ready.revents & POLLIN)) return; // the last process with the filter is gone
        struct seccomp_notif asked = {0};
        struct seccomp_notif_resp answer = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) continue; // the caller was killed meanwhile
        answer.id = asked.id;
        decide(failing, &asked, &answer);
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

int main(int argc, char **argv) {
    int sockets[2];
    if (argc < 4) return 99;
    Failing failing = {.kind = argv[1], .left = atol(argv[2])};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) die("socketpair");
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        int listener = install_filter();
        send_descriptor(sockets[1], listener);
        syscall(SYS_dup3, STDIN_FILENO, listener, O_CLOEXEC); // close() would already be asked about
        execvp(argv[3], argv + 3);
        die(argv[3]);
    }
    failing.thread = child;
    int listener = receive_descriptor(sockets[0]), status = 0;
    serve(listener, &failing);
    if (waitpid(child, &status, 0) != child) die("waitpid");
    fprintf(stderr, "failed: %s\n", failing.failed ? failing.failed : "none");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
