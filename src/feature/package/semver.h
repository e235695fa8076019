/* Versions by Semantic Versioning 2.0.0, without build metadata (two archives must never share a version's
 * name), and the ranges that users write: "*", "1", "1.x", "1.2", "1.2.3", "=1.2.3", "^1.2", "~1.2", ">=1
 * <2", "1.2 - 1.4", alternatives with "||". A pre-release version satisfies a range only when one of the
 * range's own bounds is a pre-release of the same major.minor.patch. Pure, no allocation. */
#pragma once
#include "base/str.h"

enum { SEMVER_MAX = 128, SEMVER_RANGE_MAX = 256 }; /* characters */

struct semver {
    i64 major, minor, patch;
    str pre; /* "alpha.1"; empty for a release; views the parsed text */
};
bool semver_parse(str s, struct semver *out) MUST_USE;
int semver_cmp(const struct semver *, const struct semver *); /* precedence, section 11 */

struct semver_range {
    struct semver_bound {
        enum { SEMVER_GE, SEMVER_GT, SEMVER_LE, SEMVER_LT, SEMVER_EQ } op;
        struct semver v;
    } bound[32];
    u8 nbound[16]; /* bounds of each alternative; no bound: any release */
    size_t nalternative;
};
bool semver_range_parse(str s, struct semver_range *out) MUST_USE;
bool semver_in(const struct semver *, const struct semver_range *);
