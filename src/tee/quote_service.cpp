// SPDX-License-Identifier: Apache-2.0
#include "tee/quote_service.hpp"

#include "base/trim.hpp"
#include "tee/qgs_message.hpp"
#include "tee/retry.hpp"

#include <cerrno>
#include <charconv>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.quote_service";
constexpr std::size_t kMaxConf = 65536;

/// Exactly `out.size()` bytes.
Status receive_all(int fd, std::span<std::uint8_t> out, Deadline deadline) {
    while (!out.empty()) {
        LUMOZ_TRY(const std::size_t n, receive_some(fd, out, deadline));
        if (n == 0) {
            return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, "the answer ends before it is whole");
        }
        out = out.subspan(n);
    }
    return {};
}

}  // namespace

Result<std::uint32_t> quote_service_port(std::string_view text) {
    std::uint32_t port = kDefaultQuotePort;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, std::min(text.substr(0, end).find('#'), end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != "port") continue;
        const std::string_view value = trimmed(line.substr(equals + 1));
        const char* const last = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), last, port);
        if (error != std::errc() || stop != last || port == 0) {
            return fail(Errc::Usage, "E_TEE_CONF", kWhere, "the quote service's port is not a number from 1");
        }
    }
    return port;
}

Result<std::uint32_t> read_quote_service_port(KernelFiles& files, const std::filesystem::path& path) {
    Bytes text;
    const std::int64_t result = read_whole(files, path, kMaxConf, text);
    if (result == -ENOENT || result == -ENOTDIR) return kDefaultQuotePort;
    if (result < 0) return kernel_error(kWhere, path.string(), result);
    return quote_service_port(as_text(text));
}

Result<Bytes> ask_quote_service(const Connect& connect, ByteView td_report, Deadline deadline) {
    LUMOZ_TRY(const Descriptor fd, connect(deadline));
    LUMOZ_CHECK_OK(send_all(fd.get(), qgs_quote_request(td_report), deadline));
    Bytes message(kQgsPrefix);
    LUMOZ_CHECK_OK(receive_all(fd.get(), message, deadline));
    LUMOZ_TRY(const std::size_t size, qgs_message_size(message));
    message.resize(size);
    LUMOZ_CHECK_OK(receive_all(fd.get(), message, deadline));
    return parse_qgs_quote(message);
}

}  // namespace lumoz::tee
