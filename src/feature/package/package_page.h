/* The page of a public package, made once and sent many times: a bounded store of ready answers that the
 * socket's thread sends by itself. A page lives a second, so that other nodes' writes show in time; after
 * that one request goes to a worker and makes it anew while the others get the old one. What this node writes
 * drops the page at once. */
#pragma once
#include "base/op.h"

struct http_request;
bool package_page_fast(struct http_request *); /* route.fast of GET /api/spark/packages/{name} */

/* Around the making of a page: take a ticket before reading, put the body with it; a page that changed in
 * between is not kept. */
u64 package_page_ticket(str name);
void package_page_put(str name, u64 ticket, str body);
void package_page_drop(str name);
void package_page_changed(struct op *, str name); /* drops it when what the operation wrote is durable */
void package_page_stop(void);                     /* releases all pages */
