/* SPDX-License-Identifier: BSD-3-Clause */
/* Trace points of the driver: --trace='lib.qaic.*'. Those of the data path (_FP) are compiled out unless DPDK
 * was configured with enable_trace_fp, but their names are listed all the same. Each name is registered in
 * trace_points.cpp. Include in global scope, after nothing that needs <rte_trace_point.h> to be first. */
#ifndef QAIC_SEEN_TRACE_POINTS_H
#define QAIC_SEEN_TRACE_POINTS_H

#include <rte_mldev.h>
#include <rte_trace_point.h>

/* ---- control ---- */

RTE_TRACE_POINT(qaic_trace_attach, RTE_TRACE_POINT_ARGS(const char* device, uint64_t took_us, uint32_t code),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u64(took_us); rte_trace_point_emit_u32(code);)

RTE_TRACE_POINT(qaic_trace_boot_stage,
                RTE_TRACE_POINT_ARGS(const char* device, const char* stage, uint64_t took_us),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_string(stage); rte_trace_point_emit_u64(took_us);)

RTE_TRACE_POINT(qaic_trace_load, RTE_TRACE_POINT_ARGS(const char* device, uint16_t model, uint64_t bytes),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model); rte_trace_point_emit_u64(bytes);)

RTE_TRACE_POINT(qaic_trace_unload, RTE_TRACE_POINT_ARGS(const char* device, uint16_t model),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model);)

RTE_TRACE_POINT(qaic_trace_activate, RTE_TRACE_POINT_ARGS(const char* device, uint16_t model, uint16_t dbc),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model); rte_trace_point_emit_u16(dbc);)

RTE_TRACE_POINT(qaic_trace_deactivate, RTE_TRACE_POINT_ARGS(const char* device, uint16_t model, uint16_t dbc),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model); rte_trace_point_emit_u16(dbc);)

RTE_TRACE_POINT(qaic_trace_fault,
                RTE_TRACE_POINT_ARGS(const char* device, uint16_t model, uint16_t dbc, const char* guard),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model); rte_trace_point_emit_u16(dbc);
                rte_trace_point_emit_string(guard);)

RTE_TRACE_POINT(qaic_trace_fence, RTE_TRACE_POINT_ARGS(const char* device, uint16_t model, uint16_t dbc),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model); rte_trace_point_emit_u16(dbc);)

RTE_TRACE_POINT(qaic_trace_recover, RTE_TRACE_POINT_ARGS(const char* device, uint16_t model, uint16_t dbc),
                rte_trace_point_emit_string(device);
                rte_trace_point_emit_u16(model); rte_trace_point_emit_u16(dbc);)

/* ---- data path ---- */

/* nb_taken operations of ops[0..nb_ops) were accepted. */
RTE_TRACE_POINT_FP(qaic_trace_enqueue,
                   RTE_TRACE_POINT_ARGS(int16_t dev_id, uint16_t qp_id, struct rte_ml_op** ops,
                                        uint16_t nb_ops, uint16_t nb_taken),
                   rte_trace_point_emit_i16(dev_id);
                   rte_trace_point_emit_u16(qp_id); rte_trace_point_emit_ptr(ops);
                   rte_trace_point_emit_u16(nb_ops); rte_trace_point_emit_u16(nb_taken);)

RTE_TRACE_POINT_FP(qaic_trace_dequeue,
                   RTE_TRACE_POINT_ARGS(int16_t dev_id, uint16_t qp_id, struct rte_ml_op** ops,
                                        uint16_t nb_ops, uint16_t nb_given),
                   rte_trace_point_emit_i16(dev_id);
                   rte_trace_point_emit_u16(qp_id); rte_trace_point_emit_ptr(ops);
                   rte_trace_point_emit_u16(nb_ops); rte_trace_point_emit_u16(nb_given);)

/* REQTP of a DMA-Bridge channel was written: `tail`, for `nb_ops` operations. */
RTE_TRACE_POINT_FP(qaic_trace_doorbell, RTE_TRACE_POINT_ARGS(uint8_t dbc, uint32_t tail, uint64_t nb_ops),
                   rte_trace_point_emit_u8(dbc);
                   rte_trace_point_emit_u32(tail); rte_trace_point_emit_u64(nb_ops);)

#endif
