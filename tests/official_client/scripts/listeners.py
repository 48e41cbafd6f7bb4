"""Calls of listeners, and what they are called with; the same code for the official client and for ours."""

import json
import sys
import threading

INTERVAL = 1
PATIENCE = 120


class Watch:
    """Record of the first cycles of one listener."""

    def __init__(self, case):
        self.case = case
        self.words = list(case["words"])
        self.left = case["cycles"]
        self.seen = []
        self.done = threading.Event()

    def condition(self, search, *metrics):
        if self.done.is_set():
            return False
        figures = [dict(each) for each in metrics]
        self.seen.append(["condition", search.total, dict(search.query_params), figures])
        met = search.total >= self.case["least"]
        if not met:
            self.cycle_ends()
        return met

    def action(self, name, *given, **more):
        if self.done.is_set():
            return
        *records, ctx = given
        self.seen.append(
            [
                "action",
                name,
                more,
                [[str(record.id) for record in each] for each in records],
                [ctx.dataset, ctx.query, dict(ctx.query_params)],
                ctx.search and [ctx.search.total, dict(ctx.search.query_params)],
                dict(ctx.metrics or {}),
                ctx.__listener__.is_running(),
            ]
        )
        if self.words:
            ctx.query_params["word"] = self.words.pop()
        self.cycle_ends()

    def cycle_ends(self):
        self.left -= 1
        if not self.left:
            self.done.set()


def outcome(rg, dataset, case):
    watch = Watch(case)
    listening = rg.listener(
        dataset,
        query=case["query"],
        metrics=case["metrics"],
        condition=watch.condition if case["conditional"] else None,
        with_records=case["with_records"],
        execution_interval_in_seconds=INTERVAL,
        **case["params"],
    )(watch.action)
    first = [listening.is_running(), listening.formatted_query, refusal(listening.stop)]
    listening.start("first", more=1)
    again = refusal(listening.start)
    assert watch.done.wait(PATIENCE), watch.seen
    listening.stop()
    return {"first": first, "again": again, "seen": watch.seen, "last": listening.is_running()}


def refusal(call):
    try:
        call()
    except ValueError as refused:
        return type(refused).__name__
    return None


def without_parameter(rg):
    try:
        rg.listener("any", query="{missing}")(print)
    except KeyError as refused:
        return type(refused).__name__
    return None


def main():
    import argilla as rg

    asked = json.loads(sys.argv[1])
    rg.set_workspace(asked["workspace"])
    found = {name: outcome(rg, name, case) for name, case in asked["cases"].items()}
    print(json.dumps({"cases": found, "refused": without_parameter(rg)}))


if __name__ == "__main__":
    main()
