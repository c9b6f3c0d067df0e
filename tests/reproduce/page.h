/*
 * The report page: what the table found, with its charts, as one HTML file that needs nothing else;
 * light or dark as the reader's system is.
 */
#ifndef REPRODUCE_PAGE_H
#define REPRODUCE_PAGE_H

#include "reproduce/table.h"

#include "error.h"

int page_write(const struct table *table, const char *path, struct error *err);

#endif
