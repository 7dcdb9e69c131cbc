// SPDX-License-Identifier: BSD-3-Clause
// Host memory that travels with a load command: DMA_XFER and its continuation. aic100-device.md 4.7
#pragma once
#include "aic100/wire/nnc_commands.hpp"
#include "card/nnc/firmware.hpp"
#include "card/nnc/message.hpp"
#include <list>

namespace card {

/// A load command and how much of its data is there.
struct Load {
    aic100::NncCmd command = aic100::NncCmd::LOAD_ELF;
    Caller caller;
    std::uint32_t tag = 0;
    std::uint64_t length = 0, done = 0;
    MutSpan to;                           ///< `length` bytes of card memory
    Firmware::Memory memory;              ///< of a new object
    std::shared_ptr<Constants> constants; ///< what a PAYLOAD fills
    std::uint32_t constants_id = 0;
    NncStatus status = 0; ///< why it failed, when it did
    [[nodiscard]] bool complete() const noexcept { return status == 0 && done == length; }
};

struct DmaXfer {
    std::uint32_t tag = 0, count = 0, chunk = 0;
    ConstSpan pairs;
};
/// Nothing when the pairs do not fit the transaction.
[[nodiscard]] std::optional<DmaXfer> read_xfer(const Transaction& transaction);

/// Checks the command of a load transaction and finds room for its data; the error is in `status`. Nothing
/// when the payload is no load command, or too short to be one.
[[nodiscard]] std::optional<Load> begin_load(Firmware& firmware, const Caller& caller, ConstSpan command);
/// Reads all described host memory. Sets load.status on failure: the host's memory is not touched after.
void pull(Firmware& firmware, Load& load, const DmaXfer& xfer);

/// Loads that wait for more of their data, by user and chunk id, with the message that began them.
class PendingLoads {
  public:
    struct Entry {
        std::uint32_t chunk = 0;
        Load load;
        Bytes message;
    };
    static constexpr std::size_t limit = 64;
    /// False when too many are open.
    bool add(Entry entry);
    /// Takes the entry out.
    [[nodiscard]] std::optional<Entry> take(std::uint32_t handle, std::uint32_t chunk);
    void drop_of(std::uint32_t handle);
    void clear() { entries_.clear(); }

  private:
    std::list<Entry> entries_;
};

} // namespace card
