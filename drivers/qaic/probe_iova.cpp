// SPDX-License-Identifier: BSD-3-Clause
// Devarg iova: EAL chooses between virtual and physical addresses before it probes, by flags that belong to a
// driver and not to a device. With the flag EAL prefers VA, where buffers of any size are contiguous to the
// card, and refuses the device under PA. A device that says iova=any goes without; its devargs are there when
// the bus is scanned.
#include "qaic/mldev_guard.hpp"
#include <rte_devargs.h>
#include <rte_kvargs.h>
#include <string_view>

namespace qaic {
namespace {

int is_any(const char* /*key*/, const char* value, void* found)
{
    *static_cast<bool*>(found) = value != nullptr && std::string_view(value) == "any";
    return 0;
}

bool says_any(const char* text)
{
    bool found = false;
    if (auto* const list = rte_kvargs_parse(text, nullptr);
        list != nullptr) { // errors are told when it is probed
        (void)rte_kvargs_process(list, "iova", is_any, &found);
        rte_kvargs_free(list);
    }
    return found;
}

void scan(void* of)
{
    auto& driver = *static_cast<rte_vdev_driver*>(of);
    rte_devargs* args = nullptr;
    RTE_EAL_DEVARGS_FOREACH("vdev", args)
    if (std::string_view(args->name).starts_with(driver.driver.name) && args->args != nullptr &&
        says_any(args->args))
        driver.drv_flags &= ~std::uint32_t{RTE_VDEV_DRV_NEED_IOVA_AS_VA};
}

} // namespace

void follow_iova_devarg(rte_vdev_driver& driver) noexcept
{
    (void)rte_vdev_add_custom_scan(scan,
                                   &driver); // without memory for it: VA is needed, as without the devarg
}

} // namespace qaic
