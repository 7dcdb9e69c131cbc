// SPDX-License-Identifier: BSD-3-Clause
// The fields this card's firmware knows (aic100-workload.md Appendix B): a program that needs another one was
// compiled for a newer card.
#include "card/nsp/metadata_reader.hpp"
#include <algorithm>
#include <array>

namespace card {
namespace {
constexpr std::string_view prefix = "AicMetadataFlat_Metadata->";
constexpr auto known = std::to_array<std::string_view>({
    "versionMajor",
    "versionMinor",
    "networkName",
    "requiredFields",
    "semaphoreInitState",
    "L2TCMInitState",
    "dmaRequests",
    "nspMulticastTables",
    "hostMulticastTable",
    "threadDescriptors",
    "constantMappings",
    "staticSharedDDRSize",
    "dynamicSharedDDRSize",
    "staticConstantsSize",
    "dynamicConstantsSize",
    "exitDoorbellOffset",
    "l2CachedDDRSize",
    "L2TCMInitSize",
    "execContextMajorVersion",
    "numNSPs",
    "numSemaphores",
    "hwVersionMajor",
    "hwVersionMinor",
    "staticSharedDDRECCEnabled",
    "dynamicSharedDDRECCEnabled",
    "staticConstantsECCEnabled",
    "dynamicConstantsECCEnabled",
    "singleVTCMPage",
    "hasHvxFP",
    "hasHmxFP",
    "VTCMSize",
    "L2TCMSize",
    "networkHeapSize",
    "raw_struct_version_length",
    "QNNConfig",
    "portTable",
    "execContext",
    "L2TCMInitStateNonZeroRegions",
    "dynamicSharedDDRSupported",
    "networkHeapBehavior",
    "QNNConfig->Constants",
    "portTable->portId",
    "portTable->portType",
    "dmaRequests->num",
    "dmaRequests->size",
    "dmaRequests->mcId",
    "dmaRequests->inOut",
    "dmaRequests->portId",
    "dmaRequests->devOffset",
    "dmaRequests->hostOffset",
    "dmaRequests->doorbellOps",
    "dmaRequests->semaphoreOps",
    "dmaRequests->devAddrSpace",
    "dmaRequests->transactionId",
    "dmaRequests->doorbellOps->data",
    "dmaRequests->doorbellOps->mcId",
    "dmaRequests->doorbellOps->size",
    "dmaRequests->doorbellOps->offset",
    "dmaRequests->semaphoreOps->semOp",
    "dmaRequests->semaphoreOps->semNum",
    "dmaRequests->semaphoreOps->semValue",
    "dmaRequests->semaphoreOps->preOrPost",
    "dmaRequests->semaphoreOps->inSyncFence",
    "dmaRequests->semaphoreOps->outSyncFence",
    "L2TCMInitStateNonZeroRegions->start",
    "L2TCMInitStateNonZeroRegions->end",
    "L2TCMInitStateNonZeroRegions->size",
    "nspMulticastTables->multicastEntries",
    "nspMulticastTables->multicastEntries->mask",
    "nspMulticastTables->multicastEntries->size",
    "nspMulticastTables->multicastEntries->dynamic",
    "nspMulticastTables->multicastEntries->addrSpace",
    "nspMulticastTables->multicastEntries->baseAddrOffset",
    "hostMulticastTable->multicastEntries",
    "hostMulticastTable->multicastEntries->mask",
    "hostMulticastTable->multicastEntries->size",
    "constantMappings->size",
    "constantMappings->coreMask",
    "constantMappings->constantDataBaseOffset",
    "threadDescriptors->typeMask",
    "threadDescriptors->entryPoint",
    "networkHeapBehavior->onNetworkDeactivate",
});
static_assert(known.size() == 82);
} // namespace

bool known_required_field(std::string_view name) noexcept
{
    if (!name.starts_with(prefix)) return false;
    name.remove_prefix(prefix.size());
    return std::find(known.begin(), known.end(), name) != known.end();
}

} // namespace card
