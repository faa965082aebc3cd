// Large pages for memory that a program walks again and again: an address is then found without a walk of the page tables,
// which a virtual machine pays twice.
#pragma once

#include <stddef.h>

// Zeroed memory of `bytes` > 0, mapped, page-aligned, and laid out for large pages if it has room for one; NULL without memory.
// Pages that nobody touches cost nothing. Give it back with munmap(address, bytes).
void *netrt_map(size_t bytes);

// Asks for large pages within memory that is there already, before it is first written. The system may refuse: then nothing
// is different.
void netrt_ask_large_pages(void *memory, size_t bytes);
