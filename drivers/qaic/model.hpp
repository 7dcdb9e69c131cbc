// SPDX-License-Identifier: BSD-3-Clause
// A program loaded on the card: its objects there and what an application may ask about it. Control thread
// with the device's control lock; info and tensors are constant until unload, for any thread.
// aic100-workload.md 5.4
#pragma once
#include "qaic/model_layout.hpp"
#include "qaic/nnc/client.hpp"
#include "qaic/private_copy.hpp"
#include "qpc/program.hpp"
#include <memory>
#include <rte_mldev.h>

namespace qaic {

inline constexpr std::uint16_t max_model_io = 32; ///< inputs, and outputs, of a model

class Model {
  public:
    /// Parses `bytes`, which must not change meanwhile, checks them against the card and loads constants and
    /// program. Nothing stays on the card after an error. `name` is for messages. With `keep` a copy stays in
    /// host memory for load_again().
    [[nodiscard]] static Result<std::unique_ptr<Model>> load(nnc::Client& client,
                                                             const aic100::InfoBlock& card, ConstSpan bytes,
                                                             std::string_view name, bool keep = false);
    /// After off_card(): the same objects onto a card that has forgotten them. E_STATE when nothing was kept.
    [[nodiscard]] Result<void> load_again(nnc::Client& client);
    /// The card was reset: what was loaded is gone.
    void off_card() noexcept { elf_id_ = constants_id_ = 0; }
    [[nodiscard]] bool on_card() const noexcept { return elf_id_ != 0; }
    /// Takes the objects off the card. Errors are returned after everything was tried.
    [[nodiscard]] Result<void> unload(nnc::Client& client);

    /// All fields but model_id and device_id; arrays live as long as the model.
    void fill(rte_ml_model_info& info) const;
    [[nodiscard]] const ModelLayout& layout() const noexcept { return layout_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint32_t elf_id() const noexcept { return elf_id_; }
    [[nodiscard]] std::uint32_t constants_id() const noexcept { return constants_id_; }
    [[nodiscard]] unsigned nsps() const noexcept { return nsps_; }

  private:
    Model() = default;
    void describe();
    [[nodiscard]] Result<void> put_on_card(nnc::Client& client, const qpc::Program& program);

    std::string name_, version_;
    PrivateCopy kept_; ///< container, or empty
    ModelLayout layout_;
    std::vector<rte_ml_io_info> input_info_, output_info_;
    std::uint32_t elf_id_ = 0, constants_id_ = 0;
    std::uint64_t constants_bytes_ = 0;
    unsigned nsps_ = 0;
};

/// Type numbers of the mldev API.
[[nodiscard]] rte_ml_io_type ml_type(qpc::DataType type) noexcept;

} // namespace qaic
