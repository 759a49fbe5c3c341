/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FULL_BACKLOG_PAUSE_MS = 5 };

int64_t gateway_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int ms_left(int64_t deadline)
{
	int64_t left = deadline - gateway_clock_ms();

	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static enum gateway_result fail(struct gateway_answer *answer, enum gateway_result result, const char *what, int error)
{
	snprintf(answer->detail, sizeof(answer->detail), "%s", what);
	answer->error = error;
	return result;
}

static enum gateway_result bad_frame(struct gateway_answer *answer, enum gateway_result result,
				     const struct frame_fault *why)
{
	snprintf(answer->detail, sizeof(answer->detail), "%s %s (offset %zu)", why->field, why->what, why->offset);
	answer->error = 0;
	return result;
}

/* What a call's errno means for the login; what says which call. */
static enum gateway_result failed_call(struct gateway_answer *answer, const char *what, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return fail(answer, GATEWAY_ABSENT, what, error);
	case ETIMEDOUT:
		return fail(answer, GATEWAY_LATE, what, error);
	case EPIPE:
	case ECONNRESET:
		return fail(answer, GATEWAY_CLOSED, what, error);
	case EPROTO:
		return fail(answer, GATEWAY_UNREADABLE, "descriptors that no reply may bring", 0);
	default:
		return fail(answer, GATEWAY_BROKEN, what, error);
	}
}

static bool others_may_write(const struct stat *file)
{
	return (file->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/*
 * Only root may have put the socket where it is. Whoever could swap it after this look would have to be root, or is met
 * again by SO_PEERCRED.
 */
static enum gateway_result check_place(const struct sockaddr_un *address, struct gateway_answer *answer)
{
	char directory[sizeof(address->sun_path)];
	struct stat file;
	size_t len;

	memcpy(directory, address->sun_path, sizeof(directory));
	len = (size_t)(strrchr(directory, '/') - directory);
	while (len > 0 && directory[len - 1] == '/')	/* with a slash at its end lstat would follow a link */
		len--;
	directory[len == 0 ? 1 : len] = '\0';

	if (lstat(directory, &file) != 0)
		return failed_call(answer, "lstat of the socket's directory", errno);
	if (!S_ISDIR(file.st_mode))
		return fail(answer, GATEWAY_UNTRUSTED, "the socket's directory is not a directory", 0);
	if (file.st_uid != 0)
		return fail(answer, GATEWAY_UNTRUSTED, "the socket's directory is not owned by root", 0);
	if (others_may_write(&file))
		return fail(answer, GATEWAY_UNTRUSTED, "the socket's directory can be written by group or others", 0);

	if (lstat(address->sun_path, &file) != 0)
		return failed_call(answer, "lstat of the socket", errno);
	if (!S_ISSOCK(file.st_mode))
		return fail(answer, GATEWAY_UNTRUSTED, "the socket is not a socket", 0);
	if (file.st_uid != 0)
		return fail(answer, GATEWAY_UNTRUSTED, "the socket is not owned by root", 0);
	if (others_may_write(&file))
		return fail(answer, GATEWAY_UNTRUSTED, "the socket can be written by group or others", 0);
	return GATEWAY_ANSWERED;
}

static enum gateway_result check_peer(int fd, struct gateway_answer *answer)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return failed_call(answer, "SO_PEERCRED", errno);
	if (peer.uid != 0)
		return fail(answer, GATEWAY_UNTRUSTED, "the socket is not served by root", 0);
	return GATEWAY_ANSWERED;
}

/* 0, or the errno that says why not. */
static int connect_before(int fd, const struct sockaddr_un *address, int64_t deadline)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
		int error = errno;
		int left = ms_left(deadline);

		if (error != EAGAIN && error != EINTR)
			return error;
		if (left == 0)
			return ETIMEDOUT;
		if (error == EAGAIN)	/* the backlog is full; a local socket has no event that says it no longer is */
			poll(NULL, 0, left < FULL_BACKLOG_PAUSE_MS ? left : FULL_BACKLOG_PAUSE_MS);
	}
	return 0;
}

/* Waits until fd is ready for events: 0, or the errno that says why not. */
static int wait_before(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = events };
		int left = ms_left(deadline);	/* of the one deadline, not a fresh wait */
		int ready;

		if (left == 0)
			return ETIMEDOUT;
		ready = poll(&pfd, 1, left);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return errno;
	}
}

/* Exactly len bytes, or the errno that says why not. */
static int write_before(int fd, const uint8_t *bytes, size_t len, int64_t deadline)
{
	while (len > 0) {
		int error = wait_before(fd, POLLOUT, deadline);
		ssize_t sent;

		if (error != 0)
			return error;
		sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		}
	}
	return 0;
}

/* Keeps the descriptors that came with a message; false when they are more than any reply may bring. */
static bool keep_descriptors(struct msghdr *message, struct gateway_answer *answer)
{
	bool few = (message->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int descriptor;

			memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(descriptor));
			if (answer->descriptor_count < FRAME_NAMESPACES_MAX) {
				answer->descriptors[answer->descriptor_count++] = descriptor;
			} else {
				close(descriptor);
				few = false;
			}
		}
	}
	return few;
}

