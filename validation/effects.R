# Rscript validation/effects.R validation/effects.json: every measure of metafor that is in the registry, every kind of
# variance, with and without correction, on made-up numbers that are stored beside the results.
args <- commandArgs(trailingOnly=TRUE)
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value=TRUE))), "datasets.R"))
tab <- data.frame(ai=c(4,6,0,62,33), bi=c(119,300,228,136,36), ci=c(11,29,11,48,0), di=c(128,274,209,126,61))
rate <- data.frame(x1i=c(4,12,0,30), x2i=c(7,9,3,41), t1i=c(120,340.5,80,900), t2i=c(110,300,95.25,1000))
mean2 <- data.frame(m1i=c(5.2,4.1,8.8,3), m2i=c(4.4,4.9,7.1,2.2), sd1i=c(1.1,2.2,.7,1.3), sd2i=c(1.4,1.9,.9,.6), n1i=c(5,12,40,3), n2i=c(5,9,38,4))
one <- data.frame(mi=c(5.2,4.1,8.8), sdi=c(1.1,2.2,.7), ni=c(5,12,40))
pre <- data.frame(m1i=c(5.2,4.1,8.8), m2i=c(4.4,4.9,7.1), sd1i=c(1.1,2.2,.7), sd2i=c(1.4,1.9,.9), ni=c(6,12,40), ri=c(.3,.75,-.2))
prop <- data.frame(xi=c(0,3,45,9), mi=c(11,7,61,4))
inc <- data.frame(xi=c(0,3,45,9), ti=c(11.5,70,610,40))
cor <- data.frame(ri=c(.3,-.55,.02,.8), ni=c(12,40,150,6))
par <- data.frame(ri=c(.3,-.55,.02), mi=c(3,5,1), ni=c(30,40,150))
auc <- data.frame(ai=c(.89,.62,.5), n1i=c(20,50,300), n2i=c(35,44,250))
jobs <- list(
   RR=list(tab, c("LS","AV","H0"), FALSE), OR=list(tab, c("LS","AV","H0"), FALSE), RD=list(tab, c("LS","UB","AV","H0"), FALSE),
   PETO=list(tab, "LS", FALSE), AS=list(tab, "LS", FALSE), MPRD=list(tab, "LS", FALSE), MPRR=list(tab, "LS", FALSE), MPOR=list(tab, "LS", FALSE),
   IRR=list(rate, "LS", FALSE), IRD=list(rate, "LS", FALSE), IR=list(inc, "LS", FALSE), IRLN=list(inc, "LS", FALSE), IRS=list(inc, "LS", FALSE),
   MD=list(mean2, c("LS","UB","HO"), FALSE), SMD=list(mean2, c("LS","LS2","UB","AV","H0"), TRUE), SMD1=list(mean2, c("LS","LS2","UB","AV"), TRUE),
   SMDH=list(mean2, c("LS","LS2"), TRUE), ROM=list(mean2, c("LS","LS2","HO","AV","AVHO"), TRUE), VR=list(mean2, c("LS","LS2"), TRUE), CVR=list(mean2, c("LS","LS2"), TRUE),
   MN=list(one, c("LS","HO"), FALSE), MNLN=list(one, "LS", FALSE), SDLN=list(one, "LS", TRUE), CVLN=list(one, "LS", TRUE),
   MC=list(pre, "LS", FALSE), SMCC=list(pre, c("LS","LS2","UB"), TRUE), SMCR=list(pre, c("LS","LS2","UB"), TRUE), ROMC=list(pre, c("LS","LS2"), TRUE),
   PR=list(prop, c("LS","UB","AV"), FALSE), PLN=list(prop, c("LS","AV"), FALSE), PLO=list(prop, c("LS","AV"), FALSE), PAS=list(prop, "LS", FALSE), PFT=list(prop, "LS", FALSE),
   COR=list(cor, c("LS","AV"), FALSE), UCOR=list(cor, c("LS","UB","AV"), FALSE), ZCOR=list(cor, "LS", FALSE), PCOR=list(par, c("LS","AV"), FALSE), ZPCOR=list(par, "LS", FALSE),
   AUC=list(auc, c("LS","LS2","H0","MAX"), FALSE))
out <- c()
for (code in names(jobs)) {
   dat <- jobs[[code]][[1]]
   for (vtype in jobs[[code]][[2]]) for (correct in if (jobs[[code]][[3]]) c(TRUE, FALSE) else TRUE) {
      call <- c(list(measure=code, vtype=vtype, correct=correct), as.list(dat))
      res <- suppressWarnings(do.call(escalc, call))
      inputs <- do.call(obj, lapply(dat, arr))
      out <- c(out, obj(measure=paste0('"', code, '"'), vtype=paste0('"', vtype, '"'), correct=tolower(correct), inputs=inputs, yi=arr(res$yi), vi=arr(res$vi)))
   }
}
head <- paste0('"versions": {"R": "', getRversion(), '", "metafor": "', packageVersion("metafor"), '"}')
writeLines(paste0("{", head, ',\n"cases": [', paste(out, collapse=",\n"), "]}"), args[1])
