/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames between module and daemon, as far as the module speaks them: a LOGIN goes out, a VERDICT or a REFUSED
 * comes back. The authority is docs/gateway-frame.md; every number here is one of its numbers. Nothing here does I/O,
 * keeps state or knows PAM.
 */
#ifndef ADOPTD_FRAME_H
#define ADOPTD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_HEADER = 8,
	FRAME_REQUEST_BODY_MAX = 2048,
	FRAME_REPLY_BODY_MAX = 8192,
	FRAME_REQUEST_MAX = FRAME_HEADER + FRAME_REQUEST_BODY_MAX,
	FRAME_REPLY_MAX = FRAME_HEADER + FRAME_REPLY_BODY_MAX,
	FRAME_USER_MAX = 256,
	FRAME_SERVICE_MAX = 64,
	FRAME_NODENAME_MAX = 64,
	FRAME_RHOST_MAX = 256,
	FRAME_PATIENCE_MIN_MS = 100,
	FRAME_PATIENCE_MAX_MS = 60000,
	FRAME_VARIABLES_MAX = 64,
	FRAME_VARIABLE_MAX = 1024,
	FRAME_MESSAGE_MAX = 256,
	FRAME_NAMESPACES_MAX = 8,
};

enum frame_type { FRAME_LOGIN = 0x01, FRAME_VERDICT = 0x81, FRAME_REFUSED = 0xff };
enum frame_verdict { VERDICT_SUCCESS = 1, VERDICT_IGNORE = 2, VERDICT_DENY = 3 };

enum frame_phase {
	PHASE_ACCOUNT = 1,
	PHASE_HELPER = 2,	/* account, in a process whose parent will be the session */
	PHASE_SESSION = 3,
};

enum { SWITCH_X11 = 1, SWITCH_CONTAINER = 2, SWITCH_ALWAYS_ASK = 4 };	/* a sum of them */

#define FRAME_JOB_MAX UINT32_C(4294967279)	/* the lowest is 1 */

enum { NO_JOBS_IGNORE = 1, NO_JOBS_DENY = 2 };
enum { UNKNOWN_NEWEST = 1, UNKNOWN_ALLOW = 2, UNKNOWN_DENY = 3 };
enum { ADOPT_FAILURE_ALLOW = 1, ADOPT_FAILURE_DENY = 2 };
enum { GENERIC_FAILURE_IGNORE = 1, GENERIC_FAILURE_ALLOW = 2, GENERIC_FAILURE_DENY = 3 };

struct frame_actions {	/* the values above, in the order of the field */
	uint8_t no_jobs;
	uint8_t unknown;
	uint8_t adopt_failure;
	uint8_t generic_failure;
};

struct frame_endpoint {
	uint8_t address[16];	/* network order; the first 4 bytes in family 4 */
	uint16_t port;		/* host order */
};

struct frame_connection {
	uint8_t family;		/* 4 or 6 */
	struct frame_endpoint source;
	struct frame_endpoint own;
};

struct frame_login {
	const char *user;
	uint32_t uid;
	const char *service;
	struct frame_actions actions;
	uint32_t patience_ms;
	const struct frame_connection *connection;	/* or NULL */
	const char *nodename;				/* or NULL */
	enum frame_phase phase;
	uint8_t switches;
	uint32_t job;					/* or 0; of the session phase only */
	const char *rhost;				/* or NULL */
};

struct frame_text {	/* points into the frame, ends without a NUL; at is NULL when the field is absent */
	const uint8_t *at;
	size_t len;
};

struct frame_reply {
	enum frame_type type;		/* FRAME_VERDICT or FRAME_REFUSED */
	enum frame_verdict verdict;	/* of a VERDICT */
	struct frame_text reason;
	struct frame_text message;
	struct frame_text login;
	struct frame_text detail;
	struct frame_text variables[FRAME_VARIABLES_MAX];
	size_t variable_count;
	uint32_t namespaces[FRAME_NAMESPACES_MAX];	/* what setns takes with the descriptor of the same place */
	size_t namespace_count;				/* none but in a success */
};

struct frame_fault {	/* why a frame cannot be written or read */
	const char *field;
	const char *what;
	size_t offset;
};

/* UTF-8 without a NUL: what the page calls text. */
bool frame_is_text(const void *at, size_t len);

/*
 * Writes a LOGIN into out. Returns its length, or 0 and the fault when a required field does not fit its bounds; an
 * rhost that does not fit is left out, it is only for the daemon's log.
 */
size_t frame_write_login(const struct frame_login *login, uint8_t out[FRAME_REQUEST_MAX], struct frame_fault *fault);

/* Reads the header of a reply and says how long its body is: at most FRAME_REPLY_BODY_MAX. */
bool frame_read_header(const uint8_t header[FRAME_HEADER], enum frame_type *type, size_t *body,
		       struct frame_fault *fault);

/*
 * Reads one whole reply of exactly len bytes, header included. False means unreadable, and then reply must not be used.
 * The texts of the reply point into frame.
 */
bool frame_read_reply(const uint8_t *frame, size_t len, struct frame_reply *reply, struct frame_fault *fault);

#endif
