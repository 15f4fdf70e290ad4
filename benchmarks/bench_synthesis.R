# Rscript benchmarks/bench_synthesis.R DATA.json OUT.json: metafor on the data of bench_synthesis.py, median CPU seconds.
suppressMessages(library(metafor))
args <- commandArgs(trailingOnly=TRUE)
dat <- jsonlite::fromJSON(args[1])
cpu <- function() sum(proc.time()[c("user.self", "sys.self")])
clock <- function(expr, n) { e <- substitute(expr); env <- parent.frame(); eval(e, env); median(replicate(n, { t <- cpu(); for (i in 1:10) eval(e, env); (cpu() - t) / 10 })) }
once <- function(expr) { e <- substitute(expr); env <- parent.frame(); t <- cpu(); eval(e, env); cpu() - t }
y <- dat$y46; v <- dat$v46; x <- dat$x46
out <- list()
out$ee <- clock(rma(y, v, method="EE"), 9)
out$dl <- clock(rma(y, v, method="DL"), 9)
out$reml <- clock(rma(y, v), 9)
out$reml_moderator <- clock(rma(y, v, mods=~x, test="knha"), 9)
out$qp <- clock(confint(rma(y, v)), 5)
out$leave1out <- once(leave1out(rma(y, v)))
index <- dat$index + 1
out$bootstrap <- once(for (b in 1:nrow(index)) rma(y[index[b,]], v[index[b,]]))
out$permutation <- once(permutest(rma(y, v, mods=~x), iter=1000, progbar=FALSE))
bcg <- escalc("RR", ai=dat$bcg[,1], bi=dat$bcg[,2], ci=dat$bcg[,3], di=dat$bcg[,4])
out$gosh <- once(gosh(rma(yi, vi, data=bcg), progbar=FALSE))
three <- data.frame(y=dat$y1000, v=dat$v1000, g=dat$g1000, r=seq_along(dat$y1000))
out$three_level <- once(rma.mv(y, v, random=~1|g/r, data=three, sparse=TRUE))
fit <- rma(y, v, mods=~x)
if (requireNamespace("clubSandwich", quietly=TRUE)) out$cr2 <- clock(clubSandwich::coef_test(fit, vcov="CR2", cluster=dat$g46), 5)
out$version <- paste("metafor", packageVersion("metafor"), "on R", getRversion())
writeLines(jsonlite::toJSON(out, auto_unbox=TRUE, digits=8), args[2])
