/* SPDX-License-Identifier: Apache-2.0 */
/* The TCP connection that this login came over, found among the descriptors of the process that called PAM. */
#ifndef ADOPTD_CONNECTION_H
#define ADOPTD_CONNECTION_H

#include "frame.h"

#include <sys/socket.h>

/*
 * Looks at descriptors 0 to 1023, and only looks. It takes the lowest connection whose peer is rhost. When rhost is not
 * a numeric address (a name by UseDNS, "UNKNOWN", NULL) it takes the lowest of all in sshd (of_sshd), which has no other
 * TCP connection, and none elsewhere. Returns its descriptor, or -1. Keeps errno.
 */
int connection_find(const char *rhost, bool of_sshd, struct frame_connection *found);

/*
 * Whether the parent of this process holds the connection of descriptor fd under the same number: so it is with the
 * helper that sshd forks for keyboard-interactive, whose parent becomes the session. A session's leader is no helper:
 * its parent may be sshd's listener, which closes the connection soon. False also when /proc does not tell.
 */
bool connection_is_of_parent(int fd);

/* The two ends as the frame wants them; an IPv4 connection of an IPv6 socket is IPv4. False: neither of the two. */
bool connection_between(const struct sockaddr_storage *peer, const struct sockaddr_storage *own,
			struct frame_connection *connection);

/* Whether the numeric address in text is the connection's source; 10.0.0.1 and ::ffff:10.0.0.1 are the same. */
bool connection_is_from(const struct frame_connection *connection, const char *text);

#endif
