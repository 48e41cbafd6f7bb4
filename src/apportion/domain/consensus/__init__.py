"""What many answers come to: rules that settle a record, models of who is right how often, when to ask one more.

    answers       one person's answer as consensus compares it
    resolution    resolved with provenance, open, or in conflict with a reason
    voting        votes for labels, for sets of labels, and for spans
    resolving     a record's answers and the dataset's policy make its resolution
    dispute       how far the answers of one record are apart
    asking        whether one more person should answer a record
    dawid_skene   who is right how often, and what is true, from all answers at once

Nothing is imported here: the model loads numpy; the rest is plain, since it runs at each submit.
"""
