// SPDX-License-Identifier: BSD-3-Clause
// vdev ml_qaic_vfu: a card that another process (qaic-card) serves over a vfio-user socket. EAL's memory is
// shared with it by file descriptor, as it comes and goes.
#include "qaic/bus/eal_burst_memory.hpp"
#include "qaic/bus/eal_memory.hpp"
#include "qaic/bus/vfio_user.hpp"
#include "qaic/mldev_guard.hpp"

namespace qaic {
namespace {

// A dead server shows in the next register read, and REMOVED is due 100 ms after it died (T_sock).
constexpr Nanos look_every = 50ms;
// The server resets its card when the socket of a dead primary closes; it polls that far more often.
constexpr Nanos server_notices = 200ms;

class ServedBackend final : public Backend {
  public:
    ServedBackend(std::string name, std::unique_ptr<VfioUserLink> link)
        : name_(std::move(name)), link_(std::move(link)), memory_(name_, -1),
          follower_([this](const EalPiece& piece) { return share(piece); },
                    [this](Iova iova, std::size_t bytes) { unshare(iova, bytes); }, EalPieces::BY_FILE)
    {
        link_->on_lost([this](const Error& why) { log(LogLevel::ERR, "{}: {}", name_, why.message()); });
    }

    Result<void> follow_memory() { return follower_.start(); }
    std::unique_ptr<Bus> bus()
    {
        VfioUserBus::Allocator eal;
        eal.take = [this](std::size_t bytes, std::size_t align,
                          const char* label) -> Result<VfioUserBus::Block> {
            QAIC_TRY(const auto block, memory_.take(bytes, align, label));
            return VfioUserBus::Block{block.va, block.iova};
        };
        eal.give = [this](std::byte* va) -> Result<void> {
            memory_.give(va);
            return {};
        };
        eal.burst = &burst_;
        return std::make_unique<VfioUserBus>(*link_, name_, std::move(eal));
    }

  private:
    Result<void> share(const EalPiece& p)
    {
        auto shared = p.fd >= 0 ? link_->shares().add(p.iova, p.bytes, p.fd, p.fd_offset)
                                : link_->shares().add_memory(p.iova, p.va, p.bytes);
        if (shared || link_->client().lost()) return shared;
        if (p.external) { // a heap the application made; this card cannot use it, others may
            log(LogLevel::WARNING, "{}: external heap: {}", name_, shared.error().message());
            return {};
        }
        return fail(
            shared.error().code,
            "EAL's memory cannot be shared with the card's server ({}): start EAL with hugepages, or with "
            "--no-huge where memfd_create works",
            shared.error().text);
    }
    void unshare(Iova iova, std::size_t bytes)
    {
        auto gone = link_->shares().remove_inside(iova, bytes);
        if (!gone && !link_->client().lost()) log(LogLevel::ERR, "{}: {}", name_, gone.error().message());
    }

    std::string name_;
    std::unique_ptr<VfioUserLink> link_;
    EalMemory memory_;
    EalBurstMemory burst_;
    EalFollower follower_;
};

DeviceConfig served_config(const DevArgs& args)
{
    auto config = device_config(args, DeviceKind::VFIO_USER);
    config.controller.limits.idle = look_every;
    return config;
}

Result<std::unique_ptr<MlDevice>> plug(const char* name, const DevArgs& args)
{
    QAIC_TRY(auto link, VfioUserLink::open(args.socket));
    auto backend = std::make_unique<ServedBackend>(name, std::move(link));
    QAIC_CHECK(backend->follow_memory());
    auto ml = std::make_unique<MlDevice>();
    ml->device = std::make_unique<Device>(backend->bus(), served_config(args));
    ml->backend = std::move(backend);
    return ml;
}

Result<void> probe_served(rte_vdev_device* vdev)
{
    const char* const name = rte_vdev_device_name(vdev);
    if (secondary::is_secondary()) return secondary::attach(&vdev->device, name, server_notices);
    auto args = parse_devargs(rte_vdev_device_args(vdev), DeviceKind::VFIO_USER);
    if (!args) return fail_at(name, std::move(args).error());
    auto ml = plug(name, *args);
    if (!ml) return fail_at(name, std::move(ml).error());
    return probe_ml_device(&vdev->device, name, std::move(*ml), args->housekeeping);
}

int served_probe(rte_vdev_device* vdev)
{
    return guarded([&] { return probe_served(vdev); });
}
int served_remove(rte_vdev_device* vdev) { return remove_ml_device(rte_vdev_device_name(vdev)); }

// Without these two, rte_dev_dma_map() on a vdev says 0 and maps nothing.
int served_dma_map(rte_vdev_device* vdev, void* addr, std::uint64_t iova, std::size_t bytes)
{
    return map_for_ml_device(rte_vdev_device_name(vdev), addr, iova, bytes);
}
int served_dma_unmap(rte_vdev_device* vdev, void* /*addr*/, std::uint64_t iova, std::size_t bytes)
{
    return unmap_for_ml_device(rte_vdev_device_name(vdev), iova, bytes);
}

constinit rte_vdev_driver served_driver = [] {
    rte_vdev_driver d{};
    d.probe = served_probe;
    d.remove = served_remove;
    d.dma_map = served_dma_map;
    d.dma_unmap = served_dma_unmap;
    d.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA;
    return d;
}();

} // namespace
} // namespace qaic

using qaic::served_driver;
RTE_PMD_REGISTER_VDEV(ml_qaic_vfu, served_driver);
RTE_INIT(ml_qaic_vfu_iova) { qaic::follow_iova_devarg(served_driver); }
