/* SPDX-License-Identifier: Apache-2.0 */
/* Texts from outside: one that is to be quoted for the log, and an rhost that is to be held against a connection. */
#include "../../main/c/connection.h"
#include "../../main/c/log.h"
#include "check.h"

#include <arpa/inet.h>
#include <stdbool.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)	/* log.c is here for its quotes only */
{
	(void)pamh;
	(void)priority;
	(void)fmt;
	CHECK(!"nothing is logged");
}

/* A quoted text is one word of printable ASCII in as much room as there is, and a short one is whole. */
static void quote(const uint8_t *data, size_t size, size_t room)
{
	char *out = malloc(room);
	size_t len;

	CHECK(out != NULL);
	CHECK(log_quote(out, room, data, size) == out);
	len = strlen(out);
	CHECK(len >= 2 && len < room && out[0] == '"' && out[len - 1] == '"');
	for (size_t i = 1; i < len - 1; i++) {
		CHECK(out[i] >= 0x20 && out[i] < 0x7f && out[i] != '"');
		if (out[i] == '\\') {		/* whole escapes, also where it was cut */
			size_t escape = out[i + 1] == 'x' ? 3 : 1;

			CHECK(i + escape < len - 1);
			i += escape;
		}
	}
	if (room >= 4 * size + 6)
		CHECK(len >= size + 2 && (size == 0 || len < room));
	free(out);
}

/* What inet_pton takes for the connection's source, in either family, is the source; anything else is not. */
static void compare(const char *text, size_t size)
{
	struct frame_connection connections[2] = { { .family = 4 }, { .family = 6 } };
	bool is4 = inet_pton(AF_INET, text, connections[0].source.address) == 1;
	bool is6 = inet_pton(AF_INET6, text, connections[1].source.address) == 1;

	if (!is4)
		memset(connections[0].source.address, 0xee, 16);
	if (!is6)
		memset(connections[1].source.address, 0xee, 16);
	CHECK(!is4 || connection_is_from(&connections[0], text));
	CHECK(!is6 || connection_is_from(&connections[1], text));
	connections[0].source.address[0] ^= 1;
	connections[1].source.address[0] ^= 1;
	CHECK(!is4 || !connection_is_from(&connections[0], text));
	CHECK(!is6 || !connection_is_from(&connections[1], text));
	for (size_t i = 0; i < 2 && size >= 16; i++) {
		memcpy(connections[i].source.address, text, 16);
		connection_is_from(&connections[i], text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	quote(data, size, 6 + size % 64);
	quote(data, size, 4 * size + 6);
	compare(text, strlen(text));
	free(text);
	return 0;
}
