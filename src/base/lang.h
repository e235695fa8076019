/* Two languages of everything a person reads in a terminal: English and Russian, chosen once, before there
 * are threads, from NETBIT_LANG, LC_ALL, LC_MESSAGES, LANG (the first that is set). What goes over the
 * network is English: `netbit serve` sets LANG_EN. */
#pragma once
#include "base/def.h"
enum lang { LANG_EN, LANG_RU };
extern enum lang lang_now;
void lang_setup(void);
bool lang_set(const char *name); /* "ru", "ru_RU.UTF-8", "en", ...; false: neither, then English */
/* TR("English", "Русский"): both stand side by side in the code, so neither can be forgotten. */
#define TR(en, ru) (lang_now == LANG_RU ? (ru) : (en))
/* Form of a counted Russian noun: ru_plural(5, "пакет", "пакета", "пакетов"). */
const char *ru_plural(i64 n, const char *one, const char *few, const char *many);
