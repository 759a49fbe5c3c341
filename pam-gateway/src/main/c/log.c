/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static int priority_of(enum log_level level)
{
	if (level <= LEVEL_ERROR)
		return LOG_ERR;
	return level <= LEVEL_VERBOSE ? LOG_INFO : LOG_DEBUG;
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
	int saved = errno;
	char line[1024];
	va_list args;

	if (level > log->level)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pam_syslog(log->pamh, priority_of(level), "%s", line);
	errno = saved;
}

const char *log_quote(char *out, size_t size, const void *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	static const char cut[] = "...\"";
	const unsigned char *from = text;
	size_t used = 0;

	out[used++] = '"';
	for (size_t i = 0; i < len; i++) {
		char piece[4];
		size_t piece_len;

		if (from[i] == '"' || from[i] == '\\') {
			piece[0] = '\\';
			piece[1] = (char)from[i];
			piece_len = 2;
		} else if (from[i] >= 0x20 && from[i] < 0x7f) {
			piece[0] = (char)from[i];
			piece_len = 1;
		} else {
			piece[0] = '\\';
			piece[1] = 'x';
			piece[2] = hex[from[i] >> 4];
			piece[3] = hex[from[i] & 0xf];
			piece_len = 4;
		}
		if (piece_len + sizeof(cut) > size - used) {	/* room for the mark is kept at every step */
			memcpy(out + used, cut, sizeof(cut));
			return out;
		}
		memcpy(out + used, piece, piece_len);
		used += piece_len;
	}
	out[used++] = '"';
	out[used] = '\0';
	return out;
}
