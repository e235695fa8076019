/* Sec-WebSocket-Accept of a Sec-WebSocket-Key (RFC 6455, section 4.2.2). Private to net. */
#pragma once
#include "base/arena.h"
str ws_accept_key(struct arena *, str key);
