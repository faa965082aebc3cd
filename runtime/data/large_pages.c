// Maps memory and advises the system. See large_pages.h.
#include "data/large_pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGE = 2 << 20 }; // bytes; where large pages have another size the advice is only less apt

static size_t page_bytes(void) {
    long bytes = sysconf(_SC_PAGESIZE);
    return bytes > 0 ? (size_t)bytes : 4096;
}

void netrt_ask_large_pages(void *memory, size_t bytes) {
    size_t page = page_bytes(), skipped = (page - (uintptr_t)memory % page) % page;
    if (bytes >= LARGE) (void)madvise((char *)memory + skipped, (bytes - skipped) / page * page, MADV_HUGEPAGE);
}

void *netrt_map(size_t bytes) {
    size_t page = page_bytes(), room = bytes >= LARGE ? LARGE : 0; // to begin where a large page does
    if (bytes > SIZE_MAX - room - page) return NULL;
    char *begin = mmap(NULL, bytes + room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED) return NULL;
    if (!room) return begin;
    size_t before = (LARGE - (uintptr_t)begin % LARGE) % LARGE, kept = (bytes + page - 1) / page * page;
    if (before) munmap(begin, before);
    munmap(begin + before + kept, room - before);
    netrt_ask_large_pages(begin + before, bytes);
    return begin + before;
}
