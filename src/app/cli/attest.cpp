// SPDX-License-Identifier: Apache-2.0
// `lumoz attest`: evidence of the machine it runs on, over a nonce that somebody sent. It proves the machine
// and its measurements, and binds no key.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "evidence/report_data.hpp"
#include "tee/device.hpp"

#include <chrono>

namespace lumoz::app {
namespace {

constexpr std::string_view kPurpose = "lumoz.attest.v1";

Result<Nonce> read_nonce(std::string_view text) {
    const auto raw = from_hex(text);
    if (!raw || raw->size() != Nonce::kSize) {
        return fail(Errc::Usage, "E_USAGE", "cli.attest.nonce", "a nonce is 32 bytes: 64 hex digits");
    }
    return Nonce::from(*raw);
}

/// What was collected, before it is written.
struct Collected {
    Nonce nonce;
    ReportData report_data;
    tee::Evidence evidence;
    std::string info_json;
    UnixTime made_at = 0;
};

std::string document_of(const tee::Device& device, const Collected& what) {
    json::Writer out;
    out.object();
    out.key("purpose").string(kPurpose);
    out.key("made_at").integer(what.made_at);
    out.key("tee_type").string(device.tee_type());
    out.key("device").string(device.kind());
    out.key("nonce").string(to_hex(what.nonce.view()));
    out.key("report_data").string(to_hex(what.report_data.view()));
    out.key("intel_quote").string(to_hex(what.evidence.quote));
    if (!what.evidence.event_log.empty()) out.key("event_log_json").string(what.evidence.event_log);
    if (!what.evidence.cc_log.empty()) out.key("cc_eventlog").string(to_base64(what.evidence.cc_log));
    if (!what.evidence.vm_config.empty()) out.key("vm_config").string(what.evidence.vm_config);
    out.key("info").raw(what.info_json);
    out.end();
    return std::move(out).text() + "\n";
}

Answer summary(const tee::Device& device, const Collected& what, const std::string& file) {
    Answer answer{.verdict = {}, .subject = "evidence of this machine in " + file, .judged = false};
    verify::Verdict& v = answer.verdict;
    v.establish_text("purpose", kPurpose);
    v.establish_text("device", device.kind());
    v.establish_text("tee_type", device.tee_type());
    v.establish_text("nonce", to_hex(what.nonce.view()));
    v.establish_text("report_data", to_hex(what.report_data.view()));
    v.establish("quote_bytes", std::to_string(what.evidence.quote.size()));
    const bool runtime = !what.evidence.event_log.empty();
    v.establish_text("event_log_form", runtime ? "dstack" : what.evidence.cc_log.empty() ? "none" : "ccel");
    v.not_checked("N_QUOTE", "the quote: whoever receives it verifies it");
    if (!device.no_event_log().empty()) {
        v.not_checked("N_EVENT_LOG", "the firmware's event log: " + std::string(device.no_event_log()));
    }
    return answer;
}

}  // namespace

Result<Answer> attest(const AttestOptions& options, const Clock& clock) {
    Collected what;
    LUMOZ_TRY(what.nonce, read_nonce(options.nonce));
    what.report_data = evidence::attest_report_data(what.nonce);
    tee::OpenOptions open;
    open.guest_agent_socket = options.socket;
    open.root = options.root;
    open.time_limit = std::chrono::seconds(options.timeout_s);
    LUMOZ_TRY(const std::unique_ptr<tee::Device> device, tee::open(open));
    LUMOZ_TRY(what.evidence, device->quote(what.report_data));
    LUMOZ_TRY(tee::GuestInfo info, device->info());
    what.info_json = std::move(info.info_json);
    what.made_at = clock.now();
    std::string document = document_of(*device, what);
    if (options.out.empty() || options.out == "-") {
        return Answer{.verdict = {}, .subject = {}, .judged = false, .document = std::move(document)};
    }
    LUMOZ_CHECK_OK(write_output(options.out, as_bytes(document)));
    return summary(*device, what, options.out);
}

}  // namespace lumoz::app
