/* SPDX-License-Identifier: Apache-2.0 */
/* The frame against the bytes of docs/gateway-frame.md, and against what else could arrive instead of them. */
#include "frames.h"

#include <stdint.h>

static const char login_example[] =
	"41444F50 02 01 0044"
	"0001 0005 616C696365"
	"0002 0004 000007D1"
	"0003 0004 73736864"
	"0004 0004 02010203"
	"0005 0004 00000FA0"
	"0006 000D 04 0A000001 9C40 0A000002 0016"
	"0008 0001 01"
	"0009 0001 03";

static const char verdict_example[] =
	"41444F50 02 81 0028"
	"0001 0001 01"
	"0002 0008 6F6E6C795F6A6F62"
	"0004 000E 534C55524D5F4A4F425F49443D37"
	"8001 0001 61";

static struct bytes verdict_with(unsigned tag, const void *value, size_t len)
{
	struct bytes bytes;

	head(&bytes, FRAME_VERDICT);
	field(&bytes, 0x0001, "\3", 1);
	text_field(&bytes, 0x0002, "no_jobs");
	field(&bytes, tag, value, len);
	return bytes;
}

static bool reads(const struct bytes *bytes)
{
	struct frame_reply reply;

	return readable(bytes->at, bytes->len, &reply);
}

static bool is(struct frame_text text, const char *wanted)
{
	return text.len == strlen(wanted) && memcmp(text.at, wanted, text.len) == 0;
}

static void a_login_is_the_page_s_bytes(void)
{
	const struct frame_connection connection = {
		.family = 4,
		.source = { .address = { 10, 0, 0, 1 }, .port = 40000 },
		.own = { .address = { 10, 0, 0, 2 }, .port = 22 },
	};
	const struct frame_login login = {
		.user = "alice",
		.uid = 2001,
		.service = "sshd",
		.actions = { NO_JOBS_DENY, UNKNOWN_NEWEST, ADOPT_FAILURE_DENY, GENERIC_FAILURE_DENY },
		.patience_ms = 4000,
		.connection = &connection,
		.phase = PHASE_ACCOUNT,
		.switches = SWITCH_X11 | SWITCH_CONTAINER,
	};
	struct bytes wanted = hex(login_example);
	uint8_t out[FRAME_REQUEST_MAX];
	struct frame_fault fault;

	CHECK(frame_write_login(&login, out, &fault) == wanted.len);
	CHECK(memcmp(out, wanted.at, wanted.len) == 0);
}

static void a_login_tells_every_field_it_has(void)
{
	const struct frame_connection connection = {
		.family = 6,
		.source = { .address = { 0x20, 1, [15] = 1 }, .port = 1 },
		.own = { .address = { 0x20, 1, [15] = 2 }, .port = 65535 },
	};
	const struct frame_login login = {
		.user = "a",
		.uid = 4294967294,
		.service = "s",
		.actions = { NO_JOBS_IGNORE, UNKNOWN_DENY, ADOPT_FAILURE_ALLOW, GENERIC_FAILURE_ALLOW },
		.patience_ms = 60000,
		.connection = &connection,
		.nodename = "n1",
		.phase = PHASE_SESSION,
		.switches = SWITCH_X11 | SWITCH_CONTAINER | SWITCH_ALWAYS_ASK,
		.job = 4294967279,
		.rhost = "r",
	};
	struct bytes wanted = hex("41444F50 02 01 0068"
				  "0001 0001 61"
				  "0002 0004 FFFFFFFE"
				  "0003 0001 73"
				  "0004 0004 01030102"
				  "0005 0004 0000EA60"
				  "0006 0025 06 20010000000000000000000000000001 0001"
				  "20010000000000000000000000000002 FFFF"
				  "0007 0002 6E31"
				  "0008 0001 03"
				  "0009 0001 07"
				  "000A 0004 FFFFFFEF"
				  "8001 0001 72");
	uint8_t out[FRAME_REQUEST_MAX];
	struct frame_fault fault;

	CHECK(frame_write_login(&login, out, &fault) == wanted.len);
	CHECK(memcmp(out, wanted.at, wanted.len) == 0);
}

