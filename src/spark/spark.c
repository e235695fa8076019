#include "spark/spark.h"
#include "spark/commands.h"

#define SPARK(command_name) .program = "spark", .name = command_name

static const char publish_more[] = "The folder needs a spark.json, or a \"spark\" member in package.json; "
                                   "without either, name, version and command are inferred "
                                   "from package.json, pyproject.toml, a main.py or an executable, and what "
                                   "was inferred is said. The rules of .gitignore and "
                                   ".sparkignore leave files out. Running it again continues an upload that "
                                   "broke off; a published version never changes.";
static const char publish_more_ru[] =
    "В папке нужен spark.json или раздел \"spark\" в package.json; без них имя, версия и команда выводятся "
    "из package.json, "
    "pyproject.toml, main.py или исполняемого файла, и об этом говорится. Правила .gitignore и .sparkignore "
    "исключают файлы. "
    "Повторный запуск продолжает прерванную отправку; опубликованная версия не меняется.";
static const char grants_more[] = "Its author and the members of its project see a private package anyway. A "
                                  "login shows it to that person, the id of a unit to "
                                  "whom the unit belongs, for as long as there is that unit. What is "
                                  "installed already stays where it is after remove.";
static const char grants_more_ru[] =
    "Автор и участники проекта видят закрытый пакет и так. Логин открывает его этому человеку, идентификатор "
    "юнита — владельцу "
    "юнита, пока юнит существует. Установленное до remove остаётся на месте.";
static const char install_more[] = "A download that broke off is continued. SHA-256 and signature are "
                                   "verified before anything is moved into place; the switch "
                                   "from the old version to the new one is one step, and units that run keep "
                                   "the version they were started from.";
static const char install_more_ru[] = "Прерванная загрузка продолжается. SHA-256 и подпись проверяются до "
                                      "того, как что-либо будет перемещено; переход со старой версии "
                                      "на новую — один шаг, а работающие юниты остаются на своей версии.";
const struct command spark_commands[] = {
    { SPARK("search"), .in = &search_in_desc, .run = cmd_search, .doc = "Find packages in the registry.",
      .doc_ru = "Найти пакеты в реестре.", .example = "spark search signal" },
    { SPARK("info"), .in = &name_in_desc, .run = cmd_info, .doc = "A package and its versions.",
      .doc_ru = "Пакет и его версии.", .example = "spark info sipd" },
    { SPARK("install"), .in = &install_in_desc, .run = cmd_install,
      .doc = "Install packages on this machine.", .doc_ru = "Установить пакеты на эту машину.",
      .more = install_more, .more_ru = install_more_ru, .example = "spark install sipd@^1.2" },
    { SPARK("update"), .in = &update_in_desc, .run = cmd_update,
      .doc = "Bring installed packages to their newest version.", .doc_ru = "Обновить установленные пакеты.",
      .example = "spark update --check" },
    { SPARK("uninstall"), .in = &names_in_desc, .run = cmd_uninstall, .doc = "Remove installed packages.",
      .doc_ru = "Удалить установленные пакеты.", .example = "spark uninstall sipd" },
    { SPARK("list"), .run = cmd_list, .doc = "Packages installed on this machine.",
      .doc_ru = "Пакеты, установленные на этой машине." },
    { SPARK("init"), .in = &init_in_desc, .run = cmd_init, .doc = "Write a spark.json for a folder.",
      .doc_ru = "Создать spark.json для папки.", .example = "spark init ./probe" },
    { SPARK("publish"), .in = &publish_in_desc, .run = cmd_publish,
      .doc = "Publish a folder as a version of a package.", .doc_ru = "Опубликовать папку как версию пакета.",
      .more = publish_more, .more_ru = publish_more_ru, .example = "spark publish ./probe" },
    { SPARK("pack"), .in = &pack_in_desc, .run = cmd_pack,
      .doc = "Make a package's archive without publishing it.",
      .doc_ru = "Собрать архив пакета, не публикуя.", .example = "spark pack ./probe -o probe.tar.zst" },
    { SPARK("grants"), .in = &grants_in_desc, .run = cmd_grants,
      .doc = "Who sees a private package, and showing it to more.",
      .doc_ru = "Кому виден закрытый пакет и как показать его ещё кому-то.", .more = grants_more,
      .more_ru = grants_more_ru, .example = "spark grants sipd add maria" },
    { SPARK("key new"), .in = &key_in_desc, .run = cmd_key_new, .doc = "Make a key to sign packages with.",
      .doc_ru = "Создать ключ подписи пакетов.", .example = "spark key new" },
    { SPARK("key list"), .run = cmd_key_list, .doc = "Keys of this machine.",
      .doc_ru = "Ключи этой машины." },
    { SPARK("login"), .in = &login_in_desc, .run = cmd_login, .doc = "Sign in at a server.",
      .doc_ru = "Войти на сервер.", .example = "spark login http://localhost:8080 --login admin" },
    { SPARK("logout"), .run = cmd_logout, .doc = "Sign out and revoke this machine's token.",
      .doc_ru = "Выйти и отозвать токен этой машины." },
    { SPARK("whoami"), .run = cmd_whoami, .doc = "Who is signed in, and where.",
      .doc_ru = "Кто вошёл и куда." },
    { SPARK("completion"), .in = &completion_in_desc, .run = cmd_completion,
      .doc = "Completions for a shell.", .doc_ru = "Дополнения для оболочки.",
      .example = "spark completion bash > ~/.local/share/bash-completion/completions/spark" },
    { SPARK("man"), .run = cmd_man, .doc = "The manual page.", .doc_ru = "Страница руководства.",
      .example = "spark man | man -l -" },
};
const size_t spark_commands_count = LEN(spark_commands);
