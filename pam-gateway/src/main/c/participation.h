/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the account phase leaves for the session phase when it put a login into a job: which job, and by which rules.
 * Without it a session is not the module's business. In one process libpam keeps it. sshd's helper for
 * keyboard-interactive ends before the session, so the daemon writes a record for its parent; docs/gateway-frame.md
 * describes it.
 */
#ifndef ADOPTD_PARTICIPATION_H
#define ADOPTD_PARTICIPATION_H

#include "frame.h"
#include "namespace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_MAX = 192 };	/* bytes of a record */

struct rules {	/* what a line of the service file says about a login */
	struct frame_actions actions;
	uint8_t switches;
	char nodename[FRAME_NODENAME_MAX + 1];	/* or empty */
};

struct participation {
	uint32_t uid;
	uint32_t job;
	bool of_sshd;			/* sshd called, as /proc said before any namespace was joined */
	struct rules rules;
	struct namespaces joined;	/* by this process */
};

/*
 * Makes rules as strict as line is, each where line is the stricter: deny before anything; ignore before allow for
 * action_generic_failure; newest before allow for action_unknown; the job's container rather than not, no X11 rather
 * than X11. A nodename of line replaces the one that was there.
 */
void rules_tighten(struct rules *rules, const struct rules *line);

/* The number of len digits, at least 1 and at most max, without a sign or leading zeroes; else 0. */
uint32_t plain_number(const void *text, size_t len, uint32_t max);

/* Reads the one line that a record is. False: text of len bytes is not exactly one. */
bool record_parse(const char *text, size_t len, struct participation *participation);

enum record_result {
	RECORD_NONE,		/* this process has none, or cannot see it */
	RECORD_READ,
	RECORD_UNTRUSTED,	/* it is there, and not as the daemon writes it */
};

/*
 * Looks for the record of this process in the directory "logins" beside socket, an absolute path. Waits for nothing.
 * why is set to what was found, in words for the log.
 */
enum record_result record_read(const char *socket, struct participation *participation, const char **why);

#endif
