// SPDX-License-Identifier: Apache-2.0
// `lumoz-vectors`: runs every case of a vector manifest (surface.md 3).
#include "app/output/report.hpp"
#include "app/vectors/live.hpp"
#include "app/vectors/suites.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

namespace {

namespace vectors = lumoz::app::vectors;
using lumoz::app::Style;

vectors::Handlers all_handlers(vectors::Live& live) {
    vectors::Handlers handlers;
    vectors::add_primitives(handlers);
    vectors::add_signing(handlers);
    vectors::add_aci(handlers);
    vectors::add_service(handlers, live);
    vectors::add_oms(handlers);
    vectors::add_tdx(handlers);
    vectors::add_event_logs(handlers);
    vectors::add_report_edits(handlers);
    vectors::add_forms(handlers);
    vectors::add_reports(handlers);
    vectors::add_translation(handlers);
    return handlers;
}

int print_error(const lumoz::Error& error, bool json) {
    if (json) {
        const std::string text = lumoz::app::error_json(error);
        std::fwrite(text.data(), 1, text.size(), stdout);
    }
    const std::string text = lumoz::app::error_text(error, Style::of(stderr));
    std::fwrite(text.data(), 1, text.size(), stderr);
    return 1;
}

int run(int argc, char** argv) {
    CLI::App app("Runs the cases of a vector manifest", "lumoz-vectors");
    vectors::Options options;
    vectors::LiveOptions live_options;
    bool json = false;
    app.add_option("manifest", options.manifest, "MANIFEST.json")->required()->type_name("FILE");
    app.add_option("--kind", options.kinds, "a suite or kind; may be repeated")->expected(1)->take_all();
    app.add_option("--case", options.case_id, "one case by its id")->type_name("ID");
    app.add_flag("--json", json, "one JSON document on stdout");
    app.add_flag("--skip-unknown", options.skip_unknown, "a kind without a runner is skipped, not failed");
    auto* url =
        app.add_option("--url", live_options.url, "the service that live suites ask; else one is started");
    url->type_name("URL");
    app.add_option("--token-file", live_options.token_file, "credential for --url")
        ->type_name("FILE")
        ->needs(url);
    app.add_option("--programs", live_options.programs, "folder of lumozd, lumoz-simtee, lumoz-fake-engine")
        ->type_name("DIR");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        return print_error({lumoz::Errc::Usage, "E_USAGE", "vectors.arguments", error.what()}, json);
    }
    vectors::Live live(live_options);
    const auto summary = vectors::run(options, all_handlers(live));
    if (!summary) return print_error(summary.error(), json);
    const std::string text = json ? to_json(*summary) : to_text(*summary);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return summary->failed == 0 ? 0 : 10;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lumoz-vectors: internal error: %s\n", error.what());
        return 1;
    }
}
