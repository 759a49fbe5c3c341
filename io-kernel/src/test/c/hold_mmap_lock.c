/*
 * Holds its own mmap lock until it is killed, as an ordinary user can.
 *
 * usage: hold_mmap_lock DIRECTORY [UID]
 *
 * Mounts a FUSE file system on DIRECTORY in a mount namespace of its own, becomes UID, and maps the one page of its one
 * file. One thread then reads that page through /proc/self/mem: the kernel takes the mmap lock for reading and asks for
 * the page, and is not answered. Another thread calls mmap(2), which waits to take the lock for writing, and whoever
 * comes to read after it waits behind it. Then prints "held". The server of the file system is a child process, which
 * ends with this one, and with it the waiting.
 *
 * Sources: linux/fuse.h; fuse(4); mm/memory.c, access_remote_vm(); Documentation/mm/process_addrs.rst.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NODE 2
#define PAGE 4096

static void must(int ok, const char *what)
{
	if (!ok) {
		printf("cannot %s: %s\n", what, strerror(errno));
		fflush(stdout);
		_exit(1);
	}
}

static void answer(int fuse, const struct fuse_in_header *in, const void *body, size_t length, int error)
{
	char buffer[sizeof(struct fuse_out_header) + 256];
	struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + length), .error = -error, .unique = in->unique};

	memcpy(buffer, &out, sizeof(out));
	if (length > 0)
		memcpy(buffer + sizeof(out), body, length);
	if (write(fuse, buffer, sizeof(out) + length) < 0 && errno != ENOENT)
		_exit(1);
}

static struct fuse_attr attributes(uint64_t node)
{
	struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = PAGE};

	attr.mode = node == FILE_NODE ? S_IFREG | 0444 : S_IFDIR | 0755;
	attr.size = node == FILE_NODE ? PAGE : 0;
	return attr;
}

/* Answers everything but a read: of that it tells on `asked` and goes on. */
static void serve(int fuse, int asked)
{
	static char request[FUSE_MIN_READ_BUFFER + 65536];

	for (;;) {
		ssize_t length = read(fuse, request, sizeof(request));
		const struct fuse_in_header *in = (const struct fuse_in_header *)request;

		if (length < (ssize_t)sizeof(*in)) {
			if (length < 0 && (errno == EINTR || errno == ENOENT))
				continue;
			_exit(0);
		}
		switch (in->opcode) {
		case FUSE_INIT: {
			struct fuse_init_out out = {
				.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = PAGE};
			answer(fuse, in, &out, sizeof(out), 0);
			break;
		}
		case FUSE_LOOKUP: {
			struct fuse_entry_out out = {.nodeid = FILE_NODE, .attr = attributes(FILE_NODE)};
			answer(fuse, in, &out, sizeof(out), 0);
			break;
		}
		case FUSE_GETATTR: {
			struct fuse_attr_out out = {.attr = attributes(in->nodeid)};
			answer(fuse, in, &out, sizeof(out), 0);
			break;
		}
		case FUSE_OPEN: {
			struct fuse_open_out out = {.fh = 1};
			answer(fuse, in, &out, sizeof(out), 0);
			break;
		}
		case FUSE_READ:
			if (write(asked, "", 1) != 1)
				_exit(1);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(fuse, in, NULL, 0, ENOSYS);
		}
	}
}

static char *page;
static volatile pid_t mapper_tid;
static int mapper_may_go[2];

static void *reader(void *unused)
{
	char byte;
	int mem = open("/proc/self/mem", O_RDONLY);

	must(mem >= 0, "open /proc/self/mem");
	if (pread(mem, &byte, 1, (off_t)(uintptr_t)page) < 0)
		perror("pread");
	return unused;
}

static void *mapper(void *unused)
{
	char byte;

	mapper_tid = (pid_t)syscall(SYS_gettid);
	if (read(mapper_may_go[0], &byte, 1) != 1)
		return unused;
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return unused;
}

/* Waits until a thread of the parent's sleeps and no signal wakes it. No memory of the parent's is needed for that. */
static void until_it_waits(pid_t parent, pid_t thread)
{
	char file[64], stat[512];

	snprintf(file, sizeof(file), "/proc/%d/task/%d/stat", (int)parent, (int)thread);
	for (;;) {
		int fd = open(file, O_RDONLY);
		ssize_t length = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
		char *after;

		if (length <= 0)
			_exit(1);
		close(fd);
		stat[length] = 0;
		after = strrchr(stat, ')');
		if (after != NULL && after[2] == 'D')
			return;
		usleep(1000);
	}
}

static void become(uid_t uid)
{
	must(setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0, "become another user");
	must(prctl(PR_SET_DUMPABLE, 1) == 0, "open /proc/self/mem as that user");
}

/* The signal is the parent's, so this has to be the same user's. */
static void end_with(pid_t parent, uid_t uid)
{
	become(uid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

int main(int argc, char **argv)
{
	int asked[2], tid[2], fuse, file;
	char options[128], byte;
	pthread_t one, other;
	pid_t server, parent = getpid(), thread;
	uid_t uid;

	must(argc == 2 || argc == 3, "understand the command line");
	uid = argc == 3 ? (uid_t)atoi(argv[2]) : getuid();
	must(pipe(asked) == 0 && pipe(tid) == 0 && pipe(mapper_may_go) == 0, "make pipes");
	must(unshare(CLONE_NEWNS) == 0, "have a mount namespace");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "make the mounts private");
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	must(fuse >= 0, "open /dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	must(mount("adoptd-test", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) == 0, "mount a FUSE file system");

	server = fork();
	must(server >= 0, "fork");
	if (server == 0) {
		end_with(parent, uid);
		close(asked[0]);
		serve(fuse, asked[1]);
	}
	close(fuse);
	if (fork() == 0) { /* sees to the order of things, for this process cannot when its memory is locked */
		end_with(parent, uid);
		close(tid[1]);
		if (read(tid[0], &thread, sizeof(thread)) != sizeof(thread)
			|| read(asked[0], &byte, 1) != 1 || write(mapper_may_go[1], "", 1) != 1)
			_exit(1);
		until_it_waits(parent, thread);
		puts("held");
		fflush(stdout);
		pause();
	}

	must(chdir(argv[1]) == 0, "go to the file system");
	become(uid);
	file = open("page", O_RDONLY);
	must(file >= 0, "open the file");
	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	must(page != MAP_FAILED, "map the file");
	must(pthread_create(&other, NULL, mapper, NULL) == 0, "start a thread");
	while (mapper_tid == 0)
		sched_yield();
	thread = mapper_tid;
	must(write(tid[1], &thread, sizeof(thread)) == sizeof(thread), "tell of the thread");
	must(pthread_create(&one, NULL, reader, NULL) == 0, "start a thread");
	pthread_join(one, NULL);
	return 0;
}
