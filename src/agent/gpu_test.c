#include "agent/gpu.h"
#include "base/fs.h"
#include "tests/unit/test.h"
#include <unistd.h>

TEST(gpu_reads_what_the_drivers_library_says)
{
    struct gpu_use use[8];
    char self[300];
    assert_false(gpu_load("libno-such-thing.so.1"));
    assert_int_equal(gpu_processes(use, LEN(use)), 0);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    str dir = fs_dir_name((str){ self, (size_t)n });
    assert_true(gpu_load(arena_printf(op->arena, "%.*s/tests/children/libtest-nvml.so", STR(dir)).p));
    assert_int_equal(gpu_processes(use, LEN(use)), 3); /* two on the first, one on the second GPU */
    assert_int_equal(use[0].pid, 100);
    assert_int_equal(use[0].memory_bytes, MIB(512));
    assert_true(use[0].percent == 75 && use[1].percent == 0 && use[2].percent == 20);
    assert_int_equal(use[2].pid, 100);
    assert_int_equal(gpu_processes(use, 1), 1);
    assert_false(gpu_load("libno-such-thing.so.1"));
}
