/* The commands about units. They speak to the agent and read its files, so they need no network library;
 * main/spark.c runs them without loading one. */
#include "spark/commands.h"
#include "spark/spark.h"

#define SPARK(command_name) .program = "spark", .name = command_name

static const char run_more[] = "Speaks to the agent of this user, which is started when there is none. "
                               "Without a network it works the same: the server "
                               "hears of the unit later.";
static const char run_more_ru[] = "Обращается к агенту этого пользователя; если его нет, он запускается. Без "
                                  "сети всё работает так же: сервер узнает о юните позже.";

const struct command spark_unit_commands[] = {
    { SPARK("run"), .in = &run_in_desc, .run = cmd_run, .doc = "Start a unit of an installed package.",
      .doc_ru = "Запустить юнит установленного пакета.", .more = run_more, .more_ru = run_more_ru,
      .example = "spark run sipd --name prod -- --port 8090" },
    { SPARK("status"), .in = &status_in_desc, .run = cmd_status,
      .doc = "Units of this machine: uptime, CPU, memory, restarts.",
      .doc_ru = "Юниты этой машины: время работы, CPU, память, перезапуски.",
      .example = "spark status --watch" },
    { SPARK("logs"), .in = &logs_in_desc, .run = cmd_logs, .doc = "What a unit wrote.",
      .doc_ru = "Что написал юнит.", .example = "spark logs prod -n 100 -f" },
    { SPARK("stop"), .in = &units_in_desc, .run = cmd_stop, .doc = "Stop units.",
      .doc_ru = "Остановить юниты.", .example = "spark stop prod" },
    { SPARK("start"), .in = &units_in_desc, .run = cmd_start, .doc = "Start stopped units again.",
      .doc_ru = "Снова запустить остановленные юниты." },
    { SPARK("restart"), .in = &units_in_desc, .run = cmd_restart, .doc = "Restart units.",
      .doc_ru = "Перезапустить юниты." },
    { SPARK("pause"), .in = &units_in_desc, .run = cmd_pause, .doc = "Freeze units where they are.",
      .doc_ru = "Заморозить юниты." },
    { SPARK("resume"), .in = &units_in_desc, .run = cmd_resume, .doc = "Let paused units go on.",
      .doc_ru = "Продолжить приостановленные юниты." },
    { SPARK("rm"), .in = &units_in_desc, .run = cmd_rm, .doc = "Stop units and forget them with their logs.",
      .doc_ru = "Остановить юниты и забыть их вместе с логами." },
    { SPARK("agent stop"), .run = cmd_agent_stop, .doc = "End the agent; units go on.",
      .doc_ru = "Завершить агента; юниты работают дальше." },
};
const size_t spark_unit_commands_count = LEN(spark_unit_commands);
