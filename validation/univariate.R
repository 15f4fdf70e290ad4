# Rscript validation/univariate.R validation/univariate.json: metafor run with tight tolerances on every data set.
# metafor's stopping rules are absolute, so effects are put on a scale with median variance 1 and results scaled back.
args <- commandArgs(trailingOnly=TRUE)
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value=TRUE))), "datasets.R"))
tight <- list(threshold=1e-14, tol=1e-14, maxiter=10000)
one <- function(dat, method) {
   s <- sqrt(median(dat$vi)); y <- dat$yi/s; v <- dat$vi/s^2
   fit <- try(suppressWarnings(rma(y, v, method=method, control=tight)), silent=TRUE)
   if (inherits(fit, "try-error")) fit <- try(suppressWarnings(rma(y, v, method=method, control=c(tight, stepadj=.5))), silent=TRUE)
   if (inherits(fit, "try-error")) return(NULL)
   kn <- suppressWarnings(rma(y, v, method=method, test="knha", control=tight, tau2=if (method == "EE") NULL else fit$tau2))
   ml <- method == "REML"
   k <- length(y); m <- if (ml) k - 1 else k
   obj(estimate=num(fit$beta[1]*s), se=num(fit$se*s), se_knha=num(kn$se*s), tau2=num(fit$tau2*s^2),
       tau2_se=num(fit$se.tau2*s^2), i2=num(fit$I2/100), h2=num(fit$H2), q=num(fit$QE), q_pvalue=num(fit$QEp),
       log_likelihood=num(as.numeric(logLik(fit, REML=ml)) - m*log(s)))
}
bounds <- function(dat) {
   s <- sqrt(median(dat$vi)); y <- dat$yi/s; v <- dat$vi/s^2
   fit <- try(suppressWarnings(rma(y, v, method="REML", control=tight)), silent=TRUE)
   if (inherits(fit, "try-error")) return("null")
   qp <- try(suppressWarnings(confint(fit, control=list(tol=1e-14, tau2.max=1e6))$random["tau^2",]), silent=TRUE)
   pl <- try(suppressWarnings(confint(fit, type="PL", control=list(tol=1e-14, tau2.max=max(100, 1000*fit$tau2)))$random["tau^2",]), silent=TRUE)
   pair <- function(x) if (inherits(x, "try-error")) "null" else arr(x[2:3]*s^2)
   obj(QP=pair(qp), PL=pair(pl))
}
methods <- c("EE","DL","HE","HS","HSk","SJ","EB","PM","PMM","ML","REML")
sets <- all_effects()
body <- vapply(names(sets), function(n) {
   fits <- lapply(setNames(methods, methods), function(m) one(sets[[n]], m))
   fits <- fits[!vapply(fits, is.null, TRUE)]
   inner <- paste0('"', names(fits), '": ', unlist(fits), collapse=",\n   ")
   paste0('"', n, '": {"k": ', nrow(sets[[n]]), ', "sum_yi": ', num(sum(sets[[n]]$yi)), ', "sum_vi": ', num(sum(sets[[n]]$vi)),
          ', "tau2_ci": ', bounds(sets[[n]]), ",\n   ", inner, "}")
}, "")
head <- paste0('"versions": {"R": "', getRversion(), '", "metafor": "', packageVersion("metafor"), '", "metadat": "', packageVersion("metadat"), '"}')
writeLines(paste0("{", head, ',\n"sets": {', paste(body, collapse=",\n"), "}}"), args[1])
