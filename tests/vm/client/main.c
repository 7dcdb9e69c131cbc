/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char* name;
    int (*run)(int argc, char** argv);
    const char* arguments;
} words[] = {
    {"status", word_status, ""},
    {"ask", word_ask, "REQUEST"},
    {"calls", word_calls, "PLAN"},
    {"run", word_run, "PLAN INPUTS OUTPUTS [COPIES]"},
    {"echo", word_echo, "PLAN COUNT SEED"},
    {"sixteen", word_sixteen, "PLAN SECONDS"},
    {"bench", word_bench, "PLAN BURST AHEAD SECONDS"},
    {"loop", word_loop, "PLAN SECONDS"},
    {"kill", word_kill, "PLAN TIMES SEED"},
    {"nsp", word_nsp, "PROGRAM PLAN"},
};

int main(int argc, char** argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); ++i)
        if (argc > 1 && strcmp(argv[1], words[i].name) == 0) return words[i].run(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); ++i)
        fprintf(stderr, "usage: client %s %s\n", words[i].name, words[i].arguments);
    return 2;
}
