# The data sets of metadat that have, or give by one call of escalc, effects and sampling variances.
# Their numbers are not stored here: the tests export them from an installed metadat, with this file.
# Only measures on which metafor 3.8 and 5.1 agree are used, so that either may do the export.
suppressMessages({library(metadat); library(metafor)})

has <- function(dat, cols) all(cols %in% names(dat))

effects_of <- function(dat) {
   quiet <- function(expr) suppressWarnings(try(expr, silent=TRUE))
   if (has(dat, c("yi","vi"))) return(dat)
   if (has(dat, c("yi","sei"))) { dat$vi <- dat$sei^2; return(dat) }
   if (has(dat, c("tpos","tneg","cpos","cneg"))) return(quiet(escalc("RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat)))
   if (has(dat, c("ai","bi","ci","di"))) return(quiet(escalc("OR", ai=ai, bi=bi, ci=ci, di=di, data=dat)))
   if (has(dat, c("ai","n1i","ci","n2i"))) return(quiet(escalc("OR", ai=ai, n1i=n1i, ci=ci, n2i=n2i, data=dat)))
   if (has(dat, c("m1i","sd1i","n1i","m2i","sd2i","n2i"))) return(quiet(escalc("SMD", m1i=m1i, sd1i=sd1i, n1i=n1i, m2i=m2i, sd2i=sd2i, n2i=n2i, data=dat)))
   if (has(dat, c("x1i","t1i","x2i","t2i"))) return(quiet(escalc("IRR", x1i=x1i, t1i=t1i, x2i=x2i, t2i=t2i, data=dat)))
   if (has(dat, c("ri","ni"))) return(quiet(escalc("ZCOR", ri=ri, ni=ni, data=dat)))
   if (has(dat, c("xi","ni"))) return(quiet(escalc("PLO", xi=xi, ni=ni, data=dat)))
   if (has(dat, c("xi","mi"))) return(quiet(escalc("PLO", xi=xi, mi=mi, data=dat)))
   NULL
}

all_effects <- function() {
   out <- list()
   for (name in sort(data(package="metadat")$results[,"Item"])) {
      env <- new.env(); data(list=name, package="metadat", envir=env)
      dat <- get(name, envir=env)
      if (!is.data.frame(dat)) next
      dat <- effects_of(dat)
      if (is.null(dat) || inherits(dat, "try-error")) next
      ok <- is.finite(dat$yi) & is.finite(dat$vi) & dat$vi > 0
      if (sum(ok) < 3 || sum(ok) > 700) next
      out[[name]] <- data.frame(yi=as.numeric(dat$yi[ok]), vi=as.numeric(dat$vi[ok]))
   }
   out
}

num <- function(x) if (is.null(x) || length(x) == 0) "null" else ifelse(is.finite(x), sprintf("%.17g", x), "null")
arr <- function(x) paste0("[", paste(vapply(as.numeric(x), num, ""), collapse=", "), "]")
obj <- function(...) { v <- list(...); paste0("{", paste0('"', names(v), '": ', unlist(v), collapse=", "), "}") }
