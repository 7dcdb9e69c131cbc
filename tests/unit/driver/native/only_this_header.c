/* SPDX-License-Identifier: BSD-3-Clause
 * A C11 program's view of the native API: the header comes first and alone. */
#include "only_this_header.h"
#include "qaic/rte_pmd_qaic.h"

int qaic_c_reads_everything(short dev_id, unsigned short model_id)
{
    struct rte_pmd_qaic_card_info card = {.size = sizeof(card)};
    struct rte_pmd_qaic_health health = {.size = sizeof(health)};
    struct rte_pmd_qaic_model_info model = {.size = sizeof(model)};
    struct rte_pmd_qaic_resources free_now;
    struct rte_pmd_qaic_event events[8];
    int64_t celsius;
    int result;

    if ((result = rte_pmd_qaic_card_info_get(dev_id, &card)) < 0 ||
        (result = rte_pmd_qaic_health_get(dev_id, &health)) < 0 ||
        (result = rte_pmd_qaic_model_info_get(dev_id, model_id, &model)) < 0 ||
        (result = rte_pmd_qaic_resources_get(dev_id, &free_now)) < 0 ||
        (result = rte_pmd_qaic_events_get(dev_id, events, 8)) < 0 ||
        (result = rte_pmd_qaic_sensor_get(dev_id, RTE_PMD_QAIC_SENSOR_SOC_TEMPERATURE, &celsius)) < 0 ||
        (result = rte_pmd_qaic_boot_log_get(dev_id, NULL, 0)) < 0)
        return result;
    return rte_pmd_qaic_state_name(health.state)[0] == '?' ? -1 : 0;
}

static void count_recoveries(int16_t dev_id, const struct rte_pmd_qaic_event* event, void* arg)
{
    (void)dev_id;
    if (event->kind == RTE_PMD_QAIC_EVENT_RECOVERED) ++*(unsigned*)arg;
}

int qaic_c_counts_recoveries(short dev_id, unsigned* count)
{
    return rte_pmd_qaic_event_callback_register(dev_id, count_recoveries, count);
}
