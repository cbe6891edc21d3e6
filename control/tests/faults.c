/* Loaded before the program's libraries (LD_PRELOAD): lets writes to files below $FAULTS_DIR fail, or
 * kills the process in the middle of them, as the file $FAULTS_FILE says:
 *   full      a write fails as on a full disk
 *   readonly  a write fails as on a file system that became read-only
 *   kill N    the process is killed before its Nth write
 *   stop      the process stops (SIGSTOP) whenever SQLite flushes its log, which it does to commit
 * Writes are counted in $FAULTS_COUNT while the file says `kill` or `stop`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long count;

static int is_below(const char *path) {
  const char *directory = getenv("FAULTS_DIR");
  return directory && strncmp(path, directory, strlen(directory)) == 0;
}

/* Whether a file is below the directory: 1, or 2 if it is the log of SQLite. */
static int concerns(int fd) {
  char name[64], path[4096];
  struct stat file;
  if (fd <= 2 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return 0;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!is_below(path)) return 0;
  return length > 4 && strcmp(path + length - 4, "-wal") == 0 ? 2 : 1;
}

/* The error with which a write fails; 0 if it goes through. */
static int fault(int grows, int commits) {
  char text[64] = "";
  const char *name = getenv("FAULTS_FILE");
  if (!name) return 0;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  if (length <= 0) return 0;
  if (strncmp(text, "full", 4) == 0) return grows ? ENOSPC : 0;
  if (strncmp(text, "readonly", 8) == 0) return EROFS;
  int stops = strncmp(text, "stop", 4) == 0;
  if (stops || strncmp(text, "kill ", 5) == 0) {
    char digits[32];
    long number = ++count;
    int written = snprintf(digits, sizeof digits, "%ld", number);
    int to = (int)syscall(SYS_openat, AT_FDCWD, getenv("FAULTS_COUNT"),
                          O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (to >= 0) {
      syscall(SYS_write, to, digits, written);
      syscall(SYS_close, to);
    }
    /* To this thread: it stops before it goes on. Another one might take a signal to the process, and
     * only later, so that the next commit would be missed. */
    if (stops && commits) syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGSTOP);
    if (!stops && number == atol(text + 5)) syscall(SYS_kill, getpid(), SIGKILL);
  }
  return 0;
}

#define REFUSE(applies, grows, flushes)                      \
  {                                                          \
    int kind = applies;                                      \
    int refused = kind ? fault(grows, flushes && kind == 2) : 0; \
    if (refused) {                                           \
      errno = refused;                                       \
      return -1;                                             \
    }                                                        \
  }

ssize_t write(int fd, const void *bytes, size_t length) {
  REFUSE(concerns(fd), 1, 0)
  return syscall(SYS_write, fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  REFUSE(concerns(fd), 1, 0)
  return syscall(SYS_pwrite64, fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  return pwrite64(fd, bytes, length, at);
}

int ftruncate64(int fd, off_t length) {
  REFUSE(concerns(fd), 0, 0)
  return (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fdatasync(int fd) {
  REFUSE(concerns(fd), 0, 1)
  return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
  REFUSE(concerns(fd), 0, 1)
  return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to) {
  REFUSE(is_below(from), 0, 0)
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
