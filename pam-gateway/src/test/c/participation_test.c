/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of two lines together, and which record of a login is believed. */
#include "../../main/c/participation.h"
#include "check.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD "adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=c1\n"

static struct rules rules(uint8_t no_jobs, uint8_t unknown, uint8_t adopt, uint8_t generic, uint8_t switches)
{
	return (struct rules){ .actions = { no_jobs, unknown, adopt, generic }, .switches = switches };
}

/* What two values of the action at this place become; values that the others have stay theirs. */
static uint8_t together(size_t place, uint8_t one, uint8_t other)
{
	struct rules first = rules(1, 1, 1, 1, 0), second = first;
	uint8_t before[4], after[4];

	((uint8_t *)&first.actions)[place] = one;
	((uint8_t *)&second.actions)[place] = other;
	memcpy(before, &first.actions, 4);
	rules_tighten(&first, &second);
	memcpy(after, &first.actions, 4);
	for (size_t i = 0; i < 4; i++)
		CHECK(i == place || before[i] == after[i]);
	return after[place];
}

static void the_stricter_of_two_actions_wins(void)
{
	/* by place: the values of the action, from the strictest to the least strict */
	static const uint8_t strictest_first[4][3] = {
		{ NO_JOBS_DENY, NO_JOBS_IGNORE },
		{ UNKNOWN_DENY, UNKNOWN_NEWEST, UNKNOWN_ALLOW },
		{ ADOPT_FAILURE_DENY, ADOPT_FAILURE_ALLOW },
		{ GENERIC_FAILURE_DENY, GENERIC_FAILURE_IGNORE, GENERIC_FAILURE_ALLOW },
	};

	for (size_t place = 0; place < 4; place++)
		for (size_t i = 0; i < 3 && strictest_first[place][i] != 0; i++)
			for (size_t j = 0; j < 3 && strictest_first[place][j] != 0; j++)
				CHECK(together(place, strictest_first[place][i], strictest_first[place][j]) ==
				      strictest_first[place][i < j ? i : j]);
}

static void of_two_switches_the_container_wins_and_no_x11(void)
{
	for (uint8_t one = 0; one < 8; one++)
		for (uint8_t other = 0; other < 8; other++) {
			struct rules first = rules(1, 1, 1, 1, one), second = rules(1, 1, 1, 1, other);
			uint8_t tight;

			rules_tighten(&first, &second);
			tight = first.switches;
			CHECK((tight & SWITCH_X11) == (one & other & SWITCH_X11));
			CHECK((tight & SWITCH_CONTAINER) == ((one | other) & SWITCH_CONTAINER));
			CHECK((tight & SWITCH_ALWAYS_ASK) == ((one | other) & SWITCH_ALWAYS_ASK));
		}
}

static void a_nodename_is_replaced_by_one_and_not_by_none(void)
{
	struct rules first = rules(1, 1, 1, 1, 0), second = first;

	strcpy(first.nodename, "c1");
	rules_tighten(&first, &second);
	CHECK_TEXT(first.nodename, "c1");
	strcpy(second.nodename, "c2");
	rules_tighten(&first, &second);
	CHECK_TEXT(first.nodename, "c2");
}

static bool parses(const char *text, struct participation *found)
{
	return record_parse(text, strlen(text), found);
}

static void a_record_is_read_as_it_is_written(void)
{
	struct participation found;

	CHECK(parses(GOOD, &found));
	CHECK(found.uid == 2001 && found.job == 7 && found.rules.switches == 3 && !found.of_sshd);
	CHECK(memcmp(&found.rules.actions, "\2\1\2\3", 4) == 0);
	CHECK_TEXT(found.rules.nodename, "c1");
	CHECK(parses("adoptd-login 1 uid=4294967294 job=4294967279 actions=1111 switches=7 nodename=-\n", &found));
	CHECK(found.uid == UINT32_C(4294967294) && found.job == FRAME_JOB_MAX && found.rules.nodename[0] == '\0');
	CHECK(found.joined.of[0].inode == 0);
}

static void nothing_else_is_a_record(void)
{
	static const char *const wrong[] = {
		"", "\n", "adoptd-login 1", GOOD GOOD, " " GOOD, GOOD " ", GOOD "\n",
		"adoptd-login 2 uid=2001 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=c1",
		"adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=\n",
		"adoptd-login 1  uid=2001 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=0 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=-1 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=+5 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=4294967295 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=4294969297 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=02001 job=7 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=0 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=4294967280 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=99999999999999999999 actions=2123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=3123 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2023 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2133 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2124 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=212 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=21233 switches=3 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2123 switches=8 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2123 switches=-1 nodename=c1\n",
		"adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=\xff\n",
		"adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=c1 c2\n",
	};
	char with_nul[] = GOOD, too_long[RECORD_MAX + 64];
	struct participation found;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_TEXT(parses(wrong[i], &found) ? wrong[i] : "", "");
	with_nul[sizeof(GOOD) - 2] = '\0';
	CHECK(!record_parse(with_nul, sizeof(GOOD) - 1, &found));
	for (size_t len = 0; len < sizeof(GOOD) - 1; len++)
		CHECK(!record_parse(GOOD, len, &found));
	memset(too_long, 'x', sizeof(too_long));
	memcpy(too_long, GOOD, sizeof(GOOD) - 2);
	CHECK(!record_parse(too_long, sizeof(too_long), &found));
}

