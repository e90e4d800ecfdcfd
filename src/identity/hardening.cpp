// SPDX-License-Identifier: Apache-2.0
#include "identity/hardening.hpp"

#include <cerrno>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace lumoz::identity {
namespace {

std::unexpected<Error> refused(std::string_view step) {
    return fail(Errc::Internal, "E_HARDENING", "identity.hardening",
                std::string(step) + ", errno " + std::to_string(errno));
}

}  // namespace

Result<HardeningReport> harden_process() {
    // Not dumpable: no core file, no ptrace and no /proc/PID/mem for others of the same user.
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("PR_SET_DUMPABLE");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("PR_SET_NO_NEW_PRIVS");
    // The limit is inherited by the engine, whose memory holds prompts; the flag above is not.
    const struct rlimit no_core{0, 0};
    if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return refused("RLIMIT_CORE");
    struct rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return refused("RLIMIT_NOFILE");
    files.rlim_cur = files.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return refused("RLIMIT_NOFILE");
    return HardeningReport{files.rlim_cur};
}

}  // namespace lumoz::identity
