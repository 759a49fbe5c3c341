/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <sched.h>
#include <string.h>

enum { VERSION = 2, FIELD_HEAD = 4 };
enum { MUST_UNDERSTAND_BELOW = 0x8000 };

static const uint8_t magic[4] = { 'A', 'D', 'O', 'P' };

static bool fail(struct frame_fault *fault, const char *field, const char *what, size_t offset)
{
	*fault = (struct frame_fault){ .field = field, .what = what, .offset = offset };
	return false;
}

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

/*
 * The length of the character that starts at at, or 0 when it is none: a stray or missing continuation byte, a longer
 * form than needed, a surrogate, or past U+10FFFF (Unicode, table 3-7).
 */
static size_t character(const uint8_t *at, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;	/* what the second byte may be */
	size_t len;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		len = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		len = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xf4)
		high = 0x8f;
	if (len > left || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool frame_is_text(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0, step; i < len; i += step) {
		step = character(at + i, len - i);
		if (step == 0 || at[i] == 0)
			return false;
	}
	return true;
}

/* Text that stays one line on a terminal: no C0, DEL or C1 (U+0080 to U+009F, in UTF-8 c2 80 to c2 9f). */
static bool is_line(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i] < 0x20 || at[i] == 0x7f)
			return false;
		if (at[i] == 0xc2 && i + 1 < len && at[i + 1] < 0xa0)
			return false;
	}
	return frame_is_text(at, len);
}

static bool is_plain_text(const uint8_t *at, size_t len)
{
	return frame_is_text(at, len);
}

static bool is_reason(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(at[i] >= 'a' && at[i] <= 'z') && !(at[i] >= '0' && at[i] <= '9') && at[i] != '_')
			return false;
	return true;
}

static bool is_variable(const uint8_t *at, size_t len)
{
	size_t i = 0;

	while (i < len && ((at[i] >= 'A' && at[i] <= 'Z') || at[i] == '_' || (i > 0 && at[i] >= '0' && at[i] <= '9')))
		i++;
	return i > 0 && i < len && at[i] == '=' && frame_is_text(at, len);
}

static bool is_verdict(const uint8_t *at, size_t len)
{
	(void)len;
	return at[0] >= VERDICT_SUCCESS && at[0] <= VERDICT_DENY;
}

static bool is_namespace(const uint8_t *at, size_t len)
{
	uint32_t type = get_u32(at);

	(void)len;
	return type == CLONE_NEWNS || type == CLONE_NEWUSER || type == CLONE_NEWPID || type == 0;
}

static bool add_variable(struct frame_reply *reply, struct frame_text value)
{
	if (reply->variable_count == FRAME_VARIABLES_MAX)
		return false;
	reply->variables[reply->variable_count++] = value;
	return true;
}

static bool add_namespace(struct frame_reply *reply, struct frame_text value)
{
	if (reply->namespace_count == FRAME_NAMESPACES_MAX)
		return false;
	reply->namespaces[reply->namespace_count++] = get_u32(value.at);
	return true;
}

/* One row of the page's tables. A value is min to max bytes long before ok sees it. */
struct row {
	uint16_t tag;
	const char *name;
	enum { ONCE, OPTIONAL, REPEATED } times;
	size_t min, max;
	bool (*ok)(const uint8_t *at, size_t len);
	bool (*add)(struct frame_reply *reply, struct frame_text value);	/* of REPEATED; false: too often */
};

enum { ROWS_MAX = 7 };	/* of the longer table */

static const struct row verdict_rows[] = {
	{ 0x0001, "verdict", ONCE, 1, 1, is_verdict, NULL },
	{ 0x0002, "reason", ONCE, 1, 64, is_reason, NULL },
	{ 0x0003, "message", OPTIONAL, 1, FRAME_MESSAGE_MAX, is_line, NULL },
	{ 0x0004, "variable", REPEATED, 1, FRAME_VARIABLE_MAX, is_variable, add_variable },
	{ 0x0005, "namespace", REPEATED, 4, 4, is_namespace, add_namespace },
	{ 0x8001, "login", OPTIONAL, 1, 32, is_plain_text, NULL },
	{ 0x8002, "detail", OPTIONAL, 1, 512, is_line, NULL },
};

