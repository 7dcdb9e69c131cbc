// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/port_table.hpp"
#include "pipeline/ports/ports.hpp"
#include <rte_bus_vdev.h>
#include <rte_errno.h>

namespace pipeline::ports {

/// Ports that stages hold, by name.
class PortTable {
  public:
    Result<std::shared_ptr<Port>> existing(const std::string& name);
    Result<std::shared_ptr<Port>> virtual_one(const std::string& device);
    Result<void> start_all();

  private:
    std::shared_ptr<Port> held(const std::string& name) { return ports_[name].lock(); }
    std::map<std::string, std::weak_ptr<Port>> ports_;
};

namespace {

PortTable& table()
{
    static PortTable t;
    return t;
}

bool is_file_key(std::string_view key) { return key == "rx_pcap" || key == "tx_pcap"; }

} // namespace

Result<std::string> with_folder(const std::string& device, const std::string& folder)
{
    std::string out;
    for (std::size_t at = 0; at <= device.size();) {
        const auto end = std::min(device.find(',', at), device.size());
        const auto word = device.substr(at, end - at);
        const auto equals = word.find('=');
        if (at != 0) out += ',';
        if (equals != std::string::npos && is_file_key(word.substr(0, equals))) {
            const auto path = (std::filesystem::path(folder) / word.substr(equals + 1)).string();
            if (path.find(',') != std::string::npos)
                return fail(Code::E_INVAL,
                            "{}: DPDK's device arguments cannot carry a comma in a file's name", path);
            out += word.substr(0, equals + 1) + path;
        } else {
            out += word;
        }
        at = end + 1;
    }
    return out;
}

Result<std::shared_ptr<Port>> PortTable::existing(const std::string& name)
{
    if (auto port = held(name)) return port;
    auto port = std::make_shared<Port>(name, false);
    QAIC_CHECK(port->look_up());
    ports_[name] = port;
    return port;
}

Result<std::shared_ptr<Port>> PortTable::virtual_one(const std::string& device)
{
    const auto comma = std::min(device.find(','), device.size());
    const auto name = device.substr(0, comma);
    if (auto port = held(name)) {
        if (port->device_ == device) return port;
        return fail(Code::E_INVAL, "port {} is there already, made otherwise ({}): give it another name",
                    name, port->made_ ? port->device_ : "by EAL");
    }
    std::uint16_t id = 0;
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0)
        return fail(Code::E_INVAL,
                    "EAL has a port {} already: name it as `port`, or give the device another name", name);
    const auto arguments = comma < device.size() ? device.substr(comma + 1) : std::string();
    // Not rte_eal_hotplug_add(): it tells other processes too, and takes 127 bytes of arguments at most.
    if (const int made = rte_vdev_init(name.c_str(), arguments.c_str()); made < 0)
        return fail(
            Code::E_INVAL,
            "device {}: cannot be made: {}; its arguments are wrong (the log says more) or its driver is not "
            "loaded (EAL -d librte_net_....so)",
            device, rte_strerror(-made));
    auto port = std::make_shared<Port>(name, true);
    port->device_ = device;
    QAIC_CHECK(port->look_up());
    ports_[name] = port;
    return port;
}

Result<void> PortTable::start_all()
{
    for (const auto& [name, weak] : ports_)
        if (const auto port = weak.lock(); port && !port->start())
            return tl::unexpected<Error>(port->error());
    return {};
}

Result<std::shared_ptr<Port>> port_of(const qaic_pipe_setup& setup)
{
    const Options options(setup);
    if (options.has("port") == options.has("device"))
        return fail(Code::E_INVAL,
                    "{}: stage {} needs one of the options port (one that EAL has) and device (one to make)",
                    setup.place, setup.stage);
    QAIC_TRY(const auto text, options.text(options.has("port") ? "port" : "device"));
    QAIC_TRY(const auto device, with_folder(text, setup.folder));
    if (setup.pool == nullptr) return std::shared_ptr<Port>();
    auto port = options.has("port") ? table().existing(text) : table().virtual_one(device);
    if (!port) return fail_at(fmt::format("{}: stage {}", setup.place, setup.stage), port.error());
    return port;
}

Result<void> start_all() { return table().start_all(); }

} // namespace pipeline::ports
