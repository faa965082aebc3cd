// Feeds files to a fuzz target: REPLAY PATH…, where a folder stands for the files in it. What once broke a reader stays mended,
// and no fuzzer is needed to see that. Says how many files went through.
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

// Seconds of processor time for one input; without the optimiser, or with sanitizers, four times as many.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
static const double allowed = 20;
#else
static const double allowed = 5;
#endif

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void replay_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1);
    HOLDS(file && data);
    size = fread(data, 1, size, file);
    fclose(file);
    uint8_t *exact = realloc(data, size ? size : 1); // so that an overrun of one byte is seen
    double start = now();
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(exact, size);
    HOLDS(now() - start < allowed);
    free(exact);
}

static int replay(const char *path) {
    struct stat about;
    HOLDS(stat(path, &about) == 0);
    if (!S_ISDIR(about.st_mode)) {
        replay_file(path, (size_t)about.st_size);
        return 1;
    }
    int count = 0;
    DIR *folder = opendir(path);
    HOLDS(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char inner[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        count += replay(inner);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    int count = 0;
    for (int i = 1; i < argc; i++) count += replay(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
