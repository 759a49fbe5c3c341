/* SPDX-License-Identifier: Apache-2.0 */
/* Which TCP connection this login came over, found among the descriptors of the process that called PAM. */
#ifndef ADOPTD_CONNECTION_H
#define ADOPTD_CONNECTION_H

#include "frame.h"

#include <sys/socket.h>

/*
 * Looks at descriptors 0 to 1023, and only looks. Of several connections it takes the one whose peer is rhost (when
 * that is a numeric address; it may be NULL), else the lowest. False: the process has none. Keeps errno.
 */
bool connection_find(const char *rhost, struct frame_connection *found);

/* The two ends as the frame wants them; an IPv4 connection of an IPv6 socket is IPv4. False: neither of the two. */
bool connection_between(const struct sockaddr_storage *peer, const struct sockaddr_storage *own,
			struct frame_connection *connection);

/* Whether the numeric address in text is the connection's source; 10.0.0.1 and ::ffff:10.0.0.1 are the same. */
bool connection_is_from(const struct frame_connection *connection, const char *text);

#endif
