/*
 * A chart as an inline SVG: lines over linear or logarithmic axes, with a legend. Colours are the
 * classes c0, c1, … of the page's style.
 */
#ifndef REPRODUCE_CHART_H
#define REPRODUCE_CHART_H

#include "reproduce/table.h"

#include <stdio.h>

void chart_write(const struct chart *chart, FILE *out);

/* Text with what HTML would take for its own replaced. */
void html_write(const char *text, FILE *out);

#endif
