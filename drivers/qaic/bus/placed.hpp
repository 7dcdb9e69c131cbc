// SPDX-License-Identifier: BSD-3-Clause
// Owners of objects that burst calls touch. Those objects may lie in memory that other processes map at the
// same address (docs/adr/0010); which memory that is, the bus says (Bus::burst_memory). What a burst call
// reads is plain pointers and numbers: the owner's own state (which resource, how many) is the control side's
// alone.
#pragma once
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <utility>

namespace qaic {

template<class T>
inline constexpr std::size_t size_of = sizeof(T); // NOLINT(bugprone-sizeof-expression): T may be a pointer

/// Destroys `count` objects and gives their memory back.
template<class T>
struct Unplace {
    std::pmr::memory_resource* memory = nullptr;
    std::size_t count = 0;
    void operator()(T* at) const noexcept
    {
        std::destroy_n(at, count);
        memory->deallocate(at, count * size_of<T>, alignof(T));
    }
};
template<class T>
using Placed = std::unique_ptr<T, Unplace<T>>;
template<class T>
using PlacedArray = std::unique_ptr<T[], Unplace<T>>;

namespace detail {
/// Memory for T, given back when the constructor throws.
template<class T, class Make>
T* place_in(std::pmr::memory_resource& memory, std::size_t count, Make&& make)
{
    auto* const at = static_cast<T*>(memory.allocate(count * size_of<T>, alignof(T)));
    try {
        make(at);
    } catch (...) {
        memory.deallocate(at, count * size_of<T>, alignof(T));
        throw;
    }
    return at;
}
} // namespace detail

/// One T made of `args`. Throws std::bad_alloc.
template<class T, class... Args>
[[nodiscard]] Placed<T> place(std::pmr::memory_resource& memory, Args&&... args)
{
    auto* const at =
        detail::place_in<T>(memory, 1, [&](T* p) { std::construct_at(p, std::forward<Args>(args)...); });
    return Placed<T>(at, {&memory, 1});
}
/// `count` of them, each as T(). Throws std::bad_alloc.
template<class T>
[[nodiscard]] PlacedArray<T> place_array(std::pmr::memory_resource& memory, std::size_t count)
{
    auto* const at =
        detail::place_in<T>(memory, count, [&](T* p) { std::uninitialized_value_construct_n(p, count); });
    return PlacedArray<T>(at, {&memory, count});
}

} // namespace qaic
