# Expected values of tests/server/compare/, printed by R 4.2.2 (Debian 12, r-base-core):
#     Rscript tests/reference/comparison.R
options(digits = 17)
show <- function(name, ...) cat(name, ":", format(c(...), digits = 17), "\n")

distinct <- c(1.1, -0.4, 2.5, 3.2, -0.9, 4.1, 0.3, 5.0, 2.2, 1.7)
w <- wilcox.test(distinct, exact = TRUE)
show("wilcox distinct", w$statistic, w$p.value)
tied <- c(1, 1, 2, -1, 3, 3, -2, 4, 5, 5, 6, 7, -6, 8, 8, 9, 2, 1, -3, 4, 10, 11, -5, 12, 13, 14, 2, 0, 0)
w <- suppressWarnings(wilcox.test(tied, exact = FALSE, correct = TRUE))
show("wilcox tied, normal", w$statistic, w$p.value)
t <- t.test(distinct)
show("t.test", t$estimate, t$conf.int, t$statistic, t$p.value)
for (x in list(c(0.5, 10, 0.05), c(1, 5, 0.05), c(2, 8, 0.001))) {
    p <- power.t.test(n = x[2], delta = x[1], sig.level = x[3], type = "paired", strict = TRUE)
    show(paste("power", paste(x, collapse = " ")), p$power)
}
for (x in list(c(0.5, 0.05), c(1, 0.05), c(0.2, 0.01))) {
    p <- power.t.test(delta = x[1], sig.level = x[2], power = 0.8, type = "paired", strict = TRUE)
    show(paste("n for", paste(x, collapse = " ")), p$n)
}
for (x in list(c(0.05, 4), c(0.05, 9), c(0.05, 49), c(1e-6, 9), c(0.999, 3), c(0.01, 1e5), c(0.5, 0.5)))
    show(paste("student quantile", paste(x, collapse = " ")), qt(x[1] / 2, x[2], lower.tail = FALSE))
show("holm", p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5, 0.03), "holm"))
for (k in c(2, 3, 4, 5, 10, 20, 64)) {
    show(paste("ptukey", k), ptukey(c(1, 3.5, 6), k, Inf, lower.tail = FALSE))
    show(paste("qtukey .05/sqrt 2", k), qtukey(0.95, k, Inf) / sqrt(2))
}
# Every sign of a family of ties and infinite differences is enumerated in comparison.py.
