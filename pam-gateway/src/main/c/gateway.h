/* SPDX-License-Identifier: Apache-2.0 */
/* One question to the daemon: trust its socket, connect, write a LOGIN and read the reply, all before one deadline. */
#ifndef ADOPTD_GATEWAY_H
#define ADOPTD_GATEWAY_H

#include "frame.h"

#include <stdint.h>

enum gateway_result {
	GATEWAY_ANSWERED,	/* a VERDICT; all others below are failures */
	GATEWAY_REFUSED,	/* a REFUSED */
	GATEWAY_ABSENT,		/* nobody listens */
	GATEWAY_LATE,		/* the deadline came first */
	GATEWAY_CLOSED,		/* the daemon closed before its reply was whole */
	GATEWAY_UNREADABLE,	/* the reply is none the page allows */
	GATEWAY_UNTRUSTED,	/* somebody other than root could be behind the socket */
	GATEWAY_BROKEN,		/* a system call failed, or the login cannot be put into a frame */
};

struct gateway_answer {
	struct frame_reply reply;	/* of ANSWERED */
	int descriptors[FRAME_NAMESPACES_MAX];	/* of ANSWERED: one for each namespace of the reply, in its order */
	size_t descriptor_count;
	char detail[352];		/* of a failure: what happened, in words for the log, not escaped */
	int error;			/* and its errno, or 0 */
	uint8_t frame[FRAME_REPLY_MAX];	/* where the texts of reply live */
};

/* CLOCK_MONOTONIC in milliseconds. */
int64_t gateway_clock_ms(void);

/*
 * Asks the daemon at path about login, whose patience is filled in here. Returns by deadline (gateway_clock_ms), give
 * or take the scheduler. Leaves no descriptor open but those of an answer, which gateway_close ends.
 */
enum gateway_result gateway_ask(const char *path, const struct frame_login *login, int64_t deadline,
				struct gateway_answer *answer);

/* Closes the descriptors of an answer. */
void gateway_close(struct gateway_answer *answer);

#endif
