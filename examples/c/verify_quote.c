/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies a quote with liblumoz and prints the verdict:
 *
 *     cc -std=c99 -I src/capi examples/c/verify_quote.c -L build/release/lib -llumoz -o verify_quote
 *     ./verify_quote QUOTE COLLATERAL.json [UNIX_TIME]
 *
 * The exit status is that of `lumoz verify quote`: 0 accepted, 10 refused, 20 unsupported, 30 malformed, 1 trouble.
 */
#include <lumoz.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int read_file(const char *path, lumoz_bytes *out) {
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;
    if (file == NULL) return 0;
    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        fclose(file);
        return 0;
    }
    data = malloc((size_t)size + 1);
    if (data != NULL) out->size = fread(data, 1, (size_t)size, file);
    out->data = data;
    fclose(file);
    return data != NULL && out->size == (size_t)size;
}

int main(int argc, char **argv) {
    lumoz_bytes quote = {NULL, 0}, collateral = {NULL, 0}, none = {NULL, 0};
    lumoz_text verdict;
    lumoz_trust trust = {0};
    int status;
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s QUOTE COLLATERAL.json [UNIX_TIME]\n", argv[0]);
        return LUMOZ_FAILED;
    }
    if (lumoz_abi() != LUMOZ_ABI || !read_file(argv[1], &quote) || !read_file(argv[2], &collateral)) {
        fprintf(stderr, "%s: another library, or a file that cannot be read\n", argv[0]);
        free((void *)quote.data);
        free((void *)collateral.data);
        return LUMOZ_FAILED;
    }
    trust.size = sizeof trust;
    trust.now = argc == 4 ? (int64_t)strtoll(argv[3], NULL, 10) : (int64_t)time(NULL);
    status = lumoz_verify_quote(&trust, quote, collateral, none, &verdict);
    printf("%s\n", verdict.data != NULL ? verdict.data : "{}");
    lumoz_text_free(&verdict);
    free((void *)quote.data);
    free((void *)collateral.data);
    return status;
}
