#include "port/config.h"
#include "base/fs.h"
#include "base/log.h"

#define D struct config
static const struct field config_fields[] = {
    { F(listen), .max = 255, .def = "127.0.0.1:8080",
      .doc = "Address and port to serve on, HOST:PORT; :PORT for all addresses.",
      .doc_ru = "Адрес и порт, ХОСТ:ПОРТ; :ПОРТ для всех адресов." },
    { F(data), .max = 4096, .def = "data", .doc = "Folder of the embedded database and blobs.",
      .doc_ru = "Папка встроенной базы и файлов." },
    { F(database_url), .max = 4096, .flags = NULLABLE,
      .doc = "sqlite:PATH or postgresql://...; default: SQLite in the data folder.",
      .doc_ru = "sqlite:ПУТЬ или postgresql://...; по умолчанию SQLite в папке данных." },
    { F(blob_url), .max = 4096, .flags = NULLABLE, .doc = "dir:PATH; default: blobs/ in the data folder.",
      .doc_ru = "dir:ПУТЬ; по умолчанию blobs/ в папке данных." },
    { F(public_url), .max = 1024, .flags = NULLABLE,
      .doc = "Address that people and agents use, when a proxy stands in front.",
      .doc_ru = "Адрес, по которому приходят люди и агенты, если впереди стоит прокси." },
    { F(trusted_proxies), .max = 1024, .flags = NULLABLE,
      .doc = "Addresses, comma separated, whose X-Forwarded-For counts.",
      .doc_ru = "Адреса через запятую, чей X-Forwarded-For учитывается." },
    { F(log_level), .max = 16, .def = "info", .doc = "debug, info, warn, error or off.",
      .doc_ru = "debug, info, warn, error или off." },
    { F(log_format), .max = 16, .def = "auto", .doc = "json, text, or auto: text on a terminal.",
      .doc_ru = "json, text или auto: текст на терминале." },
    { F(registration), .max = 16, .def = "invite", .doc = "Who may register: open, invite or closed.",
      .doc_ru = "Кто может регистрироваться: open, invite или closed." },
    { F(admin_login), .max = 64, .flags = NULLABLE,
      .doc = "Login of the administrator that the first start makes.",
      .doc_ru = "Имя администратора, которого создаёт первый запуск." },
    { F(admin_password), .max = 256, .flags = NULLABLE | WRITEONLY, .doc = "Password of that administrator.",
      .doc_ru = "Пароль этого администратора." },
    { F(demo), .def = "false", .doc = "Fill an empty node with a living demo project.",
      .doc_ru = "Наполнить пустой узел живым демонстрационным проектом." },
    { F(workers), .max = 256, .def = "0", .doc = "Threads that run operations; 0: chosen by database.",
      .doc_ru = "Потоки, выполняющие операции; 0: по типу базы." },
    { F(io_threads), .max = 64, .def = "0", .doc = "Threads that own sockets; 0: one.",
      .doc_ru = "Потоки, владеющие сокетами; 0: один." },
    { F(max_connections), .max = 1000000, .def = "10000", .doc = "Connections served at once.",
      .doc_ru = "Одновременных соединений." },
    { F(max_uploads), .max = 1024, .def = "32", .doc = "Uploads received at once.",
      .doc_ru = "Одновременных загрузок." },
    { F(rate_per_minute), .max = 1000000000, .def = "600000",
      .doc = "Requests a minute per token or address; 0: no limit.",
      .doc_ru = "Запросов в минуту на токен или адрес; 0: без предела." },
    { F(sign_in_per_minute), .max = 1000000, .def = "30",
      .doc = "Sign-in attempts a minute per address; 0: no limit.",
      .doc_ru = "Попыток входа в минуту с адреса; 0: без предела." },
    { F(audit_keep), .max = 16, .def = "365d", .doc = "How long the audit log is kept.",
      .doc_ru = "Сколько хранится журнал аудита." },
    { F(telemetry_keep), .max = 16, .def = "30d", .doc = "How long units' logs and metrics are kept.",
      .doc_ru = "Сколько хранятся логи и метрики юнитов." },
    { F(metrics_open), .def = "true", .doc = "Show /metrics to everybody; false: to administrators.",
      .doc_ru = "Показывать /metrics всем; false: только администраторам." },
    { F(otlp_url), .max = 1024, .flags = NULLABLE,
      .doc = "Collector that gets traces by OTLP/HTTP, http://HOST:4318; default: none.",
      .doc_ru = "Сборщик трассировок по OTLP/HTTP, http://ХОСТ:4318; по умолчанию нет." },
    { F(trace_percent), .max = 100, .def = "100",
      .doc = "How many of the traces that begin here are kept, in percent.",
      .doc_ru = "Сколько трассировок, начатых здесь, сохраняется, в процентах." },
    { F(smtp_url), .max = 1024, .flags = NULLABLE | WRITEONLY,
      .doc = "Mail server of alerts: smtp://USER:PASSWORD@HOST:587 or smtps://...",
      .doc_ru = "Почтовый сервер оповещений: smtp://ИМЯ:ПАРОЛЬ@ХОСТ:587 или smtps://..." },
    { F(smtp_from), .max = 254, .flags = NULLABLE, .doc = "Address that alerts' mail comes from.",
      .doc_ru = "Адрес, от которого приходят письма оповещений." },
    { F(alert_private_urls), .def = "false",
      .doc = "Let webhooks of alerts call addresses of private networks.",
      .doc_ru = "Разрешить вебхукам оповещений адреса частных сетей." },
    { F(given) },
};
#undef D
DESC(config);

