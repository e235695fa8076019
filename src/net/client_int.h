/* Shared by client.c and wsc.c. */
#pragma once
#include "base/log.h"
#include "net/client.h"
#include <curl/curl.h>

void client_global(void);
void client_global_once(void);
bool client_same_origin(str url, str base); /* scheme, host and port */
/* op's error from a problem document, or from the status alone. */
err_t client_problem(struct op *, int status, str body) MUST_USE;
