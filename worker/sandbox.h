/*
 * What a worker that a server started cannot do: gain privileges, leave core files, outlive the
 * thread of the server that started it, or write anywhere but below the folders named (reading
 * stays as it is). A hostile data file that takes the worker over gets no further.
 *
 * For good, and for this process alone. Where the kernel lacks something (landlock came with 5.13),
 * that part is left out without a word.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

void sandbox_enter(const char *const *writable_folders, int count);

#endif
