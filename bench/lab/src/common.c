/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE

#include "common.h"

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t clock_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		err(1, "clock_gettime");
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pause_for(uint32_t ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&pause, NULL);
}

uint32_t number(const char *text, uint32_t max)
{
	uint64_t value = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || (value = value * 10 + (uint64_t)(*at - '0')) > max)
			errx(2, "%s is no number up to %u", text, (unsigned int)max);
	}
	if (*text == '\0')
		errx(2, "a number is missing");
	return (uint32_t)value;
}

void write_all(int fd, const void *bytes, size_t len)
{
	for (const char *at = bytes; len > 0;) {
		ssize_t written = write(fd, at, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			err(1, "write");
		at += written;
		len -= (size_t)written;
	}
}

bool read_line(int fd, char line[LINE_MAX_BYTES])
{
	size_t len = 0;

	while (len < LINE_MAX_BYTES) {
		ssize_t got = read(fd, line + len, LINE_MAX_BYTES - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		len += (size_t)got;
		if (line[len - 1] == '\n') {
			line[len - 1] = '\0';
			return true;
		}
	}
	return false;
}

void add_text(char *text, size_t size, const char *divider, const char *format, ...)
{
	size_t len = strlen(text);
	va_list values;
	int wanted;

	if (len > 0) {
		snprintf(text + len, size - len, "%s", divider);
		len = strlen(text);
	}
	va_start(values, format);
	wanted = vsnprintf(text + len, size - len, format, values);
	va_end(values);
	if (wanted < 0)
		errx(1, "vsnprintf");
	for (char *at = text + len; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
}

void read_cgroups(pid_t pid, char *text, size_t size)
{
	char line[LINE_MAX_BYTES];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/cgroup", (int)pid);
	file = fopen(line, "re");
	if (file == NULL)
		err(1, "%s", line);
	while (fgets(line, sizeof(line), file) != NULL) {
		char *controllers = strchr(line, ':');
		char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');

		line[strcspn(line, "\n")] = '\0';
		if (path == NULL)
			errx(1, "/proc/%d/cgroup: %s", (int)pid, line);
		if (strcmp(path, ":/") != 0)
			add_text(text, size, ";", "%s", controllers + 1);
	}
	fclose(file);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	struct told *told = data;

	for (int i = 0; i < count; i++) {
		if (messages[i]->msg_style != PAM_ERROR_MSG && messages[i]->msg_style != PAM_TEXT_INFO)
			return PAM_CONV_ERR;	/* nobody is there to answer a question */
		add_text(told->text, sizeof(told->text), " | ", "%s", messages[i]->msg);
	}
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses == NULL ? PAM_BUF_ERR : PAM_SUCCESS;
}

int start_pam(const char *confdir, const char *service, const char *user, const char *source, struct told *told,
	      pam_handle_t **pamh)
{
	const struct pam_conv conversation = { .conv = converse, .appdata_ptr = told };
	int result = pam_start_confdir(service, user, &conversation, confdir, pamh);

	if (result == PAM_SUCCESS)
		result = pam_set_item(*pamh, PAM_RHOST, source);
	if (result == PAM_SUCCESS)
		result = pam_set_item(*pamh, PAM_TTY, "ssh");
	if (result != PAM_SUCCESS)
		add_text(told->text, sizeof(told->text), " | ", "(PAM doesn't start)");
	return result;
}
