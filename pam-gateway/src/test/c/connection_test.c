/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a process's descriptors is the login's connection, and how its ends are told. */
#include "../../main/c/connection.h"
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/wait.h>
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

/* A connected descriptor whose peer is address. Its listener stays open, and is no connection itself. */
static int connected_to(const char *address)
{
	struct sockaddr_storage place = end(AF_INET, address, 0);
	socklen_t len = sizeof(struct sockaddr_in);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(listener >= 0 && fd >= 0);
	CHECK(bind(listener, (struct sockaddr *)&place, len) == 0 && listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&place, &len) == 0);
	CHECK(connect(fd, (struct sockaddr *)&place, len) == 0);
	return fd;
}

static void the_descriptor_of_rhost(void)
{
	static const uint8_t first[4] = { 127, 0, 0, 1 }, second[4] = { 127, 0, 0, 2 };
	struct frame_connection found;
	struct sockaddr_storage resolver = end(AF_INET, "127.0.0.3", 53);
	int datagram, unconnected, one, two;

	errno = EXDEV;
	CHECK(connection_find(NULL, true, &found) == -1);
	CHECK(errno == EXDEV);
	unconnected = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(unconnected >= 0 && connection_find(NULL, true, &found) == -1);
	datagram = socket(AF_INET, SOCK_DGRAM, 0);	/* connected, and no login's connection */
	CHECK(connect(datagram, (struct sockaddr *)&resolver, sizeof(struct sockaddr_in)) == 0);
	CHECK(connection_find("127.0.0.3", true, &found) == -1);
	one = connected_to("127.0.0.1");
	two = connected_to("127.0.0.2");
	for (int of_sshd = 0; of_sshd <= 1; of_sshd++) {
		CHECK(connection_find("127.0.0.2", of_sshd, &found) == two);
		CHECK(memcmp(found.source.address, second, 4) == 0);
		CHECK(connection_find("::ffff:127.0.0.2", of_sshd, &found) == two);
		CHECK(connection_find("127.0.0.9", of_sshd, &found) == -1);	/* another's, whatever else is open */
		CHECK(connection_find("fe80::1%eth0", of_sshd, &found) == -1);
	}
	for (size_t i = 0; i < 4; i++) {	/* a name by UseDNS, "ssh .host", none */
		static const char *const names[] = { "login1", "UNKNOWN", "", NULL };

		CHECK(connection_find(names[i], true, &found) == one);
		CHECK(memcmp(found.source.address, first, 4) == 0);
		CHECK(connection_find(names[i], false, &found) == -1);
	}
	close(one);
	CHECK(connection_find(NULL, true, &found) == two && memcmp(found.source.address, second, 4) == 0);
	close(two);
	close(datagram);
	close(unconnected);
}

/* What check says in a child of this process, whose descriptors are the same. */
static int in_child(int (*check)(int fd), int fd)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (child == 0)
		_exit(check(fd));
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int of_parent(int fd)
{
	return connection_is_of_parent(fd);
}

static int moved(int fd)
{
	int other = fcntl(fd, F_DUPFD, 100);

	return connection_is_of_parent(other);
}

static int replaced(int fd)
{
	int own = connected_to("127.0.0.2");

	return dup2(own, fd) == fd && connection_is_of_parent(fd);
}

/* As sshd's process for a connection, while its listener has not closed it yet. */
static int leader(int fd)
{
	return setsid() > 0 && connection_is_of_parent(fd);
}

static void a_helper_is_known_by_its_parent_s_connection(void)
{
	int connection = connected_to("127.0.0.1"), file = open("/dev/null", O_RDONLY);

	CHECK(in_child(of_parent, connection) == 1);
	CHECK(in_child(moved, connection) == 0);	/* the same connection, another number */
	CHECK(in_child(leader, connection) == 0);
	CHECK(in_child(replaced, connection) == 0);	/* the same number, another connection */
	CHECK(in_child(of_parent, file) == 0);		/* a file that both hold is no connection */
	CHECK(in_child(of_parent, 999) == 0);
	CHECK(!connection_is_of_parent(connection));	/* this process, whose parent is a shell or the like */
	close(file);
	close(connection);
}

int main(void)
{
	a_mapped_connection_is_an_ipv4_connection();
	a_numeric_rhost_names_its_connection();
	the_descriptor_of_rhost();
	a_helper_is_known_by_its_parent_s_connection();
	return 0;
}
