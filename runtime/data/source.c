// Reads files that may be gzipped. See source.h.
#include "data/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "data/large_pages.h"

enum { RAW_BYTES = 65536, PLAIN_BYTES = 4096 };

struct NetrtSource {
    const char *path; // the caller's, shown in messages
    int file;
    bool regular;     // its size is known, and it can be mapped
    bool gzip, ended; // ended: the last member of a gzip file is through
    int64_t file_bytes;
    int64_t position;          // of an unpacked file: bytes that were handed out
    z_stream stream;           // of a gzip file; next_in lies in raw
    size_t raw_begin, raw_end; // bytes read from the file that nobody took yet
    unsigned char raw[RAW_BYTES];
    size_t plain_begin, plain_end;
    unsigned char plain[PLAIN_BYTES]; // inflated bytes that nobody took yet: headers are read byte by byte
};

// Fills raw if it is empty. False for a failed read; an empty raw afterwards means the end of the file.
static bool refill(NetrtSource *source, NetrtError *error) {
    if (source->raw_begin < source->raw_end) return true;
    ssize_t n;
    do n = read(source->file, source->raw, RAW_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0) return netrt_fail(error, "%s: cannot be read: %s", source->path, strerror(errno));
    source->raw_begin = 0;
    source->raw_end = (size_t)n;
    return true;
}

static bool truncated(const NetrtSource *source, NetrtError *error) {
    return netrt_fail(error, "%s: truncated: the file ends before its contents do; fetch or copy it again", source->path);
}

static bool has_gzip_magic(const unsigned char *bytes, size_t n) { return n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

// Servers answer a wrong address with a page, and it gets saved under the name of the file that was asked for.
static bool looks_like_web_page(const unsigned char *bytes, size_t n) {
    size_t i = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < n && (bytes[i] == ' ' || (bytes[i] >= '\t' && bytes[i] <= '\r'))) i++;
    return i + 1 < n && bytes[i] == '<' && (bytes[i + 1] == '!' || bytes[i + 1] == '?' || (bytes[i + 1] | 0x20) == 'h');
}

