// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 messages (RFC 9112): heads, headers, the strict head parser and the chunk decoder. Refused, since
// two readers could take them apart differently: bare LF, bare CR, obs-fold, white space before the colon,
// Content-Length with Transfer-Encoding, two Content-Lengths or Hosts, encodings other than `chunked`.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lumoz::net {

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/// Header fields in order. Storage is kept by `clear`, so a reused object does not allocate.
class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<HeaderView> fields) {
        for (const HeaderView& f : fields) {
            add(f.name, f.value);
        }
    }
    /// Requires for what is to be sent: a token name and a value without CR, LF and NUL (`is_sendable`).
    void add(std::string_view name, std::string_view value);
    /// Removes all fields of that name, then adds.
    void set(std::string_view name, std::string_view value);
    void clear();
    /// First field of that name in any case.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    /// Its value, or an empty text.
    [[nodiscard]] std::string_view get(std::string_view name) const { return find(name).value_or(""); }
    [[nodiscard]] std::size_t count(std::string_view name) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// Field `index` in order; the views live until the next change.
    [[nodiscard]] HeaderView operator[](std::size_t index) const;

private:
    struct Entry {
        std::uint32_t offset, name_size, value_size;
    };
    std::string text_;
    std::vector<Entry> entries_;
};

/// ASCII case-insensitive comparison.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
/// True when the field can be written without changing the message's structure.
[[nodiscard]] bool is_sendable(const HeaderView& field);
/// True when the comma-separated list has this token, in any case.
[[nodiscard]] bool has_token(std::string_view list, std::string_view token);

struct RequestHead {
    std::string method;
    std::string target;  ///< as on the wire
    Headers headers;
    bool http11 = true;
    bool keep_alive = true;
    bool chunked = false;
    bool expect_continue = false;
    std::optional<std::uint64_t> content_length;

    /// Target before the first '?', as on the wire (nothing is decoded).
    [[nodiscard]] std::string_view path() const;
    /// Target behind the first '?'.
    [[nodiscard]] std::string_view query() const;
    [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

struct ResponseHead {
    int status = 0;
    Headers headers;
    bool http11 = true;
    bool keep_alive = true;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;
};

struct HeadLimits {
    std::size_t bytes = std::size_t{32} << 10;  ///< start line and fields
    std::size_t fields = 100;
};

/// Length of the head at the start of `data` with its empty line, or nothing yet. `from`: where an earlier
/// call with less data stopped looking, 0 at first. `E_HTTP_HEAD_TOO_LARGE` (Limit).
Result<std::optional<std::size_t>> find_head(std::string_view data, std::size_t& from,
                                             const HeadLimits& limits);
/// One whole head (as found by `find_head`). `E_HTTP_REQUEST`, `E_HTTP_FRAMING` (Malformed),
/// `E_HTTP_HEAD_TOO_LARGE` (too many fields), `E_HTTP_VERSION` and `E_HTTP_ENCODING` (Unsupported).
Status parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out);
/// `E_HTTP_RESPONSE`, `E_HTTP_FRAMING`, `E_HTTP_HEAD_TOO_LARGE`, `E_HTTP_VERSION`, `E_HTTP_ENCODING`.
Status parse_response_head(std::string_view head, const HeadLimits& limits, ResponseHead& out);

/// Takes the chunked coding apart, in any pieces. Extensions are skipped, trailers are checked and dropped.
class ChunkDecoder {
public:
    struct Step {
        std::size_t used = 0;  ///< bytes taken from the input
        ByteView data;         ///< content inside the input, may be empty
    };
    /// Next step; call again with the rest until `done()` or nothing was used. `E_HTTP_CHUNK`.
    Result<Step> next(ByteView input);
    [[nodiscard]] bool done() const { return state_ == State::Done; }

private:
    enum class State : std::uint8_t {
        Size,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        Trailer,
        TrailerLf,
        Done
    };
    Status control(std::uint8_t byte);
    State state_ = State::Size;
    std::uint8_t digits_ = 0;
    bool line_empty_ = true;
    std::uint32_t overhead_ = 0;
    std::uint64_t left_ = 0;
};

/// Reason phrase of a status code, "Status" when unknown.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace lumoz::net
