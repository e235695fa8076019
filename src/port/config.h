/* The settings of `netbit serve`: one table (config.c) gives the command-line options, the environment
 * variables NETBIT_<NAME> (and the plain DATABASE_URL, LOG_LEVEL, PORT that people's deployments already
 * have), defaults, documentation. The command line wins. */
#pragma once
#include "base/desc.h"

struct config {
    str listen, data, database_url, blob_url, public_url, trusted_proxies;
    str log_level, log_format;
    str registration; /* open, invite, closed */
    str admin_login, admin_password;
    bool demo;
    i64 workers, io_threads, max_connections, max_uploads;
    i64 rate_per_minute, sign_in_per_minute;
    str audit_keep, telemetry_keep; /* durations: "365d" */
    bool metrics_open;
    str smtp_url, smtp_from; /* the mail server of alerts; its URL holds a password */
    bool alert_private_urls;
    str otlp_url; /* of a collector of traces */
    i64 trace_percent;
    struct present given; /* what the command line gave */
};
extern const struct desc config_desc;

/* Fills from the environment what the command line did not give. */
err_t config_from_env(struct op *, struct config *) MUST_USE;
/* Makes what is derived: data folder, database_url and blob_url below it. */
err_t config_complete(struct op *, struct config *) MUST_USE;
