"""Consensus of many answers: rules that resolve a record, models of annotators' accuracy, adaptive overlap.

    answers       one person's answer as consensus compares it
    resolution    resolved with provenance, open, or in conflict with a reason
    voting        votes for labels, for sets of labels, and for spans
    deciding      a record's answers and the dataset's policy make its resolution
    dispute       the mean distance between the answers of one record
    asking        the decision whether one more person should answer a record
    dawid_skene   annotators' accuracy and the true labels, estimated from all answers at once

Nothing is imported here: the model loads numpy; the rest is plain, since it runs at each submit.
"""
