"""How alike people answer: measures of agreement, with their intervals, and what they differ on.

    measures   the names of the measures, which answers each one compares, the default of each task
    figures    one figure: estimate, interval, on how much it rests, or why there is none
    ratings    who answered what on which record, in columns
    patterns   records that were answered alike, counted together
    metrics    how far two answers are apart
    alpha      Krippendorff's alpha
    kappa      percent agreement, Cohen, Fleiss, Gwet
    spans      the F1 family for spans
    unitizing  alpha for spans on a continuum
    gamma      gamma for spans that nest or cross, by their best alignment
    aligning   which spans of several people are meant as one; needs SciPy
    edits      how far two texts are apart
    texts      alpha for texts by that distance
    intervals  jackknife and bootstrap over records, exact bounds where all agree
    cautions   where intervals are known to fail
    measuring  one figure, or one per label, pair or week
    conflicts  confusion matrices, and which records people differ on most

Nothing is imported here: the modules that compute load numpy.
"""
