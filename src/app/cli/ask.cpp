// SPDX-License-Identifier: Apache-2.0
// `lumoz ask`: verifies the service, asks, collects the proof of the answer, verifies that too.
#include "app/cli/chat.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/live_evidence.hpp"
#include "app/cli/stopwatch.hpp"
#include "app/output/files.hpp"
#include "verify/answer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace lumoz::app {
namespace {

struct Exchange {
    std::string request;
    Bytes response;
    std::string id;
    std::string receipt_id;
    std::string text;
    std::string proof;
    double first_ms = 0;   ///< until the first text
    double answer_ms = 0;  ///< until the last byte
    double held_ms = 0;    ///< between the last text and the end: the receipt becomes durable
    std::size_t events = 0;
};

void show(std::string_view text, const AskOptions& options) {
    if (options.quiet) return;
    const std::string safe = printable(text);
    std::fwrite(safe.data(), 1, safe.size(), stdout);
    std::fflush(stdout);
}

Status ask_streamed(Service& service, const AskOptions& options, Exchange& out) {
    ChatStream stream;
    const Stopwatch watch;
    double last_text = 0;
    LUMOZ_TRY(const net::Response response,
              service.stream("/v1/chat/completions", as_bytes(out.request), [&](ByteView piece) {
                  append(out.response, piece);
                  const std::string text = stream.feed(piece);
                  if (!stream.done()) last_text = watch.ms();
                  if (text.empty()) return;
                  if (out.first_ms == 0) out.first_ms = watch.ms();
                  show(text, options);
              }));
    out.answer_ms = watch.ms();
    if (response.head.status != 200) return service_error("/v1/chat/completions", response);
    if (!stream.done()) {
        return fail(Errc::Io, "E_ANSWER_CUT", "cli.ask", "the stream ended without its terminal event");
    }
    out.held_ms = last_text > 0 ? out.answer_ms - last_text : 0;
    out.id = stream.id();
    out.text = stream.text();
    out.events = stream.events();
    out.receipt_id = std::string(response.head.headers.get("X-Receipt-Id"));
    return {};
}

Status ask_whole(Service& service, const AskOptions& options, Exchange& out) {
    const Stopwatch watch;
    LUMOZ_TRY(net::Response response, service.post("/v1/chat/completions", as_bytes(out.request)));
    out.answer_ms = watch.ms();
    out.first_ms = out.answer_ms;
    if (response.head.status != 200) return service_error("/v1/chat/completions", response);
    out.response = std::move(response.body);
    LUMOZ_TRY(ChatAnswer answer, chat_answer(as_text(out.response)));
    out.id = std::move(answer.id);
    out.text = std::move(answer.text);
    out.receipt_id = std::string(response.head.headers.get("X-Receipt-Id"));
    show(out.text, options);
    return {};
}

/// The proof file of decision 15, from the documents of the service.
Status collect_proof(Service& service, Exchange& out) {
    const std::string id = proof_id(out.id, out.receipt_id);
    if (id.empty()) {
        return fail(Errc::Io, "E_ANSWER_ID", "cli.ask", "the answer has no id and no X-Receipt-Id");
    }
    LUMOZ_TRY(const std::string ecdsa, service.document("/v1/signature/" + id + "?signing_algo=ecdsa"));
    LUMOZ_TRY(const std::string ed25519, service.document("/v1/signature/" + id + "?signing_algo=ed25519"));
    json::Writer w;
    w.object();
    w.key("signatures").array().raw(ecdsa).raw(ed25519).end();
    if (!out.receipt_id.empty()) {
        LUMOZ_TRY(const std::string receipt, service.document("/v1/aci/receipts/" + out.receipt_id));
        w.key("receipt").raw(receipt);
        LUMOZ_TRY(const verify::AciReceipt parsed, verify::AciReceipt::parse(receipt));
        w.key("keyset_digest").string(parsed.keyset_digest);
    }
    w.end();
    out.proof = std::move(w).text();
    return {};
}

/// Everything that another program needs to check this answer, and what was found here.
Status save(const std::string& folder, const Exchange& exchange, const std::string& report,
            const verify::Verdict& verdict) {
    if (folder.empty()) return {};
    std::error_code error;
    const std::filesystem::path path(folder);
    std::filesystem::create_directories(path, error);
    if (error) return fail(Errc::Io, "E_FILE", "cli.save", folder + ": " + error.message());
    LUMOZ_CHECK_OK(write_output((path / "request.bin").string(), as_bytes(exchange.request)));
    LUMOZ_CHECK_OK(write_output((path / "response.bin").string(), exchange.response));
    LUMOZ_CHECK_OK(write_output((path / "proof.json").string(), as_bytes(exchange.proof)));
    LUMOZ_CHECK_OK(write_output((path / "report.json").string(), as_bytes(report)));
    return write_output((path / "verdict.json").string(), as_bytes(verdict.to_json() + "\n"));
}

Status check_transport(const Service& service) {
    if (service.is_https() || service.is_loopback()) return {};
    return fail(Errc::Usage, "E_PLAIN_HTTP", "cli.ask",
                "a prompt leaves by https, or by http to this machine only: " + service.text());
}

void establish_times(verify::Verdict& verdict, const Exchange& exchange, double evidence_ms, double proof_ms,
                     double verify_ms) {
    verdict.establish("evidence_verification_ms", json_ms(evidence_ms));
    verdict.establish("first_token_ms", json_ms(exchange.first_ms));
    verdict.establish("answer_ms", json_ms(exchange.answer_ms));
    if (exchange.held_ms > 0) verdict.establish("held_for_receipt_ms", json_ms(exchange.held_ms));
    if (exchange.events > 0) verdict.establish("text_events", std::to_string(exchange.events));
    verdict.establish("proof_fetch_ms", json_ms(proof_ms));
    verdict.establish("answer_verification_ms", json_ms(verify_ms));
}

Status converse(Service& service, const AskOptions& options, const std::string& model, Exchange& exchange) {
    exchange.request = chat_body({.model = model,
                                  .prompt = options.prompt,
                                  .stream = options.stream,
                                  .max_tokens = options.max_tokens});
    LUMOZ_CHECK_OK(options.stream ? ask_streamed(service, options, exchange)
                                  : ask_whole(service, options, exchange));
    show("\n\n", options);
    return {};
}

}  // namespace

