// SPDX-License-Identifier: BSD-3-Clause
// The operations that mldev_queues.cpp, mldev_models.cpp, mldev_xstats.cpp and mldev_io.cpp give to the table
// in mldev_ops.cpp. Signatures are the API's.
#pragma once
#include "qaic/ml_device.hpp"

namespace qaic {

/// Touches nothing but the arguments: secondary processes use it too.
int ml_dev_info_get(rte_ml_dev* dev, rte_ml_dev_info* info);

int ml_queue_pair_setup(rte_ml_dev* dev, std::uint16_t id, const rte_ml_dev_qp_conf* conf, int socket);
int ml_queue_pair_release(rte_ml_dev* dev, std::uint16_t id);

int ml_stats_get(rte_ml_dev* dev, rte_ml_dev_stats* stats);
void ml_stats_reset(rte_ml_dev* dev);
int ml_xstats_names_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                        rte_ml_dev_xstats_map* map, std::uint32_t size);
int ml_xstats_by_name_get(rte_ml_dev* dev, const char* name, std::uint16_t* stat_id, std::uint64_t* value);
int ml_xstats_get(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                  const std::uint16_t* ids, std::uint64_t* values, std::uint16_t nb_ids);
int ml_xstats_reset(rte_ml_dev* dev, rte_ml_dev_xstats_mode mode, std::int32_t model_id,
                    const std::uint16_t* ids, std::uint16_t nb_ids);

int ml_model_load(rte_ml_dev* dev, rte_ml_model_params* params, std::uint16_t* model_id);
int ml_model_unload(rte_ml_dev* dev, std::uint16_t id);
int ml_model_start(rte_ml_dev* dev, std::uint16_t id);
int ml_model_stop(rte_ml_dev* dev, std::uint16_t id);
int ml_model_info_get(rte_ml_dev* dev, std::uint16_t id, rte_ml_model_info* info);
int ml_model_params_update(rte_ml_dev* dev, std::uint16_t id, void* buffer);

int ml_io_quantize(rte_ml_dev* dev, std::uint16_t id, rte_ml_buff_seg** dbuffer, rte_ml_buff_seg** qbuffer);
int ml_io_dequantize(rte_ml_dev* dev, std::uint16_t id, rte_ml_buff_seg** qbuffer, rte_ml_buff_seg** dbuffer);

} // namespace qaic
