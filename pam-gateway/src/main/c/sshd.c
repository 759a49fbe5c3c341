/* SPDX-License-Identifier: Apache-2.0 */
#include "sshd.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool sshd_is_caller(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *name;

	if (len <= 0)
		return false;
	path[len] = '\0';
	name = strrchr(path, '/');
	return name != NULL && strncmp(name + 1, "sshd", 4) == 0;
}

bool sshd_is_helper(void)
{
	struct stat own, theirs;
	char parent[32];

	if (getsid(0) == getpid() || !sshd_is_caller())
		return false;
	snprintf(parent, sizeof(parent), "/proc/%d/exe", (int)getppid());
	return stat("/proc/self/exe", &own) == 0 && stat(parent, &theirs) == 0 && own.st_dev == theirs.st_dev &&
	       own.st_ino == theirs.st_ino;
}

/* By the system call: timer_create(3) is in a library of its own before glibc 2.34. */
static bool arm(int signal, int seconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal };
	struct itimerspec once = { .it_value.tv_sec = seconds };
	int timer = 0;

	return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0 &&
	       syscall(SYS_timer_settime, timer, 0, &once, NULL) == 0;
}

/*
 * A timer of this process, not a child that waits: it needs no /proc, no pid and no memory, it ends with the process,
 * and it works after the process joined the pid namespace of a job, of whose children none could signal it.
 */
bool sshd_end_later(void)
{
	if (arm(SIGTERM, SSHD_GRACE_SECONDS) && arm(SIGKILL, SSHD_KILL_SECONDS))
		return true;
	raise(SIGTERM);
	return false;
}