static const struct row refused_rows[] = {
	{ 0x0001, "reason", ONCE, 1, 64, is_reason, NULL },
	{ 0x0002, "message", ONCE, 1, FRAME_MESSAGE_MAX, is_line, NULL },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
_Static_assert(ROWS(verdict_rows) <= ROWS_MAX && ROWS(refused_rows) <= ROWS_MAX, "each row needs a slot");

bool frame_read_header(const uint8_t header[FRAME_HEADER], enum frame_type *type, size_t *body,
		       struct frame_fault *fault)
{
	if (memcmp(header, magic, sizeof(magic)) != 0)
		return fail(fault, "magic", "is not ADOP", 0);
	if (header[4] != VERSION)
		return fail(fault, "version", "is not 2", 4);
	if (header[5] != FRAME_VERDICT && header[5] != FRAME_REFUSED)
		return fail(fault, "type", "answers no LOGIN", 5);
	if (get_u16(header + 6) > FRAME_REPLY_BODY_MAX)
		return fail(fault, "length", "is over the bound", 6);
	*type = header[5];
	*body = get_u16(header + 6);
	return true;
}

/* Reads the fields after the header into one slot per row; those that repeat go to the reply at once. */
static bool read_fields(const uint8_t *frame, size_t len, const struct row *rows, size_t row_count,
			struct frame_text slots[ROWS_MAX], struct frame_reply *reply, struct frame_fault *fault)
{
	size_t at = FRAME_HEADER;

	while (at < len) {
		const struct row *row = NULL;
		struct frame_text value;
		uint16_t tag;

		if (len - at < FIELD_HEAD)
			return fail(fault, "field", "is cut short", at);
		tag = get_u16(frame + at);
		value = (struct frame_text){ .at = frame + at + FIELD_HEAD, .len = get_u16(frame + at + 2) };
		if (value.len > len - at - FIELD_HEAD)
			return fail(fault, "field", "runs past the frame", at);
		for (size_t i = 0; i < row_count && row == NULL; i++)
			if (rows[i].tag == tag)
				row = &rows[i];
		if (row == NULL && tag < MUST_UNDERSTAND_BELOW)
			return fail(fault, "tag", "is unknown and must be understood", at);
		if (row != NULL) {
			struct frame_text *slot = &slots[row - rows];

			if (value.len < row->min || value.len > row->max)
				return fail(fault, row->name, "is out of its bounds", at);
			if (!row->ok(value.at, value.len))
				return fail(fault, row->name, "is not a value it may have", at);
			if (row->times == REPEATED) {
				if (!row->add(reply, value))
					return fail(fault, row->name, "comes too often", at);
			} else if (slot->at != NULL) {
				return fail(fault, row->name, "comes twice", at);
			} else {
				*slot = value;
			}
		}
		at += FIELD_HEAD + value.len;
	}
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].times == ONCE && slots[i].at == NULL)
			return fail(fault, rows[i].name, "is missing", len);
	return true;
}

bool frame_read_reply(const uint8_t *frame, size_t len, struct frame_reply *reply, struct frame_fault *fault)
{
	struct frame_text slots[ROWS_MAX] = { { NULL, 0 } };
	size_t body = 0;

	memset(reply, 0, sizeof(*reply));
	if (len < FRAME_HEADER)
		return fail(fault, "header", "is cut short", len);
	if (!frame_read_header(frame, &reply->type, &body, fault))
		return false;
	if (len - FRAME_HEADER != body)
		return fail(fault, "length", "is not what follows", 6);
	if (reply->type == FRAME_REFUSED) {
		if (!read_fields(frame, len, refused_rows, ROWS(refused_rows), slots, reply, fault))
			return false;
		reply->reason = slots[0];
		reply->message = slots[1];
		return true;
	}
	if (!read_fields(frame, len, verdict_rows, ROWS(verdict_rows), slots, reply, fault))
		return false;
	reply->verdict = slots[0].at[0];
	reply->reason = slots[1];
	reply->message = slots[2];
	reply->login = slots[5];	/* slots 3 and 4 are of fields that repeat */
	reply->detail = slots[6];
	if (reply->verdict != VERDICT_SUCCESS && reply->namespace_count > 0)
		return fail(fault, "namespace", "comes without a success", len);
	return true;
}

