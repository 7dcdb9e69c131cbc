/* SPDX-License-Identifier: BSD-3-Clause */
/* One request to the card's control socket, which is this machine's second serial port, and its answer. (The
 * shell's own `read` loses what it has when a child ends meanwhile.) Exit status 0 when the answer says ok.
 */
#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 10, PATIENCE_MS = 10000 };

static int open_port(void)
{
    const int port = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios how;
    CHECK(port >= 0 && tcgetattr(port, &how) == 0, "/dev/ttyS1: %m");
    cfmakeraw(&how);
    CHECK(tcsetattr(port, TCSANOW, &how) == 0 && tcflush(port, TCIFLUSH) == 0, "/dev/ttyS1: %m");
    return port;
}

static void send_line(int port, const char* line)
{
    char text[4096];
    const int bytes = snprintf(text, sizeof(text), "%s\n", line);
    CHECK(bytes > 0 && (size_t)bytes < sizeof(text), "the request is too long");
    for (int done = 0; done < bytes;) {
        const ssize_t n = write(port, text + done, (size_t)(bytes - done));
        CHECK(n > 0, "/dev/ttyS1: %m");
        done += (int)n;
    }
}

static const char* receive_line(int port)
{
    static char answer[ANSWER_MAX];
    for (size_t have = 0; have < sizeof(answer) - 1;) {
        struct pollfd ready = {port, POLLIN, 0};
        CHECK(poll(&ready, 1, PATIENCE_MS) == 1, "no answer from the card after %d s", PATIENCE_MS / 1000);
        const ssize_t n = read(port, answer + have, sizeof(answer) - 1 - have);
        CHECK(n > 0, "/dev/ttyS1: %m");
        have += (size_t)n;
        answer[have] = '\0';
        char* const end = strchr(answer, '\n');
        if (end == NULL) continue;
        *end = '\0';
        return answer;
    }
    FAIL("an answer of more than %d bytes", ANSWER_MAX);
}

int word_ask(int argc, char** argv)
{
    CHECK(argc == 2, "ask REQUEST");
    const int port = open_port();
    send_line(port, argv[1]);
    const char* const answer = receive_line(port);
    printf("%s\n", answer);
    return strstr(answer, "\"ok\":true") == NULL;
}
