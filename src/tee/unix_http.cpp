// SPDX-License-Identifier: Apache-2.0
#include "tee/unix_http.hpp"

#include "tee/socket_io.hpp"

#include <array>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.socket";

Result<HttpAnswer> read_answer(int fd, std::size_t max_body, Deadline deadline) {
    HttpAnswerParser parser(max_body);
    std::array<std::uint8_t, 16384> buffer;
    while (!parser.done()) {
        LUMOZ_TRY(const std::size_t n, receive_some(fd, buffer, deadline));
        if (n == 0) {
            return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, "the answer ends before it is whole");
        }
        LUMOZ_CHECK_OK(parser.feed(as_text(ByteView(buffer).first(n))));
    }
    return std::move(parser).take();
}

}  // namespace

Result<HttpAnswer> unix_post(const std::string& path, std::string_view target, std::string_view json,
                             std::size_t max_body, Deadline deadline) {
    LUMOZ_TRY(const Descriptor fd, unix_connect(path, deadline));
    std::string request = "POST ";
    request.append(target).append(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n"
        "Content-Type: application/json\r\nContent-Length: ");
    request.append(std::to_string(json.size())).append("\r\n\r\n").append(json);
    LUMOZ_CHECK_OK(send_all(fd.get(), as_bytes(request), deadline));
    return read_answer(fd.get(), max_body, deadline);
}

}  // namespace lumoz::tee
