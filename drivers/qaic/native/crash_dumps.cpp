// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic.h: crash dumps.
#include "qaic/native/native.hpp"

namespace qaic::native {

QAIC_PUBLIC int rte_pmd_qaic_crash_dump_set(std::int16_t dev_id, const char* directory, std::uint64_t bytes)
{
    return with_device(dev_id, [&](Device& d) {
        CrashDumpPlace place;
        if (directory != nullptr) place.directory = directory, place.bytes = bytes;
        return d.set_crash_dumps(std::move(place));
    });
}

QAIC_PUBLIC int rte_pmd_qaic_crash_dump_path_get(std::int16_t dev_id, std::uint32_t number, char* path,
                                                 std::size_t size)
{
    std::size_t whole = 0;
    const int result = with_device(dev_id, [&](Device& d) -> Result<void> {
        if (path == nullptr && size != 0)
            return fail(Code::E_INVAL, "{}: crash dump path: NULL pointer", d.name());
        QAIC_TRY(const auto found, d.crash_dump_path(number));
        whole = found.size() + 1;
        if (size == 0) return {};
        const auto n = std::min(found.size(), size - 1);
        std::memcpy(path, found.data(), n);
        path[n] = '\0';
        return {};
    });
    return result != 0 ? result : static_cast<int>(whole);
}

} // namespace qaic::native
