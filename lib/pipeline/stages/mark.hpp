// SPDX-License-Identifier: BSD-3-Clause
// Stage `mark`: writes the item's label where the next hop looks.
//
// Options: field = "dscp" (IPv4 TOS, its checksum kept right; IPv6 traffic class; the ECN bits stay as they
// are), "vlan-pcp" (priority of the outer VLAN tag; labels 0 to 7) or "mbuf" (hash.fdir.hi, as rte_flow's
// MARK action does). dscp = "0,8,16": the DSCP of label 0, 1, 2 ..., 0 to 63 each, at most 64; without it
// label * 8 for labels 0 to 7. What cannot be marked (no label, none for it, no such header in the first
// segment) goes on as it is. Counts: marked, unmarked. An item's packet must be its own: a buffer that others
// hold too is left unmarked.
#pragma once
#include "pipeline/stage.h"

namespace pipeline {
extern const qaic_pipe_stage stage_mark;
}
