/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of its own at the daemon's socket, under any uid, that never answers.
 *
 *	mute_daemon PATH UID
 *
 * The socket file is made by who starts it; the uid that SO_PEERCRED names is the one that listens. Prints "listening",
 * then "connected" and the number of bytes it was sent for each login that comes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int give_up(const char *what)
{
	fprintf(stderr, "mute_daemon: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	uid_t uid;

	if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	strcpy(address.sun_path, argv[1]);
	uid = (uid_t)strtoul(argv[2], NULL, 10);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0)
		return give_up("bind");
	if (setresuid(uid, uid, uid) != 0)
		return give_up("setresuid");
	if (listen(listener, 8) != 0)
		return give_up("listen");
	puts("listening");
	for (;;) {
		char bytes[4096];
		ssize_t got;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return give_up("accept");
		got = recv(fd, bytes, sizeof(bytes), 0);
		printf("connected %zd\n", got);
		if (got > 0)
			while (recv(fd, bytes, sizeof(bytes), 0) > 0)
				continue;
		close(fd);
	}
}
