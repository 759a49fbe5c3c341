/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon that answers every login with one reply and hands descriptors over with it, which Java cannot.
 *
 *	ns_daemon [-l | -1] PATH REPLY [NAMESPACE ...]
 *
 * REPLY is the frame in hex. Each NAMESPACE is one descriptor, of a namespace in which nobody else is: mnt, user or
 * pid; of one that processes started from here are in already: own-mnt, own-user or own-pid; or of what is none: null.
 * "linux" is three, the pid, user and mount namespace of one process with a /proc of its own, as of namespace/linux.
 *	-l	send the descriptors with the frame's body, not with its first byte
 *	-1	send the rest of the frame byte by byte
 * Prints "namespace KIND LINK" for each descriptor, then "listening". Lives until its standard input ends, and so do
 * the processes that keep the namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, DESCRIPTORS_MAX = 16, REPLY_MAX = 8200 };

static int descriptors[DESCRIPTORS_MAX];
static int descriptor_count;

static void give_up(int status, const char *what)
{
	fprintf(stderr, "ns_daemon: %s: %s\n", what, strerror(errno));
	exit(status);
}

static void write_map(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0 0 4294967295", 14) != 14)
		give_up(SKIPPED, path);
	close(fd);
}

/* Keeps new namespaces until the program ends. A pid namespace needs a pid 1 too, and ends with it. */
static void keep(int flags, int ready, int go)
{
	pid_t first = 0;
	char byte;

	if (unshare(flags) != 0)
		give_up(SKIPPED, "unshare");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready, "u", 1) != 1 || read(go, &byte, 1) != 1)	/* its maps are written from outside */
		_exit(3);
	if ((flags & CLONE_NEWPID) != 0)
		first = fork();
	if (first != 0) {
		close(ready);
		waitpid(first, NULL, 0);
		_exit(SKIPPED);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((flags & CLONE_NEWNS) != 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		give_up(SKIPPED, "mount private");
	if ((flags & CLONE_NEWNS) != 0 && (flags & CLONE_NEWPID) != 0 && mount("proc", "/proc", "proc", 0, NULL) != 0)
		give_up(SKIPPED, "mount /proc");
	if (write(ready, "r", 1) != 1)
		_exit(3);
	for (;;)
		pause();
}

static void add(const char *kind, int fd)
{
	char path[64], link[64];
	ssize_t len;

	if (fd < 0)
		give_up(SKIPPED, kind);
	if (descriptor_count == DESCRIPTORS_MAX)
		exit(2);
	descriptors[descriptor_count++] = fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	printf("namespace %s %s\n", kind, link);
}

static void add_of(const char *kind, const char *name, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	add(kind, open(path, O_RDONLY | O_CLOEXEC));
}

static pid_t start_keeper(int flags)
{
	int ready[2], go[2];
	char byte, path[64];
	pid_t keeper;

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0)
		give_up(3, "pipe2");
	keeper = fork();
	if (keeper == 0)
		keep(flags, ready[1], go[0]);
	if (keeper < 0)
		give_up(3, "fork");
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		exit(SKIPPED);
	if ((flags & CLONE_NEWUSER) != 0) {
		snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)keeper);
		write_map(path);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)keeper);
		write_map(path);
	}
	if (write(go[1], "g", 1) != 1 || read(ready[0], &byte, 1) != 1)
		exit(SKIPPED);
	close(ready[0]);
	close(go[0]);
	close(go[1]);
	return keeper;
}

static void make(const char *what)
{
	if (strcmp(what, "mnt") == 0) {
		add_of("mnt", "mnt", start_keeper(CLONE_NEWNS));
	} else if (strcmp(what, "user") == 0) {
		add_of("user", "user", start_keeper(CLONE_NEWUSER));
	} else if (strcmp(what, "pid") == 0) {
		add_of("pid", "pid_for_children", start_keeper(CLONE_NEWPID));
	} else if (strcmp(what, "linux") == 0) {
		pid_t keeper = start_keeper(CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWNS);

		add_of("pid", "pid_for_children", keeper);
		add_of("user", "user", keeper);
		add_of("mnt", "mnt", keeper);
	} else if (strcmp(what, "own-mnt") == 0) {
		add_of("mnt", "mnt", getpid());
	} else if (strcmp(what, "own-user") == 0) {
		add_of("user", "user", getpid());
	} else if (strcmp(what, "own-pid") == 0) {
		add_of("pid", "pid_for_children", getpid());
	} else if (strcmp(what, "null") == 0) {
		add("null", open("/dev/null", O_RDONLY | O_CLOEXEC));
	} else {
		exit(2);
	}
}

static size_t read_hex(const char *text, uint8_t *out)
{
	size_t len = strlen(text) / 2;

	if (len > REPLY_MAX)
		exit(2);
	for (size_t i = 0; i < len; i++) {
		unsigned byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			exit(2);
		out[i] = (uint8_t)byte;
	}
	return len;
}

static void send_with_descriptors(int fd, const uint8_t *bytes, size_t len)
{
	union {
		struct cmsghdr aligned;
		char room[CMSG_SPACE(sizeof(descriptors))];
	} control = { .aligned = { 0 } };
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	size_t size = (size_t)descriptor_count * sizeof(int);

	if (descriptor_count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.aligned), descriptors, size);
	}
	if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)len)
		fprintf(stderr, "ns_daemon: sendmsg: %s\n", strerror(errno));
}

static void answer(int fd, const uint8_t *reply, size_t len, bool late, bool slowly)
{
	size_t first = slowly ? 1 : len;
	uint8_t header[8], body[2048];
	size_t wanted;

	if (recv(fd, header, sizeof(header), MSG_WAITALL) != sizeof(header))
		return;
	wanted = (size_t)(header[6] << 8 | header[7]);
	if (wanted > sizeof(body) || recv(fd, body, wanted, MSG_WAITALL) != (ssize_t)wanted)
		return;
	if (late) {
		send(fd, reply, sizeof(header), MSG_NOSIGNAL);
		reply += sizeof(header);
		len -= sizeof(header);
		first = len;
	}
	send_with_descriptors(fd, reply, first);
	for (size_t i = first; i < len; i++) {
		usleep(1000);
		send(fd, reply + i, 1, MSG_NOSIGNAL);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool late = false, slowly = false;
	uint8_t reply[REPLY_MAX];
	int option;
	size_t len;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt(argc, argv, "+l1")) != -1) {
		late = late || option == 'l';
		slowly = slowly || option == '1';
	}
	argv += optind;
	argc -= optind;
	if (argc < 2 || strlen(argv[0]) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, argv[0]);
	len = read_hex(argv[1], reply);
	for (int i = 2; i < argc; i++)
		make(argv[i]);
	umask(077);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 8) != 0)
		give_up(3, argv[0]);
	puts("listening");
	for (;;) {
		struct pollfd events[] = { { .fd = listener, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
		int fd;

		if (poll(events, 2, -1) < 0)
			give_up(3, "poll");
		if (events[1].revents != 0)	/* the test is over; its keepers die with this process */
			return 0;
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		answer(fd, reply, len, late, slowly);
		close(fd);
	}
}
