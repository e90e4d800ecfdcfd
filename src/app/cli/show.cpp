// SPDX-License-Identifier: Apache-2.0
// `lumoz receipt show` and `lumoz model root`: what a thing says or is, without a judgement.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "engine/model_identity.hpp"
#include "verify/receipt_check.hpp"

#include <cstdio>
#include <unistd.h>

namespace lumoz::app {
namespace {

/// The receipt itself, or the member of a proof file.
Result<verify::AciReceipt> receipt_in(std::string_view text) {
    LUMOZ_TRY(const json::Document document,
              json::Document::parse(text, {.max_bytes = kMaxDocument, .max_depth = 32}));
    const auto inner = document.root().find("receipt");
    return verify::AciReceipt::from(inner ? *inner : document.root());
}

void establish_optional(verify::Verdict& verdict, std::string_view name,
                        const std::optional<std::string>& text) {
    if (text) verdict.establish_text(name, *text);
}

std::string event_types(const verify::AciReceipt& receipt) {
    json::Writer w;
    w.array();
    for (const verify::ReceiptEvent& event : receipt.events)
        w.string(event.type);
    w.end();
    return std::move(w).text();
}

void show_progress(std::uint64_t done, std::uint64_t total) {
    if (isatty(STDERR_FILENO) != 1 || total < (std::uint64_t{64} << 20)) return;
    std::fprintf(stderr, "\rhashing %llu of %llu MiB%s", static_cast<unsigned long long>(done >> 20),
                 static_cast<unsigned long long>(total >> 20), done == total ? "\n" : "");
}

}  // namespace

Result<Answer> show_receipt(const std::string& file) {
    LUMOZ_TRY(const std::string text, read_text(file));
    const auto parsed = receipt_in(text);
    if (!parsed) {
        const bool json = parsed.error().rule == "E_JSON";
        return fail(parsed.error().code, json ? "E_RECEIPT_PARSE" : parsed.error().rule, "cli.receipt",
                    file + ": " + parsed.error().detail);
    }
    const verify::AciReceipt& receipt = *parsed;
    Answer answer{.verdict = {}, .subject = "receipt " + receipt.receipt_id, .judged = false};
    verify::Verdict& v = answer.verdict;
    v.establish_text("receipt_id", receipt.receipt_id);
    establish_optional(v, "chat_id", receipt.chat_id);
    establish_optional(v, "model", receipt.model);
    v.establish_text("endpoint", receipt.method + " " + receipt.endpoint);
    v.establish_text("served_at", to_rfc3339(receipt.served_at));
    establish_optional(v, "request_hash", receipt.request_hash);
    establish_optional(v, "forwarded_hash", receipt.forwarded_hash);
    establish_optional(v, "response_hash", receipt.response_hash);
    establish_optional(v, "model_root", receipt.model_root);
    establish_optional(v, "config_sha256", receipt.config_sha256);
    establish_optional(v, "gpu_sha256", receipt.gpu_sha256);
    v.establish("complete", receipt.complete ? "true" : "false");
    establish_optional(v, "cut_by", receipt.cut_by);
    v.establish_text("keyset_digest", receipt.keyset_digest);
    v.establish_text("key_id", receipt.key_id);
    v.establish_text("signature", receipt.signature);
    v.establish("events", event_types(receipt));
    v.not_checked("N_RECEIPT",
                  "nothing was checked: this is what the receipt says. `lumoz verify answer` checks it");
    return answer;
}

Result<Answer> model_root(const std::string& path) {
    engine::ModelRootOptions options;
    options.progress = show_progress;
    const auto made = engine::model_identity(path, options);
    if (!made) {
        return fail(made.error().code, made.error().rule, made.error().where,
                    path + ": " + made.error().detail);
    }
    const engine::ModelIdentity& identity = *made;
    Answer answer{.verdict = {}, .subject = identity.model_root() + "  " + path, .judged = false};
    verify::Verdict& v = answer.verdict;
    v.establish_text("model_root", identity.model_root());
    v.establish_text("root", to_hex(identity.root.view()));
    v.establish_text("root_components", to_hex(identity.root_components.view()));
    v.establish_text("method", identity.method);
    v.establish("files", std::to_string(identity.resources.size()));
    v.establish("bytes", std::to_string(identity.bytes));
    return answer;
}

}  // namespace lumoz::app
