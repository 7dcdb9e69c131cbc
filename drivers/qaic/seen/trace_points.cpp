// SPDX-License-Identifier: BSD-3-Clause
// Registers the trace points, once, and turns the core's turning points into them. The two halves need the
// header in different forms, so this file only registers; trace_sink.cpp emits.
#include <rte_trace_point_register.h>

#include "qaic/seen/trace_points.h"

RTE_TRACE_POINT_REGISTER(qaic_trace_attach, lib.qaic.attach)
RTE_TRACE_POINT_REGISTER(qaic_trace_boot_stage, lib.qaic.boot_stage)
RTE_TRACE_POINT_REGISTER(qaic_trace_load, lib.qaic.load)
RTE_TRACE_POINT_REGISTER(qaic_trace_unload, lib.qaic.unload)
RTE_TRACE_POINT_REGISTER(qaic_trace_activate, lib.qaic.activate)
RTE_TRACE_POINT_REGISTER(qaic_trace_deactivate, lib.qaic.deactivate)
RTE_TRACE_POINT_REGISTER(qaic_trace_fault, lib.qaic.fault)
RTE_TRACE_POINT_REGISTER(qaic_trace_fence, lib.qaic.fence)
RTE_TRACE_POINT_REGISTER(qaic_trace_recover, lib.qaic.recover)
RTE_TRACE_POINT_REGISTER(qaic_trace_enqueue, lib.qaic.enqueue)
RTE_TRACE_POINT_REGISTER(qaic_trace_dequeue, lib.qaic.dequeue)
RTE_TRACE_POINT_REGISTER(qaic_trace_doorbell, lib.qaic.doorbell)
