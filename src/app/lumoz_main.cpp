// SPDX-License-Identifier: Apache-2.0
// `lumoz`: one command for every user's job (surface.md 2 and 3). This file knows the command line and
// nothing else; what a command does stands in cli/.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "crypto/selftest.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <functional>

namespace {

using namespace std::string_literals;
using lumoz::Error;
using lumoz::Result;
using lumoz::app::Answer;
using lumoz::app::Style;

/// Everything that can be typed.
struct Arguments {
    lumoz::app::TrustOptions trust;
    lumoz::app::OutputOptions output;
    lumoz::app::VerifyUrlOptions verify_url;
    lumoz::app::VerifyReportOptions report;
    lumoz::app::VerifyQuoteOptions quote;
    lumoz::app::VerifyAnswerOptions answer;
    lumoz::app::AskOptions ask;
    lumoz::app::AttestOptions attest;
    lumoz::app::CollateralOptions collateral;
    std::string bundle_file;
    std::string receipt_file;
    std::string model_path;
};

/// The command that was chosen.
using Command = std::function<Result<Answer>()>;

void add_output(CLI::App& app, Arguments& args) {
    app.add_flag("--json", args.output.json, "one JSON document on stdout");
}

void add_trust(CLI::App& app, Arguments& args) {
    add_output(app, args);
    app.add_option("--policy", args.trust.policy_file, "what is acceptable, as JSON")->type_name("FILE");
    app.add_option(
           "--root-spki", args.trust.root_spkis,
           "also accept this root: SHA-256 of its SubjectPublicKeyInfo (the verdict then says SIMULATED)")
        ->type_name("HEX")
        ->expected(1)
        ->take_all();
    app.add_option("--at", args.trust.at, "stands for the clock")->type_name("TIME");
    app.add_flag("-v,--explain", args.output.explain,
                 "one line per rule, and everything that there is to say");
    app.add_flag("--brief", args.output.brief, "rules counted per group");
}

/// Runs a command with the trust options read first.
Command trusting(Arguments& args, std::function<Result<Answer>(const lumoz::app::Trust&)> run) {
    return [&args, run = std::move(run)]() -> Result<Answer> {
        const lumoz::SystemClock clock;
        LUMOZ_TRY(const lumoz::app::Trust trust, lumoz::app::read_trust(args.trust, clock));
        return run(trust);
    };
}

/// Options that name service, cache and data set, each with `prefix` before its name.
void add_collateral_source(CLI::App& app, lumoz::app::CollateralSourceOptions& source,
                           const std::string& prefix) {
    app.add_option(prefix + "service", source.service,
                   "Intel's provisioning certification service or a caching one, API v4")
        ->type_name("URL");
    app.add_option(prefix + "cache", source.cache, "folder of checked documents")->type_name("DIR");
    app.add_option(prefix + "ca-file", source.ca_file, "authorities for an https service, PEM")
        ->type_name("FILE");
    app.add_option(prefix + "service-spki", source.spki_sha256,
                   "accept exactly this key of the service: SHA-256 of its SubjectPublicKeyInfo")
        ->type_name("HEX");
    auto* update = app.add_option(prefix + "update", source.update, "data set: the one in force, or the newest")
                       ->check(CLI::IsMember({"standard", "early"}));
    app.add_option(prefix + "eval", source.evaluation, "data set by its number")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{0xffffffff}))
        ->excludes(update);
}

void add_platform(CLI::App& app, lumoz::app::CollateralOptions& options) {
    auto* quote = app.add_option("--quote", options.quote, "a quote of the platform")->type_name("FILE");
    app.add_option("--tee", options.tee, "kind of quotes: tdx or sgx")
        ->check(CLI::IsMember({"tdx", "sgx"}))
        ->excludes(quote);
    app.add_option("--fmspc", options.fmspc, "platform family, 12 hex digits")
        ->type_name("HEX")
        ->excludes(quote);
    app.add_option("--ca", options.ca, "who issued the platform's certificate: platform or processor")
        ->check(CLI::IsMember({"platform", "processor"}))
        ->excludes(quote);
}

