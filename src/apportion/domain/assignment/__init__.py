"""Who gets which record: plans, how they are dealt, how they change, what comes next.

    words     the states, phases and reasons of rows, and the sentences reasons read as
    spec      what a manager asks for, from JSON and back
    people    who may be dealt to, and what records ask of them
    ordering  keyed hashes: order, strata, shares
    quotas    how many rows each person is due
    rows      the rows of a plan, in columns
    dealing   the greedy rule, record by record, and the desk it remembers on
    blocks    the closed forms for large even batches
    repair    filling what stayed empty by moving rows, and saying why the rest cannot be filled
    planning  all of that for the rules of one plan: the preview, and what is applied
    figures   how well a plan is balanced, and what agreement it will let one measure
    changing  extend, rebalance, move, withdraw and undo, each as a difference
    queue     which record comes next, leases, skips

Nothing is imported here: the modules that compute load numpy.
"""
