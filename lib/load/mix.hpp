// SPDX-License-Identifier: BSD-3-Clause
// Hot: which model the next operation is for, and which lanes run that model.
#pragma once
#include <boost/random/mersenne_twister.hpp>
#include <cstdint>
#include <span>
#include <vector>

namespace qaic::load {

/// Models drawn by weight, independently. One thread.
class Mix {
  public:
    /// `lanes[m]`: indices of model m's lanes, at least one; `weights[m]` more than 0.
    Mix(std::vector<std::vector<std::uint32_t>> lanes, const std::vector<double>& weights, std::uint64_t seed)
        : lanes_(std::move(lanes)), random_(seed)
    {
        double sum = 0;
        for (const auto w : weights) bounds_.push_back(sum += w);
        scale_ = sum / 18446744073709551616.0; // of 64 random bits
    }
    /// Lanes of the model that the next operation is for.
    [[nodiscard]] std::span<const std::uint32_t> draw() noexcept
    {
        if (lanes_.size() == 1) return lanes_.front();
        const auto at = static_cast<double>(random_()) * scale_;
        std::size_t m = 0;
        while (m + 1 < lanes_.size() && at >= bounds_[m]) ++m;
        return lanes_[m];
    }

  private:
    std::vector<std::vector<std::uint32_t>> lanes_;
    std::vector<double> bounds_; ///< running sums
    double scale_ = 0;
    boost::random::mt19937_64 random_;
};

} // namespace qaic::load
