"""Agreement between annotators: measures with their intervals, and the records and labels that people differ on.

    measures   the names of the measures, which answers each one compares, the default of each task
    figures    one figure: estimate, interval, on how much it rests, or why there is none
    ratings    answers by annotator and record, in columns
    patterns   records that were answered alike, counted together
    distances  distances between two answers
    alpha      Krippendorff's alpha
    kappa      percent agreement, Cohen, Fleiss, Gwet
    spans      the F1 family for spans
    unitizing  alpha for spans on a continuum
    gamma      gamma for spans that nest or cross, by their best alignment
    aligning   matching the spans of several people that are meant as one; needs SciPy
    edits      the edit distance between two texts
    texts      alpha for texts by that distance
    intervals  jackknife and bootstrap over records, exact bounds where all agree
    by_person  one person's answers against those of all others
    cautions   warnings where intervals are known to fail
    compute    one figure, or one per label, pair, week or person
    conflicts  confusion matrices, and the records people differ on most

Nothing is imported here: the modules that compute load numpy.
"""
