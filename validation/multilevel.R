# Rscript validation/multilevel.R validation/multilevel.json: rma.mv and clubSandwich on simulated data that are stored
# beside the results (they are ours), so that these comparisons run without R.
args <- commandArgs(trailingOnly=TRUE)
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value=TRUE))), "datasets.R"))
suppressMessages(library(clubSandwich))
# nlminb stops with an error when its tolerance is tighter than it can show, so the tightest that passes is taken, and
# the components that are not zero are then polished by Newton steps on metafor's own log-likelihood, whose derivatives
# are taken by Richardson extrapolation: a search by values alone ends where the likelihood is flat to 16 digits, about
# 1e-6 of a component away from its maximum
polish <- function(fit, ...) {
   free <- which(fit$sigma2 > 1e-8)
   at <- fit$sigma2; at[-free] <- 0
   if (length(free) == 0) return(fit)
   refit <- function(s) suppressWarnings(rma.mv(..., sigma2=s))
   value <- function(logs) { s <- at; s[free] <- exp(logs); as.numeric(logLik(refit(s))) }
   logs <- log(at[free])
   for (i in 1:4) {
      g <- numDeriv::grad(value, logs); h <- numDeriv::hessian(value, logs)
      step <- -solve(h, g)
      if (max(abs(step)) > .01) break
      logs <- logs + step
   }
   s <- at; s[free] <- exp(logs)
   refit(s)
}
# profile intervals need a fit with free components; confint finds more of its bounds from this one
searched <- function(fit, ...) {
   control <- list(optimizer="Nelder-Mead", reltol=1e-16, maxit=20000, sigma2.init=pmax(fit$sigma2, 1e-8))
   for (i in 1:3) {
      better <- try(suppressWarnings(do.call(rma.mv, c(list(...), list(control=control)))), silent=TRUE)
      if (inherits(better, "try-error")) break
      fit <- better; control$sigma2.init <- pmax(fit$sigma2, 1e-8)
   }
   fit
}
fit_mv <- function(...) {
   for (control in c(lapply(10^-(14:10), function(tol) list(optimizer="nlminb", rel.tol=tol, eval.max=5000, iter.max=5000)), list(list(optimizer="optim", optmethod="BFGS", reltol=1e-15, maxit=5000)))) {
      fit <- try(suppressWarnings(do.call(rma.mv, c(list(...), list(control=control)))), silent=TRUE)
      if (!inherits(fit, "try-error")) {
         free <- searched(fit, ...)
         return(list(searched=free, polished=polish(free, ...)))
      }
   }
   stop("no optimiser converged")
}
ints <- function(x) paste0("[", paste(as.integer(x), collapse=", "), "]")
set.seed(20)
simulate <- function(sizes, s1, s2, datasets=0, s3=0, slope=0) {
   study <- rep(seq_along(sizes), sizes); k <- length(study)
   vi <- round(exp(rnorm(k, -3, .8)), 5); x <- round(rnorm(k), 3)
   ds <- if (datasets) sample(datasets, k, replace=TRUE) else rep(1, k)
   yi <- .3 + slope*x + rnorm(length(sizes), 0, s1)[study] + rnorm(k, 0, s2) + rnorm(max(datasets,1), 0, s3)[ds] + rnorm(k, 0, sqrt(vi))
   data.frame(yi=round(yi, 5), vi=vi, x=x, study=study, dataset=ds, row=seq_len(k))
}
blocks <- function(dat, rho) { s <- sqrt(dat$vi); V <- rho * outer(s, s) * outer(dat$study, dat$study, "=="); diag(V) <- dat$vi; V }
cases <- list(
   nested=list(simulate(rep(c(1,2,3,4), 8), .3, .2), "diag", list(~ 1 | study/row), "~ 1"),
   study_only=list(simulate(rep(c(2,3,5), 6), .3, .1), "diag", list(~ 1 | study), "~ 1"),
   moderator=list(simulate(rep(c(1,3,4), 10), .25, .2, slope=.3), "diag", list(~ 1 | study/row), "~ x"),
   correlated=list(simulate(rep(c(2,3,5), 7), .3, .2), .6, list(~ 1 | study/row), "~ 1"),
   crossed=list(simulate(rep(c(3,4,5), 6), .3, .15, datasets=8, s3=.25), "diag", list(~ 1 | study, ~ 1 | dataset, ~ 1 | row), "~ x"),
   crossed_known=list(simulate(rep(c(3,4), 8), .3, .15, datasets=6, s3=.25), .4, list(~ 1 | study, ~ 1 | dataset, ~ 1 | row), "~ 1"))
out <- c()
for (name in names(cases)) {
   dat <- cases[[name]][[1]]; rho <- cases[[name]][[2]]
   V <- if (identical(rho, "diag")) dat$vi else blocks(dat, rho)
   for (method in c("REML","ML")) {
      found <- fit_mv(yi=dat$yi, V=V, mods=as.formula(cases[[name]][[4]]), random=cases[[name]][[3]], data=dat, method=method)
      fit <- found$polished
      ci <- if (method == "REML") lapply(seq_along(fit$sigma2), function(j) {
         r <- try(suppressWarnings(confint(found$searched, sigma2=j, control=list(tol=1e-10))$random[1,2:3]), silent=TRUE)
         if (inherits(r, "try-error")) "null" else arr(r) }) else "null"
      cr <- "null"
      if (!grepl("crossed", name) && method == "REML") {
         cr <- vapply(c("CR0","CR1","CR1p","CR2","CR3"), function(type) {
            test <- coef_test(fit, vcov=vcovCR(fit, cluster=dat$study, type=type), test="Satterthwaite")
            obj(se=arr(test$SE), df=arr(if (is.null(test$df_Satt)) test$df else test$df_Satt)) }, "")
         cr <- do.call(obj, as.list(cr))
      }
      out <- c(out, obj(name=paste0('"', name, '"'), method=paste0('"', method, '"'), rho=if (is.character(rho)) "null" else num(rho),
         mods=paste0('"', cases[[name]][[4]], '"'), yi=arr(dat$yi), vi=arr(dat$vi), x=arr(dat$x), study=ints(dat$study), dataset=ints(dat$dataset),
         sigma2=arr(fit$sigma2), beta=arr(fit$beta), se=arr(fit$se), q=num(fit$QE), log_likelihood=num(as.numeric(logLik(fit, REML=method == "REML"))),
         ci=if (method == "REML") paste0("[", paste(unlist(ci), collapse=", "), "]") else "null", robust=cr))
   }
}
head <- paste0('"versions": {"R": "', getRversion(), '", "metafor": "', packageVersion("metafor"), '", "clubSandwich": "', packageVersion("clubSandwich"), '"}')
writeLines(paste0("{", head, ',\n"cases": [', paste(out, collapse=",\n"), "]}"), args[1])
