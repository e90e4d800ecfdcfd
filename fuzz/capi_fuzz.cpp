// SPDX-License-Identifier: Apache-2.0
// The C interface: the first byte chooses the function, the rest are its buffers, split at `|`. Whatever
// comes in, the status is one of the five, the document is JSON that agrees with it, and nothing unsigned is
// accepted.
#include "base/json.hpp"
#include "capi/lumoz.h"
#include "fuzz.hpp"

namespace {

constexpr std::size_t kBuffers = 5;

struct Input {
    lumoz_bytes buffers[kBuffers] = {};
    Input(const std::uint8_t* data, std::size_t size) {
        std::size_t at = 0;
        for (lumoz_bytes& buffer : buffers) {
            std::size_t end = at;
            while (end < size && (data[end] != '|' || &buffer == &buffers[kBuffers - 1]))
                ++end;
            buffer = {data + at, end - at};
            at = end < size ? end + 1 : size;
        }
    }
};

int call(std::uint8_t choice, const lumoz_trust* trust, const Input& in, lumoz_text* out) {
    const lumoz_bytes* b = in.buffers + 1;
    switch (choice % 3) {
        case 0:
            return lumoz_verify_quote(trust, b[0], b[1], b[2], out);
        case 1:
            return lumoz_verify_report(trust, b[0], b[1].size >= 32 ? b[1].data : nullptr, b[2], out);
        default:
            return lumoz_verify_answer(trust, b[0], b[1], b[2], b[3], out);
    }
}

std::string_view result_of(int status) {
    switch (status) {
        case LUMOZ_ACCEPTED:
            return "accept";
        case LUMOZ_REFUSED:
            return "reject";
        case LUMOZ_UNSUPPORTED:
            return "unsupported";
        case LUMOZ_MALFORMED:
            return "malformed";
        default:
            return "error";
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    if (size == 0) return 0;
    const Input in(data + 1, size - 1);
    lumoz_trust trust = {};
    trust.size = sizeof trust;
    trust.now = 1'800'000'000;
    trust.policy = in.buffers[0];
    lumoz_text text = {};
    const int status = call(data[0], &trust, in, &text);
    hold(text.data != nullptr && text.data[text.size] == '\0');
    const std::string document(text.data, text.size);
    lumoz_text_free(&text);
    hold(text.data == nullptr && text.size == 0);
    const auto parsed =
        lumoz::json::Document::parse(document, {.max_bytes = std::size_t{64} << 20, .max_depth = 64});
    hold(parsed.has_value());
    const std::string result = parsed->root().find("result")->as_string().value_or("");
    // A text that cannot be read at all, such as odd hex, is an error with the status of malformed input.
    hold(result == result_of(status) || (result == "error" && status == LUMOZ_MALFORMED));
    // Only an answer whose policy takes an unknown signer can be accepted here: no root signs for a fuzzer.
    if (status == LUMOZ_ACCEPTED) hold(data[0] % 3 == 2);
    hold(call(data[0], &trust, in, nullptr) == status);
    return 0;
}