struct writer {
	uint8_t *out;
	size_t used;
	bool full;	/* stays true: what did not fit is never followed by what does */
};

static void put(struct writer *writer, const void *bytes, size_t len)
{
	if (writer->full || FRAME_REQUEST_MAX - writer->used < len) {
		writer->full = true;
		return;
	}
	memcpy(writer->out + writer->used, bytes, len);
	writer->used += len;
}

static void put_u16(struct writer *writer, size_t value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(writer, bytes, sizeof(bytes));
}

static void put_field(struct writer *writer, uint16_t tag, const void *value, size_t len)
{
	put_u16(writer, tag);
	put_u16(writer, len);
	put(writer, value, len);
}

static void put_field_u32(struct writer *writer, uint16_t tag, uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };

	put_field(writer, tag, bytes, sizeof(bytes));
}

static void put_connection(struct writer *writer, const struct frame_connection *connection)
{
	size_t address = connection->family == 4 ? 4 : 16;

	put_u16(writer, 0x0006);
	put_u16(writer, 1 + 2 * (address + 2));
	put(writer, &connection->family, 1);
	put(writer, connection->source.address, address);
	put_u16(writer, connection->source.port);
	put(writer, connection->own.address, address);
	put_u16(writer, connection->own.port);
}

static bool fits(const char *text, size_t max)
{
	size_t len = text == NULL ? 0 : strnlen(text, max + 1);

	return len >= 1 && len <= max && frame_is_text(text, len);
}

size_t frame_write_login(const struct frame_login *login, uint8_t out[FRAME_REQUEST_MAX], struct frame_fault *fault)
{
	const uint8_t actions[4] = { login->actions.no_jobs, login->actions.unknown, login->actions.adopt_failure,
				     login->actions.generic_failure };
	struct writer writer = { .out = out };
	const uint8_t head[2] = { VERSION, FRAME_LOGIN };
	const uint8_t phase = (uint8_t)login->phase;
	size_t body;

	if (!fits(login->user, FRAME_USER_MAX))
		return fail(fault, "user", "is not 1 to 256 bytes of UTF-8", 0);
	if (login->uid == 0)
		return fail(fault, "uid", "is 0", 0);
	if (!fits(login->service, FRAME_SERVICE_MAX))
		return fail(fault, "service", "is not 1 to 64 bytes of UTF-8", 0);
	if (login->patience_ms < FRAME_PATIENCE_MIN_MS || login->patience_ms > FRAME_PATIENCE_MAX_MS)
		return fail(fault, "patience", "is not 100 to 60000 ms", 0);
	if (login->nodename != NULL && !fits(login->nodename, FRAME_NODENAME_MAX))
		return fail(fault, "nodename", "is not 1 to 64 bytes of UTF-8", 0);
	if (login->job > FRAME_JOB_MAX)
		return fail(fault, "job", "is not 1 to 4294967279", 0);

	put(&writer, magic, sizeof(magic));
	put(&writer, head, sizeof(head));
	put_u16(&writer, 0);	/* the length: known at the end */
	put_field(&writer, 0x0001, login->user, strlen(login->user));
	put_field_u32(&writer, 0x0002, login->uid);
	put_field(&writer, 0x0003, login->service, strlen(login->service));
	put_field(&writer, 0x0004, actions, sizeof(actions));
	put_field_u32(&writer, 0x0005, login->patience_ms);
	if (login->connection != NULL)
		put_connection(&writer, login->connection);
	if (login->nodename != NULL)
		put_field(&writer, 0x0007, login->nodename, strlen(login->nodename));
	put_field(&writer, 0x0008, &phase, sizeof(phase));
	put_field(&writer, 0x0009, &login->switches, sizeof(login->switches));
	if (login->job != 0 && login->phase == PHASE_SESSION)
		put_field_u32(&writer, 0x000a, login->job);
	if (fits(login->rhost, FRAME_RHOST_MAX))
		put_field(&writer, 0x8001, login->rhost, strlen(login->rhost));
	if (writer.full)
		return fail(fault, "body", "is over the bound", writer.used);

	body = writer.used - FRAME_HEADER;
	out[6] = (uint8_t)(body >> 8);
	out[7] = (uint8_t)body;
	return writer.used;
}
