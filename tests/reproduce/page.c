#include "reproduce/page.h"

#include "reproduce/chart.h"

#include <errno.h>
#include <stdio.h>

static const char head[] =
    "<!doctype html><html lang=en><meta charset=utf-8>\n"
    "<meta name=viewport content=\"width=device-width\"><title>sweepd: reproduced</title>\n"
    "<style>\n"
    ":root{color-scheme:light dark;--ink:#1d2430;--soft:#667085;--line:#dfe3ea;--paper:#fff;"
    "--good:#177245;--bad:#b42318}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#2d3545;"
    "--paper:#12161e;--good:#4cc38a;--bad:#ff8a80}}\n"
    "body{font:15px/1.5 system-ui,'DejaVu Sans',sans-serif;color:var(--ink);"
    "background:var(--paper);max-width:72rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2.5rem 0 .3rem}p{margin:.3rem 0}\n"
    "table{border-collapse:collapse;margin:.8rem 0;width:100%}"
    "th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}th{color:var(--soft);font-weight:600}"
    "td+td{font-variant-numeric:tabular-nums}\n"
    ".agrees{color:var(--good)}.differs{color:var(--bad);font-weight:600}"
    ".shown,.skipped,.soft,figcaption{color:var(--soft)}\n"
    ".figures{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr))}\n"
    "figure{margin:1rem 0;max-width:46rem}figcaption{font-weight:600}svg{width:100%;height:auto}"
    "svg text{font-size:11px;fill:var(--soft)}"
    ".g{stroke:var(--line)}path{fill:none;stroke-width:1.6}\n"
    ".c0{stroke:#3b82f6}.c1{stroke:#f97316}.c2{stroke:#10b981}.c3{stroke:#e11d74}"
    ".c4{stroke:#8b5cf6}.c5{stroke:#ca8a04}.c6{stroke:#06b6d4}.c7{stroke:#84cc16}"
    ".c8{stroke:#ef4444}.c9{stroke:#a3a3a3}.c10{stroke:#d946ef}.c11{stroke:#14b8a6}\n"
    "</style>\n<h1>sweepd: published results, reproduced through the service</h1>\n";

static void write_cell(const char *text, FILE *out)
{
    fputs("<td>", out);
    html_write(text, out);
}

static void write_rows(const struct section *section, FILE *out)
{
    if (section->row_count == 0)
        return;
    fputs("<table><tr><th>what<th>reference<th>ours<th>verdict\n", out);
    for (int i = 0; i < section->row_count; i++) {
        const struct row *row = &section->rows[i];
        const char *verdict = verdict_name(row->verdict);
        fputs("<tr>", out);
        write_cell(row->what, out);
        write_cell(row->reference, out);
        write_cell(row->ours, out);
        fprintf(out, "<td class=%s>%s\n", verdict, verdict);
    }
    fputs("</table>\n", out);
}

static void write_section(const struct section *section, FILE *out)
{
    fputs("<h2>", out);
    html_write(section->title, out);
    fputs("</h2>\n<p>", out);
    html_write(section->about, out);
    fprintf(out, " <span class=soft>%.0f s.</span></p>\n", section->seconds);
    fputs("<div class=figures>\n", out);
    for (int i = 0; i < section->chart_count; i++)
        chart_write(&section->charts[i], out);
    fputs("</div>\n", out);
    write_rows(section, out);
    for (int i = 0; i < section->note_count; i++) {
        fputs("<p>", out);
        html_write(section->notes[i], out);
        fputs("</p>\n", out);
    }
}

int page_write(const struct table *table, const char *path, struct error *err)
{
    FILE *out = fopen(path, "we");
    if (!out)
        return error_errno(err, "write \"%s\"", path);
    fputs(head, out);
    fprintf(out,
            "<p><span class=agrees>%d agree</span>, <span class=%s>%d differ</span>, "
            "%d are shown without a band, %d were skipped. A row agrees where it lies in the band "
            "that was set for it before the run. The whole run took %.0f s.</p>\n",
            table_count(table, AGREES), table_count(table, DIFFERS) > 0 ? "differs" : "soft",
            table_count(table, DIFFERS), table_count(table, SHOWN), table_count(table, SKIPPED),
            table_elapsed_s(table));
    for (int i = 0; i < table->count; i++)
        write_section(&table->sections[i], out);
    if (fclose(out) != 0)
        return error_errno(err, "write \"%s\"", path);
    return 0;
}