static size_t written(struct frame_login login, const char *fault_in)
{
	struct frame_fault fault = { "", "", 0 };
	uint8_t out[FRAME_REQUEST_MAX];
	size_t len = frame_write_login(&login, out, &fault);

	CHECK_TEXT(fault.field, fault_in);
	CHECK(len == 0 || len == (size_t)(FRAME_HEADER + (out[6] << 8 | out[7])));
	return len;
}

static void a_login_out_of_bounds_is_not_written(void)
{
	const struct frame_login good = {
		.user = "alice", .uid = 2001, .service = "sshd", .patience_ms = 100, .phase = PHASE_SESSION,
	};
	struct frame_login login;
	char text[300];
	size_t plain;

	memset(text, 'x', sizeof(text));
	plain = written(good, "");
	CHECK(plain > 0);
	login = good, login.user = "", CHECK(written(login, "user") == 0);
	login = good, login.user = NULL, CHECK(written(login, "user") == 0);
	login = good, login.user = "al\xffice", CHECK(written(login, "user") == 0);
	login = good, login.uid = 0, CHECK(written(login, "uid") == 0);
	login = good, login.patience_ms = 99, CHECK(written(login, "patience") == 0);
	login = good, login.patience_ms = 60001, CHECK(written(login, "patience") == 0);
	login = good, login.nodename = "", CHECK(written(login, "nodename") == 0);
	login = good, login.job = 4294967280, CHECK(written(login, "job") == 0);
	login = good, login.job = 1, CHECK(written(login, "") == plain + 8);
	login.phase = PHASE_HELPER, CHECK(written(login, "") == plain);	/* it has no session's job to tell */
	text[257] = '\0';
	login = good, login.user = text, CHECK(written(login, "user") == 0);
	login = good, login.rhost = text, CHECK(written(login, "") == plain);
	login = good, login.rhost = "", CHECK(written(login, "") == plain);
	text[256] = '\0';
	login = good, login.user = text, CHECK(written(login, "") > 0);
	login = good, login.rhost = text, CHECK(written(login, "") == plain + 4 + 256);
	text[65] = '\0';
	login = good, login.service = text, CHECK(written(login, "service") == 0);
	login = good, login.nodename = text, CHECK(written(login, "nodename") == 0);
	text[64] = '\0';
	login = good, login.service = text, CHECK(written(login, "") > 0);
	login = good, login.nodename = text, CHECK(written(login, "") > 0);
}

static void a_verdict_is_read_from_the_page_s_bytes(void)
{
	struct bytes bytes = hex(verdict_example);
	struct frame_fault fault;
	struct frame_reply reply;

	CHECK(frame_read_reply(bytes.at, bytes.len, &reply, &fault));
	CHECK(reply.type == FRAME_VERDICT && reply.verdict == VERDICT_SUCCESS);
	CHECK(is(reply.reason, "only_job") && is(reply.login, "a"));
	CHECK(reply.message.at == NULL && reply.detail.at == NULL);
	CHECK(reply.variable_count == 1 && is(reply.variables[0], "SLURM_JOB_ID=7"));
}

static void a_refusal_is_read(void)
{
	struct frame_fault fault;
	struct frame_reply reply;
	struct bytes bytes;

	head(&bytes, FRAME_REFUSED);
	text_field(&bytes, 0x0002, "too many");
	CHECK(!reads(&bytes));		/* without its reason */
	text_field(&bytes, 0x0001, "busy");
	CHECK(frame_read_reply(bytes.at, bytes.len, &reply, &fault));
	CHECK(reply.type == FRAME_REFUSED && is(reply.reason, "busy") && is(reply.message, "too many"));
	text_field(&bytes, 0x0004, "A=1");
	CHECK(!reads(&bytes));		/* a verdict's field is unknown here */
}

static void fields_come_in_any_order(void)
{
	struct frame_fault fault;
	struct frame_reply reply;
	struct bytes bytes;

	head(&bytes, FRAME_VERDICT);
	text_field(&bytes, 0x8002, "steps 3 ms");
	text_field(&bytes, 0x0004, "B=2");
	text_field(&bytes, 0xffff, "what this reader does not know");
	text_field(&bytes, 0x0003, "Zugang verweigert f\xc3\xbcr heute");
	text_field(&bytes, 0x0004, "A=");
	text_field(&bytes, 0x0002, "r");
	text_field(&bytes, 0x8000, "");
	field(&bytes, 0x0001, "\2", 1);
	CHECK(frame_read_reply(bytes.at, bytes.len, &reply, &fault));
	CHECK(reply.verdict == VERDICT_IGNORE && is(reply.reason, "r") && is(reply.detail, "steps 3 ms"));
	CHECK(is(reply.message, "Zugang verweigert f\xc3\xbcr heute"));
	CHECK(reply.variable_count == 2 && is(reply.variables[0], "B=2") && is(reply.variables[1], "A="));
}

