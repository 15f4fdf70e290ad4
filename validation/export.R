# Rscript validation/export.R OUT.json: effects and variances of every data set, for the tests.
args <- commandArgs(trailingOnly=TRUE)
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value=TRUE))), "datasets.R"))
sets <- all_effects()
body <- vapply(names(sets), function(n) paste0('"', n, '": ', obj(yi=arr(sets[[n]]$yi), vi=arr(sets[[n]]$vi))), "")
writeLines(paste0("{", paste(body, collapse=",\n"), "}"), args[1])