NetrtSource *netrt_source_open(const char *path, NetrtError *error) {
    NetrtSource *source = calloc(1, sizeof *source);
    if (!source) {
        netrt_fail(error, "%s: not enough memory to read it", path);
        return NULL;
    }
    source->path = path;
    source->file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (source->file < 0 || fstat(source->file, &status) != 0) {
        netrt_fail(error, "%s: cannot be opened: %s", path, strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        netrt_fail(error, "%s: is a folder, not a file", path);
    } else {
        source->regular = S_ISREG(status.st_mode);
        source->file_bytes = status.st_size;
        if (refill(source, error)) {
            if (looks_like_web_page(source->raw, source->raw_end)) {
                netrt_fail(error, "%s: is a web page (HTML), not data: the download went wrong; delete it and fetch it again",
                           path);
            } else {
                source->gzip = has_gzip_magic(source->raw, source->raw_end);
                if (!source->gzip || inflateInit2(&source->stream, 16 + MAX_WBITS) == Z_OK) return source;
                source->gzip = false;
                netrt_fail(error, "%s: not enough memory to unpack it", path);
            }
        }
    }
    netrt_source_close(source);
    return NULL;
}

void netrt_source_close(NetrtSource *source) {
    if (!source) return;
    if (source->gzip) inflateEnd(&source->stream);
    if (source->file >= 0) close(source->file);
    free(source);
}

// Inflates up to n bytes, fewer only at the end of the file. A gzip file may have several members, one after another.
static bool inflate_some(NetrtSource *source, unsigned char *out, size_t n, size_t *got, NetrtError *error) {
    *got = 0;
    while (*got < n && !source->ended) {
        if (!refill(source, error)) return false;
        source->stream.next_in = source->raw + source->raw_begin;
        source->stream.avail_in = (uInt)(source->raw_end - source->raw_begin);
        size_t chunk = n - *got < (1u << 30) ? n - *got : (1u << 30);
        source->stream.next_out = out + *got;
        source->stream.avail_out = (uInt)chunk;
        bool at_end = source->stream.avail_in == 0;
        int status = inflate(&source->stream, Z_NO_FLUSH);
        *got += chunk - source->stream.avail_out;
        source->raw_begin = source->raw_end - source->stream.avail_in;
        if (status == Z_STREAM_END) {
            if (!refill(source, error)) return false;
            source->ended = !has_gzip_magic(source->raw + source->raw_begin, source->raw_end - source->raw_begin);
            if (!source->ended) inflateReset(&source->stream);
        } else if (at_end && status != Z_OK) {
            return truncated(source, error);
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return netrt_fail(error, "%s: the gzip data is damaged (%s); fetch or copy it again", source->path,
                              source->stream.msg ? source->stream.msg : "corrupt");
        }
    }
    return true;
}

// Up to n bytes, fewer only at the end of the file.
static bool read_some(NetrtSource *source, unsigned char *out, size_t n, size_t *got, NetrtError *error) {
    *got = 0;
    if (source->gzip) {
        size_t kept = source->plain_end - source->plain_begin;
        if (kept > n) kept = n;
        if (kept) memcpy(out, source->plain + source->plain_begin, kept);
        source->plain_begin += kept;
        if (!inflate_some(source, out + kept, n - kept, got, error)) return false;
        *got += kept;
        return true;
    }
    while (*got < n) {
        if (!refill(source, error)) return false;
        size_t there = source->raw_end - source->raw_begin;
        if (there == 0) break;
        if (there > n - *got) there = n - *got;
        memcpy(out + *got, source->raw + source->raw_begin, there);
        source->raw_begin += there;
        *got += there;
    }
    source->position += (int64_t)*got;
    return true;
}

bool netrt_source_read(NetrtSource *source, void *buffer, size_t n, NetrtError *error) {
    size_t got;
    if (!read_some(source, buffer, n, &got, error)) return false;
    return got == n || truncated(source, error);
}

int netrt_source_byte(NetrtSource *source, NetrtError *error) {
    if (source->gzip && source->plain_begin == source->plain_end) {
        source->plain_begin = 0;
        if (!inflate_some(source, source->plain, PLAIN_BYTES, &source->plain_end, error)) {
            source->plain_end = 0;
            return -2;
        }
        return source->plain_end == 0 ? -1 : source->plain[source->plain_begin++];
    }
    unsigned char byte;
    size_t got;
    if (!read_some(source, &byte, 1, &got, error)) return -2;
    return got == 0 ? -1 : byte;
}

bool netrt_source_payload(NetrtSource *source, int64_t bytes, size_t align, NetrtArray *array, NetrtError *error) {
    if (source->regular) {
        // Deflate packs no more than 1032 bytes into one, so a promise beyond that cannot be kept.
        bool fits = source->gzip ? bytes / 1040 <= source->file_bytes : bytes <= source->file_bytes - source->position;
        if (!fits) return truncated(source, error);
    }
    if (source->regular && !source->gzip && bytes > 0 && source->position % (int64_t)align == 0) {
        size_t whole = (size_t)(source->position + bytes);
        void *map = mmap(NULL, whole, PROT_READ, MAP_PRIVATE, source->file, 0);
        if (map != MAP_FAILED && lseek(source->file, (off_t)whole, SEEK_SET) == (off_t)whole) {
            array->map = map;
            array->map_bytes = whole;
            array->data = (const char *)map + source->position;
            source->position += bytes;
            source->raw_begin = source->raw_end = 0;
            return true;
        }
        if (map != MAP_FAILED) munmap(map, whole);
    }
    array->heap = malloc(bytes > 0 ? (size_t)bytes : 1);
    if (!array->heap) return netrt_fail(error, "%s: not enough memory for its %lld bytes", source->path, (long long)bytes);
    netrt_ask_large_pages(array->heap, (size_t)bytes);
    array->data = array->heap;
    return netrt_source_read(source, array->heap, (size_t)bytes, error);
}

bool netrt_source_end(NetrtSource *source, NetrtError *error) {
    int byte = netrt_source_byte(source, error);
    if (byte == -2) return false;
    return byte == -1 || netrt_fail(error, "%s: holds more than its header promises", source->path);
}
