#include "agent/agent_client.h"
#include "agent/unit_file.h"
#include "tests/unit/test.h"

TEST(spec_tables_are_sound)
{
    static const struct desc *const all[] = { &unit_spec_desc, &unit_entry_desc, &unit_file_desc,
                                              &unit_state_desc, &local_request_desc };
    struct buf b = BUF(op->arena);
    for (size_t i = 0; i < LEN(all); i++)
        if (desc_check(&b, all[i])) test_fail(__FILE__, __LINE__, "%.*s", STR(buf_str(&b)));
}

TEST(spec_reads_what_people_write)
{
    struct unit_entry e;
    assert_ok(op,
              desc_read(op, &unit_entry_desc,
                        S("{\"command\":\"node\",\"args\":[\"\",\"x y\"],\"env\":{\"A\":\"1\",\"B\":\"\"},"
                          "\"restart\":{\"min\":\"200ms\",\"max\":1.5,\"policy\":\"always\"},"
                          "\"resources\":{\"memory_max\":\"512M\",\"cpu\":1.5}}"),
                        &e));
    assert_int_equal(e.restart.min_us, MSEC(200));
    assert_int_equal(e.restart.max_us, MSEC(1500));
    assert_int_equal(e.restart.policy, RESTART_ALWAYS);
    assert_int_equal(e.restart.budget, 16); /* defaults of what was not given */
    assert_int_equal(e.stop.timeout_us, SEC(10));
    assert_int_equal(e.resources.memory_max, MIB(512));
    assert_int_equal(e.env.n, 2);
    assert_str(e.env.item[0].key, S("A"));
    assert_int_equal(e.args.n, 2);
}

TEST(spec_comes_back_as_it_was_written)
{
    struct unit_file in = { 0 }, out;
    struct buf a = BUF(op->arena), b = BUF(op->arena);
    desc_defaults(&unit_file_desc, op->arena, &in);
    in.spec.unit_id = uuid_new();
    in.spec.name = S("n");
    in.spec.package_name = S("p");
    in.spec.package_dir = S("/opt/p");
    in.spec.entry.command = S("./run");
    in.spec.entry.restart.min_us = 1234567;
    desc_write(&a, &unit_file_desc, &in);
    assert_ok(op, desc_read(op, &unit_file_desc, buf_str(&a), &out));
    desc_write(&b, &unit_file_desc, &out);
    assert_str(buf_str(&b), buf_str(&a));
}

TEST(spec_refuses_nonsense)
{
    static const char *const bad[] = {
        "{}",
        "{\"command\":\"\"}",
        "{\"command\":\"x\",\"env\":{\"A=B\":\"1\"}}",
        "{\"command\":\"x\",\"env\":{\"1A\":\"1\"}}",
        "{\"command\":\"x\",\"restart\":{\"min\":\"soon\"}}",
        "{\"command\":\"x\",\"restart\":{\"min\":-1}}",
        "{\"command\":\"x\",\"restart\":{\"policy\":\"often\"}}",
        "{\"command\":\"x\",\"resources\":{\"memory_max\":\"-1\"}}",
        "{\"command\":\"x\",\"resources\":{\"memory_max\":\"99999999999999999999G\"}}",
        "{\"command\":\"x\",\"stop\":{\"signal\":\"WRONG\"}}",
        "{\"command\":\"x\",\"ports\":[{\"port\":70000}]}",
        "{\"command\":\"x\",\"health\":{\"retries\":0}}",
        "{\"command\":\"x\",\"unknown\":1}",
        "{\"command\":\"a\\u0000b\"}",
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct unit_entry e;
        if (desc_read(op, &unit_entry_desc, str_of(bad[i]), &e) != ERR_INVALID)
            test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
        assert_true(op->err.field.n > 0);
        op_clear(op);
    }
}

TEST(spec_signals_by_name_and_number)
{
    assert_int_equal(signal_of(S("TERM")), 15);
    assert_int_equal(signal_of(S("SIGINT")), 2);
    assert_int_equal(signal_of(S("9")), 9);
    assert_int_equal(signal_of(S("0")), 0);
    assert_int_equal(signal_of(S("NOPE")), 0);
}
