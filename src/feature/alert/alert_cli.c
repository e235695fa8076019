/* Commands for the administrator at the console, who sees the alerts of everybody. */
#include "base/cli.h"
#include "feature/account/account.h"
#include "feature/alert/alert_rules.h"
#include "net/route.h"
#include "port/ports.h"

struct cli_alert_list {
    bool all;
    i64 limit;
};
#define D struct cli_alert_list
static const struct field cli_alert_list_fields[] = {
    { F(all), .alt = 'a', .doc = "Those that are over, too.", .doc_ru = "И те, что уже закончились." },
    { F(limit), .alt = 'n', .min = 1, .max = 10000, .def = "100", .doc = "How many.", .doc_ru = "Сколько." },
};
#undef D
static DESC(cli_alert_list);

static err_t run_list(struct cli *cli, const void *arg)
{
    const struct cli_alert_list *in = arg;
    struct alert_filter everything = { .all = true };
    struct alert_ask ask = { .state = in->all, .limit = in->limit };
    alert_list list = { 0 };
    static const char *const columns[] = { "id",
                                           "state|STATE|СОСТОЯНИЕ",
                                           "severity|SEVERITY|ВАЖНОСТЬ",
                                           "rule|RULE|ПРАВИЛО",
                                           "subject|SUBJECT|О ЧЁМ",
                                           "value|VALUE|ЗНАЧЕНИЕ",
                                           "started_at|SINCE|С",
                                           "acknowledged_by|ACKNOWLEDGED|ПРИНЯТО",
                                           NULL };
    cli->op->who = &principal_system;
    TRY(alert_sql_list(cli->op, &everything, &ask, &list));
    cli_print_list(cli, &alert_desc, &list, columns);
    return OK;
}

struct cli_alert_silence {
    i64 id;
    str span, reason;
};
#define D struct cli_alert_silence
static const struct field cli_alert_silence_fields[] = {
    { F(id), .flags = ARG | REQUIRED, .min = 1, .max = INT64_MAX, .doc = "Number of the alert.",
      .doc_ru = "Номер оповещения." },
    { F_AS("for", span), .max = 16, .def = "2h", .doc = "For how long: 30m, 2h, 1d.",
      .doc_ru = "На сколько: 30m, 2h, 1d." },
    { F(reason), .min = 1, .max = 500, .doc = "Why.", .doc_ru = "Почему." },
};
#undef D
static DESC(cli_alert_silence);

static err_t run_silence(struct cli *cli, const void *arg)
{
    const struct cli_alert_silence *in = arg;
    struct op *op = cli->op;
    struct op_note note = { .action = "alert.silence", .method_path = S("console") };
    struct alert a;
    bool found;
    i64 us;
    if (!str_to_duration(in->span, &us) || us < SEC(60))
        return fail_field(op, "for", "must be a duration of a minute or more");
    op->who = &principal_system;
    op->note = &note;
    db_set_hook(op->ports->db, account_audit);
    TRY(alert_sql_get(op, in->id, &a, &found));
    if (!found) return fail_for(op, ERR_NOT_FOUND, "id", "there is no alert %lld", (long long)in->id);
    TRY(account_audit_target(op, audited_number(op, "alert", a.id, a.rule)));
    time_us now = time_now();
    struct alert_silence s = { .owner_id = a.owner_id,
                               .project_id = a.project_id,
                               .rule_id = a.rule_id,
                               .labels = a.labels,
                               .starts_at = now,
                               .until = { now.us + us },
                               .reason = in->reason };
    TRY(alert_sql_silence_insert(op, &s));
    TRY(db_flush(op));
    cli_print_record(cli, &alert_silence_desc, &s);
    return OK;
}

const struct command alert_commands[ALERT_COMMANDS] = {
    { "netbit", "alert list", &cli_alert_list_desc, run_list, "List alerts.", "Показать оповещения.",
      .example = "netbit alert list --all", .needs_ports = true },
    { "netbit", "alert silence", &cli_alert_silence_desc, run_silence, "Tell nobody of an alert for a while.",
      "Не сообщать об оповещении некоторое время.",
      .example = "netbit alert silence 7 --for 2h --reason upkeep", .needs_ports = true },
};
