// SPDX-License-Identifier: Apache-2.0
// `lumoz collateral`: the vendor's documents from a service, a cache or a file, each checked before it is
// written anywhere.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "collateral/keeper.hpp"
#include "collateral/pck_chain.hpp"
#include "verify/quote.hpp"

namespace lumoz::app {
namespace {

std::unexpected<Error> usage(std::string detail) {
    return fail(Errc::Usage, "E_USAGE", "cli.collateral", std::move(detail));
}

/// What the options stand for, in the order of dependence.
struct Parts {
    std::unique_ptr<collateral::HttpTransport> transport;
    std::optional<collateral::Client> client;
    std::optional<collateral::Cache> cache;
    std::optional<collateral::Keeper> keeper;
};

Status open_service(Parts& parts, const CollateralSourceOptions& source) {
    collateral::HttpOptions http{.ca_file = source.ca_file};
    if (!source.spki_sha256.empty()) {
        const auto spki = fixed_from_hex<Digest256>(source.spki_sha256);
        if (!spki) return usage("the key of the service is not 64 hex digits");
        http.spki_sha256 = *spki;
    }
    LUMOZ_TRY(parts.transport, collateral::HttpTransport::open(source.service, http));
    parts.client.emplace(*parts.transport);
    return {};
}

/// `online`: whether a service may be asked.
Status open_parts(Parts& parts, const CollateralSourceOptions& source, const Trust& trust, bool online) {
    if (online && !source.service.empty()) {
        LUMOZ_CHECK_OK(open_service(parts, source));
    }
    if (!source.cache.empty()) {
        LUMOZ_TRY(parts.cache, collateral::Cache::open(source.cache));
    }
    parts.keeper.emplace(parts.client ? &*parts.client : nullptr, parts.cache ? &*parts.cache : nullptr,
                         collateral::KeeperOptions{.roots = trust.roots});
    return {};
}

collateral::DataSet data_set(const CollateralSourceOptions& source) {
    collateral::DataSet set{.early = source.update == "early"};
    if (source.evaluation >= 0) set.number = static_cast<std::uint32_t>(source.evaluation);
    return set;
}

/// What is asked for; `pck_chain` is filled where the quote needs one and a service may be asked.
Result<collateral::Request> wanted(const CollateralOptions& options, collateral::Transport* transport,
                                   std::string& pck_chain) {
    collateral::Request request{.platform = {}, .set = data_set(options.source)};
    if (!options.quote.empty()) {
        LUMOZ_TRY(const Bytes content, read_input(options.quote));
        LUMOZ_TRY(const Bytes quote, verify::quote_bytes(content));
        LUMOZ_TRY(collateral::PlatformOfQuote found, collateral::find_platform(transport, quote));
        request.platform = found.platform;
        pck_chain = std::move(found.pck_chain);
        return request;
    }
    const auto fmspc = fixed_from_hex<evidence::Fmspc>(options.fmspc);
    if (!fmspc) return usage("needs --quote, or --fmspc with 12 hex digits");
    request.platform = {
        .tdx = options.tee == "tdx",
        .fmspc = *fmspc,
        .ca = options.ca == "platform" ? evidence::PckCa::Platform : evidence::PckCa::Processor};
    return request;
}

Status check_dates(const collateral::Bundle& bundle, UnixTime now) {
    if (now < bundle.not_before)
        return fail(Errc::Refused, "E_COLLATERAL_NOT_YET_VALID", "cli.collateral",
                    "from " + to_rfc3339(bundle.not_before));
    if (now > bundle.not_after)
        return fail(Errc::Refused, "E_COLLATERAL_EXPIRED", "cli.collateral",
                    "until " + to_rfc3339(bundle.not_after));
    return {};
}

Answer describe(const collateral::Bundle& bundle, const Trust& trust, std::string subject) {
    Answer answer{.verdict = {}, .subject = std::move(subject)};
    verify::Verdict& v = answer.verdict;
    v.pass("collateral.signatures", "each document is signed up to an accepted root");
    v.pass("collateral.platform", "each document is of this platform");
    v.check("collateral.dates", "none has run out", check_dates(bundle, trust.now));
    v.set_simulated(!verify::RootPins::is_embedded(bundle.root));
    const evidence::Platform& platform = bundle.request.platform;
    v.establish_text("tee", platform.tdx ? "tdx" : "sgx");
    v.establish_text("fmspc", to_hex(platform.fmspc.view()));
    v.establish_text("ca", to_text(platform.ca));
    v.establish_text("data_set", to_text(bundle.request.set));
    v.establish("tcb_eval", std::to_string(bundle.evaluation_number));
    v.establish_text("valid_from", to_rfc3339(bundle.not_before));
    v.establish_text("valid_until", to_rfc3339(bundle.not_after));
    v.establish("seconds_left", std::to_string(bundle.not_after - trust.now));
    v.establish_text("root_spki_sha256", to_hex(bundle.root.view()));
    return answer;
}

/// What a service could not renew, though what is kept is still good.
void add_troubles(verify::Verdict& verdict, const std::vector<collateral::Trouble>& troubles) {
    for (const collateral::Trouble& trouble : troubles)
        verdict.not_checked("N_COLLATERAL_RENEWAL",
                            std::string(to_text(trouble.item)) + " is the kept one: " +
                                std::string(trouble.error.rule) + " " + trouble.error.detail);
}

Status write_bundle(const std::string& path, const collateral::Bundle& bundle) {
    if (path.empty()) return {};
    if (path == "-") return usage("--out is a file: stdout has the verdict");
    return write_output(path, as_bytes(bundle.texts.to_json()));
}

Result<Answer> supply(const CollateralOptions& options, const Trust& trust, bool online) {
    Parts parts;
    LUMOZ_CHECK_OK(open_parts(parts, options.source, trust, online));
    std::string pck_chain;
    LUMOZ_TRY(const collateral::Request request, wanted(options, parts.transport.get(), pck_chain));
    LUMOZ_TRY(collateral::Supply supply, parts.keeper->get(request, trust.now, online));
    supply.bundle.texts.pck_certificate_chain = std::move(pck_chain);
    LUMOZ_CHECK_OK(write_bundle(options.out, supply.bundle));
    Answer answer = describe(supply.bundle, trust, "collateral");
    answer.verdict.establish("fetched", std::to_string(supply.fetched));
    add_troubles(answer.verdict, supply.troubles);
    return answer;
}

}  // namespace

Result<Answer> collateral_fetch(const CollateralOptions& options, const Trust& trust) {
    if (options.source.service.empty()) return usage("needs --service");
    if (options.source.cache.empty() && options.out.empty()) return usage("needs --out, --cache or both");
    return supply(options, trust, true);
}

Result<Answer> collateral_export(const CollateralOptions& options, const Trust& trust) {
    if (options.source.cache.empty() || options.out.empty()) return usage("needs --cache and --out");
    return supply(options, trust, false);
}

Result<Answer> collateral_import(const CollateralOptions& options, const Trust& trust) {
    if (options.source.cache.empty()) return usage("needs --cache");
    LUMOZ_TRY(const std::string text, read_text(options.file));
    LUMOZ_TRY(const collateral::Imported imported,
              collateral::import_bundle(text, data_set(options.source), trust.roots, trust.now));
    Parts parts;
    LUMOZ_CHECK_OK(open_parts(parts, options.source, trust, false));
    LUMOZ_CHECK_OK(parts.keeper->put(imported.documents, imported.bundle.request, trust.now));
    Answer answer = describe(imported.bundle, trust, "collateral " + options.file);
    answer.verdict.establish("compacted", imported.compacted ? "true" : "false");
    return answer;
}

Result<Answer> collateral_show(const CollateralOptions& options, const Trust& trust) {
    LUMOZ_TRY(const std::string text, read_text(options.file));
    LUMOZ_TRY(const collateral::Imported imported,
              collateral::import_bundle(text, data_set(options.source), trust.roots, trust.now));
    return describe(imported.bundle, trust, "collateral " + options.file);
}

Result<std::string> collateral_for(ByteView quote, const CollateralSourceOptions& source,
                                   const Trust& trust) {
    if (source.service.empty() && source.cache.empty())
        return usage("needs --collateral, --collateral-service or --collateral-cache");
    Parts parts;
    LUMOZ_CHECK_OK(open_parts(parts, source, trust, true));
    LUMOZ_TRY(collateral::PlatformOfQuote found, collateral::find_platform(parts.transport.get(), quote));
    LUMOZ_TRY(collateral::Supply supply,
              parts.keeper->get({.platform = found.platform, .set = data_set(source)}, trust.now));
    supply.bundle.texts.pck_certificate_chain = std::move(found.pck_chain);
    return supply.bundle.texts.to_json();
}

}  // namespace lumoz::app
