/* Preloaded into Moca: moves its wall clock, slows its disk, fills it. Built by shim.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    int64_t clock_is_ahead_ns;
    int32_t sync_takes_ms;
    int32_t disk_is_full;
};

static const struct control none;
static const volatile struct control *control = &none;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SOAK_SHIM");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED)
        control = shared;
    close(file);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t clock, struct timespec *at) {
    REAL(clock_gettime);
    int result = real(clock, at);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ns = at->tv_sec * INT64_C(1000000000) + at->tv_nsec + control->clock_is_ahead_ns;
        at->tv_sec = ns / 1000000000;
        at->tv_nsec = ns % 1000000000;
    }
    return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *at = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return at ? (*at = now.tv_sec) : now.tv_sec;
}

/* A full disk lets files be overwritten, but not grow; the log is on another. */
static int is_refused(int file, off64_t end) {
    struct stat found;
    return control->disk_is_full && file > 2 && fstat(file, &found) == 0 &&
           S_ISREG(found.st_mode) && end > found.st_size;
}

#define NO_SPACE return errno = ENOSPC, -1
#define SLOWLY usleep(control->sync_takes_ms * 1000)

int fsync(int file) { REAL(fsync); SLOWLY; return real(file); }
int fdatasync(int file) { REAL(fdatasync); SLOWLY; return real(file); }
ssize_t write(int file, const void *from, size_t size) { REAL(write); if (is_refused(file, lseek(file, 0, SEEK_CUR) + size)) NO_SPACE; return real(file, from, size); }
ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) { REAL(pwrite64); if (is_refused(file, at + size)) NO_SPACE; return real(file, from, size, at); }
