/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a process's descriptors is the login's connection, and how its ends are told. */
#include "../../main/c/connection.h"
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

static struct sockaddr_storage end(int family, const char *address, uint16_t port)
{
	struct sockaddr_storage storage = { .ss_family = (sa_family_t)family };

	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&storage;

		in->sin_port = htons(port);
		CHECK(inet_pton(AF_INET, address, &in->sin_addr) == 1);
	} else if (family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;

		in6->sin6_port = htons(port);
		CHECK(inet_pton(AF_INET6, address, &in6->sin6_addr) == 1);
	}
	return storage;
}

static bool between(int family, const char *peer, const char *own, struct frame_connection *connection)
{
	struct sockaddr_storage peer_end = end(family, peer, 40000), own_end = end(family, own, 22);

	return connection_between(&peer_end, &own_end, connection);
}

static void a_mapped_connection_is_an_ipv4_connection(void)
{
	static const uint8_t v4_source[16] = { 10, 0, 0, 1 }, v4_own[16] = { 10, 0, 0, 2 };
	static const uint8_t v6_source[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct frame_connection plain, mapped, v6;

	CHECK(between(AF_INET, "10.0.0.1", "10.0.0.2", &plain));
	CHECK(plain.family == 4 && plain.source.port == 40000 && plain.own.port == 22);
	CHECK(memcmp(plain.source.address, v4_source, 16) == 0 && memcmp(plain.own.address, v4_own, 16) == 0);
	CHECK(between(AF_INET6, "::ffff:10.0.0.1", "::ffff:10.0.0.2", &mapped));
	CHECK(mapped.family == 4 && mapped.source.port == 40000 && mapped.own.port == 22);
	CHECK(memcmp(mapped.source.address, v4_source, 16) == 0 && memcmp(mapped.own.address, v4_own, 16) == 0);
	CHECK(between(AF_INET6, "2001:db8::1", "2001:db8::2", &v6));
	CHECK(v6.family == 6 && memcmp(v6.source.address, v6_source, 16) == 0);
	CHECK(!between(AF_UNIX, "", "", &v6));
}

static void a_numeric_rhost_names_its_connection(void)
{
	struct frame_connection v4, v6;

	CHECK(between(AF_INET, "10.0.0.1", "10.0.0.2", &v4));
	CHECK(connection_is_from(&v4, "10.0.0.1") && connection_is_from(&v4, "::ffff:10.0.0.1"));
	CHECK(!connection_is_from(&v4, "10.0.0.2") && !connection_is_from(&v4, "login1.example.org"));
	CHECK(!connection_is_from(&v4, "") && !connection_is_from(&v4, "::ffff:10.0.0.2"));
	CHECK(between(AF_INET6, "fe80::1", "fe80::2", &v6));
	CHECK(connection_is_from(&v6, "fe80::1") && connection_is_from(&v6, "fe80:0::1%eth0"));
	CHECK(!connection_is_from(&v6, "fe80::2") && !connection_is_from(&v6, "10.0.0.1"));
	CHECK(!connection_is_from(&v6, "fe80:0000:0000:0000:0000:0000:0000:0001:0000:0000:0000:0000"));
}

/* A connected descriptor whose peer is address; its two helpers stay open beyond what is looked at. */
static int connected_to(const char *address)
{
	struct sockaddr_storage place = end(AF_INET, address, 0);
	socklen_t len = sizeof(struct sockaddr_in);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(listener >= 0 && fd >= 0);
	CHECK(bind(listener, (struct sockaddr *)&place, len) == 0 && listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&place, &len) == 0);
	CHECK(connect(fd, (struct sockaddr *)&place, len) == 0);
	CHECK(fcntl(listener, F_DUPFD, 1024) >= 1024);
	close(listener);
	return fd;
}

static void the_descriptor_of_rhost_else_the_lowest(void)
{
	static const uint8_t first[4] = { 127, 0, 0, 1 }, second[4] = { 127, 0, 0, 2 };
	struct frame_connection found;
	struct sockaddr_storage resolver = end(AF_INET, "127.0.0.3", 53);
	int datagram, unconnected, one, two;

	errno = EXDEV;
	CHECK(!connection_find(NULL, &found));
	CHECK(errno == EXDEV);
	unconnected = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(unconnected >= 0 && !connection_find(NULL, &found));
	datagram = socket(AF_INET, SOCK_DGRAM, 0);	/* connected, and no login's connection */
	CHECK(connect(datagram, (struct sockaddr *)&resolver, sizeof(struct sockaddr_in)) == 0);
	CHECK(!connection_find("127.0.0.3", &found));
	one = connected_to("127.0.0.1");
	two = connected_to("127.0.0.2");
	CHECK(connection_find(NULL, &found) && memcmp(found.source.address, first, 4) == 0);
	CHECK(connection_find("127.0.0.2", &found) && memcmp(found.source.address, second, 4) == 0);
	CHECK(connection_find("::ffff:127.0.0.2", &found) && memcmp(found.source.address, second, 4) == 0);
	CHECK(connection_find("127.0.0.9", &found) && memcmp(found.source.address, first, 4) == 0);
	CHECK(connection_find("login1", &found) && memcmp(found.source.address, first, 4) == 0);
	close(one);
	CHECK(connection_find(NULL, &found) && memcmp(found.source.address, second, 4) == 0);
	close(two);
	close(datagram);
	close(unconnected);
}

int main(void)
{
	a_mapped_connection_is_an_ipv4_connection();
	a_numeric_rhost_names_its_connection();
	the_descriptor_of_rhost_else_the_lowest();
	return 0;
}
