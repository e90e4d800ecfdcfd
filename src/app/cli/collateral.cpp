// SPDX-License-Identifier: Apache-2.0
// `lumoz collateral`: fetches, checks, keeps and hands on the vendor's documents.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "collateral/cache.hpp"
#include "collateral/service.hpp"
#include "verify/quote.hpp"

namespace lumoz::app {
namespace {

using collateral::CollateralCache;
using collateral::Edition;
using collateral::Platform;

Result<Platform> wanted_platform(const CollateralOptions& options) {
    if (options.quote.empty()) return collateral::make_platform(options.tee, options.fmspc, options.ca);
    LUMOZ_TRY(const Bytes content, read_input(options.quote));
    LUMOZ_TRY(const Bytes quote, verify::quote_bytes(content));
    return collateral::platform_of(quote);
}

Result<Edition> wanted_edition(const CollateralOptions& options) {
    if (options.update != "standard" && options.update != "early")
        return fail(Errc::Usage, "E_USAGE", "cli.collateral.update", "--update is standard or early");
    Edition edition{.early = options.update == "early"};
    if (options.evaluation > 0) edition.evaluation = static_cast<std::uint32_t>(options.evaluation);
    return edition;
}

void establish(verify::Verdict& verdict, const verify::CheckedCollateral& checked, UnixTime now) {
    verdict.establish_text("tee", checked.tdx ? "tdx" : "sgx");
    verdict.establish_text("fmspc", checked.fmspc);
    verdict.establish("tcb_eval", std::to_string(checked.tcb_eval));
    verdict.establish_text("tcb_issued", to_rfc3339(checked.tcb_issued));
    verdict.establish_text("valid_from", to_rfc3339(checked.not_before));
    verdict.establish_text("valid_until", to_rfc3339(checked.not_after));
    verdict.establish("seconds_left", std::to_string(checked.not_after - now));
}

/// The verdict over a bundle: one rule, and what the bundle is.
Answer judged(const Result<verify::CheckedCollateral>& checked, std::string subject, UnixTime now) {
    constexpr std::string_view kWhat = "chains, signatures, revocation lists and dates hold";
    Answer answer{.verdict = {}, .subject = std::move(subject)};
    answer.verdict.check("collateral.check", kWhat,
                         checked ? Status() : Status(std::unexpected(checked.error())));
    if (checked) establish(answer.verdict, *checked, now);
    return answer;
}

/// Puts a checked bundle where the options say: cache, file, or both.
Result<Answer> keep(const CollateralOptions& options, const evidence::Collateral& bundle,
                    const Platform& platform, const Edition& edition, const Trust& trust,
                    const std::string& subject) {
    auto checked = verify::check_collateral(bundle, trust.roots, trust.now);
    if (checked && !options.cache.empty())
        checked = CollateralCache(options.cache).store(platform, edition, bundle, trust.roots, trust.now);
    if (checked && !options.out.empty()) {
        LUMOZ_CHECK_OK(write_output(options.out, as_bytes(bundle.to_json() + "\n")));
    }
    return judged(checked, subject, trust.now);
}

}  // namespace

Result<Answer> collateral_fetch(const CollateralOptions& options, const Trust& trust) {
    LUMOZ_TRY(const Platform platform, wanted_platform(options));
    LUMOZ_TRY(const Edition edition, wanted_edition(options));
    auto service = collateral::CollateralService::open({.url = options.service, .ca_file = options.ca_file});
    if (!service) return fail(Errc::Usage, service.error().rule, "cli.collateral.service", options.service);
    const auto bundle = service->fetch(platform, edition, trust.roots);
    if (bundle) return keep(options, *bundle, platform, edition, trust, "collateral from " + options.service);
    // The service is away or does not make sense: what the cache holds may still be good.
    if (!options.cache.empty()) {
        const auto cached = CollateralCache(options.cache).load(platform, edition, trust.roots, trust.now);
        if (cached && *cached) {
            LUMOZ_TRY(Answer answer, keep({.out = options.out}, (*cached)->collateral, platform, edition,
                                          trust, "collateral from the cache"));
            answer.verdict.not_checked("N_COLLATERAL_SERVICE",
                                       "the service gave nothing newer: " + std::string(bundle.error().rule) +
                                           " " + bundle.error().detail);
            return answer;
        }
    }
    return fail(Errc::Io, bundle.error().rule, bundle.error().where, bundle.error().detail);
}

Result<Answer> collateral_show(const std::string& file, const Trust& trust) {
    LUMOZ_TRY(const std::string text, read_text(file));
    const auto bundle = evidence::Collateral::parse(text);
    if (!bundle) return judged(std::unexpected(bundle.error()), "collateral " + file, trust.now);
    return judged(verify::check_collateral(*bundle, trust.roots, trust.now), "collateral " + file, trust.now);
}

Result<Answer> collateral_import(const CollateralOptions& options, const Trust& trust) {
    LUMOZ_TRY(const std::string text, read_text(options.file));
    const auto bundle = evidence::Collateral::parse(text);
    if (!bundle) return judged(std::unexpected(bundle.error()), "collateral " + options.file, trust.now);
    const auto checked = verify::check_collateral(*bundle, trust.roots, trust.now);
    if (!checked) return judged(checked, "collateral " + options.file, trust.now);
    LUMOZ_TRY(const Edition edition, wanted_edition(options));
    LUMOZ_TRY(const Platform platform,
              collateral::make_platform(checked->tdx ? "tdx" : "sgx", checked->fmspc, options.ca));
    return keep(options, *bundle, platform, edition, trust, "collateral " + options.file);
}

Result<Answer> collateral_export(const CollateralOptions& options, const Trust& trust) {
    LUMOZ_TRY(const Platform platform, wanted_platform(options));
    LUMOZ_TRY(const Edition edition, wanted_edition(options));
    const CollateralCache cache(options.cache);
    const std::string subject = "collateral " + cache.file_of(platform, edition).string();
    const auto cached = cache.load(platform, edition, trust.roots, trust.now);
    if (!cached) return judged(std::unexpected(cached.error()), subject, trust.now);
    if (!*cached)
        return fail(Errc::NotFound, "E_COLLATERAL_FILE", "cli.collateral.export", subject + " is not there");
    return keep({.out = options.out}, (*cached)->collateral, platform, edition,
                trust, subject);
}

}  // namespace lumoz::app