static const char *const plain_names[] = { "database_url", "log_level" };

static bool plain_name(const char *field)
{
    for (size_t i = 0; i < LEN(plain_names); i++)
        if (!strcmp(plain_names[i], field)) return true;
    return false;
}

static const char *from_env(struct arena *a, const char *field)
{
    str upper = arena_printf(a, "NETBIT_%s", field);
    char *p = str_z(a, upper);
    for (char *c = p; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 32);
    const char *v = getenv(p);
    return v || !plain_name(field) ? v : getenv(p + strlen("NETBIT_"));
}

err_t config_from_env(struct op *op, struct config *c)
{
    u64 given = c->given.set;
    for (size_t i = 0; i < config_desc.n; i++) {
        const struct field *f = &config_fields[i];
        const char *v = given >> i & 1 ? NULL : from_env(op->arena, f->name);
        if (v && *v) TRY(desc_bind(op, f, str_of(v), c));
        const char *port =
            f->off == offsetof(struct config, listen) && !(given >> i & 1) && !v ? getenv("PORT") : NULL;
        if (!port || !*port) continue;
        i64 n;
        if (!str_to_i64(str_of(port), &n) || n < 0 || n > 65535)
            return fail_field(op, "PORT", "must be 0 to 65535");
        c->listen = arena_printf(op->arena, "127.0.0.1:%lld", (long long)n);
    }
    return OK;
}

err_t config_complete(struct op *op, struct config *c)
{
    enum log_level level;
    i64 us;
    if (!log_level_of(c->log_level, &level))
        return fail_field(op, "log_level", "must be debug, info, warn, error or off");
    if (!str_is(c->registration, "open") && !str_is(c->registration, "invite") &&
        !str_is(c->registration, "closed"))
        return fail_field(op, "registration", "must be open, invite or closed");
    if (!str_to_duration(c->audit_keep, &us))
        return fail_field(op, "audit_keep", "must be a duration such as 365d");
    if (!str_to_duration(c->telemetry_keep, &us))
        return fail_field(op, "telemetry_keep", "must be a duration such as 30d");
    TRY(fs_make_dirs(op, str_z(op->arena, c->data), 0700));
    if (!c->database_url.p) c->database_url = arena_printf(op->arena, "sqlite:%.*s/netbit.db", STR(c->data));
    if (!c->blob_url.p) c->blob_url = arena_printf(op->arena, "dir:%.*s/blobs", STR(c->data));
    return OK;
}