static void a_number_has_digits_only(void)
{
	CHECK(plain_number("1", 1, 9) == 1 && plain_number("9", 1, 9) == 9 && plain_number("10", 2, 9) == 0);
	CHECK(plain_number("4294967279", 10, FRAME_JOB_MAX) == FRAME_JOB_MAX);
	CHECK(plain_number("4294967280", 10, FRAME_JOB_MAX) == 0);
	CHECK(plain_number("18446744073709551617", 20, FRAME_JOB_MAX) == 0);
	CHECK(plain_number("", 0, 9) == 0 && plain_number("0", 1, 9) == 0 && plain_number("07", 2, 9) == 0);
	CHECK(plain_number("-7", 2, 9) == 0 && plain_number(" 7", 2, 9) == 0 && plain_number("7_1", 3, 900) == 0);
}

static char place[64], logins[96], record[160], other[160], socket_path[96];

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void expect(enum record_result wanted)
{
	struct participation found;
	const char *why = NULL;

	CHECK(record_read(socket_path, &found, &why) == wanted);
	CHECK(why != NULL);
	CHECK(wanted != RECORD_READ || found.job == 7);
}

static void name_records(void)
{
	char stat[1024], *at;
	FILE *own = fopen("/proc/self/stat", "re");
	unsigned long long ticks;

	CHECK(own != NULL && fgets(stat, sizeof(stat), own) != NULL);
	fclose(own);
	at = strrchr(stat, ')') + 1;
	for (int field = 3; field < 22; field++)
		at = strchr(at + 1, ' ');
	CHECK(sscanf(at, "%llu", &ticks) == 1);
	snprintf(logins, sizeof(logins), "%s/logins", place);
	snprintf(socket_path, sizeof(socket_path), "%s/gateway.sock", place);
	snprintf(record, sizeof(record), "%s/%d-%llu", logins, (int)getpid(), ticks);
	snprintf(other, sizeof(other), "%s/%d-%llu", logins, (int)getpid(), ticks + 1);
}

static void only_the_daemon_s_own_record_of_this_very_process_is_read(void)
{
	strcpy(place, "/tmp/adoptd-record-XXXXXX");
	CHECK(mkdtemp(place) != NULL);
	name_records();
	expect(RECORD_NONE);			/* no directory */
	CHECK(mkdir(logins, 0700) == 0);
	expect(RECORD_NONE);			/* nothing in it */
	write_file(other, GOOD);
	expect(RECORD_NONE);			/* a pid that was another process's */
	write_file(record, GOOD);
	expect(RECORD_READ);

	CHECK(chmod(record, 0620) == 0);
	expect(RECORD_UNTRUSTED);
	CHECK(chmod(record, 0602) == 0);
	expect(RECORD_UNTRUSTED);
	CHECK(chmod(record, 0600) == 0);
	if (chown(record, 65534, 65534) == 0) {	/* in a user namespace there may be no such user */
		expect(RECORD_UNTRUSTED);
		CHECK(chown(record, 0, 0) == 0);
		CHECK(chown(logins, 65534, 65534) == 0);
		expect(RECORD_UNTRUSTED);
		CHECK(chown(logins, 0, 0) == 0);
	}
	CHECK(chmod(logins, 0777) == 0);
	expect(RECORD_UNTRUSTED);
	CHECK(chmod(logins, 0700) == 0);
	CHECK(chmod(place, 0777) == 0);
	expect(RECORD_NONE);			/* whose place is not the daemon's, nothing in it is */
	CHECK(chmod(place, 0700) == 0);
	expect(RECORD_READ);

	CHECK(unlink(record) == 0 && symlink(other, record) == 0);
	expect(RECORD_UNTRUSTED);
	CHECK(unlink(record) == 0 && mkfifo(record, 0600) == 0);
	expect(RECORD_UNTRUSTED);		/* at once: nobody writes into it */
	CHECK(unlink(record) == 0 && mkdir(record, 0700) == 0);
	expect(RECORD_UNTRUSTED);
	CHECK(rmdir(record) == 0);
	write_file(record, "");
	expect(RECORD_UNTRUSTED);
	CHECK(unlink(record) == 0);
	write_file(record, GOOD GOOD GOOD GOOD);
	expect(RECORD_UNTRUSTED);
	CHECK(unlink(record) == 0 && unlink(other) == 0 && rmdir(logins) == 0);
	CHECK(symlink("/", logins) == 0);
	expect(RECORD_NONE);
	CHECK(unlink(logins) == 0 && rmdir(place) == 0);
}

int main(void)
{
	the_stricter_of_two_actions_wins();
	of_two_switches_the_container_wins_and_no_x11();
	a_nodename_is_replaced_by_one_and_not_by_none();
	a_record_is_read_as_it_is_written();
	nothing_else_is_a_record();
	a_number_has_digits_only();
	if (geteuid() == 0)
		only_the_daemon_s_own_record_of_this_very_process_is_read();
	else
		puts("participation_test: skipped: the records on disk, which have to be root's");
	return 0;
}
