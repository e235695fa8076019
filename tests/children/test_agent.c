/* The agent alone, without the rest of the program: `test-agent agent [--daemon] [--ready-fd N]`. */
#include "agent/agent.h"
#include "base/log.h"

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena, .who = &principal_system };
    const char *level = getenv("NETBIT_TEST_LOG");
    log_setup(level ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, false);
    struct cli cli = { .op = &op, .program = "netbit" };
    struct arena args = { 0 };
    void *in = arena_alloc(&args, agent_commands[0].in->size);
    desc_defaults(agent_commands[0].in, &args, in);
    for (int i = 2; i < argc; i++) {
        str name = str_skip(str_of(argv[i]), 2);
        const struct field *f = desc_field(agent_commands[0].in, name);
        if (!f) return 2;
        str value = f->type == &type_bool ? S("true") : str_of(argv[++i]);
        if (desc_bind(&op, f, value, in)) return 2;
    }
    err_t e = agent_commands[0].run(&cli, in);
    if (e) fprintf(stderr, "%s: %.*s\n", err_name(e), STR(op.err.msg));
    arena_free(&args);
    arena_free(&arena);
    return e != OK;
}
