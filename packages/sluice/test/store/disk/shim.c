/*
 * Stands between a process and its disk (LD_PRELOAD). Everything that is done to files under SLUICE_DISK_ROOT is written, in the order in
 * which it happened, to SLUICE_DISK_LOG. While the file SLUICE_DISK_EIO names exists, syncing there fails with EIO.
 *
 * A record is: kind (1 byte), length of the path, length of the data (4 bytes each), offset (8 bytes), the path, the data; little-endian.
 * One mutex spans each operation and its record, so the order of the records is the order of the operations.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE = 2, TRUNCATE = 3, SYNC = 4, RENAME = 5, UNLINK = 6 };

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int log_handle = -1;

#define REAL(name) \
  static __typeof__(name) *real_##name; \
  if (!real_##name) real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static const char *root(void) {
  static const char *value;
  if (!value) value = getenv("SLUICE_DISK_ROOT");
  return value;
}

static int watched(const char *path) {
  const char *prefix = root();
  if (!prefix) return 0;
  size_t length = strlen(prefix);
  return strncmp(path, prefix, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The path of an open file; 0 when it is not watched, or has no name any more. */
static int path_of(int handle, char *path) {
  char link[64];
  if (!root()) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (length > 10 && strcmp(path + length - 10, " (deleted)") == 0) return 0;
  return watched(path);
}

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t written = syscall(SYS_write, log_handle, at, length);
    if (written <= 0) abort();
    at += written;
    length -= written;
  }
}

static void record(uint8_t kind, const char *path, uint64_t offset, const void *data, uint32_t length) {
  if (log_handle < 0) {
    log_handle = syscall(SYS_openat, AT_FDCWD, getenv("SLUICE_DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_handle < 0) abort();
  }
  unsigned char head[17];
  uint32_t path_length = strlen(path);
  head[0] = kind;
  memcpy(head + 1, &path_length, 4);
  memcpy(head + 5, &length, 4);
  memcpy(head + 9, &offset, 8);
  put(head, sizeof head);
  put(path, path_length);
  put(data, length);
}

static int failing(void) {
  const char *flag = getenv("SLUICE_DISK_EIO");
  return flag && access(flag, F_OK) == 0;
}

#define ORDERED(call) \
  pthread_mutex_lock(&order); \
  __typeof__(call) result = call; \
  int saved = errno

#define DONE \
  pthread_mutex_unlock(&order); \
  errno = saved; \
  return result

static int missing(int directory, const char *path) {
  struct stat found;
  return fstatat(directory, path, &found, AT_SYMLINK_NOFOLLOW) != 0;
}

static int created(int handle, int fresh) {
  char path[PATH_MAX];
  if (handle >= 0 && fresh && path_of(handle, path)) record(CREATE, path, 0, "", 0);
  return handle;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    if (!(flags & (O_CREAT | O_TRUNC))) return real_##name(path, flags, mode); \
    int fresh = missing(AT_FDCWD, path); \
    ORDERED(real_##name(path, flags, mode)); \
    created(result, fresh); \
    char name_[PATH_MAX]; \
    if (result >= 0 && !fresh && (flags & O_TRUNC) && path_of(result, name_)) record(TRUNCATE, name_, 0, "", 0); \
    DONE; \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    if (!(flags & O_CREAT)) return real_##name(directory, path, flags, mode); \
    int fresh = missing(directory, path); \
    ORDERED(real_##name(directory, path, flags, mode)); \
    created(result, fresh); \
    DONE; \
  }
OPENAT(openat)
OPENAT(openat64)

static void wrote(int handle, off_t offset, const void *data, ssize_t length) {
  char path[PATH_MAX];
  if (length > 0 && path_of(handle, path)) record(WRITE, path, offset, data, length);
}

ssize_t write(int handle, const void *data, size_t length) {
  REAL(write);
  if (!root()) return real_write(handle, data, length);
  ORDERED(real_write(handle, data, length));
  if (result > 0) wrote(handle, lseek(handle, 0, SEEK_CUR) - result, data, result);
  DONE;
}

#define PWRITE(name, offset_type) \
  ssize_t name(int handle, const void *data, size_t length, offset_type offset) { \
    REAL(name); \
    ORDERED(real_##name(handle, data, length, offset)); \
    wrote(handle, offset, data, result); \
    DONE; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FTRUNCATE(name, size_type) \
  int name(int handle, size_type size) { \
    REAL(name); \
    char path[PATH_MAX]; \
    ORDERED(real_##name(handle, size)); \
    if (result == 0 && path_of(handle, path)) record(TRUNCATE, path, size, "", 0); \
    DONE; \
  }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define FSYNC(name) \
  int name(int handle) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!path_of(handle, path)) return real_##name(handle); \
    if (failing()) { \
      errno = EIO; \
      return -1; \
    } \
    ORDERED(real_##name(handle)); \
    if (result == 0) record(SYNC, path, 0, "", 0); \
    DONE; \
  }
FSYNC(fsync)
FSYNC(fdatasync)

int rename(const char *from, const char *to) {
  REAL(rename);
  if (!watched(from)) return real_rename(from, to);
  ORDERED(real_rename(from, to));
  if (result == 0) record(RENAME, from, 0, to, strlen(to));
  DONE;
}

#define UNLINK_(name) \
  int name(const char *path) { \
    REAL(name); \
    if (!watched(path)) return real_##name(path); \
    ORDERED(real_##name(path)); \
    if (result == 0) record(UNLINK, path, 0, "", 0); \
    DONE; \
  }
UNLINK_(unlink)
UNLINK_(remove)
