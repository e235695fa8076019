/* The server: to be filled by the next slice. */
#include "agent/agent_impl.h"
void uplink_begin(struct agent *a) { (void)a; }
void uplink_end(struct agent *a) { (void)a; }
void uplink_step(struct agent *a, i64 now)
{
    (void)a;
    (void)now;
}
i64 uplink_deadline(const struct agent *a)
{
    (void)a;
    return 0;
}
void uplink_unit_changed(struct agent *a, struct unit *u)
{
    (void)a;
    (void)u;
}
void uplink_unit_measured(struct agent *a, struct unit *u)
{
    (void)a;
    (void)u;
}
void uplink_unit_grew(struct agent *a, struct unit *u)
{
    (void)a;
    (void)u;
}
void uplink_unit_forgotten(struct agent *a, struct unit *u)
{
    (void)a;
    (void)u;
}
const char *uplink_status(const struct agent *a)
{
    (void)a;
    return "";
}