void add_collateral(CLI::App& app, Arguments& args, Command& command) {
    CLI::App& all = *app.add_subcommand("collateral", "the vendor's documents that a verification needs");
    all.require_subcommand(1);
    lumoz::app::CollateralOptions& options = args.collateral;
    using Run = Result<Answer> (*)(const lumoz::app::CollateralOptions&, const lumoz::app::Trust&);
    const auto add = [&](const char* name, const char* what, Run run) -> CLI::App& {
        CLI::App& sub = *all.add_subcommand(name, what);
        add_trust(sub, args);
        sub.callback([&args, &command, run] {
            command = trusting(args, [&args, run](const auto& trust) { return run(args.collateral, trust); });
        });
        return sub;
    };
    CLI::App& fetch = add("fetch", "ask a service", lumoz::app::collateral_fetch);
    CLI::App& save = add("export", "write what a cache has as one file", lumoz::app::collateral_export);
    CLI::App& load = add("import", "take a file into a cache", lumoz::app::collateral_import);
    CLI::App& show = add("show", "what a file has, checked", lumoz::app::collateral_show);
    for (CLI::App* sub : {&fetch, &save, &load})
        add_collateral_source(*sub, options.source, "--");
    for (CLI::App* sub : {&fetch, &save}) {
        add_platform(*sub, options);
        sub->add_option("--out", options.out, "the bundle is written here")->type_name("FILE");
    }
    for (CLI::App* sub : {&load, &show})
        sub->add_option("file", options.file, "a bundle, or -")->required()->type_name("FILE");
}

void add_verify_files(CLI::App& verify, Arguments& args, Command& command) {
    CLI::App& report = *verify.add_subcommand("report", "a saved report, offline");
    add_trust(report, args);
    report.add_option("file", args.report.file, "the report, or -")->required()->type_name("FILE");
    report
        .add_option("--nonce", args.report.nonce,
                    "the nonce that was sent; `none` gives up on freshness. Forms without one need none")
        ->type_name("HEX");
    report
        .add_option("--collateral", args.report.collateral, "Intel's documents, where the report brings none")
        ->type_name("FILE");
    report.callback(
        [&] { command = trusting(args, [&](const auto& t) { return verify_report_file(args.report, t); }); });

    CLI::App& bundle =
        *verify.add_subcommand("bundle", "evidence, collateral and receipts in one file, offline");
    add_trust(bundle, args);
    bundle.add_option("file", args.bundle_file, "the bundle, or -")->required()->type_name("FILE");
    bundle.callback([&] {
        command = trusting(args, [&](const auto& t) { return verify_bundle_file(args.bundle_file, t); });
    });

    CLI::App& quote = *verify.add_subcommand("quote", "an Intel TDX or SGX quote");
    add_trust(quote, args);
    quote
        .add_option("file", args.quote.file, "the quote (bytes, hex, or a JSON document that holds it), or -")
        ->required()
        ->type_name("FILE");
    quote
        .add_option("--collateral", args.quote.collateral,
                    "the vendor's documents as JSON, or a report that holds them; else --collateral-service or "
                    "--collateral-cache")
        ->type_name("FILE");
    add_collateral_source(quote, args.quote.source, "--collateral-");
    quote
        .add_option("--event-log", args.quote.event_log,
                    "replayed against the quote's registers: CCEL, a JSON list, or a document that holds one")
        ->type_name("FILE");
    quote.callback(
        [&] { command = trusting(args, [&](const auto& t) { return verify_quote_file(args.quote, t); }); });

    CLI::App& answer =
        *verify.add_subcommand("answer", "one signed answer: bytes, signatures, receipt, keys");
    add_trust(answer, args);
    answer.add_option("--request", args.answer.request, "body as sent")->required()->type_name("FILE");
    answer.add_option("--response", args.answer.response, "body as received")->required()->type_name("FILE");
    answer.add_option("--proof", args.answer.proof, "signatures and receipt")->required()->type_name("FILE");
    auto* report_file = answer.add_option("--report", args.answer.report,
                                          "evidence of the signer: a saved report or stored evidence");
    report_file->type_name("FILE");
    answer.add_option("--url", args.answer.url, "fetch the stored evidence of the signing keys here")
        ->type_name("URL")
        ->excludes(report_file);
    answer.add_option("--token-file", args.answer.token_file, "credential for --url")->type_name("FILE");
    answer.callback([&] {
        command = trusting(args, [&](const auto& t) { return verify_answer_files(args.answer, t); });
    });
}

