/* SPDX-License-Identifier: Apache-2.0 */
#include "participation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FORM "adoptd-login 1 uid=%10llu job=%10llu actions=%1u%1u%1u%1u switches=%1u nodename=%64s"
#define WRITTEN "adoptd-login 1 uid=%llu job=%llu actions=%u%u%u%u switches=%u nodename=%s\n"
#define NO_NODENAME "-"

enum { STAT_MAX = 1024, START_TIME = 22 };	/* /proc/PID/stat, and the field of it; proc(5) */

static uint8_t stricter(uint8_t one, uint8_t other, const uint8_t order[4])	/* strictest first */
{
	for (; *order != 0; order++)
		if (one == *order || other == *order)
			return *order;
	return one;
}

void rules_tighten(struct rules *rules, const struct rules *line)
{
	static const uint8_t no_jobs[4] = { NO_JOBS_DENY, NO_JOBS_IGNORE };
	static const uint8_t unknown[4] = { UNKNOWN_DENY, UNKNOWN_NEWEST, UNKNOWN_ALLOW };
	static const uint8_t adopt_failure[4] = { ADOPT_FAILURE_DENY, ADOPT_FAILURE_ALLOW };
	static const uint8_t generic_failure[4] = { GENERIC_FAILURE_DENY, GENERIC_FAILURE_IGNORE, GENERIC_FAILURE_ALLOW };
	struct frame_actions *actions = &rules->actions;
	uint8_t either = rules->switches | line->switches, both = rules->switches & line->switches;

	actions->no_jobs = stricter(actions->no_jobs, line->actions.no_jobs, no_jobs);
	actions->unknown = stricter(actions->unknown, line->actions.unknown, unknown);
	actions->adopt_failure = stricter(actions->adopt_failure, line->actions.adopt_failure, adopt_failure);
	actions->generic_failure = stricter(actions->generic_failure, line->actions.generic_failure, generic_failure);
	rules->switches = (uint8_t)((either & (SWITCH_CONTAINER | SWITCH_ALWAYS_ASK)) | (both & SWITCH_X11));
	if (line->nodename[0] != '\0')
		memcpy(rules->nodename, line->nodename, sizeof(rules->nodename));
}

