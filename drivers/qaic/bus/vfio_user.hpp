// SPDX-License-Identifier: BSD-3-Clause
// A card served by another process over a vfio-user socket (qaic-card). VfioUserLink is the connection with
// what was found there; VfioUserBus is the driver's view of it. Nothing of DPDK in here. aic100-device.md 1;
// reliability.md 5(d)
#pragma once
#include "qaic/bus/bus.hpp"
#include "qaic/bus/vfio_user_shares.hpp"
#include "qaic/bus/vfio_user_window.hpp"
#include <unordered_map>

namespace qaic {

class VfioUserLink {
  public:
    /// Connects to the socket at `path` and looks at the device: identity, BAR set, doorbells (guard D-BAR).
    /// Every error is one line with `path` and, where there is one, the remedy; nothing is left behind.
    [[nodiscard]] static Result<std::unique_ptr<VfioUserLink>> open(const std::string& path,
                                                                    vfu::ClientLimits limits = {});
    /// The same over a connected socket.
    [[nodiscard]] static Result<std::unique_ptr<VfioUserLink>>
    over(vfu::Socket socket, const std::string& name, vfu::ClientLimits limits = {});
    VfioUserLink(const VfioUserLink&) = delete;
    VfioUserLink& operator=(const VfioUserLink&) = delete;

    [[nodiscard]] vfu::Client& client() noexcept { return *client_; }
    [[nodiscard]] vfu::Shares& shares() noexcept { return shares_; }
    [[nodiscard]] vfu::Window& window() noexcept { return window_; }
    [[nodiscard]] std::uint32_t msi_vectors() const noexcept { return msi_vectors_; }
    /// Called once when the connection is lost; may not use the link. Set before threads share it.
    void on_lost(std::function<void(const Error&)> hook) { hook_ = std::move(hook); }

  private:
    explicit VfioUserLink(std::unique_ptr<vfu::Client> client);
    [[nodiscard]] Result<void> look(const std::string& name);
    [[nodiscard]] Result<void> check_identity();

    std::unique_ptr<vfu::Client> client_;
    vfu::Shares shares_;
    vfu::Window window_;
    std::uint32_t msi_vectors_ = 0;
    std::function<void(const Error&)> hook_;
};

class VfioUserBus final : public Bus {
  public:
    struct Block {
        std::byte* va = nullptr;
        Iova iova{};
    };
    /// Where DMA memory comes from. take() gives zeroed memory that the link's server has already been told
    /// of; give() frees it, and tells the server where that has to be done.
    struct Allocator {
        std::function<Result<Block>(std::size_t bytes, std::size_t align, const char* name)> take;
        std::function<Result<void>(std::byte* va)> give;
        std::pmr::memory_resource* burst = std::pmr::new_delete_resource(); ///< of burst_memory()
    };
    /// Memory of its own, a sealed memfd each, at IOVAs that differ from its addresses: where no EAL is.
    static Allocator memfd(VfioUserLink& link);

    VfioUserBus(VfioUserLink& link, std::string name, Allocator allocator);
    VfioUserBus(VfioUserLink& link, std::string name) : VfioUserBus(link, std::move(name), memfd(link)) {}
    /// Turns bus mastering off and gives back what was never freed.
    ~VfioUserBus() override;
    VfioUserBus(const VfioUserBus&) = delete;
    VfioUserBus& operator=(const VfioUserBus&) = delete;

    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override;
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override;
    std::uint32_t mhi_bytes() const noexcept override;
    volatile std::byte* dbc_window() noexcept override { return link_.window().data(); }
    std::uint64_t dbc_bytes() const noexcept override;
    WindowFile dbc_window_file() const override { return link_.window().file(); }
    Result<void> set_bus_master(bool on) noexcept override;
    Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char* name) override;
    Result<void> dma_map(void* va, Iova iova, std::size_t bytes) override;
    Result<void> dma_unmap(Iova iova, std::size_t bytes) override;
    void dma_free(std::byte* va, Iova iova, std::size_t bytes) noexcept override;
    std::pmr::memory_resource& burst_memory() noexcept override { return *allocator_.burst; }
    Result<int> completion_fd(unsigned dbc) override;
    const Clock& clock() const noexcept override { return clock_; }
    void relax(Nanos at_most) noexcept override;
    const std::string& name() const noexcept override { return name_; }
    /// Bytes handed out and not freed.
    [[nodiscard]] std::size_t dma_bytes() const noexcept { return allocated_; }

  private:
    [[nodiscard]] bool may_reuse() const noexcept;
    VfioUserLink& link_;
    std::string name_;
    Allocator allocator_;
    SteadyClock clock_;
    std::unordered_map<unsigned, vfu::Fd> completion_fds_; ///< by MSI vector
    std::unordered_map<std::byte*, std::size_t> owned_;
    std::size_t allocated_ = 0;
};

} // namespace qaic
