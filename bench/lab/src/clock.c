/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall clock that a process sees, moved: preloaded (LD_PRELOAD), it adds the seconds in the file CLOCK_SHIFT to
 * CLOCK_REALTIME at every look. The file may change while the process runs, as a clock is set under it; without one
 * the clock is right. Neither the machine's clock nor CLOCK_MONOTONIC is touched, which no namespace could do for the
 * wall clock (time_namespaces(7)).
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift(void)
{
	const char *path = getenv("CLOCK_SHIFT");
	char text[32] = "";
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += shift();
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec seen;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &seen) != 0)
		return -1;
	*now = (struct timeval){ .tv_sec = seen.tv_sec, .tv_usec = seen.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *also)
{
	struct timespec seen;

	if (clock_gettime(CLOCK_REALTIME, &seen) != 0)
		return -1;
	if (also != NULL)
		*also = seen.tv_sec;
	return seen.tv_sec;
}
