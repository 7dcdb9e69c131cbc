/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest complete inference in C: one device, one queue pair, one model, one operation, and everything
 * given back at the end. Nothing but DPDK's public API.
 *
 *   qaic-first EAL-OPTIONS -- MODEL INPUT.f32 [NUMBER]
 *
 * INPUT holds float32 tensors one after the other; NUMBER (0) says which one is used. Prints the outputs, one
 * a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_mldev.h>

enum { DEVICE = 0, QUEUE = 0, DEPTH = 16, SECONDS = 10 };

/* A file as one block of memory; NULL, with a line on stderr, when that does not work. */
static void* read_file(const char* path, size_t* size)
{
    FILE* file = fopen(path, "rb");
    void* data = NULL;
    long end = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0) end = ftell(file);
    if (end > 0 && fseek(file, 0, SEEK_SET) == 0) data = malloc((size_t)end);
    if (data != NULL && fread(data, 1, (size_t)end, file) != (size_t)end) {
        free(data);
        data = NULL;
    }
    if (data == NULL) fprintf(stderr, "%s: %s\n", path, end == 0 ? "is empty" : strerror(errno));
    if (file != NULL) fclose(file);
    *size = data != NULL ? (size_t)end : 0;
    return data;
}

static int failed(const char* what, int error)
{
    fprintf(stderr, "%s: %s\n", what, strerror(error < 0 ? -error : error));
    return -1;
}

/* Device and queue pair ready for models. */
static int start_device(void)
{
    struct rte_ml_dev_config config = {.socket_id = SOCKET_ID_ANY, .nb_models = 1, .nb_queue_pairs = 1};
    struct rte_ml_dev_qp_conf queue = {.nb_desc = DEPTH};
    int error;

    if ((error = rte_ml_dev_configure(DEVICE, &config)) != 0) return failed("configure", error);
    if ((error = rte_ml_dev_queue_pair_setup(DEVICE, QUEUE, &queue, SOCKET_ID_ANY)) != 0)
        return failed("queue pair setup", error);
    if ((error = rte_ml_dev_start(DEVICE)) != 0) return failed("start", error);
    return 0;
}

/* One buffer the card can reach, as a segment. */
static int make_segment(struct rte_ml_buff_seg* segment, uint32_t bytes)
{
    memset(segment, 0, sizeof(*segment));
    segment->addr = rte_zmalloc("example", bytes, 64);
    if (segment->addr == NULL) return failed("buffer", ENOMEM);
    segment->iova_addr = rte_malloc_virt2iova(segment->addr);
    segment->length = bytes;
    return 0;
}

/* Enqueue, then look for the result; the card may be lost, so not for ever. */
static int run(struct rte_ml_op* op)
{
    struct rte_ml_op* done = op;
    struct rte_ml_op_error reason;
    const time_t end = time(NULL) + SECONDS;

    if (rte_ml_enqueue_burst(DEVICE, QUEUE, &done, 1) != 1) return failed("enqueue", EAGAIN);
    while (rte_ml_dequeue_burst(DEVICE, QUEUE, &done, 1) == 0)
        if (time(NULL) >= end) return failed("dequeue", ETIMEDOUT);
    if (done->status == RTE_ML_OP_STATUS_SUCCESS) return 0;
    if (rte_ml_op_error_get(DEVICE, done, &reason) != 0) return failed("operation", EIO);
    fprintf(stderr, "operation: %s (code %" PRIu64 ")\n", reason.message, reason.errcode);
    return -1;
}

static uint64_t sum_sizes(const struct rte_ml_io_info* io, uint32_t count, uint64_t* elements)
{
    uint64_t bytes = 0;

    *elements = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += io[i].size;
        *elements += io[i].nb_elements;
    }
    return bytes;
}

