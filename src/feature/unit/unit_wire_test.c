#include "feature/unit/unit_wire.h"
#include "tests/unit/test.h"

static str write(struct op *op, const struct wire_msg *m)
{
    struct buf b = BUF(op->arena);
    wire_write(&b, m);
    return buf_str(&b);
}

TEST(unit_wire_writes_only_members_of_the_type)
{
    struct wire_msg m = { .type = WIRE_ACK, .seq = 7, .host = S("h"), .ok = true };
    assert_true(uuid_parse(S("0190a4c8-7c6c-7a51-8d2f-0123456789ab"), &m.epoch));
    assert_str(write(op, &m),
               S("{\"type\":\"ack\",\"epoch\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\",\"seq\":7}"));
}

TEST(unit_wire_reads_what_it_wrote)
{
    struct wire_record r[2] = {
        { .kind = RECORD_TELEMETRY,
          .telemetry = { .unit_id = uuid_new(),
                         .telemetry_type = TELEMETRY_METRIC,
                         .data = { S("{\"cpu\":1.5}") },
                         .timestamp = { 1000000 } } },
        { .kind = RECORD_UNIT,
          .unit = { .unit_id = uuid_new(),
                    .status = UNIT_FAILED,
                    .exit_code = 3,
                    .reason = S("exit 3"),
                    .cpu_percent = 0.5 } },
    };
    struct wire_msg in = { .type = WIRE_REPORT, .epoch = uuid_new(), .seq = 1 }, out;
    in.records.item = r;
    in.records.n = 2;
    str text = write(op, &in);
    assert_ok(op, wire_read(op, text, &out));
    assert_int_equal(out.records.n, 2);
    assert_true(uuid_eq(out.epoch, in.epoch));
    assert_int_equal(out.records.item[0].telemetry.telemetry_type, TELEMETRY_METRIC);
    assert_str(out.records.item[0].telemetry.data.s, S("{\"cpu\":1.5}"));
    assert_int_equal(out.records.item[1].kind, RECORD_UNIT);
    assert_int_equal(out.records.item[1].unit.status, UNIT_FAILED);
    assert_int_equal(out.records.item[1].unit.exit_code, 3);
    assert_str(out.records.item[1].unit.reason, S("exit 3"));
    assert_str(write(op, &out), text);
}

TEST(unit_wire_refuses)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"type\":\"hi\"}",
        "{\"type\":\"hello\"}",
        "{\"type\":\"hello\",\"agent_id\":null}",
        "{\"type\":\"hello\",\"agent_id\":\"x\"}",
        "{\"type\":\"ack\",\"epoch\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\"}",
        "{\"type\":\"done\",\"id\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\"}",
        "{\"type\":\"error\",\"error\":\"x\",\"seq\":1}",
        "{\"type\":\"beat\",\"units\":[{\"unit_id\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\"}]}",
        "{\"type\":\"report\",\"epoch\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\",\"seq\":1,\"records\":[{}]}",
        "{\"type\":\"report\",\"epoch\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\",\"seq\":1,\"records\":[{"
        "\"x\":{}}]}",
        "{\"type\":\"report\",\"epoch\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\",\"seq\":-1,\"records\":[]}",
        "{\"type\":\"report\",\"epoch\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\",\"seq\":1,"
        "\"records\":[{\"telemetry\":{\"telemetry_type\":\"log\"},\"unit\":{}}]}",
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct wire_msg m;
        if (!wire_read(op, str_of(bad[i]), &m)) test_fail(__FILE__, __LINE__, "accepted %s", bad[i]);
        op_clear(op);
    }
}

TEST(unit_wire_descriptors_are_whole)
{
    struct buf b = BUF(op->arena);
    if (desc_check(&b, &wire_msg_desc) + desc_check(&b, &wire_unit_desc) + desc_check(&b, &telemetry_desc))
        test_fail(__FILE__, __LINE__, "%.*s", STR(buf_str(&b)));
}
