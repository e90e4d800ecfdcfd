// SPDX-License-Identifier: Apache-2.0
#include "app/cli/chat.hpp"

#include "app/output/files.hpp"
#include "base/json.hpp"

namespace lumoz::app {
namespace {

constexpr json::Limits kLimits{.max_bytes = kMaxBody, .max_depth = 64};
constexpr std::size_t kMaxLine = std::size_t{8} << 20;

/// `choices[0].<part>.content`, empty when there is none.
std::string content_of(const json::Value& root, std::string_view part) {
    const auto choices = root.find("choices");
    if (!choices || choices->size() == 0) return {};
    const auto message = choices->elements().front().find(part);
    const auto content = message ? message->find("content") : std::nullopt;
    return content ? content->as_string().value_or("") : "";
}

std::string id_of(const json::Value& root) {
    const auto id = root.find("id");
    return id ? id->as_string().value_or("") : "";
}

}  // namespace

std::string chat_body(const ChatRequest& request) {
    json::Writer w;
    w.object();
    w.key("model").string(request.model);
    w.key("messages").array().object();
    w.key("role").string("user");
    w.key("content").string(request.prompt);
    w.end().end();
    if (request.max_tokens > 0) w.key("max_tokens").integer(request.max_tokens);
    w.key("stream").boolean(request.stream);
    w.end();
    return std::move(w).text();
}

Result<ChatAnswer> chat_answer(std::string_view body) {
    const auto document = json::Document::parse(body, kLimits);
    if (!document || !document->root().find("choices")) {
        return fail(Errc::Io, "E_ANSWER_FORM", "cli.chat", "the answer is not a chat completion");
    }
    return ChatAnswer{.id = id_of(document->root()), .text = content_of(document->root(), "message")};
}

std::string proof_id(const std::string& id, const std::string& receipt_id) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
    const bool usable = !id.empty() && id.find_first_not_of(kPlain) == std::string::npos &&
                        id.find("..") == std::string::npos;
    return usable ? id : receipt_id;
}

std::string ChatStream::feed(ByteView piece) {
    std::string added;
    pending_.append(as_text(piece));
    std::size_t begin = 0;
    for (std::size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
        added += take_line(std::string_view(pending_).substr(begin, end - begin));
        begin = end + 1;
    }
    pending_.erase(0, begin);
    // A line without end is of no use to the reader; the bytes themselves are kept by the caller.
    if (pending_.size() > kMaxLine) pending_.clear();
    text_ += added;
    return added;
}

std::string ChatStream::take_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    constexpr std::string_view kData = "data:";
    if (done_ || !line.starts_with(kData)) return {};
    line.remove_prefix(kData.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (line == "[DONE]") {
        done_ = true;
        return {};
    }
    const auto document = json::Document::parse(line, kLimits);
    if (!document) return {};
    if (id_.empty()) id_ = id_of(document->root());
    std::string content = content_of(document->root(), "delta");
    if (!content.empty()) ++events_;
    return content;
}

}  // namespace lumoz::app
