#include "reproduce/chart.h"

#include <math.h>

enum { WIDTH = 680, HEIGHT = 320, LEFT = 70, RIGHT = 170, TOP = 12, BOTTOM = 44, TICKS = 5 };

/* One axis: values low … high lie at from … to on the page. */
struct axis {
    double low, high, from, to;
    bool log;
};

void html_write(const char *text, FILE *out)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc(*text, out);
        }
}

static bool shows(const struct axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0);
}

static double along(const struct axis *axis, double value)
{
    return axis->log ? log10(value) : value;
}

static double place(const struct axis *axis, double value)
{
    const double part = (along(axis, value) - axis->low) / (axis->high - axis->low);
    return axis->from + part * (axis->to - axis->from);
}

static void widen(struct axis *axis, double value)
{
    if (!shows(axis, value))
        return;
    axis->low = fmin(axis->low, along(axis, value));
    axis->high = fmax(axis->high, along(axis, value));
}

static void find_range(const struct chart *chart, struct axis *x, struct axis *y)
{
    for (int c = 0; c < chart->count; c++)
        for (size_t i = 0; i < chart->curves[c].count; i++) {
            const struct curve *curve = &chart->curves[c];
            if (!shows(x, curve->x[i]) || !shows(y, curve->y[i]))
                continue;
            widen(x, curve->x[i]);
            widen(y, curve->y[i]);
        }
}

static void open_range(struct axis *axis)
{
    if (!(axis->high >= axis->low)) {
        axis->low = 0;
        axis->high = 1;
    }
    if (axis->high - axis->low < 1e-12 * fmax(1, fabs(axis->high)))
        axis->high = axis->low + 1;
}

/* The step of 1, 2 or 5 times a power of ten that gives about TICKS of them; whole decades, or
 * more, on a logarithmic axis. */
static double tick_step(const struct axis *axis)
{
    const double rough = (axis->high - axis->low) / TICKS;
    const double power = pow(10, floor(log10(rough)));
    const double part = rough / power;
    const double step = power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
    return axis->log ? fmax(1, ceil(step - 1e-9)) : step;
}

static void write_tick(const struct axis *axis, double tick, bool across, FILE *out)
{
    const double value = axis->log ? pow(10, tick) : tick;
    const double at = place(axis, value);
    if (across)
        fprintf(out,
                "<line class=g x1=%.1f x2=%.1f y1=%d y2=%d /><text x=%.1f y=%d "
                "text-anchor=middle>%.4g</text>\n",
                at, at, TOP, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 16, value);
    else
        fprintf(out,
                "<line class=g x1=%d x2=%d y1=%.1f y2=%.1f /><text x=%d y=%.1f "
                "text-anchor=end>%.4g</text>\n",
                LEFT, WIDTH - RIGHT, at, at, LEFT - 6, at + 4, value);
}

static void write_ticks(const struct axis *axis, bool across, FILE *out)
{
    const double step = tick_step(axis), edge = 1e-9 * (axis->high - axis->low);
    for (double tick = ceil((axis->low - edge) / step) * step; tick <= axis->high + edge;
         tick += step)
        write_tick(axis, fabs(tick) < step / 1e6 ? 0 : tick, across, out);
}

/* Points that share a pixel's column are drawn as first, lowest, highest and last: no spike is
 * lost, and a long curve stays small. */
struct column {
    double x, first, low, high, last;
    int points;
};

static void write_column(const struct column *column, bool begins, FILE *out)
{
    if (column->points == 0)
        return;
    fprintf(out, "%c%.1f %.1f", begins ? 'M' : 'L', column->x, column->first);
    if (column->points > 2)
        fprintf(out, "L%.1f %.1fL%.1f %.1f", column->x, column->low, column->x, column->high);
    if (column->points > 1)
        fprintf(out, "L%.1f %.1f", column->x, column->last);
}

static void add_point(struct column *column, double x, double y)
{
    if (column->points++ == 0)
        *column = (struct column){.x = x, .first = y, .low = y, .high = y, .points = 1};
    column->low = fmin(column->low, y);
    column->high = fmax(column->high, y);
    column->last = y;
}

static void write_curve(const struct curve *curve, const struct axis *x, const struct axis *y,
                        int number, FILE *out)
{
    struct column column = {0};
    bool begins = true;
    fprintf(out, "<path class=c%d d=\"", number);
    for (size_t i = 0; i < curve->count; i++) {
        const bool here = shows(x, curve->x[i]) && shows(y, curve->y[i]);
        const double at = here ? place(x, curve->x[i]) : 0;
        if (column.points > 0 && (!here || fabs(at - column.x) >= 0.7)) {
            write_column(&column, begins, out);
            begins = !here;
            column.points = 0;
        }
        if (here)
            add_point(&column, at, place(y, curve->y[i]));
        else
            begins = true;
    }
    write_column(&column, begins, out);
    fputs("\"/>\n", out);
}

static void write_legend(const struct chart *chart, FILE *out)
{
    for (int c = 0; c < chart->count; c++) {
        const int y = TOP + 10 + 18 * c, x = WIDTH - RIGHT + 12;
        fprintf(out, "<path class=c%d d=\"M%d %dh18\"/><text x=%d y=%d>", c, x, y, x + 24, y + 4);
        html_write(chart->curves[c].name, out);
        fputs("</text>\n", out);
    }
}

static void write_labels(const struct chart *chart, FILE *out)
{
    fprintf(out, "<text x=%d y=%d text-anchor=middle>", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
    html_write(chart->x_label, out);
    fprintf(out, "</text>\n<text transform=\"translate(14 %d) rotate(-90)\" text-anchor=middle>",
            (TOP + HEIGHT - BOTTOM) / 2);
    html_write(chart->y_label, out);
    fputs("</text>\n", out);
}

void chart_write(const struct chart *chart, FILE *out)
{
    struct axis x = {HUGE_VAL, -HUGE_VAL, LEFT, WIDTH - RIGHT, chart->log_x};
    struct axis y = {HUGE_VAL, -HUGE_VAL, HEIGHT - BOTTOM, TOP, chart->log_y};
    find_range(chart, &x, &y);
    open_range(&x);
    open_range(&y);

    fputs("<figure><figcaption>", out);
    html_write(chart->title, out);
    fprintf(out, "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=img>\n", WIDTH, HEIGHT);
    write_ticks(&x, true, out);
    write_ticks(&y, false, out);
    for (int c = 0; c < chart->count; c++)
        write_curve(&chart->curves[c], &x, &y, c, out);
    write_legend(chart, out);
    write_labels(chart, out);
    fputs("</svg></figure>\n", out);
}