uint32_t plain_number(const void *text, size_t len, uint32_t max)
{
	const char *digit = text;
	uint64_t number = 0;

	if (len == 0 || digit[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (digit[i] < '0' || digit[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(digit[i] - '0');
		if (number > max)	/* at once, before it could wrap */
			return 0;
	}
	return (uint32_t)number;
}

static bool within(unsigned value, unsigned min, unsigned max)
{
	return value >= min && value <= max;
}

/* What was understood is written again and compared: nothing else than exactly that is a record. */
bool record_parse(const char *text, size_t len, struct participation *participation)
{
	char line[RECORD_MAX + 1], again[RECORD_MAX + 1], nodename[FRAME_NODENAME_MAX + 1];
	unsigned long long uid, job;
	unsigned action[4], switches;
	int written;

	if (len > RECORD_MAX)
		return false;
	memcpy(line, text, len);
	line[len] = '\0';
	if (sscanf(line, FORM, &uid, &job, &action[0], &action[1], &action[2], &action[3], &switches, nodename) != 8)
		return false;
	written = snprintf(again, sizeof(again), WRITTEN, uid, job, action[0], action[1], action[2], action[3], switches,
			   nodename);
	if (written != (int)len || memcmp(again, text, len) != 0)
		return false;
	if (uid == 0 || uid >= UINT32_MAX || job == 0 || job > FRAME_JOB_MAX ||
	    !within(action[0], NO_JOBS_IGNORE, NO_JOBS_DENY) || !within(action[1], UNKNOWN_NEWEST, UNKNOWN_DENY) ||
	    !within(action[2], ADOPT_FAILURE_ALLOW, ADOPT_FAILURE_DENY) ||
	    !within(action[3], GENERIC_FAILURE_IGNORE, GENERIC_FAILURE_DENY) ||
	    !within(switches, 0, SWITCH_X11 | SWITCH_CONTAINER | SWITCH_ALWAYS_ASK) ||
	    !frame_is_text(nodename, strlen(nodename)))
		return false;
	memset(participation, 0, sizeof(*participation));
	participation->uid = (uint32_t)uid;
	participation->job = (uint32_t)job;
	participation->rules.actions = (struct frame_actions){ (uint8_t)action[0], (uint8_t)action[1],
							       (uint8_t)action[2], (uint8_t)action[3] };
	participation->rules.switches = (uint8_t)switches;
	if (strcmp(nodename, NO_NODENAME) != 0)
		memcpy(participation->rules.nodename, nodename, strlen(nodename));
	return true;
}

/* Up to size bytes of a file: how many, or -1. */
static ssize_t read_all(int fd, char *out, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, out + used, size - used);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			break;
		if (got > 0)
			used += (size_t)got;
	}
	return (ssize_t)used;
}

/* "PID-TICKS" of this process, as its daemon sees it; false when /proc does not tell. */
static bool name_own_record(char *name, size_t size)
{
	char stat[STAT_MAX + 1], *at, *end;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read_all(fd, stat, STAT_MAX);

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return false;
	stat[len] = '\0';
	at = strrchr(stat, ')');	/* the name before it may have anything in it */
	for (int field = 2; at != NULL && field < START_TIME; field++) {
		at = strchr(at, ' ');
		at = at == NULL ? NULL : at + 1;
	}
	end = at == NULL ? NULL : strchr(at, ' ');
	if (end == NULL)
		return false;
	return snprintf(name, size, "%.*s-%.*s", (int)strcspn(stat, " "), stat, (int)(end - at), at) < (int)size;
}

static bool is_of_root_alone(const struct stat *file, mode_t type)
{
	return file->st_uid == 0 && (file->st_mode & S_IFMT) == type && (file->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static enum record_result read_record(int directory, const char *name, struct participation *participation,
				      const char **why)
{
	char text[RECORD_MAX + 1];
	struct stat place, file;
	enum record_result result = RECORD_UNTRUSTED;
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0) {
		*why = errno == ELOOP ? "is a link" : "is not to be found";
		return errno == ELOOP ? RECORD_UNTRUSTED : RECORD_NONE;
	}
	if (fstat(directory, &place) != 0 || !is_of_root_alone(&place, S_IFDIR)) {
		*why = "is in a directory that others may write";
	} else if (fstat(fd, &file) != 0 || !is_of_root_alone(&file, S_IFREG)) {
		*why = "is not a file that root alone may write";
	} else {
		len = read_all(fd, text, sizeof(text));
		if (len > 0 && record_parse(text, (size_t)len, participation))
			result = RECORD_READ;
		*why = result == RECORD_READ ? "is read" : "is not one that adoptd writes";
	}
	close(fd);
	return result;
}

/* The directory of the socket has to be root's too, or another "logins" could be put into it. */
static int open_logins(const char *socket, const char **why)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *slash = strrchr(socket, '/');
	struct stat place;
	int parent, logins;

	*why = "has no directory";
	if (slash == NULL || (size_t)(slash - socket) >= sizeof(path))
		return -1;
	snprintf(path, sizeof(path), "%.*s", slash == socket ? 1 : (int)(slash - socket), socket);
	parent = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return -1;
	logins = openat(parent, "logins", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (logins >= 0 && (fstat(parent, &place) != 0 || !is_of_root_alone(&place, S_IFDIR))) {
		*why = "would be below a directory that others may write";
		close(logins);
		logins = -1;
	}
	close(parent);
	return logins;
}

enum record_result record_read(const char *socket, struct participation *participation, const char **why)
{
	enum record_result result;
	char name[48];
	int directory;

	directory = open_logins(socket, why);
	if (directory < 0)
		return RECORD_NONE;
	if (name_own_record(name, sizeof(name))) {
		result = read_record(directory, name, participation, why);
	} else {
		*why = "cannot be named: /proc does not tell of this process";
		result = RECORD_NONE;
	}
	close(directory);
	return result;
}
