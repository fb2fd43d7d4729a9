/* As on a file system that makes no file without a name: opening one with O_TMPFILE is refused. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

typedef int (*opening)(const char *, int, ...);

static int pass(const char *name, const char *path, int flags, mode_t mode) {
  opening next = (opening)dlsym(RTLD_NEXT, name);
  if ((flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return next(path, flags, mode);
}

#define OPEN(name)                          \
  int name(const char *path, int flags, ...) { \
    va_list rest;                           \
    va_start(rest, flags);                  \
    mode_t mode = va_arg(rest, mode_t);     \
    va_end(rest);                           \
    return pass(#name, path, flags, mode);  \
  }

OPEN(open)
OPEN(open64)
