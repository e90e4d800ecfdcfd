// SPDX-License-Identifier: Apache-2.0
#include "identity/hardening.hpp"

#include <gtest/gtest.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lumoz::identity {
namespace {

/// In a child: hardening cannot be taken back.
int in_child() {
    const auto report = harden_process();
    if (!report) return 1;
    struct rlimit core{};
    struct rlimit files{};
    ::getrlimit(RLIMIT_CORE, &core);
    ::getrlimit(RLIMIT_NOFILE, &files);
    if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
    if (core.rlim_cur != 0 || core.rlim_max != 0) return 3;
    if (files.rlim_cur != files.rlim_max || report->open_files != files.rlim_max) return 4;
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 5;
    return 0;
}

TEST(Hardening, NoCoreNoPtraceAllOpenFiles) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(in_child());
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace lumoz::identity
