// SPDX-License-Identifier: Apache-2.0
#include "tee/guest_agent.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/tdx_layout.hpp"
#include "tee/report_data.hpp"
#include "tee/socket_io.hpp"
#include "tee/unix_http.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.guest_agent";
constexpr std::size_t kMaxAnswer = std::size_t{4} << 20;
constexpr std::size_t kMaxErrorText = 200;
constexpr json::Limits kLimits{.max_bytes = kMaxAnswer, .max_depth = 16};

std::unexpected<Error> no_answer(std::string detail) {
    return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, std::move(detail));
}

/// One way of asking. Names changed over the years, shapes hardly: bytes are hex, newer answers have more.
struct Dialect {
    std::string_view quote;
    std::string_view info;
    /// Members beside `report_data` that make the agent take it as it is.
    std::string_view more;
};
/// Newest first. An agent that answers 404 to one is asked in the next.
constexpr Dialect kDialects[] = {
    {.quote = "/GetQuote", .info = "/Info", .more = ""},
    {.quote = "/prpc/Tappd.RawQuote", .info = "/prpc/Tappd.Info", .more = ""},
    // Hashes what it is given unless told not to.
    {.quote = "/prpc/Tappd.TdxQuote",
     .info = "/prpc/Tappd.Info",
     .more = R"(,"hash_algorithm":"raw","prefix":"")"},
};
constexpr std::size_t kFirstOfTappd = 1;

/// The agent's own words, cut and without control characters.
std::string cleaned(std::string text) {
    text.resize(std::min(text.size(), kMaxErrorText));
    std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return text;
}

std::unexpected<Error> refused(const HttpAnswer& answer) {
    std::string detail = "status " + std::to_string(answer.status);
    const auto document = json::Document::parse(answer.body, kLimits);
    if (document) {
        const auto member = document->root().find("error");
        if (const auto text = member ? member->as_string() : std::nullopt) detail += ": " + cleaned(*text);
    }
    return fail(Errc::Unavailable, "E_TEE_REFUSED", kWhere, std::move(detail));
}

/// Optional text member of an answer: absent and null are empty.
Result<std::string> text_member(const json::Value& object, std::string_view name) {
    const auto member = object.find(name);
    if (!member || member->is_null()) return std::string();
    const auto text = member->as_string();
    if (!text) return no_answer("member " + std::string(name) + " is not a text");
    return *text;
}

class GuestAgent final : public Device {
public:
    GuestAgent(std::string socket, std::chrono::milliseconds time_limit)
        : socket_(std::move(socket)),
          time_limit_(time_limit),
          dialect_(std::filesystem::path(socket_).filename() == "tappd.sock" ? kFirstOfTappd : 0) {}

    std::string_view kind() const override { return "guest-agent"; }
    std::string_view tee_type() const override { return "tdx"; }

    Result<Evidence> quote(const ReportData& report_data) override {
        const std::string hex = to_hex(report_data.view());
        LUMOZ_TRY(const std::string body, ask([&hex](const Dialect& dialect) {
                      return Question{dialect.quote,
                                      R"({"report_data":")" + hex + "\"" + std::string(dialect.more) + "}"};
                  }));
        auto document = json::Document::parse(body, kLimits);
        if (!document) return no_answer(std::move(document).error().detail);
        return read_evidence(document->root(), report_data);
    }

    Result<GuestInfo> info() override {
        LUMOZ_TRY(std::string body, ask([](const Dialect& d) { return Question{d.info, "{}"}; }));
        auto document = json::Document::parse(body, kLimits);
        if (!document) return no_answer(std::move(document).error().detail);
        if (!document->root().is_object()) return no_answer("the answer is not an object");
        return GuestInfo{std::string(document->root().raw())};
    }

private:
    struct Question {
        std::string_view target;
        std::string json;
    };

    static Result<Evidence> read_evidence(const json::Value& root, const ReportData& report_data) {
        if (!root.is_object()) return no_answer("the answer is not an object");
        LUMOZ_TRY(std::string quote_hex, text_member(root, "quote"));
        if (quote_hex.starts_with("0x")) quote_hex.erase(0, 2);  // agents before the namespaced sockets
        if (quote_hex.size() > 2 * evidence::kMaxQuoteSize) {
            return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, "the quote is over 65536 bytes");
        }
        auto quote = from_hex(quote_hex);
        if (!quote) return no_answer("member quote is not hex");
        LUMOZ_CHECK_OK(check_quote_answers(*quote, report_data));
        Evidence out;
        out.quote = *std::move(quote);
        LUMOZ_TRY(out.event_log, text_member(root, "event_log"));
        LUMOZ_TRY(out.vm_config, text_member(root, "vm_config"));
        return out;
    }

    /// The body of a 2xx answer, in the first dialect that the agent knows.
    template <class Ask>
    Result<std::string> ask(Ask question_in) {
        const Deadline deadline = std::chrono::steady_clock::now() + time_limit_;
        if (!turn_.take(deadline)) {
            return fail(Errc::Unavailable, "E_TEE_BUSY", kWhere, "others kept the device past the deadline");
        }
        auto answer = ask_in_turn(question_in, deadline);
        turn_.give_back();
        if (!answer) return std::unexpected(std::move(answer).error());
        if (answer->status >= 300) return refused(*answer);
        return std::move(answer->body);
    }

    /// Requires: the turn is taken.
    template <class Ask>
    Result<HttpAnswer> ask_in_turn(Ask question_in, Deadline deadline) {
        const std::size_t first = dialect_;
        Result<HttpAnswer> answer = HttpAnswer{};
        for (std::size_t i = first; i < std::size(kDialects); ++i) {
            const Question question = question_in(kDialects[i]);
            answer = unix_post(socket_, question.target, question.json, kMaxAnswer, deadline);
            if (!answer) return answer;
            if (answer->status != kNotFound) {
                if (answer->status < 300) dialect_ = i;
                return answer;
            }
        }
        return answer;
    }

    static constexpr int kNotFound = 404;

    std::string socket_;
    std::chrono::milliseconds time_limit_;
    std::size_t dialect_;  ///< the first to be tried; belongs to whoever has the turn
    Turn turn_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_guest_agent(const std::string& socket,
                                                 std::chrono::milliseconds time_limit) {
    LUMOZ_CHECK_OK(unix_connect(socket, std::chrono::steady_clock::now() + time_limit));
    return std::make_unique<GuestAgent>(socket, time_limit);
}

}  // namespace lumoz::tee