static void what_the_tables_do_not_allow_is_unreadable(void)
{
	static const char *const bad_lines[] = { "", "two\nlines", "bell\a", "del\x7f", "c1 \xc2\x85", "cut \xc3",
						 "overlong \xc0\xaf", "surrogate \xed\xa0\x80", "high \xf4\x90\x80\x80",
						 "stray \x80", "overlong \xe0\x80\x80", "overlong \xf0\x80\x80\x80" };
	static const char *const bad_variables[] = { "", "A", "=1", "a=1", "1A=1", "A B=1", "A-B=1", "A=\xff" };
	struct bytes bytes;
	char text[1100];

	memset(text, 'A', sizeof(text));
	bytes = verdict_with(0x8001, "a", 1);
	CHECK(reads(&bytes));
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		bytes = verdict_with(0x0003, bad_lines[i], strlen(bad_lines[i]));
		CHECK(!reads(&bytes));
		bytes = verdict_with(0x8002, bad_lines[i], strlen(bad_lines[i]));
		CHECK(!reads(&bytes));
	}
	for (size_t i = 0; i < sizeof(bad_variables) / sizeof(bad_variables[0]); i++) {
		bytes = verdict_with(0x0004, bad_variables[i], strlen(bad_variables[i]));
		CHECK(!reads(&bytes));
	}
	bytes = verdict_with(0x0004, "A=\0", 3), CHECK(!reads(&bytes));
	bytes = verdict_with(0x0006, "x", 1), CHECK(!reads(&bytes));		/* must be understood, and is not */
	bytes = verdict_with(0x7fff, "x", 1), CHECK(!reads(&bytes));
	bytes = verdict_with(0x0001, "\3", 1), CHECK(!reads(&bytes));		/* twice */
	bytes = verdict_with(0x0002, "no_jobs", 7), CHECK(!reads(&bytes));
	bytes = verdict_with(0x0003, text, 256), CHECK(reads(&bytes));
	bytes = verdict_with(0x0003, text, 257), CHECK(!reads(&bytes));
	bytes = verdict_with(0x8001, text, 32), CHECK(reads(&bytes));
	bytes = verdict_with(0x8001, text, 33), CHECK(!reads(&bytes));
	bytes = verdict_with(0x8002, text, 512), CHECK(reads(&bytes));
	bytes = verdict_with(0x8002, text, 513), CHECK(!reads(&bytes));
	text[1] = '=';
	bytes = verdict_with(0x0004, text, 1024), CHECK(reads(&bytes));
	bytes = verdict_with(0x0004, text, 1025), CHECK(!reads(&bytes));

	for (unsigned verdict = 0; verdict < 256; verdict++) {
		uint8_t value = (uint8_t)verdict;

		head(&bytes, FRAME_VERDICT);
		text_field(&bytes, 0x0002, "r");
		CHECK(!reads(&bytes));						/* without its verdict */
		field(&bytes, 0x0001, &value, 1);
		CHECK(reads(&bytes) == (verdict >= 1 && verdict <= 3));
	}
	head(&bytes, FRAME_VERDICT);
	field(&bytes, 0x0001, "\1", 1);
	CHECK(!reads(&bytes));							/* without its reason */
	text_field(&bytes, 0x0002, "Reason");
	CHECK(!reads(&bytes));
}

static void sixty_four_variables_and_no_more(void)
{
	struct frame_reply reply;
	struct bytes bytes;

	head(&bytes, FRAME_VERDICT);
	field(&bytes, 0x0001, "\1", 1);
	text_field(&bytes, 0x0002, "r");
	for (int i = 0; i < FRAME_VARIABLES_MAX; i++)
		text_field(&bytes, 0x0004, "A=1");
	CHECK(readable(bytes.at, bytes.len, &reply) && reply.variable_count == FRAME_VARIABLES_MAX);
	text_field(&bytes, 0x0004, "A=1");
	CHECK(!reads(&bytes));
}

