"""Assignment of records to people: plans, their allocation and changes, and the queue.

    states       the states, phases and reasons of rows, and the sentences that explain reasons
    spec         a plan as a manager requests it, as plain values and as JSON
    read_plan    that JSON read, with every mistake named
    team         the people who may get rows, and the skills that records need
    ordering     keyed hashes: order, strata, shares
    quotas       the number of rows each person is due
    rows         the rows of a plan, in columns
    state        the state that a plan keeps between batches
    allocation   the greedy rule, record by record, and its load table
    smoothing    exchanges that bring every pair within its bounds
    blocks       the closed forms for large even batches
    engines      the choice between the greedy rule and the closed forms
    repair       filling slots that stayed empty by moving rows, and explaining why the rest cannot be filled
    rule         one rule from its records to its rows
    checks       records with a known gold value, mixed in to measure people
    planning     all rules of one plan: the preview, and what is applied
    figures      the balance of a plan, and the precision of agreement that it allows
    reallocation rows that somebody has to give up, allocated again
    plan_changes rebalance, move, withdraw and undo, each as a difference
    queue        the next record, leases, skips
    refusals     the errors of planning

Nothing is imported here: the modules that compute load numpy.
"""