Result<Answer> ask(const AskOptions& options, const Trust& trust) {
    LUMOZ_TRY(Service service, Service::open(options.url, options.token_file));
    LUMOZ_CHECK_OK(check_transport(service));
    LUMOZ_TRY(LiveEvidence evidence, fetch_evidence(service, trust));
    LUMOZ_TRY(const std::string model, choose_model(evidence, options.model));
    Answer answer{.verdict = {}, .subject = service.text(), .fold = true};
    if (!evidence.result.verdict.accepted()) {
        answer.verdict = std::move(evidence.result.verdict);
        answer.verdict.not_reached("answer.asked", "the prompt is sent only to a service that was verified");
        return answer;
    }
    if (service.is_https()) {
        LUMOZ_CHECK_OK(service.pin(*service.peer_spki()));
    }
    if (!options.quiet) {
        std::fprintf(stderr, "%s\n\n",
                     headline(evidence.result.verdict, service.text(), Style::of(stderr)).c_str());
    }
    Exchange exchange;
    LUMOZ_CHECK_OK(converse(service, options, model, exchange));
    const Stopwatch proof_watch;
    LUMOZ_CHECK_OK(collect_proof(service, exchange));
    const double proof_ms = proof_watch.ms();
    const Stopwatch verify_watch;
    verify::Verdict answered = verify::verify_answer(as_bytes(exchange.request), exchange.response,
                                                     exchange.proof, &*evidence.result.report);
    const double verify_ms = verify_watch.ms();
    answer.verdict = std::move(evidence.result.verdict);
    answer.verdict.append(std::move(answered));
    if (options.quiet) answer.verdict.establish_text("answer", exchange.text);
    establish_times(answer.verdict, exchange, evidence.verify_ms, proof_ms, verify_ms);
    LUMOZ_CHECK_OK(save(options.save, exchange, evidence.document, answer.verdict));
    return answer;
}

}  // namespace lumoz::app
