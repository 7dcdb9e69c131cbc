// SPDX-License-Identifier: BSD-3-Clause
// A queue that keeps its memory: std::deque takes and gives back a block every few entries of our size, which
// is a tenth of what an inference costs the emulator.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace card {

template<class T>
class Queue {
  public:
    [[nodiscard]] bool empty() const noexcept { return head_ == items_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size() - head_; }
    [[nodiscard]] T& front() noexcept { return items_[head_]; }
    [[nodiscard]] const T& front() const noexcept { return items_[head_]; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return items_[head_ + i]; }
    [[nodiscard]] auto begin() const noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
    [[nodiscard]] auto end() const noexcept { return items_.end(); }
    T& push_back(T item) { return items_.emplace_back(std::move(item)); }
    /// What is taken off is dropped in one go when it is more than what is left: each entry moves once at
    /// most.
    void pop_front()
    {
        ++head_;
        if (head_ <= size()) return;
        items_.erase(items_.begin(), begin());
        head_ = 0;
    }
    template<class Wanted>
    void erase_if(const Wanted& wanted)
    {
        items_.erase(items_.begin(), begin());
        head_ = 0;
        std::erase_if(items_, wanted);
    }
    void clear() noexcept
    {
        items_.clear();
        head_ = 0;
    }

  private:
    std::vector<T> items_;
    std::size_t head_ = 0; ///< those before it have been taken off
};

} // namespace card
