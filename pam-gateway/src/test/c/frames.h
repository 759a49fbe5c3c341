/* SPDX-License-Identifier: Apache-2.0 */
/* Frames written by hand, for tests: from hex, or field by field. */
#ifndef ADOPTD_FRAMES_H
#define ADOPTD_FRAMES_H

#include "../../main/c/frame.h"
#include "check.h"

struct bytes {
	uint8_t at[FRAME_REPLY_MAX + 16];
	size_t len;
};

static inline int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits in pairs, with blanks anywhere. */
static inline struct bytes hex(const char *text)
{
	struct bytes bytes = { .len = 0 };
	int high = -1;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		CHECK(digit_of(*text) >= 0 && bytes.len < sizeof(bytes.at));
		if (high < 0) {
			high = digit_of(*text);
		} else {
			bytes.at[bytes.len++] = (uint8_t)(high << 4 | digit_of(*text));
			high = -1;
		}
	}
	CHECK(high < 0);
	return bytes;
}

static inline void head(struct bytes *bytes, uint8_t type)
{
	*bytes = hex("41444F50 02 00 0000");
	bytes->at[5] = type;
}

static inline void field(struct bytes *bytes, unsigned tag, const void *value, size_t len)
{
	uint8_t *at = bytes->at + bytes->len;
	size_t body;

	CHECK(bytes->len + 4 + len <= sizeof(bytes->at));
	at[0] = (uint8_t)(tag >> 8);
	at[1] = (uint8_t)tag;
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
	memcpy(at + 4, value, len);
	bytes->len += 4 + len;
	body = bytes->len - FRAME_HEADER;
	bytes->at[6] = (uint8_t)(body >> 8);
	bytes->at[7] = (uint8_t)body;
}

static inline void text_field(struct bytes *bytes, unsigned tag, const char *value)
{
	field(bytes, tag, value, strlen(value));
}

/* What holds for every reply that was read, whatever was in it; and every byte that it points at is there. */
static inline void check_reply(const struct frame_reply *reply)
{
	const struct frame_text texts[] = { reply->reason, reply->message, reply->login, reply->detail };
	volatile unsigned sum = 0;

	(void)sum;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t j = 0; j < texts[i].len; j++)
			sum += texts[i].at[j];
	CHECK(reply->variable_count <= FRAME_VARIABLES_MAX);
	for (size_t i = 0; i < reply->variable_count; i++) {
		CHECK(reply->variables[i].len <= FRAME_VARIABLE_MAX);
		CHECK(memchr(reply->variables[i].at, '=', reply->variables[i].len) != NULL);
		CHECK(memchr(reply->variables[i].at, '\0', reply->variables[i].len) == NULL);
		for (size_t j = 0; j < reply->variables[i].len; j++)
			sum += reply->variables[i].at[j];
	}
	CHECK(reply->type == FRAME_REFUSED || reply->verdict == VERDICT_SUCCESS || reply->verdict == VERDICT_IGNORE ||
	      reply->verdict == VERDICT_DENY);
	CHECK(reply->reason.len >= 1 && reply->reason.len <= 64 && reply->message.len <= FRAME_MESSAGE_MAX);
	for (size_t i = 0; i < reply->message.len; i++)
		CHECK(reply->message.at[i] >= 0x20 && reply->message.at[i] != 0x7f);
	CHECK(reply->namespace_count <= FRAME_NAMESPACES_MAX);
	CHECK(reply->namespace_count == 0 ||
	      (reply->type == FRAME_VERDICT && reply->verdict == VERDICT_SUCCESS));
}

/* Reads a copy that ends where its memory ends, so that the sanitizer sees one byte too far. */
static inline bool readable(const uint8_t *at, size_t len, struct frame_reply *reply)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct frame_fault fault = { NULL, NULL, 0 };
	bool read;

	CHECK(copy != NULL);
	if (len > 0)
		memcpy(copy, at, len);
	read = frame_read_reply(copy, len, reply, &fault);
	if (read)
		check_reply(reply);
	else
		CHECK(fault.field != NULL && fault.what != NULL && fault.offset <= len);
	free(copy);
	return read;
}

#endif
