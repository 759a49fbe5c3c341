/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTORS = 1024 };	/* sshd keeps a login's connection among its first ten */
enum { SOCKET_NAME = 40 };	/* as /proc tells it: at most 31 bytes */

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_mapped(const uint8_t address[16])
{
	return memcmp(address, v4_mapped, sizeof(v4_mapped)) == 0;
}

static void unmap(uint8_t address[16])
{
	memmove(address, address + sizeof(v4_mapped), 4);
	memset(address + 4, 0, 12);
}

static bool endpoint_of(const struct sockaddr_storage *from, struct frame_endpoint *endpoint)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	memset(endpoint, 0, sizeof(*endpoint));
	switch (from->ss_family) {
	case AF_INET:
		memcpy(&in, from, sizeof(in));
		memcpy(endpoint->address, &in.sin_addr, 4);
		endpoint->port = ntohs(in.sin_port);
		return true;
	case AF_INET6:
		memcpy(&in6, from, sizeof(in6));
		memcpy(endpoint->address, &in6.sin6_addr, 16);
		endpoint->port = ntohs(in6.sin6_port);
		return true;
	default:
		return false;
	}
}

bool connection_between(const struct sockaddr_storage *peer, const struct sockaddr_storage *own,
			struct frame_connection *connection)
{
	if (peer->ss_family != own->ss_family || !endpoint_of(peer, &connection->source) ||
	    !endpoint_of(own, &connection->own))
		return false;
	connection->family = peer->ss_family == AF_INET ? 4 : 6;
	if (connection->family == 6 && is_mapped(connection->source.address) && is_mapped(connection->own.address)) {
		connection->family = 4;		/* as which the slurmd at the source looks it up */
		unmap(connection->source.address);
		unmap(connection->own.address);
	}
	return true;
}

bool connection_is_from(const struct frame_connection *connection, const char *text)
{
	char numeric[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");	/* fe80::1%eth0: the frame carries no zone */
	uint8_t address[16] = { 0 };

	if (len >= sizeof(numeric))
		return false;
	memcpy(numeric, text, len);
	numeric[len] = '\0';
	if (inet_pton(AF_INET, numeric, address) == 1)
		return connection->family == 4 && memcmp(address, connection->source.address, 4) == 0;
	if (inet_pton(AF_INET6, numeric, address) != 1)
		return false;
	if (is_mapped(address) && connection->family == 4)
		return memcmp(address + sizeof(v4_mapped), connection->source.address, 4) == 0;
	return connection->family == 6 && memcmp(address, connection->source.address, 16) == 0;
}

static bool connection_at(int fd, struct frame_connection *connection)
{
	struct sockaddr_storage peer, own;
	socklen_t peer_len = sizeof(peer), own_len = sizeof(own);
	int type = 0;
	socklen_t type_len = sizeof(type);

	memset(&peer, 0, sizeof(peer));
	memset(&own, 0, sizeof(own));
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	       getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 && connection_between(&peer, &own, connection);
}

static bool is_address(const char *text)
{
	char numeric[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");
	uint8_t address[16];

	if (len >= sizeof(numeric))
		return false;
	memcpy(numeric, text, len);
	numeric[len] = '\0';
	return inet_pton(AF_INET, numeric, address) == 1 || inet_pton(AF_INET6, numeric, address) == 1;
}

int connection_find(const char *rhost, bool of_sshd, struct frame_connection *found)
{
	bool any = of_sshd && (rhost == NULL || !is_address(rhost));
	struct frame_connection candidate;
	int lowest = -1;
	int saved = errno;

	for (int fd = 0; fd < DESCRIPTORS && lowest < 0; fd++)
		if (connection_at(fd, &candidate) &&
		    (any || (rhost != NULL && connection_is_from(&candidate, rhost)))) {
			*found = candidate;
			lowest = fd;
		}
	errno = saved;
	return lowest;
}

/* "socket:[INODE]", which no two open sockets share, or "" when fd of that process is no socket or not to be seen. */
static void name_of(const char *process, int fd, char name[SOCKET_NAME])
{
	static const char kind[] = "socket:[";
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/fd/%d", process, fd);
	len = readlink(path, name, SOCKET_NAME);
	if (len < (ssize_t)sizeof(kind) || len == SOCKET_NAME || memcmp(name, kind, sizeof(kind) - 1) != 0)
		len = 0;
	name[len] = '\0';
}

bool connection_is_of_parent(int fd)
{
	char parent[16], own[SOCKET_NAME], theirs[SOCKET_NAME];

	/*
	 * sshd makes the process of a connection the leader of a session; its helper is none. For a moment after the fork
	 * who listens has that connection too, and must never be taken for the process that will be the session.
	 */
	if (getsid(0) == getpid())
		return false;
	snprintf(parent, sizeof(parent), "%d", (int)getppid());
	name_of("self", fd, own);
	name_of(parent, fd, theirs);
	return own[0] != '\0' && strcmp(own, theirs) == 0;
}
