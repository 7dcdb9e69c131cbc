// SPDX-License-Identifier: BSD-3-Clause
#include "mini_host.hpp"
#include <fstream>
#include <iterator>

namespace test {

const std::map<unsigned, Bytes>& built_images()
{
    static const auto images = [] {
        std::map<unsigned, Bytes> all;
        for (const unsigned id : {0, 1, 2, 4, 5, 6, 8, 9, 10}) {
            const auto name = id == 0 ? std::string("sbl.bin") : "fw" + std::to_string(id) + ".bin";
            std::ifstream file(std::string(QAIC_FIRMWARE_DIR "/qcom/aic100/") + name, std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(file), {}};
            const auto bytes = std::as_bytes(std::span(text));
            all[id] = Bytes(bytes.begin(), bytes.end());
        }
        return all;
    }();
    return images;
}

} // namespace test
