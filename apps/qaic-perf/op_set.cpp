// SPDX-License-Identifier: BSD-3-Clause
#include "op_set.hpp"

#include <cstring>
#include <rte_errno.h>
#include <rte_mempool.h>

namespace qaic::perf {

void OpSet::FreePool::operator()(rte_mempool* p) const noexcept { rte_ml_op_pool_free(p); }

Result<OpSet> OpSet::make(std::uint32_t depth, const ModelFacts& model, BufferSets& outputs, int numa)
{
    OpSet set;
    static unsigned made = 0; // a name that is there already gives the pool that has it
    const auto name = fmt::format("qaic_perf_ops_{}", made++);
    set.pool_.reset(rte_ml_op_pool_create(name.c_str(), depth, 0, 0, numa));
    if (!set.pool_)
        return fail(Code::E_NOMEM, "no pool of {} ops: {} (is librte_mempool_ring loaded?)", depth,
                    rte_strerror(rte_errno));
    std::vector<void*> ops(depth);
    if (rte_mempool_get_bulk(set.pool_.get(), ops.data(), depth) != 0)
        return fail(Code::E_NOMEM, "a pool of {} ops does not hold {} ops", depth, depth);
    for (std::uint32_t i = 0; i < depth; ++i) {
        auto* op = static_cast<rte_ml_op*>(ops[i]);
        op->model_id = model.id;
        op->nb_batches = model.batches;
        op->status = RTE_ML_OP_STATUS_NOT_PROCESSED;
        op->mempool = set.pool_.get();
        op->input = nullptr;
        op->output = outputs.segments(i);
        op->user_u64 = i;
        set.slots_.push_back({op});
    }
    return set;
}

std::string op_error_text(std::int16_t device, rte_ml_op* op)
{
    if (op->status == RTE_ML_OP_STATUS_NOT_PROCESSED) return "handed back as NOT_PROCESSED";
    rte_ml_op_error error{};
    if (const int e = rte_ml_op_error_get(device, op, &error); e != 0)
        return fmt::format("the driver has no error for it: {} ({})", std::strerror(-e), e);
    return fmt::format("{} (code {})",
                       std::string(error.message, ::strnlen(error.message, sizeof error.message)),
                       error.errcode);
}

} // namespace qaic::perf
