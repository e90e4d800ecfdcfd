// SPDX-License-Identifier: Apache-2.0
#include "gateway/siblings.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "gateway/question_limit.hpp"
#include "net/one_shot.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::size_t kMaxReport = std::size_t{4} << 20;
constexpr json::Limits kLimits{.max_bytes = std::size_t{16} << 20, .max_depth = 64};

bool is_object(ByteView body) {
    const auto parsed = json::Document::parse(as_text(body), kLimits);
    return parsed && parsed->root().is_object();
}

/// `signing_address` of a report or node; empty when there is none.
std::string address_of(std::string_view text) {
    const auto parsed = json::Document::parse(text, kLimits);
    const auto address = parsed ? parsed->root().find("signing_address") : std::nullopt;
    return address ? address->as_string().value_or("") : "";
}

/// `text` with `nodes` behind the last element of its array `name`.
std::string with_nodes(std::string text, std::string_view name, const std::string& nodes) {
    const auto parsed = json::Document::parse(text, kLimits);
    const auto array = parsed ? parsed->root().find(name) : std::nullopt;
    if (!array || !array->is_array()) return text;
    const std::size_t end = array->offset() + array->raw().size() - 1;
    const bool first = array->size() == 0;
    text.insert(end, first ? nodes : "," + nodes);
    return text;
}

}  // namespace

/// The answers of one round; on one loop.
class Siblings::Round {
public:
    Round(net::Loop& loop, std::size_t count) : done(loop), reports_(count), left_(count) {}
    void answered(std::size_t index, std::string report) {
        reports_[index] = std::move(report);
        if (--left_ == 0) done.set(true);
    }
    /// Those that are there.
    [[nodiscard]] std::vector<std::string> reports() const {
        std::vector<std::string> out;
        for (const std::string& report : reports_)
            if (!report.empty()) out.push_back(report);
        return out;
    }
    std::string query;
    net::OneShot<bool> done;

private:
    std::vector<std::string> reports_;
    std::size_t left_;
};

Result<std::unique_ptr<Siblings>> Siblings::make(const std::vector<std::string>& urls,
                                                 std::chrono::milliseconds limit) {
    std::unique_ptr<Siblings> out(new Siblings);
    out->limit_ = limit;
    for (const std::string& text : urls) {
        LUMOZ_TRY(net::Url url, net::parse_url(text));
        net::ClientOptions options;
        options.connect_timeout = limit;
        options.head_timeout = limit;
        options.read_timeout = limit;
        if (url.scheme == net::Url::Scheme::Https) {
            // A replica's certificate is its own: what proves it is the evidence, not an authority.
            LUMOZ_TRY(net::TlsContext tls, net::TlsContext::client_without_verification());
            options.tls = std::make_shared<const net::TlsContext>(std::move(tls));
        }
        out->clients_.push_back(std::make_unique<engine::ClientPerLoop>(std::move(url), std::move(options)));
    }
    return out;
}

net::Task<void> Siblings::ask(net::Loop& loop, std::size_t index, std::shared_ptr<Round> round) {
    std::string report;
    const net::Headers headers{{"Accept-Encoding", "identity"}};
    std::string method = "GET";
    std::string target = "/v1/attestation/report?" + round->query;
    net::Client& client = clients_[index]->of(loop);
    QuestionLimit limit(loop, limit_);
    auto sent = co_await client.send(std::move(method), std::move(target), headers, {}, &limit.token);
    std::string trouble = sent ? std::string() : std::string(sent.error().rule);
    if (sent && (*sent)->head().status == 200) {
        limit.exchange = sent->get();
        const Result<Bytes> body = co_await (*sent)->read_all(kMaxReport);
        limit.exchange = nullptr;
        if (body && is_object(*body)) {
            report = as_text(*body);
        } else {
            trouble = body ? "E_REPORT_PARSE" : std::string(body.error().rule);
        }
    }
    if (!trouble.empty())
        log::warn("sibling", {{"index", static_cast<std::int64_t>(index)}, {"rule", trouble}});
    round->answered(index, std::move(report));
}

net::Task<std::vector<std::string>> Siblings::reports(net::Loop& loop, std::string query) {
    if (clients_.empty()) co_return std::vector<std::string>();
    const auto round = std::make_shared<Round>(loop, clients_.size());
    round->query = std::move(query);
    for (std::size_t i = 0; i < clients_.size(); ++i)
        loop.spawn(ask(loop, i, round));
    co_await round->done.wait();
    co_return round->reports();
}

std::string with_siblings(std::string_view report, const std::vector<std::string>& siblings) {
    std::string out(report);
    if (siblings.empty()) return out;
    const std::string own = address_of(report);
    std::string nodes;
    for (const std::string& sibling : siblings) {
        const auto parsed = json::Document::parse(sibling, kLimits);
        const auto node = parsed ? parsed->root().find("gateway_attestation") : std::nullopt;
        if (!node || !node->is_object()) continue;
        if (!own.empty() && address_of(node->raw()) == own) continue;
        if (!nodes.empty()) nodes += ',';
        nodes += node->raw();
    }
    if (nodes.empty()) return out;
    out = with_nodes(std::move(out), "all_attestations", nodes);
    return with_nodes(std::move(out), "model_attestations", nodes);
}

}  // namespace lumoz::gateway
