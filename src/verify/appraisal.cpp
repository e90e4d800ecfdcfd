// SPDX-License-Identifier: Apache-2.0
#include "verify/appraisal.hpp"

#include <set>

namespace lumoz::verify {

using evidence::IsvLevel;
using evidence::TcbLevel;
using evidence::TcbStatus;

namespace {

/// The levels that one set of SVNs reaches.
struct Reached {
    const TcbLevel* platform = nullptr;
    const std::vector<IsvLevel>* module_levels = nullptr;  ///< null when no module is appraised
    const IsvLevel* module = nullptr;
    const IsvLevel* qe = nullptr;
    TcbStatus status = TcbStatus::Revoked;
    std::vector<std::string> advisories;
    std::int64_t tcb_date = 0;
};

constexpr unsigned kPceIndex = 16;

/// Components below this index belong to the module, which has levels of its own (tdx.md 6, 2).
std::size_t first_tdx_component(const TeeTcbSvn& svn) {
    return svn[1] > 0 ? 2 : 0;
}

bool reaches(const TcbLevel& level, const AppraisalInput& in, const std::optional<TeeTcbSvn>& svn) {
    for (std::size_t i = 0; i < 16; ++i)
        if (in.pck.components[i] < level.sgx[i].svn) return false;
    if (in.pck.pcesvn < level.pcesvn) return false;
    if (!svn) return true;
    for (std::size_t i = first_tdx_component(*svn); i < 16; ++i)
        if ((*svn)[i] < level.tdx[i].svn) return false;
    return true;
}

const IsvLevel* highest(const std::vector<IsvLevel>& levels, std::uint16_t svn) {
    const auto it =
        std::ranges::find_if(levels, [svn](const IsvLevel& level) { return svn >= level.isvsvn; });
    return it == levels.end() ? nullptr : &*it;
}

/// Table of 6, 5: what a part does to the platform's status.
TcbStatus combine(TcbStatus platform, TcbStatus part) {
    if (part == TcbStatus::Revoked) return TcbStatus::Revoked;
    if (part != TcbStatus::OutOfDate) return platform;
    switch (platform) {
        case TcbStatus::UpToDate:
        case TcbStatus::SWHardeningNeeded:
            return TcbStatus::OutOfDate;
        case TcbStatus::ConfigurationNeeded:
        case TcbStatus::ConfigurationAndSWHardeningNeeded:
            return TcbStatus::OutOfDateConfigurationNeeded;
        default:
            return platform;
    }
}

/// Table of 6, 7.
TcbStatus overall(TcbStatus launch, TcbStatus current) {
    const bool good = current == TcbStatus::UpToDate || current == TcbStatus::SWHardeningNeeded;
    const bool configuration =
        current == TcbStatus::ConfigurationNeeded || current == TcbStatus::ConfigurationAndSWHardeningNeeded;
    if (launch == TcbStatus::OutOfDate && good) return TcbStatus::TDRelaunchAdvised;
    if ((launch == TcbStatus::OutOfDate && configuration) ||
        (launch == TcbStatus::OutOfDateConfigurationNeeded && (good || configuration)))
        return TcbStatus::TDRelaunchAdvisedConfigurationNeeded;
    return launch;
}

std::unexpected<Error> no_level(std::string_view where, std::string detail) {
    return fail(Errc::Refused, "E_TCB_NOT_SUPPORTED", where, std::move(detail));
}

std::unexpected<Error> no_isv_level(std::string_view where, const std::vector<IsvLevel>& levels,
                                    unsigned have) {
    return no_level(where, "has " + std::to_string(have) + ", the lowest level needs " +
                               std::to_string(levels.back().isvsvn));
}

std::vector<std::string> removed(const std::vector<std::string>& now, const std::vector<std::string>& then) {
    std::vector<std::string> out;
    for (const std::string& id : now)
        if (std::ranges::find(then, id) == then.end()) out.push_back(id);
    return out;
}

/// Components in which the platform is below `level`; empty exactly when it reaches it.
std::vector<Shortfall> lacking(const AppraisalInput& in, const std::optional<TeeTcbSvn>& svn,
                               const TcbLevel& level) {
    std::vector<Shortfall> out;
    const auto compare = [&](std::string_view set, std::size_t i, const evidence::TcbComponent& need,
                             unsigned have) {
        if (have >= need.svn) return;
        const evidence::ComponentLabel& label = in.tcb.label(need);
        out.push_back({static_cast<unsigned>(i), set, label.category, label.type, have, need.svn, {}});
    };
    for (std::size_t i = 0; i < 16; ++i)
        compare("sgx", i, level.sgx[i], in.pck.components[i]);
    if (in.pck.pcesvn < level.pcesvn)
        out.push_back({kPceIndex, "pcesvn", {}, {}, in.pck.pcesvn, level.pcesvn, {}});
    if (!svn) return out;
    for (std::size_t i = first_tdx_component(*svn); i < 16; ++i)
        compare("tdx", i, level.tdx[i], (*svn)[i]);
    return out;
}

std::string lacking_words(const AppraisalInput& in, const std::optional<TeeTcbSvn>& svn,
                          const TcbLevel& lowest) {
    std::string out;
    for (const Shortfall& s : lacking(in, svn, lowest)) {
        if (!out.empty()) out += ", ";
        out += std::string(s.set) + (s.index == kPceIndex ? "" : " component " + std::to_string(s.index)) +
               " has " + std::to_string(s.have) + ", the lowest level needs " + std::to_string(s.need);
    }
    return out;
}

Result<Reached> reach(const AppraisalInput& in, const std::optional<TeeTcbSvn>& svn) {
    Reached out;
    const auto platform =
        std::ranges::find_if(in.tcb.levels, [&](const TcbLevel& level) { return reaches(level, in, svn); });
    if (platform == in.tcb.levels.end())
        return no_level("tdx.tcb.platform_level", lacking_words(in, svn, in.tcb.levels.back()));
    out.platform = &*platform;
    if (svn && (*svn)[1] > 0) {
        LUMOZ_TRY(const evidence::TdxModuleIdentity* const identity, module_identity(in.tcb, (*svn)[1]));
        out.module_levels = &identity->levels;
        out.module = highest(identity->levels, (*svn)[0]);
        if (out.module == nullptr) return no_isv_level("tdx.tcb.module_level", identity->levels, (*svn)[0]);
    }
    out.qe = highest(in.qe.levels, in.qe_svn);
    if (out.qe == nullptr) return no_isv_level("tdx.tcb.qe_level", in.qe.levels, in.qe_svn);

    std::set<std::string> advisories(out.platform->advisories.begin(), out.platform->advisories.end());
    out.status = out.platform->status;
    out.tcb_date = out.platform->tcb_date;
    for (const IsvLevel* part : {out.module, out.qe}) {
        if (part == nullptr) continue;
        out.status = combine(out.status, part->status);
        out.tcb_date = std::min(out.tcb_date, part->tcb_date);
        advisories.insert(part->advisories.begin(), part->advisories.end());
    }
    out.advisories.assign(advisories.begin(), advisories.end());
    return out;
}

/// The nearest level above `reached` with a better status; null when there is none. Levels stand highest
/// first.
template <class Level>
const Level* better(const std::vector<Level>& levels, const Level& reached) {
    for (auto i = static_cast<std::size_t>(&reached - levels.data()); i-- > 0;)
        if (levels[i].status < reached.status) return &levels[i];
    return nullptr;
}

template <class Level>
Remedy remedy_of(std::string_view part, const Level& reached, const Level* next,
                 std::vector<Shortfall> shortfall) {
    Remedy out{part, reached.status, reached.advisories, {}, 0, std::move(shortfall)};
    if (next == nullptr) return out;
    out.next = next->status;
    out.next_date = next->tcb_date;
    for (Shortfall& s : out.shortfall)
        s.advisories = removed(reached.advisories, next->advisories);
    return out;
}

void isv_remedy(std::string_view part, const std::vector<IsvLevel>& levels, const IsvLevel& reached,
                unsigned have, std::vector<Remedy>& out) {
    if (reached.status == TcbStatus::UpToDate) return;
    const IsvLevel* next = better(levels, reached);
    std::vector<Shortfall> shortfall;
    if (next != nullptr) shortfall.push_back({0, part, {}, {}, have, next->isvsvn, {}});
    out.push_back(remedy_of(part, reached, next, std::move(shortfall)));
}

std::vector<Remedy> remedies(const AppraisalInput& in, const std::optional<TeeTcbSvn>& svn,
                             const Reached& reached) {
    std::vector<Remedy> out;
    if (reached.platform->status != TcbStatus::UpToDate) {
        const TcbLevel* next = better(in.tcb.levels, *reached.platform);
        out.push_back(remedy_of("platform", *reached.platform, next,
                                next == nullptr ? std::vector<Shortfall>() : lacking(in, svn, *next)));
    }
    if (reached.module != nullptr)
        isv_remedy("module", *reached.module_levels, *reached.module, (*svn)[0], out);
    isv_remedy("qe", in.qe.levels, *reached.qe, in.qe_svn, out);
    return out;
}

}  // namespace

Result<const evidence::TdxModuleIdentity*> module_identity(const evidence::TcbInfo& tcb, std::uint8_t major) {
    const auto it = std::ranges::find(tcb.module_identities, major, &evidence::TdxModuleIdentity::major);
    if (it == tcb.module_identities.end())
        return fail(Errc::Refused, "E_TDX_MODULE_MISMATCH", "tdx.module.identity",
                    "no identity for major version " + std::to_string(major));
    return &*it;
}

Result<TdxResult> appraise(const AppraisalInput& in) {
    LUMOZ_TRY(const Reached launch, reach(in, in.launch));
    Reached current = launch;
    if (in.current) {
        LUMOZ_TRY(current, reach(in, in.current));
    }
    TdxResult out;
    out.tcb_status = overall(launch.status, current.status);
    out.current_tcb_status = current.status;
    out.platform = launch.platform->status;
    if (launch.module != nullptr) out.module = launch.module->status;
    out.qe = launch.qe->status;
    out.advisories = launch.advisories;
    out.current_advisories = current.advisories;
    out.tcb_date = launch.tcb_date;
    out.current_tcb_date = current.tcb_date;
    out.tcb_eval = std::min(in.tcb.evaluation_number, in.qe.evaluation_number);
    out.pck = in.pck;
    out.remedies = remedies(in, in.launch, launch);
    out.current_remedies = in.current ? remedies(in, in.current, current) : out.remedies;
    return out;
}

}  // namespace lumoz::verify
