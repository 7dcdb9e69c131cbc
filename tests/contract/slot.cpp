// SPDX-License-Identifier: BSD-3-Clause
#include "slot.hpp"
#include "card_server/served_card.hpp"
#include "qaic/bus/in_process_stepped.hpp"
#include "qaic/bus/vfio_user.hpp"
#include "support/std_thread.hpp"
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace test {
namespace {

class SteppedSlot final : public Slot {
  public:
    explicit SteppedSlot(card::CardConfig config) : link_(std::move(config), clock_) {}
    Result<std::unique_ptr<SlotBus>> plug() override
    {
        auto bus = std::make_unique<SteppedBus>(link_, clock_, "aic0");
        auto* const raw = bus.get();
        return std::make_unique<SlotBus>(std::move(bus), [raw] { raw->kill(); });
    }
    void with_card(const std::function<void(card::Card&)>& what) override { what(link_.card()); }
    std::size_t maps() override { return link_.maps(); }
    std::uint64_t refused() override { return link_.refused(); }
    const Clock& clock() const override { return clock_; }
    bool real_time() const override { return false; }

  private:
    ManualClock clock_;
    InProcessLink link_;
};

class MortalBus final : public InProcessBus {
  public:
    using InProcessBus::InProcessBus;
    void kill() noexcept { disconnect(); }
};

class InProcessSlot final : public Slot {
  public:
    explicit InProcessSlot(card::CardConfig config) : link_(std::move(config), clock_) { run(); }
    Result<std::unique_ptr<SlotBus>> plug() override
    {
        auto bus = std::make_unique<MortalBus>(link_, "aic0");
        auto* const raw = bus.get();
        return std::make_unique<SlotBus>(std::move(bus), [raw] { raw->kill(); });
    }
    void with_card(const std::function<void(card::Card&)>& what) override
    {
        link_.stop();
        what(link_.card());
        run();
    }
    std::size_t maps() override { return link_.maps(); }
    std::uint64_t refused() override { return link_.refused(); }
    const Clock& clock() const override { return clock_; }
    bool real_time() const override { return true; }

  private:
    void run()
    {
        const auto started = link_.start(std_thread_starter(), {.spins = 100, .sleep = 20us});
        EXPECT_TRUE(started);
    }
    SteadyClock clock_;
    InProcessLink link_;
};

/// A directory that only we can enter, for the socket.
class PrivateFolder {
  public:
    PrivateFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "qaic_slot_XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    ~PrivateFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

/// A VfioUserBus with the connection it needs.
class ServedBus final : public SlotBus {
  public:
    ServedBus(std::unique_ptr<VfioUserLink> link, std::size_t& maps, VfioUserLink** plugged)
        : SlotBus(std::make_unique<VfioUserBus>(*link, "aic0"),
                  [raw = link.get()] { raw->client().hang_up(); }),
          link_(std::move(link)), maps_(maps), plugged_(plugged)
    {
        *plugged_ = link_.get();
    }
    ~ServedBus() override
    {
        maps_ = link_->shares().size();
        *plugged_ = nullptr;
        close(); // while the link lives
    }

  private:
    std::unique_ptr<VfioUserLink> link_;
    std::size_t& maps_;
    VfioUserLink** plugged_;
};

class VfioUserSlot final : public Slot {
  public:
    explicit VfioUserSlot(card::CardConfig config)
    {
        card_server::Options options;
        options.socket = folder_.file("card");
        options.idle = true;
        options.log = [this](const std::string& line) {
            const std::lock_guard guard(log_lock_);
            log_ += line + "; ";
        };
        auto served = card_server::ServedCard::create(std::move(config), std::move(options));
        EXPECT_TRUE(served) << served.error().message();
        served_ = std::move(*served);
        served_->start();
    }
    Result<std::unique_ptr<SlotBus>> plug() override
    {
        // The one before may be on its way out.
        for (const auto until = clock_.now() + 2s; served_->attached() && clock_.now() < until;)
            std::this_thread::sleep_for(1ms);
        auto link = VfioUserLink::open(served_->socket());
        if (!link) {
            const std::lock_guard guard(log_lock_);
            return fail_at(fmt::format("server says: {}", log_), std::move(link).error());
        }
        return std::unique_ptr<SlotBus>(std::make_unique<ServedBus>(std::move(*link), last_maps_, &plugged_));
    }
    void with_card(const std::function<void(card::Card&)>& what) override
    {
        EXPECT_TRUE(served_->run([&](card::Card& c, card_server::CardDevice&) { what(c); }, 10s));
    }
    std::size_t maps() override { return plugged_ != nullptr ? plugged_->shares().size() : last_maps_; }
    std::uint64_t refused() override
    {
        std::uint64_t n = 0;
        EXPECT_TRUE(served_->run(
            [&](card::Card&, card_server::CardDevice& d) { n = d.counters().dma().refused; }, 10s));
        return n;
    }
    const Clock& clock() const override { return clock_; }
    bool real_time() const override { return true; }

  private:
    PrivateFolder folder_;
    SteadyClock clock_;
    std::mutex log_lock_;
    std::string log_;
    std::unique_ptr<card_server::ServedCard> served_;
    VfioUserLink* plugged_ = nullptr;
    std::size_t last_maps_ = 0;
};

template<class S>
std::unique_ptr<Slot> make(card::CardConfig config)
{
    return std::make_unique<S>(std::move(config));
}

} // namespace

const std::vector<SlotKind>& all_slots()
{
    static const std::vector<SlotKind> kinds{
        {"Stepped", make<SteppedSlot>}, {"InProcess", make<InProcessSlot>}, {"VfioUser", make<VfioUserSlot>}};
    return kinds;
}

const std::vector<SlotKind>& threaded_slots()
{
    static const std::vector<SlotKind> kinds{{"InProcess", make<InProcessSlot>},
                                             {"VfioUser", make<VfioUserSlot>}};
    return kinds;
}

} // namespace test