/* float32 in, float32 out; the API converts to and from what the model works with. */
static int infer(uint16_t model, const float* tensors, uint64_t available, uint64_t number)
{
    struct rte_ml_buff_seg in, out, plain_in, plain_out, *in_list = &in, *out_list = &out;
    struct rte_ml_buff_seg *plain_in_list = &plain_in, *plain_out_list = &plain_out;
    struct rte_ml_op op = {.model_id = model, .nb_batches = 1, .input = &in_list, .output = &out_list};
    struct rte_ml_model_info info;
    uint64_t values_in, values_out, bytes_in, bytes_out;
    int error, result = -1;

    memset(&info, 0, sizeof(info));
    if ((error = rte_ml_model_info_get(DEVICE, model, &info)) != 0) return failed("model info", error);
    bytes_in = sum_sizes(info.input_info, info.nb_inputs, &values_in);
    bytes_out = sum_sizes(info.output_info, info.nb_outputs, &values_out);
    if (available < (number + 1) * values_in) {
        fprintf(stderr, "input: tensor %" PRIu64 " needs %" PRIu64 " values, there are %" PRIu64 "\n", number,
                (number + 1) * values_in, available);
        return -1;
    }
    memset(&in, 0, sizeof(in)), memset(&out, 0, sizeof(out));
    memset(&plain_in, 0, sizeof(plain_in)), memset(&plain_out, 0, sizeof(plain_out));
    if (make_segment(&in, (uint32_t)bytes_in) != 0 || make_segment(&out, (uint32_t)bytes_out) != 0 ||
        make_segment(&plain_in, (uint32_t)(values_in * sizeof(float))) != 0 ||
        make_segment(&plain_out, (uint32_t)(values_out * sizeof(float))) != 0)
        goto end;
    memcpy(plain_in.addr, tensors + number * values_in, values_in * sizeof(float));
    if ((error = rte_ml_io_quantize(DEVICE, model, &plain_in_list, &in_list)) != 0) {
        failed("quantize", error);
        goto end;
    }
    if (run(&op) != 0) goto end;
    if ((error = rte_ml_io_dequantize(DEVICE, model, &out_list, &plain_out_list)) != 0) {
        failed("dequantize", error);
        goto end;
    }
    for (uint64_t i = 0; i < values_out; i++)
        printf("%" PRIu64 ": %.4f\n", i, ((const float*)plain_out.addr)[i]);
    result = 0;
end:
    rte_free(in.addr), rte_free(out.addr), rte_free(plain_in.addr), rte_free(plain_out.addr);
    return result;
}

/* Load, start, infer, stop, unload. */
static int use_model(char** words, int count)
{
    struct rte_ml_model_params params = {0};
    size_t input_bytes = 0;
    float* input = NULL;
    uint16_t model;
    int error, result = -1;

    params.addr = read_file(words[0], &params.size);
    input = read_file(words[1], &input_bytes);
    if (params.addr == NULL || input == NULL) goto end;
    if ((error = rte_ml_model_load(DEVICE, &params, &model)) != 0) {
        failed("load", error);
        goto end;
    }
    if ((error = rte_ml_model_start(DEVICE, model)) != 0) {
        failed("start model", error);
    } else {
        result =
            infer(model, input, input_bytes / sizeof(float), count > 2 ? strtoull(words[2], NULL, 10) : 0);
        rte_ml_model_stop(DEVICE, model);
    }
    rte_ml_model_unload(DEVICE, model);
end:
    free(params.addr);
    free(input);
    return result;
}

int main(int argc, char** argv)
{
    int used = rte_eal_init(argc, argv), result = -1;

    if (used < 0) return EXIT_FAILURE;
    if (argc - used < 3 || argc - used > 4)
        fprintf(stderr, "usage: %s EAL-OPTIONS -- MODEL INPUT.f32 [NUMBER]\n", argv[0]);
    else if (rte_ml_dev_count() == 0)
        fprintf(stderr, "no ML device: name one, as in --vdev=ml_qaic_emu0 or -a 0000:3b:00.0\n");
    else if (start_device() == 0) {
        result = use_model(argv + used + 1, argc - used - 1);
        rte_ml_dev_stop(DEVICE);
        rte_ml_dev_close(DEVICE);
    }
    rte_eal_cleanup();
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
