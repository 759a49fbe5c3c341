/* SPDX-License-Identifier: Apache-2.0 */
#include "namespace.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static const struct kind {
	uint32_t type;
	const char *name;
	const char *own;	/* the one this process is in, or its children will be */
} kinds[NAMESPACE_KINDS] = {
	{ CLONE_NEWNS, "mount", "/proc/self/ns/mnt" },
	{ CLONE_NEWUSER, "user", "/proc/self/ns/user" },
	{ CLONE_NEWPID, "pid", "/proc/self/ns/pid_for_children" },
};

/* Its place in kinds, or NAMESPACE_KINDS. Where Slurm does not say the type, the kernel does from Linux 4.11 on. */
static size_t kind_of(int fd, uint32_t type)
{
	int told = type != 0 ? (int)type : ioctl(fd, NS_GET_NSTYPE);
	size_t kind = 0;

	while (kind < NAMESPACE_KINDS && (told < 0 || kinds[kind].type != (uint32_t)told))
		kind++;
	return kind;
}

const char *namespace_kind(int fd, uint32_t type)
{
	size_t kind = kind_of(fd, type);

	return kind < NAMESPACE_KINDS ? kinds[kind].name : "unknown";
}

/*
 * What this login has joined counts before what /proc says. A module that made a mount namespace of its own from it
 * meanwhile, as pam_namespace does for a private /tmp, would lose that if it were joined again. And in the mount
 * namespace of a job with pids of its own /proc is that pid namespace's, and does not know a process from outside.
 */
static bool is_in(const struct stat *wanted, size_t kind, const struct namespaces *joined)
{
	struct stat own;

	if (joined->of[kind].inode == wanted->st_ino && joined->of[kind].device == wanted->st_dev)
		return true;
	return stat(kinds[kind].own, &own) == 0 && own.st_dev == wanted->st_dev && own.st_ino == wanted->st_ino;
}

static bool is_in_any(const struct stat *wanted, const struct namespaces *joined)
{
	for (size_t kind = 0; kind < NAMESPACE_KINDS; kind++)
		if (is_in(wanted, kind, joined))
			return true;
	return false;
}

enum namespace_result namespace_join(int fd, uint32_t type, struct namespaces *joined)
{
	struct stat wanted;
	size_t kind;

	if (fstat(fd, &wanted) != 0)
		return NAMESPACE_FAILED;
	kind = kind_of(fd, type);
	if (kind < NAMESPACE_KINDS ? is_in(&wanted, kind, joined) : is_in_any(&wanted, joined))
		return NAMESPACE_ALREADY;
	if (setns(fd, (int)type) != 0)
		return NAMESPACE_FAILED;
	if (kind < NAMESPACE_KINDS) {
		joined->of[kind].device = wanted.st_dev;
		joined->of[kind].inode = wanted.st_ino;
	}
	return NAMESPACE_JOINED;
}
