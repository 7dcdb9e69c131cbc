// SPDX-License-Identifier: BSD-3-Clause
// The border between C++ and the C library above: no exception crosses it, every error becomes a logged line
// and a negative errno.
#pragma once
#include "qaic/ml_device.hpp"
#include <new>
#include <utility>

namespace qaic {

template<class Body>
int guarded(Body&& body) noexcept
{
    try {
        return finish(std::forward<Body>(body)());
    } catch (const std::bad_alloc&) {
        return finish(Error{Code::E_NOMEM, "out of heap memory"});
    }
}

} // namespace qaic
