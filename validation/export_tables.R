# Rscript validation/export_tables.R FOLDER: the tables of metadat that tests of published analyses read, as CSV.
args <- commandArgs(trailingOnly=TRUE)
suppressMessages(library(metadat))
for (name in c("dat.hackshaw1998", "dat.collins1985b", "dat.raudenbush1985", "dat.konstantopoulos2011", "dat.assink2016", "dat.normand1999", "dat.riley2003", "dat.dorn2007", "dat.viechtbauer2021", "dat.curtis1998")) {
   env <- new.env(); found <- suppressWarnings(data(list=name, package="metadat", envir=env))
   if (exists(name, envir=env)) write.csv(as.data.frame(get(name, envir=env)), file.path(args[1], paste0(name, ".csv")), row.names=FALSE)
}
