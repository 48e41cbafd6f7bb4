"""Who gets which record: plans, how they are dealt, how they change, what comes next.

    words     the states, phases and reasons of rows, and the sentences reasons read as
    spec      what a manager asks for, from JSON and back
    reading   that JSON, with every mistake named
    people    who may be dealt to, and what records ask of them
    ordering  keyed hashes: order, strata, shares
    quotas    how many rows each person is due
    arrays    the one door to numpy
    rows      the rows of a plan, in columns
    state     what a plan remembers between batches
    dealing   the greedy rule, record by record, and the desk it remembers on
    smoothing exchanges that bring every pair within its bounds
    blocks    the closed forms for large even batches
    engines   which of the two deals what
    repair    filling what stayed empty by moving rows, and saying why the rest cannot be filled
    rule      one rule from its records to its rows
    planning  all rules of one plan: the preview, and what is applied
    figures   how well a plan is balanced, and what agreement it will let one measure
    redealing rows that somebody has to give up, dealt again
    changing  rebalance, move, withdraw and undo, each as a difference
    queue     which record comes next, leases, skips

Nothing is imported here: the modules that compute load numpy.
"""