static void namespaces_are_numbers_that_setns_takes_and_come_with_a_success(void)
{
	static const char *const types[] = { "\0\2\0\0", "\x10\0\0\0", "\x20\0\0\0", "\0\0\0\0" };
	static const char *const others[] = { "\0\0\0\1", "\0\2\0\1", "\x40\0\0\0", "\x20\2\0\0", "\0\4\0\0" };
	struct frame_reply reply;
	struct bytes bytes;

	for (uint8_t verdict = VERDICT_SUCCESS; verdict <= VERDICT_DENY; verdict++) {
		head(&bytes, FRAME_VERDICT);
		field(&bytes, 0x0005, types[0], 4);
		text_field(&bytes, 0x0002, "r");
		field(&bytes, 0x0001, &verdict, 1);
		CHECK(reads(&bytes) == (verdict == VERDICT_SUCCESS));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		head(&bytes, FRAME_VERDICT);
		field(&bytes, 0x0001, "\1", 1);
		text_field(&bytes, 0x0002, "r");
		field(&bytes, 0x0005, others[i], 4);
		CHECK(!reads(&bytes));
	}
	for (size_t len = 0; len < 6; len++) {
		head(&bytes, FRAME_VERDICT);
		field(&bytes, 0x0001, "\1", 1);
		text_field(&bytes, 0x0002, "r");
		field(&bytes, 0x0005, "\0\0\0\0\0", len);
		CHECK(reads(&bytes) == (len == 4));
	}
	head(&bytes, FRAME_VERDICT);
	field(&bytes, 0x0001, "\1", 1);
	text_field(&bytes, 0x0002, "r");
	for (size_t i = 0; i < FRAME_NAMESPACES_MAX; i++)
		field(&bytes, 0x0005, types[i % 4], 4);
	CHECK(readable(bytes.at, bytes.len, &reply) && reply.namespace_count == FRAME_NAMESPACES_MAX);
	CHECK(reply.namespaces[0] == 0x00020000 && reply.namespaces[1] == 0x10000000);
	CHECK(reply.namespaces[2] == 0x20000000 && reply.namespaces[3] == 0);
	field(&bytes, 0x0005, types[0], 4);
	CHECK(!reads(&bytes));
	head(&bytes, FRAME_REFUSED);
	text_field(&bytes, 0x0001, "busy");
	text_field(&bytes, 0x0002, "too many");
	field(&bytes, 0x0005, types[0], 4);
	CHECK(!reads(&bytes));
}

static void a_body_as_long_as_allowed_is_read_and_a_longer_one_is_not(void)
{
	static const uint8_t filler[4096];
	struct bytes bytes;

	head(&bytes, FRAME_VERDICT);
	field(&bytes, 0x0001, "\1", 1);
	text_field(&bytes, 0x0002, "r");
	field(&bytes, 0x9000, filler, sizeof(filler));
	field(&bytes, 0x9001, filler, FRAME_REPLY_MAX - bytes.len - 4);
	CHECK(bytes.len == FRAME_REPLY_MAX && reads(&bytes));
	field(&bytes, 0x9002, filler, 0);
	CHECK(!reads(&bytes));
}

static void every_cut_and_every_byte_more_is_unreadable(void)
{
	struct bytes bytes = hex(verdict_example);
	struct frame_reply reply;

	for (size_t len = 0; len < bytes.len; len++)
		CHECK(!readable(bytes.at, len, &reply));
	CHECK(readable(bytes.at, bytes.len, &reply));
	CHECK(!readable(bytes.at, bytes.len + 1, &reply));
	for (size_t body = 0; body < bytes.len - FRAME_HEADER; body++) {	/* the same with a header that agrees */
		struct bytes cut = bytes;

		cut.at[7] = (uint8_t)body;	/* after the reason and after the variable it is a smaller verdict */
		CHECK(readable(cut.at, FRAME_HEADER + body, &reply) == (body == 17 || body == 35));
	}
}

