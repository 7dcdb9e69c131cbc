// SPDX-License-Identifier: BSD-3-Clause
// The ledger over the driver's queues alone: the card's end is a thread that moves each operation's bytes and
// answers out of order. All three ways of learning of responses, with and without sharing of a channel.
#include "qaic/dbc/queue_setup.hpp"
#include "run.hpp"
#include "support/fake_bus.hpp"

namespace test {
namespace {
using namespace qaic;

/// The card's end of one DBC, for inferences of one input and one output element. Its thread touches nothing
/// else than FIFO, registers and payload.
class EchoDbc {
  public:
    EchoDbc(dbc::Queue& queue, std::uint32_t* registers)
        : requests_(reinterpret_cast<const aic100::RequestElement*>(queue.request_fifo().value)),
          responses_(reinterpret_cast<std::uint32_t*>(queue.response_fifo().value)), regs_(registers),
          mask_(queue.elements() - 1)
    {}
    bool poll() noexcept
    {
        const auto tail = word(regs_[aic100::dbc_reg::REQTP / 4]).load(std::memory_order_acquire);
        if (head_ == tail) return false;
        unsigned n = 0;
        while (head_ != tail && n < ids_.size()) {
            const auto& in = requests_[head_];
            const auto& out = requests_[(head_ + 1) & mask_];
            std::memcpy(reinterpret_cast<void*>(out.destination.get()),
                        reinterpret_cast<const void*>(in.source.get()), Book::tensor);
            ids_[n++] = out.req_id;
            head_ = (head_ + 2) & mask_;
        }
        word(regs_[aic100::dbc_reg::REQHP / 4]).store(head_, std::memory_order_release);
        while (n != 0) { // the last first
            word(responses_[response_]).store(ids_[--n], std::memory_order_release);
            response_ = (response_ + 1) & mask_;
        }
        word(regs_[aic100::dbc_reg::RSPTP / 4]).store(response_, std::memory_order_release);
        return true;
    }

  private:
    static std::atomic_ref<std::uint32_t> word(std::uint32_t& w) noexcept { return std::atomic_ref(w); }
    const aic100::RequestElement* requests_;
    std::uint32_t* responses_;
    std::uint32_t* regs_;
    std::uint32_t mask_, head_ = 0, response_ = 0;
    std::array<std::uint16_t, 24> ids_{};
};

struct Form {
    bool shared;
    dbc::Completions completions;
    unsigned twentieths; ///< of all operations: most go the way that is the default
    const char* name;
};

class NullLedger : public ::testing::TestWithParam<Form> {
  protected:
    void SetUp() override
    {
        const dbc::Transfer in{.bytes = Book::tensor}, out{.to_device = false, .bytes = Book::tensor};
        auto made = dbc::plan_slices(std::vector{in, out}, {.ddr = 1 << 20}, Book::tensor, Book::tensor);
        ASSERT_TRUE(made);
        plan = std::move(*made);
        for (unsigned i = 0; i < pairs; ++i) {
            if (i == 0 || !GetParam().shared) add_queue();
            auto& lane = queues.back()->lane(GetParam().shared ? i : 0);
            ports[i] = {&lane, plan.elements.data(), 2, Book::tensor, Book::tensor};
            lists[i].lanes = {&ports[i].lane, 1};
            pair_of[i] = std::make_unique<QueuePair>(static_cast<std::uint16_t>(i), depth, 1, nullptr,
                                                     bus.reach().table());
            pair_of[i]->ports[0].store(&ports[i]);
            pair_of[i]->lanes.store(&lists[i]);
            qps.push_back(pair_of[i].get());
            add_book(i);
        }
    }
    void add_queue()
    {
        const auto& form = GetParam();
        auto queue = dbc::Queue::allocate(bus, {.elements_per_op = 2,
                                                .lanes = form.shared ? pairs : 1,
                                                .depth = depth,
                                                .op_limit = ~0ull >> 1,
                                                .completions = form.completions});
        ASSERT_TRUE(queue) << queue.error().message();
        const auto number = static_cast<unsigned>(queues.size());
        ASSERT_TRUE((*queue)->bind(number, rte_rdtsc(), plan.elements));
        cards.emplace_back(**queue, bus.registers(number));
        queues.push_back(std::move(*queue));
    }
    void add_book(unsigned i)
    {
        constexpr std::uint32_t operations = 2 * depth;
        auto memory = bus.dma_alloc(std::size_t{operations} * 2 * Book::tensor, 4096, "operations");
        ASSERT_TRUE(memory);
        books.push_back(std::make_unique<Book>(operations, static_cast<std::uint16_t>(i), std::uint16_t{0},
                                               memory->data(), memory->iova().value));
        payload.push_back(std::move(*memory));
    }

    FakeBus bus;
    dbc::SlicePlan plan;
    std::vector<std::unique_ptr<dbc::Queue>> queues;
    std::vector<EchoDbc> cards;
    std::array<ModelPort, pairs> ports;
    std::array<LaneList, pairs> lists;
    std::array<std::unique_ptr<QueuePair>, pairs> pair_of;
    std::vector<QueuePair*> qps;
    std::vector<DmaMemory> payload;
    std::vector<std::unique_ptr<Book>> books;
};

TEST_P(NullLedger, EveryOperationComesBackExactlyOnce)
{
    const auto total = ledger_operations("QAIC_LEDGER_NULL", 3'000'000) / 20 * GetParam().twentieths;
    // This thread is the card.
    keep_books(books, qps, total, [&] {
        bool moved = false;
        for (auto& card : cards) moved |= card.poll();
        if (!moved) std::this_thread::yield();
    });
    for (auto& queue : queues) {
        EXPECT_TRUE(queue->channel().active()) << queue->fault_text();
        EXPECT_EQ(queue->outstanding(), 0u);
    }
}

using dbc::Completions;
constexpr Form forms[] = {{false, Completions::MEMORY, 8, "MemoryOwnChannels"},
                          {true, Completions::MEMORY, 8, "MemorySharedChannel"},
                          {false, Completions::CONFIRMED, 1, "ConfirmedOwnChannels"},
                          {true, Completions::CONFIRMED, 1, "ConfirmedSharedChannel"},
                          {false, Completions::REGISTER, 1, "RegisterOwnChannels"},
                          {true, Completions::REGISTER, 1, "RegisterSharedChannel"}};
INSTANTIATE_TEST_SUITE_P(Form, NullLedger, ::testing::ValuesIn(forms),
                         [](const auto& of) { return std::string(of.param.name); });

} // namespace
} // namespace test
