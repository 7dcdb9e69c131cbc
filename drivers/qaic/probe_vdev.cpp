// SPDX-License-Identifier: BSD-3-Clause
// vdev ml_qaic_emu: an emulated card in this process, polled by a control thread of its own.
#include "qaic/bus/eal_burst_memory.hpp"
#include "qaic/bus/eal_memory.hpp"
#include "qaic/bus/in_process.hpp"
#include "qaic/mldev_guard.hpp"
#include <cstring>
#include <rte_lcore.h>

namespace qaic {
namespace {

struct ThreadTask {
    std::function<void()> body;
    std::optional<unsigned> cpu;
    std::string device;
};

std::uint32_t run_task(void* arg)
{
    auto& task = *static_cast<ThreadTask*>(arg);
    if (task.cpu) {
        rte_cpuset_t set;
        CPU_ZERO(&set);
        CPU_SET(*task.cpu, &set);
        if (const int err = rte_thread_set_affinity_by_id(rte_thread_self(), &set); err != 0)
            log(LogLevel::WARNING, "{}: emulated card is not pinned to CPU {}: {}", task.device, *task.cpu,
                std::strerror(err < 0 ? -err : err));
    }
    task.body();
    return 0;
}

/// A control thread: it keeps off the data cores unless devarg cpu says otherwise.
InProcessLink::ThreadStarter control_thread(std::string device, std::optional<unsigned> cpu)
{
    return [device = std::move(device), cpu](std::function<void()> body) -> Result<InProcessLink::Joiner> {
        auto task = std::make_shared<ThreadTask>(ThreadTask{std::move(body), cpu, device});
        rte_thread_t id{};
        if (const int err = rte_thread_create_internal_control(&id, "qaic-emu", &run_task, task.get());
            err != 0)
            return fail(Code::E_NOMEM, "{}: no thread for the emulated card: {}", device,
                        std::strerror(err < 0 ? -err : err));
        return InProcessLink::Joiner([id, task] { rte_thread_join(id, nullptr); });
    };
}

card::CardConfig card_config(const DevArgs& args)
{
    card::CardConfig c;
    c.ddr_bytes = args.ddr;
    c.nsps = args.nsps;
    return c;
}

class EmulatedBackend final : public Backend {
  public:
    EmulatedBackend(std::string name, const DevArgs& args)
        : name_(std::move(name)), link_(card_config(args), clock_), memory_(name_, -1),
          follower_(
              [this](const EalPiece& p) -> Result<void> {
                  if (auto mapped = link_.map(p.iova, p.va, p.bytes); !mapped)
                      log(LogLevel::ERR, "{}: {}", name_, mapped.error().message());
                  return {};
              },
              [this](Iova iova, std::size_t bytes) { link_.punch(iova, bytes); })
    {}
    ~EmulatedBackend() override { link_.stop(); }

    Result<void> power_on(const DevArgs& args)
    {
        QAIC_CHECK(follower_.start());
        InProcessLink::Idle idle;
        idle.sleep = args.idle;
        return link_.start(control_thread(name_, args.cpu), idle);
    }
    std::unique_ptr<Bus> bus()
    {
        InProcessBus::Allocator eal;
        eal.take = [this](std::size_t bytes, std::size_t align,
                          const char* label) -> Result<InProcessBus::Block> {
            QAIC_TRY(const auto block, memory_.take(bytes, align, label));
            return InProcessBus::Block{block.va, block.iova};
        };
        eal.give = [this](std::byte* va) { memory_.give(va); };
        eal.mapped = true;
        eal.burst = &burst_;
        return std::make_unique<InProcessBus>(link_, name_, std::move(eal));
    }
    InProcessLink& link() noexcept { return link_; }

  private:
    std::string name_;
    SteadyClock clock_;
    InProcessLink link_;
    EalMemory memory_;
    EalBurstMemory burst_;
    EalFollower follower_;
};

Result<void> probe_card(rte_vdev_device* vdev)
{
    const char* const name = rte_vdev_device_name(vdev);
    // The card is threads of the primary: when that has died, nothing writes any more.
    if (secondary::is_secondary()) return secondary::attach(&vdev->device, name, Nanos{0});
    auto args = parse_devargs(rte_vdev_device_args(vdev), DeviceKind::EMULATED);
    if (!args) return fail_at(name, std::move(args).error());
    auto ml = std::make_unique<MlDevice>();
    auto backend = std::make_unique<EmulatedBackend>(name, *args);
    QAIC_CHECK(backend->power_on(*args));
    ml->device = std::make_unique<Device>(backend->bus(), device_config(*args, DeviceKind::EMULATED));
    ml->backend = std::move(backend);
    return probe_ml_device(&vdev->device, name, std::move(ml), args->housekeeping);
}

int probe(rte_vdev_device* vdev)
{
    return guarded([&] { return probe_card(vdev); });
}
int remove(rte_vdev_device* vdev) { return remove_ml_device(rte_vdev_device_name(vdev)); }

Result<InProcessLink*> link_of(rte_vdev_device* vdev)
{
    auto* const dev = rte_ml_dev_pmd_get_named_dev(rte_vdev_device_name(vdev));
    if (dev == nullptr) return fail(Code::E_STATE, "{}: no such device", rte_vdev_device_name(vdev));
    return &static_cast<EmulatedBackend&>(*ml_of(dev).backend).link();
}

// Without these two, rte_dev_dma_map() on a vdev says 0 and maps nothing.
int dma_map(rte_vdev_device* vdev, void* addr, std::uint64_t iova, std::size_t bytes)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(auto* const link, link_of(vdev));
        return link->map(Iova{iova}, static_cast<std::byte*>(addr), bytes);
    });
}
int dma_unmap(rte_vdev_device* vdev, void* /*addr*/, std::uint64_t iova, std::size_t bytes)
{
    return guarded([&]() -> Result<void> {
        QAIC_TRY(auto* const link, link_of(vdev));
        return link->unmap(Iova{iova}, bytes);
    });
}

constinit rte_vdev_driver emulated_driver = [] {
    rte_vdev_driver d{};
    d.probe = probe;
    d.remove = remove;
    d.dma_map = dma_map;
    d.dma_unmap = dma_unmap;
    d.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA;
    return d;
}();

} // namespace
} // namespace qaic

using qaic::emulated_driver;
RTE_PMD_REGISTER_VDEV(ml_qaic_emu, emulated_driver);
RTE_INIT(ml_qaic_emu_iova) { qaic::follow_iova_devarg(emulated_driver); }