static void every_changed_byte_is_readable_or_refused(void)
{
	struct bytes good = hex(verdict_example);
	struct frame_reply reply;
	size_t refused = 0;

	for (size_t i = 0; i < good.len; i++)
		for (unsigned value = 0; value < 256; value++) {
			struct bytes changed = good;

			changed.at[i] = (uint8_t)value;
			if (value == good.at[i])
				CHECK(reads(&changed));
			else if (!reads(&changed))
				refused++;
			else if (i < FRAME_HEADER)
				CHECK(!"a changed header was read");
			else	/* what is read may differ in its texts, not in what it is */
				CHECK(readable(changed.at, changed.len, &reply) && reply.type == FRAME_VERDICT);
		}
	CHECK(refused > FRAME_HEADER * 255);
}

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Frames that are nearly right: a good one with a few bytes changed, cut or doubled, its length put right again. */
static void frames_that_are_nearly_right_do_no_harm(unsigned long rounds)
{
	struct bytes seeds[5];
	struct frame_reply reply;
	size_t read = 0, refused = 0;
	uint32_t seed = 0x61646f70;

	seeds[0] = hex(verdict_example);
	head(&seeds[1], FRAME_REFUSED);
	text_field(&seeds[1], 0x0001, "busy");
	text_field(&seeds[1], 0x0002, "64 logins are being decided");
	head(&seeds[2], FRAME_VERDICT);
	field(&seeds[2], 0x0001, "\3", 1);
	text_field(&seeds[2], 0x0002, "no_jobs");
	text_field(&seeds[2], 0x0003, "Access denied by adoptd: keine Jobs f\xc3\xbcr dich \xf0\x9f\x98\x80");
	text_field(&seeds[2], 0x8002, "steps 3 ms, callerid 12 ms");
	head(&seeds[3], FRAME_VERDICT);
	for (int i = 0; i < FRAME_VARIABLES_MAX; i++)
		text_field(&seeds[3], 0x0004, "SLURM_X=1");
	text_field(&seeds[3], 0x0002, "r");
	field(&seeds[3], 0x0001, "\1", 1);

	head(&seeds[4], FRAME_VERDICT);
	field(&seeds[4], 0x0001, "\1", 1);
	text_field(&seeds[4], 0x0002, "only_job");
	for (int i = 0; i < FRAME_NAMESPACES_MAX; i++)
		field(&seeds[4], 0x0005, i % 2 == 0 ? "\0\2\0\0" : "\x10\0\0\0", 4);

	for (unsigned long round = 0; round < rounds; round++) {
		struct bytes bytes = seeds[next(&seed) % 5];
		uint32_t changes = next(&seed) % 5;

		for (uint32_t change = 0; change < changes; change++) {
			size_t at = next(&seed) % bytes.len;

			switch (next(&seed) % 4) {
			case 0:
				bytes.at[at] = (uint8_t)next(&seed);
				break;
			case 1:
				bytes.at[at] ^= (uint8_t)(1u << next(&seed) % 8);
				break;
			case 2:
				bytes.len = at > 0 ? at : 1;
				break;
			default:
				if (bytes.len + bytes.len - at <= sizeof(bytes.at)) {
					memmove(bytes.at + bytes.len, bytes.at + at, bytes.len - at);
					bytes.len += bytes.len - at;
				}
			}
		}
		if (bytes.len >= FRAME_HEADER && next(&seed) % 8 != 0) {
			bytes.at[6] = (uint8_t)((bytes.len - FRAME_HEADER) >> 8);
			bytes.at[7] = (uint8_t)(bytes.len - FRAME_HEADER);
		}
		if (readable(bytes.at, bytes.len, &reply))
			read++;
		else
			refused++;
	}
	CHECK(read > rounds / 10 && refused > rounds / 10);	/* both ends of the reader were reached */
	printf("frame_test: %zu of %lu nearly right frames read, %zu refused\n", read, rounds, refused);
}

int main(int argc, char **argv)
{
	a_login_is_the_page_s_bytes();
	a_login_tells_every_field_it_has();
	a_login_out_of_bounds_is_not_written();
	a_verdict_is_read_from_the_page_s_bytes();
	a_refusal_is_read();
	fields_come_in_any_order();
	what_the_tables_do_not_allow_is_unreadable();
	sixty_four_variables_and_no_more();
	namespaces_are_numbers_that_setns_takes_and_come_with_a_success();
	a_body_as_long_as_allowed_is_read_and_a_longer_one_is_not();
	every_cut_and_every_byte_more_is_unreadable();
	every_changed_byte_is_readable_or_refused();
	frames_that_are_nearly_right_do_no_harm(argc > 1 ? strtoul(argv[1], NULL, 10) : 200000);
	return 0;
}
