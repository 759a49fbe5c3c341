/* SPDX-License-Identifier: Apache-2.0 */
/* The module's lines in syslog (LOG_AUTHPRIV, through pam_syslog): which are written, and that each stays one line. */
#ifndef ADOPTD_LOG_H
#define ADOPTD_LOG_H

#include "linux_pam.h"

#include <stddef.h>
#include <stdint.h>

enum log_level {	/* the levels and numbers of SlurmdDebug */
	LEVEL_QUIET,
	LEVEL_FATAL,
	LEVEL_ERROR,
	LEVEL_INFO,
	LEVEL_VERBOSE,
	LEVEL_DEBUG,
	LEVEL_DEBUG2,
	LEVEL_DEBUG3,
	LEVEL_DEBUG4,
	LEVEL_DEBUG5,
};

struct log {
	pam_handle_t *pamh;
	uint8_t level;	/* what is above it is not written */
};

/* Writes one line, cut at 1,023 bytes. Text from outside must have gone through log_quote. Keeps errno. */
void log_write(const struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Puts text into double quotes so that it can neither end its quotes nor its line: every byte but printable ASCII is
 * written \xNN. What does not fit into size (at least 6) is cut and ends in "...". Returns out.
 */
const char *log_quote(char *out, size_t size, const void *text, size_t len);

#endif