/* Reads at most len bytes, and whatever descriptors come with them: how many, or -1 and errno. */
static ssize_t receive(int fd, uint8_t *bytes, size_t len, struct gateway_answer *answer)
{
	union {
		struct cmsghdr aligned;
		char room[CMSG_SPACE(FRAME_NAMESPACES_MAX * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = bytes, .iov_len = len };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	bool first = bytes == answer->frame;
	size_t before = answer->descriptor_count;
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (got < 0)
		return got;
	if (!keep_descriptors(&message, answer) || (!first && answer->descriptor_count > before)) {
		errno = EPROTO;
		return -1;
	}
	return got;
}

/* Exactly len bytes of the answer's frame from at on, or the errno that says why not. */
static int read_before(int fd, struct gateway_answer *answer, size_t at, size_t len, int64_t deadline)
{
	while (len > 0) {
		int error = wait_before(fd, POLLIN, deadline);
		ssize_t got;

		if (error != 0)
			return error;
		got = receive(fd, answer->frame + at, len, answer);
		if (got == 0)
			return ECONNRESET;	/* the daemon closed: a failure, never a verdict */
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (got > 0) {
			at += (size_t)got;
			len -= (size_t)got;
		}
	}
	return 0;
}

static enum gateway_result read_reply(int fd, int64_t deadline, struct gateway_answer *answer)
{
	struct frame_fault why = { "", "", 0 };
	enum frame_type type;
	size_t body;
	int error;

	error = read_before(fd, answer, 0, FRAME_HEADER, deadline);
	if (error != 0)
		return failed_call(answer, "read of the reply's header", error);
	if (!frame_read_header(answer->frame, &type, &body, &why))	/* before a length in it is believed */
		return bad_frame(answer, GATEWAY_UNREADABLE, &why);
	error = read_before(fd, answer, FRAME_HEADER, body, deadline);
	if (error != 0)
		return failed_call(answer, "read of the reply's body", error);
	if (!frame_read_reply(answer->frame, FRAME_HEADER + body, &answer->reply, &why))
		return bad_frame(answer, GATEWAY_UNREADABLE, &why);
	if (answer->descriptor_count != answer->reply.namespace_count) {
		snprintf(answer->detail, sizeof(answer->detail), "%zu namespaces and %zu descriptors",
			 answer->reply.namespace_count, answer->descriptor_count);
		return GATEWAY_UNREADABLE;
	}
	if (answer->reply.type == FRAME_VERDICT)
		return GATEWAY_ANSWERED;
	snprintf(answer->detail, sizeof(answer->detail), "%.*s: %.*s",
		 (int)answer->reply.reason.len, (const char *)answer->reply.reason.at,
		 (int)answer->reply.message.len, (const char *)answer->reply.message.at);
	return GATEWAY_REFUSED;
}

/* A helper is not the session, and a namespace is no use to it. */
static bool may_join(const struct frame_login *login)
{
	return login->phase != PHASE_HELPER && (login->switches & SWITCH_CONTAINER) != 0;
}

static enum gateway_result converse(int fd, const struct sockaddr_un *address, const struct frame_login *login,
				    int64_t deadline, struct gateway_answer *answer)
{
	struct frame_login asked = *login;
	uint8_t request[FRAME_REQUEST_MAX];
	enum gateway_result result;
	struct frame_fault why = { "", "", 0 };
	size_t len;
	int error, left;

	error = connect_before(fd, address, deadline);
	if (error != 0)
		return failed_call(answer, "connect", error);
	result = check_peer(fd, answer);
	if (result != GATEWAY_ANSWERED)
		return result;

	/*
	 * The least patience the frame can tell is 100 ms, and the daemon may use half of that: with less than this
	 * half it could adopt a login that is no longer waiting, so it is not asked.
	 */
	left = ms_left(deadline);
	if (left < FRAME_PATIENCE_MIN_MS / 2)
		return fail(answer, GATEWAY_LATE, "connected, but too late to ask", ETIMEDOUT);
	asked.patience_ms = left < FRAME_PATIENCE_MIN_MS ? FRAME_PATIENCE_MIN_MS : (uint32_t)left;
	len = frame_write_login(&asked, request, &why);
	if (len == 0)
		return bad_frame(answer, GATEWAY_BROKEN, &why);

	error = write_before(fd, request, len, deadline);
	if (error == 0) {
		result = read_reply(fd, deadline, answer);
		if (result == GATEWAY_ANSWERED && answer->descriptor_count > 0 && !may_join(login))
			return fail(answer, GATEWAY_UNREADABLE, "namespaces that were not asked for", 0);
		return result;
	}
	/* A daemon that closed before it read everything may have said why. It cannot have decided what it had not. */
	if ((error == EPIPE || error == ECONNRESET) && read_reply(fd, deadline, answer) == GATEWAY_REFUSED)
		return GATEWAY_REFUSED;
	return failed_call(answer, "write of the request", error);
}

enum gateway_result gateway_ask(const char *path, const struct frame_login *login, int64_t deadline,
				struct gateway_answer *answer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum gateway_result result;
	int fd;

	memset(answer, 0, offsetof(struct gateway_answer, frame));
	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
		return fail(answer, GATEWAY_BROKEN, "the path of the socket", ENAMETOOLONG);
	memcpy(address.sun_path, path, strlen(path));
	result = check_place(&address, answer);
	if (result != GATEWAY_ANSWERED)
		return result;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed_call(answer, "socket", errno);
	result = converse(fd, &address, login, deadline, answer);
	close(fd);
	if (result != GATEWAY_ANSWERED)
		gateway_close(answer);
	return result;
}

void gateway_close(struct gateway_answer *answer)
{
	while (answer->descriptor_count > 0)
		close(answer->descriptors[--answer->descriptor_count]);
}