void add_verify(CLI::App& app, Arguments& args, Command& command) {
    CLI::App& verify = *app.add_subcommand("verify", "check a live service or saved evidence");
    verify.require_subcommand(0, 1);
    add_trust(verify, args);
    verify.add_option("url", args.verify_url.url, "a live service")->type_name("URL");
    verify.add_option("--model", args.verify_url.model, "must be among the proven models");
    verify.add_option("--token-file", args.verify_url.token_file, "credential")->type_name("FILE");
    verify
        .add_option("--bundle", args.verify_url.bundle,
                    "writes what is needed to verify it again offline (`lumoz verify bundle`)")
        ->type_name("OUT");
    add_verify_files(verify, args, command);
    verify.callback([&] {
        if (command) return;
        if (args.verify_url.url.empty()) throw CLI::RequiredError("URL, report, quote, answer or bundle");
        command = trusting(args, [&](const auto& t) { return lumoz::app::verify_url(args.verify_url, t); });
    });
}

void add_ask(CLI::App& app, Arguments& args, Command& command) {
    CLI::App& ask =
        *app.add_subcommand("ask", "one question to a verified service; prints answer and verdict");
    add_trust(ask, args);
    ask.add_option("url", args.ask.url, "the service: https, or http on this machine")
        ->required()
        ->type_name("URL");
    ask.add_option("prompt", args.ask.prompt, "the question, or - for stdin")->required()->type_name("TEXT");
    ask.add_option("--model", args.ask.model, "needed when the service has several");
    ask.add_flag("--stream", args.ask.stream, "show the answer as it comes");
    ask.add_option("--max-tokens", args.ask.max_tokens, "bound of the answer")->check(CLI::PositiveNumber);
    ask.add_option("--save", args.ask.save, "writes request, response, proof, report and verdict here")
        ->type_name("DIR");
    ask.add_option("--token-file", args.ask.token_file, "credential")->type_name("FILE");
    ask.callback([&] {
        command = trusting(args, [&](const auto& t) -> Result<Answer> {
            args.ask.quiet = args.output.json;
            if (args.ask.prompt == "-") {
                LUMOZ_TRY(args.ask.prompt, lumoz::app::read_text("-"));
            }
            return lumoz::app::ask(args.ask, t);
        });
    });
}

void add_attest(CLI::App& app, Arguments& args, Command& command) {
    CLI::App& attest = *app.add_subcommand("attest", "evidence of this machine (inside a TEE)");
    add_output(attest, args);
    attest.add_option("--nonce", args.attest.nonce, "what the asker wants to find in it, 64 hex digits")
        ->required()
        ->type_name("HEX");
    attest.add_option("--out", args.attest.out, "writes the evidence here instead of stdout")
        ->type_name("FILE");
    attest.add_option("--socket", args.attest.socket, "the guest agent's socket; nothing else is tried")
        ->type_name("PATH");
    attest.add_option("--root", args.attest.root, "look for the interfaces below this folder")
        ->type_name("DIR");
    attest.add_option("--timeout", args.attest.timeout_s, "seconds that the TEE has")
        ->check(CLI::Range(1, 600));
    attest.callback([&] {
        command = [&]() -> Result<Answer> {
            const lumoz::SystemClock clock;
            return lumoz::app::attest(args.attest, clock);
        };
    });
}

