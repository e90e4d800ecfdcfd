// SPDX-License-Identifier: Apache-2.0
// The commands of `lumoz` as functions: options in, answer out. None of them prints its own result; `main`
// does, in text or JSON (surface.md 2).
#pragma once

#include "app/cli/trust.hpp"
#include "app/output/report.hpp"
#include "app/output/section.hpp"

namespace lumoz::app {

/// What a command has to say: a verdict and what it was about.
struct Answer {
    verify::Verdict verdict;
    std::string subject;                 ///< for the first line
    bool fold = false;                   ///< rules are counted per group unless --explain
    bool judged = true;                  ///< false: nothing was checked, the facts are all there is
    std::string document = {};           ///< printed as it stands, instead of all else
    std::vector<Section> sections = {};  ///< what people read beside rules and facts
};

struct VerifyReportOptions {
    std::string file;
    std::string nonce;       ///< hex, or `none`; may be empty where the form binds none
    std::string collateral;  ///< instead of what the report brings; may be empty
};
/// Where collateral comes from when no file is named.
struct CollateralSourceOptions {
    std::string service;      ///< URL of Intel's service or of a caching one
    std::string cache;        ///< folder; empty: nothing is kept
    std::string ca_file;      ///< PEM of the authorities for an https service; empty: the system's
    std::string spki_sha256;  ///< hex: accept exactly this key of the service
    std::string update = "standard";  ///< or `early`
    std::int64_t evaluation = -1;     ///< data set by number; -1: by `update`
};
struct CollateralOptions {
    CollateralSourceOptions source;
    std::string quote;  ///< whose platform is meant; else the three that follow
    std::string tee = "tdx";
    std::string fmspc;
    std::string ca = "platform";
    std::string file;  ///< bundle to read
    std::string out;   ///< bundle to write
};
struct VerifyQuoteOptions {
    std::string file;
    std::string collateral;  ///< empty: `source`
    CollateralSourceOptions source;
    std::string event_log;  ///< optional
};
struct VerifyAnswerOptions {
    std::string request;
    std::string response;
    std::string proof;
    std::string report;      ///< a saved report, or stored evidence of a keyset
    std::string url;         ///< where stored evidence is fetched
    std::string token_file;  ///< for `url`
};
struct VerifyUrlOptions {
    std::string url;
    std::string model;  ///< must be among the proven models
    std::string token_file;
    std::string bundle;  ///< where everything that is needed to verify it again is written; may be empty
};
struct AttestOptions {
    std::string nonce;       ///< 64 hex digits
    std::string out;         ///< empty: the document goes to stdout
    std::string socket;      ///< of the guest agent; empty: the usual interfaces
    std::string root = "/";  ///< folder below which interfaces are looked for
    std::int64_t timeout_s = 30;
};
struct AskOptions {
    std::string url;
    std::string prompt;
    std::string model;  ///< empty: the service's only model
    std::string token_file;
    std::string save;  ///< folder for request.bin, response.bin, proof.json, report.json, verdict.json
    bool stream = false;
    std::int64_t max_tokens = 0;  ///< 0: the service's default
    bool quiet = false;           ///< the answer is not written to stdout (with --json)
};

/// A saved report, offline, for the nonce that was asked for.
Result<Answer> verify_report_file(const VerifyReportOptions& options, const Trust& trust);
/// An Intel TDX or SGX quote with its collateral, and an event log against its registers.
Result<Answer> verify_quote_file(const VerifyQuoteOptions& options, const Trust& trust);
/// Asks a service for the collateral of a platform, checks it, and writes it to a cache, a file or both.
Result<Answer> collateral_fetch(const CollateralOptions& options, const Trust& trust);
/// Writes the cached collateral of a platform as one file; offline.
Result<Answer> collateral_export(const CollateralOptions& options, const Trust& trust);
/// Takes a file into a cache; offline.
Result<Answer> collateral_import(const CollateralOptions& options, const Trust& trust);
/// What a file says, checked; offline.
Result<Answer> collateral_show(const CollateralOptions& options, const Trust& trust);
/// The bundle for a quote from service and cache. `E_USAGE` when neither is named; errors of
/// collateral::Keeper.
Result<std::string> collateral_for(ByteView quote, const CollateralSourceOptions& source, const Trust& trust);
/// The bytes of one exchange against signatures, receipt and evidence.
Result<Answer> verify_answer_files(const VerifyAnswerOptions& options, const Trust& trust);
/// A bundle that `verify URL --bundle` wrote, offline.
Result<Answer> verify_bundle_file(const std::string& file, const Trust& trust);
/// A live service with a fresh nonce.
Result<Answer> verify_url(const VerifyUrlOptions& options, const Trust& trust);
/// One question to a service that is verified first, and the proof of its answer.
Result<Answer> ask(const AskOptions& options, const Trust& trust);
/// Evidence of this machine over a nonce, for whoever asked; nothing is verified. Runs inside a TEE.
Result<Answer> attest(const AttestOptions& options, const Clock& clock);
/// What a receipt (or the receipt in a proof file) says, unchecked.
Result<Answer> show_receipt(const std::string& file);
/// Identity of a model: a file or a folder.
Result<Answer> model_root(const std::string& path);

}  // namespace lumoz::app
