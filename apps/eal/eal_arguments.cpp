// SPDX-License-Identifier: BSD-3-Clause
#include "eal_setup.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/ranges.h>
#include <string_view>

namespace qaic::eal {

bool is_pci_address(const std::string& device)
{
    // in the pattern, h is a hexadecimal digit and f a function number
    const auto matches = [](std::string_view text, std::string_view pattern) {
        return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), [](char c, char form) {
            if (form == 'h') return std::isxdigit(static_cast<unsigned char>(c)) != 0;
            return form == 'f' ? c >= '0' && c <= '7' : c == form;
        });
    };
    const auto address = device.substr(0, device.find(','));
    return matches(address, "hhhh:hh:hh.f") || matches(address, "hh:hh.f");
}

bool has_option(const std::vector<std::string>& options, const std::vector<std::string>& names)
{
    const auto is = [](const std::string& option, const std::string& name) {
        const bool is_short = name.size() == 2;
        return option == name || (is_short ? option.rfind(name, 0) == 0 : option.rfind(name + "=", 0) == 0);
    };
    return std::any_of(options.begin(), options.end(), [&](const auto& option) {
        return std::any_of(names.begin(), names.end(), [&](const auto& name) { return is(option, name); });
    });
}

EalArguments eal_arguments(const EalPlan& plan)
{
    EalArguments out;
    const auto user_has = [&](const std::vector<std::string>& names) { return has_option(plan.user, names); };
    const auto add = [&](std::initializer_list<std::string> more) { out.list.insert(out.list.end(), more); };

    out.program = plan.program;
    if (!user_has({"-l", "-c", "--lcores"})) {
        if (plan.lcores.empty())
            add({"-l", fmt::format("{}", fmt::join(plan.cpus, ","))});
        else
            add({"--lcores", plan.lcores});
    }
    if (!user_has({"--file-prefix"})) add({fmt::format("--file-prefix={}-{}", plan.program, plan.pid)});
    if (!user_has({"--log-level"})) add({"--log-level=lib.eal:warning", "--log-level=lib.mldev:warning"});
    const bool without = user_has({"--no-huge"}) || (plan.hugepages == 0 && !user_has({"--huge-dir"}));
    if (without) {
        if (!user_has({"--no-huge"})) add({"--no-huge"});
        if (!user_has({"-m", "--socket-mem"})) add({"-m", "512"});
        out.notes.emplace_back(
            "no hugepages: 4 KiB pages instead, so more TLB misses and a slower data path, and "
            "memory a real card cannot use; reserve some: echo 256 > /proc/sys/vm/nr_hugepages");
    } else if (!user_has({"--in-memory", "--huge-dir", "--huge-unlink", "--no-shconf", "--proc-type"})) {
        add({"--in-memory"}); // leaves no files behind, however this process ends
    }
    const auto is_pci = [](const auto& device) { return is_pci_address(device); };
    if (std::none_of(plan.devices.begin(), plan.devices.end(), is_pci)) {
        if (!user_has({"--no-pci", "-a", "--allow"})) add({"--no-pci"});
        if (!user_has({"--iova-mode"}) && !without) add({"--iova-mode=va"}); // a buffer may span pages
    }
    for (const auto& device : plan.devices) {
        if (is_pci(device))
            add({"-a", device});
        else
            add({"--vdev=" + device});
    }
    if (!plan.driver.empty()) add({"-d", plan.driver});
    out.list.insert(out.list.end(), plan.user.begin(), plan.user.end());
    return out;
}

SplitArguments split_arguments(int argc, const char* const* argv)
{
    SplitArguments split;
    bool behind = false;
    for (int i = 0; i < argc; ++i) {
        if (!behind && i > 0 && std::string_view(argv[i]) == "--")
            behind = true;
        else
            (behind ? split.eal : split.ours).emplace_back(argv[i]);
    }
    return split;
}

} // namespace qaic::eal