void add_show(CLI::App& app, Arguments& args, Command& command) {
    CLI::App& receipt = *app.add_subcommand("receipt", "receipts");
    receipt.require_subcommand(1);
    CLI::App& show = *receipt.add_subcommand("show", "what a receipt says, unchecked");
    add_output(show, args);
    show.add_option("file", args.receipt_file, "a receipt or a proof file, or -")
        ->required()
        ->type_name("FILE");
    show.callback([&] { command = [&] { return lumoz::app::show_receipt(args.receipt_file); }; });

    CLI::App& model = *app.add_subcommand("model", "models");
    model.require_subcommand(1);
    CLI::App& root = *model.add_subcommand("root", "the identity of a model (OpenSSF Model Signing)");
    add_output(root, args);
    root.add_option("path", args.model_path, "folder or file")->required()->type_name("DIR|FILE");
    root.callback([&] { command = [&] { return lumoz::app::model_root(args.model_path); }; });

    CLI::App& version = *app.add_subcommand("version", "version of this program");
    add_output(version, args);
    version.callback([&] {
        command = []() -> Result<Answer> {
            Answer answer{.verdict = {}, .subject = "lumoz " LUMOZ_VERSION, .judged = false};
            answer.verdict.establish_text("version", LUMOZ_VERSION);
            return answer;
        };
    });
}

int print(const Answer& answer, const lumoz::app::OutputOptions& output) {
    const Style style = Style::of(stdout);
    std::string text = answer.document;
    if (!text.empty()) {
        // The command's result is a document of its own.
    } else if (!answer.judged) {
        text = output.json ? lumoz::app::facts_json(answer.verdict)
                           : lumoz::app::facts_text(answer.verdict, answer.subject, style);
    } else if (output.json) {
        text = answer.verdict.to_json() + "\n";
    } else {
        const bool fold = output.brief || (answer.fold && !output.explain);
        text = verdict_text(
            answer.verdict, answer.subject, fold, style,
            sections_text(answer.sections, {.explain = output.explain, .brief = output.brief}, style));
    }
    const lumoz::Status written = lumoz::app::write_output("-", lumoz::as_bytes(text));
    if (!written) return 1;
    return answer.judged ? answer.verdict.exit_code() : 0;
}

int print(const Error& error, bool json) {
    if (json) {
        const std::string text = lumoz::app::error_json(error);
        std::fwrite(text.data(), 1, text.size(), stdout);
    }
    const std::string text = lumoz::app::error_text(error, Style::of(stderr));
    std::fwrite(text.data(), 1, text.size(), stderr);
    return lumoz::exit_code(error.code);
}

int run(int argc, char** argv) {
    CLI::App app("Lumoz TEE: verify a confidential AI service and its answers", "lumoz");
    app.require_subcommand(1);
    app.set_version_flag("--version", "lumoz "s + LUMOZ_VERSION);
    Arguments args;
    Command command;
    add_verify(app, args, command);
    add_ask(app, args, command);
    add_attest(app, args, command);
    add_show(app, args, command);
    add_collateral(app, args, command);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        const bool json = std::ranges::any_of(std::span(argv, static_cast<std::size_t>(argc)),
                                              [](const char* a) { return a == std::string_view("--json"); });
        return print(Error{lumoz::Errc::Usage, "E_USAGE", "cli.arguments", error.what()}, json);
    }
    const Result<Answer> answer = command();
    return answer ? print(*answer, args.output) : print(answer.error(), args.output.json);
}

}  // namespace

int main(int argc, char** argv) {
    // A reader that goes away early (`lumoz … | head`) is an error of the write, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lumoz: internal error: %s\n", error.what());
        return 1;
    }
}
