/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

unsigned long calls;

void fail_at(const char* file, int line, const char* format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "client: %s:%d: ", file, line);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

int open_card(void)
{
    const char* path = getenv("QAIC_NODE") != NULL ? getenv("QAIC_NODE") : "/dev/accel/accel0";
    const int card = open(path, O_RDWR | O_CLOEXEC);
    CHECK(card >= 0, "%s: %m", path);
    return card;
}

int call(int card, unsigned long request, void* argument)
{
    int tries = 0;
    for (;;) {
        ++calls;
        if (ioctl(card, request, argument) == 0) return 0;
        if (errno != EINTR || ++tries == 100) return -errno;
    }
}

void sleep_ms(unsigned milliseconds)
{
    const struct timespec t = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    nanosleep(&t, NULL);
}

double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
