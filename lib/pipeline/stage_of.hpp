// SPDX-License-Identifier: BSD-3-Clause
// A C++ class as the table of functions that stage.h asks for, and its options read with errors that say
// where they stand.
#pragma once
#include "base/result.hpp"
#include "pipeline/stage.h"
#include "stats/live_count.hpp"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pipeline {
using namespace qaic;

/// The options of one stage. A wrong one is E_INVAL "file:line:column: stage NAME: OPTION takes what".
class Options {
  public:
    explicit Options(const qaic_pipe_setup& setup) : setup_(setup) {}

    [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
    /// Without a fallback the option is needed.
    [[nodiscard]] Result<std::string> text(std::string_view name,
                                           std::optional<std::string> fallback = std::nullopt) const;
    [[nodiscard]] Result<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high,
                                               std::optional<std::int64_t> fallback = std::nullopt) const;
    [[nodiscard]] Result<double> real(std::string_view name, double low, double high,
                                      std::optional<double> fallback = std::nullopt) const;
    [[nodiscard]] Result<bool> boolean(std::string_view name, bool fallback) const;
    /// Which of the words it is.
    [[nodiscard]] Result<std::size_t> choice(std::string_view name, std::span<const std::string_view> words,
                                             std::optional<std::size_t> fallback = std::nullopt) const;
    /// Relative ones start from the pipeline file's folder.
    [[nodiscard]] Result<std::filesystem::path> path(std::string_view name) const;
    /// For what an option's own reader finds wrong.
    [[nodiscard]] tl::unexpected<Error> wrong(std::string_view name, std::string_view takes) const;

  private:
    [[nodiscard]] const qaic_pipe_option* find(std::string_view name) const;
    const qaic_pipe_setup& setup_;
};

/// A burst as a stage's run() and poll() see it.
struct Burst {
    std::span<rte_mbuf*> items;
    std::uint8_t* verdict; ///< one for each item, PASS before
};

/// A stage's counts() may be called by any thread while its lcore counts.
using stats::LiveCount;

/// As many as fit, in the order of `all`.
inline std::uint32_t give_counts(std::span<qaic_pipe_count> out, std::span<const qaic_pipe_count> all)
{
    const auto n = std::min(out.size(), all.size());
    std::copy_n(all.begin(), n, out.begin());
    return static_cast<std::uint32_t>(n);
}

namespace stage_detail {

inline void say(const Error& e, char* error, std::size_t bytes)
{
    if (bytes == 0) return;
    const auto n = std::min(bytes - 1, e.text.size());
    std::memcpy(error, e.text.data(), n);
    error[n] = '\0';
}

template<class S>
void* create(const qaic_pipe_setup* setup, char* error, std::size_t bytes)
{
    Result<std::unique_ptr<S>> made = S::make(*setup);
    if (made) return made->release();
    say(made.error(), error, bytes);
    return nullptr;
}

inline int answered(const Result<void>& done, char* error, std::size_t bytes)
{
    if (done) return 0;
    say(done.error(), error, bytes);
    return done.error().neg_errno();
}

template<class S, Result<void> (S::*Do)()>
int answer(void* self, char* error, std::size_t bytes)
{
    return answered((static_cast<S*>(self)->*Do)(), error, bytes);
}

} // namespace stage_detail

/// The table of class S, which has
///   static Result<std::unique_ptr<S>> make(const qaic_pipe_setup&)   and run(Burst), a source's returning
///   how many it made (or QAIC_PIPE_END);
/// and as it needs: uint32_t room() const; Result<void> start(); uint16_t poll(Burst), uint32_t
/// ready(), uint32_t held(), void drain(); Result<void> finish(), Result<void> reload(); uint32_t
/// counts(std::span<qaic_pipe_count>). `options` and `reasons` end with nullptr, or are nullptr.
template<class S>
constexpr qaic_pipe_stage stage_of(const char* kind, qaic_pipe_role role, const char* const* options,
                                   const char* const* reasons, std::uint32_t flags = 0)
{
    qaic_pipe_stage t{};
    t.abi = QAIC_PIPE_ABI, t.flags = flags, t.kind = kind, t.role = role, t.options = options,
    t.drop_reasons = reasons;
    t.create = stage_detail::create<S>;
    t.run = [](void* self, rte_mbuf** items, std::uint16_t n, std::uint8_t* verdict) -> std::uint16_t {
        if constexpr (std::is_void_v<decltype(std::declval<S&>().run(std::declval<Burst>()))>) {
            static_cast<S*>(self)->run(Burst{{items, n}, verdict});
            return n;
        } else {
            return static_cast<S*>(self)->run(Burst{{items, n}, verdict});
        }
    };
    t.destroy = [](void* self) { delete static_cast<S*>(self); };
    if constexpr (requires(const S& s) { s.room(); })
        t.room = [](const void* self) -> std::uint32_t { return static_cast<const S*>(self)->room(); };
    if constexpr (requires(S & s) { s.start(); }) t.start = stage_detail::answer<S, &S::start>;
    if constexpr (requires(S & s, Burst b) { s.poll(b); }) {
        t.poll = [](void* self, rte_mbuf** items, std::uint16_t n, std::uint8_t* verdict) -> std::uint16_t {
            return static_cast<S*>(self)->poll(Burst{{items, n}, verdict});
        };
        t.ready = [](void* self) -> std::uint32_t { return static_cast<S*>(self)->ready(); };
        t.held = [](void* self) -> std::uint32_t { return static_cast<S*>(self)->held(); };
        t.drain = [](void* self) { static_cast<S*>(self)->drain(); };
    }
    if constexpr (requires(S & s) { s.finish(); }) t.finish = stage_detail::answer<S, &S::finish>;
    if constexpr (requires(S & s) { s.reload(); }) t.reload = stage_detail::answer<S, &S::reload>;
    if constexpr (requires(S & s, std::span<qaic_pipe_count> c) { s.counts(c); })
        t.counts = [](void* self, qaic_pipe_count* out, std::uint32_t room) -> std::uint32_t {
            return static_cast<S*>(self)->counts({out, room});
        };
    return t;
}

} // namespace pipeline
