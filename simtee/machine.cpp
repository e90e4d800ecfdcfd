// SPDX-License-Identifier: Apache-2.0
#include "simtee/machine.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/sha2.hpp"

#include <cstdlib>

namespace lumoz::simtee {
namespace {

constexpr std::string_view kAppCompose =
    R"({"docker_compose_file":"services: {}\n","manifest_version":2,"name":"lumoz-simulated","runner":"docker-compose","simulated":true})";
constexpr std::string_view kKeyProvider = R"({"id":"","name":"simulated"})";
constexpr std::size_t kAppIdSize = 20;

// TCG event types, as firmware and kernels log them.
constexpr std::uint32_t kSeparator = 4;
constexpr std::uint32_t kEventTag = 6;
constexpr std::uint32_t kPlatformConfigFlags = 10;
constexpr std::uint32_t kVariableDriverConfig = 0x80000001;
constexpr std::uint32_t kVariableBoot = 0x80000002;
constexpr std::uint32_t kBootApplication = 0x80000003;
constexpr std::uint32_t kEfiAction = 0x80000007;
constexpr std::uint32_t kHandoffTables = 0x8000000b;

/// A description behind its size, as events of tables carry one.
std::string described(std::string_view text) {
    return std::string(1, static_cast<char>(text.size())) + std::string(text);
}

/// A text behind a tag and its size, as a kernel's loader writes events.
std::string tagged(std::string_view text) {
    std::string out = "SIM\n";
    for (unsigned i = 0; i < 4; ++i)
        out += static_cast<char>(text.size() >> (8 * i));
    return out + std::string(text);
}

void boot_firmware(Registers& registers) {
    registers.boot(0, kHandoffTables, described("SIMULATED memory map"));
    for (const std::string_view variable :
         {"SIMULATED SecureBoot", "SIMULATED PK", "SIMULATED KEK", "SIMULATED db", "SIMULATED dbx"}) {
        registers.boot(0, kVariableDriverConfig, variable);
    }
    registers.boot(0, kSeparator, std::string_view("\0\0\0\0", 4));
    registers.boot(0, kPlatformConfigFlags, "SIMULATED ACPI tables");
    registers.boot(0, kVariableBoot, "SIMULATED BootOrder");
    registers.boot(1, kBootApplication, "SIMULATED kernel");
    registers.boot(1, kEfiAction, "Calling EFI Application from Boot Option");
    registers.boot(1, kSeparator, std::string_view("\0\0\0\0", 4));
    registers.boot(2, kEventTag, tagged("SIMULATED kernel command line"));
    registers.boot(2, kEventTag, tagged("SIMULATED initrd"));
    registers.boot(1, kEfiAction, "Exit Boot Services Invocation");
}

/// The machine's own events are within every bound.
void emit_own(Registers& registers, std::string_view name, ByteView payload) {
    if (!registers.emit(name, payload)) std::abort();
}

Digest256 device_id(const Vendor& vendor) {
    return crypto::sha256(vendor.platform().ppid.view());
}

void string_list(json::Writer& out, std::string_view key, std::initializer_list<ByteView> values) {
    out.key(key).array();
    for (const ByteView value : values) {
        out.string(to_hex(value));
    }
    out.end();
}

}  // namespace

Machine::Machine(const Digest256& seed)
    : vendor_(seed),
      app_compose_(kAppCompose),
      compose_hash_(crypto::sha256(as_bytes(app_compose_))),
      os_image_hash_(crypto::sha256(as_bytes("SIMULATED operating system image"))) {
    td_.mr_td = crypto::sha384(as_bytes("SIMULATED firmware"));
    td_.mr_config_id.bytes[0] = 1;  // the form that a compose hash follows
    std::ranges::copy(compose_hash_.bytes, td_.mr_config_id.bytes.begin() + 1);

    boot_firmware(registers_);
    const Digest256 instance = crypto::sha256(vendor_.platform().platform_instance_id->view());
    emit_own(registers_, "system-preparing", {});
    emit_own(registers_, "app-id", compose_hash_.view().first(kAppIdSize));
    emit_own(registers_, "compose-hash", compose_hash_.view());
    emit_own(registers_, "instance-id", instance.view().first(kAppIdSize));
    emit_own(registers_, "boot-mr-done", {});
    emit_own(registers_, "os-image-hash", os_image_hash_.view());
    emit_own(registers_, "key-provider", as_bytes(kKeyProvider));
    emit_own(registers_, "system-ready", {});
    rtmr3_values_.push_back(registers_.rtmr()[3]);
}

Registers Machine::registers() const {
    const std::lock_guard lock(mutex_);
    return registers_;
}

std::string Machine::quote_json(const ReportData& report_data) const {
    const Registers now = registers();
    const Bytes quote = make_quote(vendor_, td_, now.rtmr(), report_data);
    json::Writer out;
    out.object().key("quote").string(to_hex(quote));
    out.key("event_log").string(evidence::to_json(now.events()));
    out.key("report_data").string(to_hex(report_data.view()));
    out.key("vm_config").string(vm_config_json());
    out.key("simulated").boolean(true).end();
    return std::move(out).text();
}

std::string Machine::info_json() const {
    const Registers now = registers();
    const evidence::Event* const instance = [&now]() -> const evidence::Event* {
        const auto found = std::ranges::find(now.events(), "instance-id", &evidence::Event::name);
        return found == now.events().end() ? nullptr : &*found;
    }();
    json::Writer out;
    out.object().key("simulated").boolean(true);
    out.key("app_id").string(to_hex(compose_hash_.view().first(kAppIdSize)));
    out.key("instance_id").string(instance == nullptr ? std::string() : to_hex(instance->payload));
    out.key("app_cert").string("").key("tcb_info").string(tcb_info_json(now));
    out.key("app_name").string("lumoz-simulated");
    out.key("device_id").string(to_hex(device_id(vendor_).view()));
    out.key("os_image_hash").string(to_hex(os_image_hash_.view()));
    out.key("key_provider_info").string(kKeyProvider);
    out.key("compose_hash").string(to_hex(compose_hash_.view()));
    out.key("vm_config").string(vm_config_json());
    out.key("cloud_vendor").string("SIMULATED").key("cloud_product").string("lumoz-simtee").end();
    return std::move(out).text();
}

Status Machine::emit(std::string_view name, ByteView payload) {
    const std::lock_guard lock(mutex_);
    LUMOZ_CHECK_OK(registers_.emit(name, payload));
    rtmr3_values_.push_back(registers_.rtmr()[3]);
    return {};
}

std::string Machine::policy_json() const {
    const std::lock_guard lock(mutex_);
    const evidence::Rtmrs& rtmr = registers_.rtmr();
    json::Writer out;
    out.object().key("accept_status").array().string("UpToDate").end();
    string_list(out, "mr_td", {td_.mr_td.view()});
    string_list(out, "mr_config_id", {td_.mr_config_id.view()});
    string_list(out, "rtmr0", {rtmr[0].view()});
    string_list(out, "rtmr1", {rtmr[1].view()});
    string_list(out, "rtmr2", {rtmr[2].view()});
    out.key("rtmr3").array();
    for (const Digest384& value : rtmr3_values_) {
        out.string(to_hex(value.view()));
    }
    out.end().end();
    return std::move(out).text();
}

std::string Machine::vm_config_json() const {
    json::Writer out;
    out.object().key("simulated").boolean(true).key("spec_version").integer(1);
    out.key("os_image_hash").string(to_hex(os_image_hash_.view())).end();
    return std::move(out).text();
}

std::string Machine::tcb_info_json(const Registers& registers) const {
    const evidence::Rtmrs& rtmr = registers.rtmr();
    Bytes all = to_bytes(td_.mr_td.view());
    for (const Digest384& value : rtmr) {
        append(all, value.view());
    }
    json::Writer out;
    out.object().key("simulated").boolean(true).key("mrtd").string(to_hex(td_.mr_td.view()));
    for (std::size_t i = 0; i < rtmr.size(); ++i) {
        out.key("rtmr" + std::to_string(i)).string(to_hex(rtmr[i].view()));
    }
    out.key("mr_aggregated").string(to_hex(crypto::sha256(all).view()));
    out.key("os_image_hash").string(to_hex(os_image_hash_.view()));
    out.key("compose_hash").string(to_hex(compose_hash_.view()));
    out.key("device_id").string(to_hex(device_id(vendor_).view()));
    out.key("event_log").raw(evidence::to_json(registers.events()));
    out.key("app_compose").string(app_compose_).end();
    return std::move(out).text();
}

}  // namespace lumoz::simtee
