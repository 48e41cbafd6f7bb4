"""The rest of what 1.x notebooks do, each thing on a dataset of its own; prints what came of each."""

import asyncio
import json
import traceback

import argilla as rg
from argilla.client.api import active_api
from argilla.client.sdk.commons.errors import ArApiResponseError, NotFoundApiError
from argilla.utils import setup_loop_in_thread

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def texts(count=4, **more):
    words = ("sun", "rain", "snow", "wind")
    return [
        rg.TextClassificationRecord(
            id=n, text=f"{words[n % 4]} number {n}", metadata={"n": n, "kind": words[n % 4]}, **more
        )
        for n in range(count)
    ]


def ids(dataset):
    return [record.id for record in dataset]


def quiet(records, name, **more):
    return rg.log(records, name, verbose=False, **more)


def refusal(call):
    try:
        call()
    except ArApiResponseError as error:
        return [type(error).__name__, error.HTTP_STATUS, error.ctx.get("code", "").rpartition("::")[2]]
    return "not refused"


@check
def logging_twice_replaces_by_id():
    first = quiet(texts(), "surface-log")
    again = quiet(texts(2, prediction=[("a", 0.9), ("b", 0.1)], prediction_agent="m"), "surface-log")
    loaded = {record.id: record for record in rg.load("surface-log")}
    return {
        "processed": [first.processed, again.processed],
        "failed": [first.failed, again.failed],
        "count": len(loaded),
        "prediction": loaded[1].prediction,
        "untouched": loaded[3].prediction,
        "status": sorted({record.status for record in loaded.values()}),
    }


@check
def annotations_come_back_with_agent_and_status():
    quiet(texts(2, annotation="sunny", annotation_agent="ana"), "surface-annotated")
    loaded = rg.load("surface-annotated", query="annotated_as:sunny AND status:Validated")
    return [[record.annotation, record.annotation_agent, record.status] for record in loaded]


@check
def copy_then_delete():
    quiet(texts(), "surface-original")
    rg.copy("surface-original", name_of_copy="surface-copy")
    rg.copy("surface-original", name_of_copy="surface-copy", workspace="recognai")
    copied = [len(rg.load("surface-copy")), len(rg.load("surface-copy", workspace="recognai"))]
    rg.set_workspace("admin")
    taken = refusal(lambda: rg.copy("surface-original", name_of_copy="surface-copy"))
    rg.delete("surface-copy")
    rg.delete("surface-copy")
    try:
        rg.load("surface-copy")
        gone = False
    except NotFoundApiError:
        gone = True
    return {"copied": copied, "taken": taken, "gone": gone, "original": len(rg.load("surface-original"))}


@check
def delete_records_for_good_or_only_discard():
    quiet(texts(8), "surface-records")
    by_id = rg.delete_records("surface-records", ids=[0, 1])
    by_query = rg.delete_records("surface-records", query="metadata.kind:snow")
    discarded = rg.delete_records("surface-records", query="metadata.kind:wind", discard_only=True)
    nothing = rg.delete_records("surface-records", query="metadata.kind:hail")
    return {
        "by_id": by_id,
        "by_query": by_query,
        "discarded": discarded,
        "nothing": nothing,
        "left": ids(rg.load("surface-records")),
        "status": {record.id: record.status for record in rg.load("surface-records")},
    }


@check
def settings_guard_the_labels():
    rg.configure_dataset("surface-settings", rg.TextClassificationSettings(label_schema=["warm", "cold"]))
    quiet(texts(1, annotation="warm"), "surface-settings")
    refused = refusal(lambda: quiet(texts(1, annotation="tepid"), "surface-settings"))
    rg.configure_dataset(
        "surface-settings", rg.TextClassificationSettings(label_schema=["warm", "cold", "tepid"])
    )
    accepted = quiet(texts(1, annotation="tepid"), "surface-settings").processed
    settings = active_api().datasets.load_settings("surface-settings")
    return {"refused": refused, "accepted": accepted, "labels": sorted(settings.label_schema)}


@check
def vectors_find_the_nearest():
    points = {"a": [0.0, 0.0], "b": [1.0, 0.0], "c": [5.0, 5.0]}
    records = [
        rg.TextClassificationRecord(id=key, text=key, vectors={"place": value})
        for key, value in points.items()
    ]
    quiet([*records, rg.TextClassificationRecord(id="none", text="nowhere")], "surface-vectors")
    near = rg.load("surface-vectors", vector=("place", [0.9, 0.1]), limit=2)
    wrong = refusal(lambda: rg.load("surface-vectors", vector=("place", [1.0, 2.0, 3.0]), limit=2))
    return {"near": ids(near), "wrong_size": wrong, "kept": rg.load("surface-vectors", ids=["c"])[0].vectors}


@check
def order_and_paging():
    quiet(texts(12), "surface-order")
    return {
        "default": ids(rg.load("surface-order")),
        "sorted": ids(rg.load("surface-order", sort=[("metadata.n", "desc")], limit=3)),
        "small_pages": len(rg.load("surface-order", batch_size=5)),
        "ids": ids(rg.load("surface-order", ids=[3, "7", 99])),
        "after": ids(rg.load("surface-order", id_from="7")),
        "bad_sort": refusal(lambda: rg.load("surface-order", sort=[("nonsense", "asc")])),
        "bad_query": refusal(lambda: rg.load("surface-order", query="(open")),
    }


@check
def queries_select():
    quiet(texts(8), "surface-query")
    return {
        query: len(rg.load("surface-query", query=query))
        for query in (
            "sun",
            "sun OR rain",
            "NOT sun",
            "metadata.n:[2 TO 4]",
            "su*",
            '"rain number"',
            "/s.*/",
            "id:3",
        )
    }


@check
def text2text_round_trip():
    record = rg.Text2TextRecord(
        id="t", text="hello", prediction=[("hi", 0.8), "hey"], prediction_agent="m", annotation="hi"
    )
    quiet(record, "surface-text2text")
    loaded = rg.load("surface-text2text")[0]
    return [loaded.text, loaded.prediction, loaded.annotation, loaded.status]


@check
def logging_in_the_background_and_async():
    # One after the other: this client cannot show two progress bars at once, and fails
    logged = quiet(texts(3), "surface-async", background=True).result()
    loop, _ = setup_loop_in_thread()
    coroutine = rg.log_async(texts(6), "surface-async-too", verbose=False)
    awaited = asyncio.run_coroutine_threadsafe(coroutine, loop).result()
    return [logged.processed, awaited.processed, len(rg.load("surface-async"))]


@check
def metrics_know_the_labels():
    quiet(texts(2, annotation="sunny"), "surface-metrics")
    quiet([rg.TextClassificationRecord(id=9, text="x", prediction=[("rainy", 1.0)])], "surface-metrics")
    api = active_api()
    found = {
        metric["id"]
        for metric in api.http_client.get("/api/datasets/TextClassification/surface-metrics/metrics")
    }
    computed = api.compute_metric("surface-metrics", metric="dataset_labels").results
    return {"listed": "dataset_labels" in found, "labels": sorted(computed["labels"])}


@check
def metrics_of_a_notebook():
    from argilla.metrics.commons import keywords, records_status, text_length
    from argilla.metrics.text_classification import f1
    from argilla.metrics.token_classification import entity_labels, mention_length, top_k_mentions
    from argilla.metrics.token_classification import f1 as span_f1

    name = "surface-figures"
    quiet(texts(4, prediction=[("sunny", 0.9)], prediction_agent="m", annotation="sunny"), name)
    spans = "surface-span-figures"
    quiet(
        [
            rg.TokenClassificationRecord(
                id=n,
                text="Zoë saw May",
                tokens=["Zoë", "saw", "May"],
                prediction=[("PER", 0, 3), (["PER", "DATE"][n], 8, 11)],
                annotation=[("PER", 0, 3), ("DATE", 8, 11)],
            )
            for n in range(2)
        ],
        spans,
    )
    return {
        "f1": f1(name).data["f1_micro"],
        "support": f1(name, query="sun OR rain").data["sunny_support"],
        "length": text_length(name).data,
        "status": records_status(name).data,
        "keywords": sorted(keywords(name, size=5).data),
        "span f1": span_f1(spans).data["DATE_recall"],
        "labels": entity_labels(spans, compute_for="annotations").data,
        "mentions": mention_length(spans, level="char").data,
        "ambiguous": top_k_mentions(spans).data,
    }


@check
def token_records_keep_spans_and_offsets():
    record = rg.TokenClassificationRecord(
        id=1,
        text="Zoë 🙂 lives in Bilbo",
        tokens=["Zoë", "🙂", "lives", "in", "Bilbo"],
        annotation=[("PER", 0, 3), ("LOC", 15, 20)],
    )
    quiet(record, "surface-tokens")
    loaded = rg.load("surface-tokens")[0]
    mentions = loaded.metrics["annotated"]["mentions"]
    return {
        "annotation": loaded.annotation,
        "tokens": loaded.tokens,
        "mentions": sorted([mention["label"], mention["value"]] for mention in mentions),
    }


@check
def a_record_can_be_patched():
    quiet(texts(1), "surface-patch")
    active_api().datasets.update_record(
        "surface-patch", record_id=0, metadata={"seen": True}, status="Discarded"
    )
    loaded = rg.load("surface-patch")[0]
    return [loaded.metadata, loaded.status]


@check
def rules_are_kept_and_vote():
    from argilla.labeling.text_classification import Rule, add_rules, delete_rules, load_rules, update_rules

    name = "surface-rules"
    quiet(texts(2, annotation="sunny"), name)
    none = load_rules(name)
    sun, rain = Rule("sun", "cloudy"), Rule("rain", "rainy")
    either = Rule("sun OR rain", "sunny")
    quiet([rg.TextClassificationRecord(id=9, text="rain", annotation="rainy")], name)
    quiet([rg.TextClassificationRecord(id=8, text="wind", annotation="rainy")], name)
    add_rules(name, [rain, sun, either])
    sun.label = "sunny"
    update_rules(name, [sun])
    delete_rules(name, [either])
    loaded = [[rule.query, rule.label] for rule in load_rules(name)]
    metrics = Rule("rain", "rainy").metrics(name)
    delete_rules(name, [sun])
    return {
        "none": none,
        "loaded": loaded,
        "metrics": metrics,
        "left": [rule.query for rule in load_rules(name)],
    }


@check
def wrong_things_are_refused_by_name():
    quiet(texts(1), "surface-refusals")
    tokens = rg.TokenClassificationRecord(text="a b", tokens=["a", "b"])
    return {
        "other_task": refusal(lambda: quiet(tokens, "surface-refusals")),
        "unknown": refusal(lambda: rg.load("surface-nowhere")),
        "two_labels": refusal(lambda: quiet(texts(1, annotation=["a", "b"]), "surface-refusals")),
        "too_many_keys": refusal(
            lambda: quiet(
                rg.TextClassificationRecord(text="x", metadata={f"k{n}": n for n in range(51)}),
                "surface-refusals",
            )
        ),
    }


def main():
    rg.init(workspace="admin")
    found = {}
    for function in CHECKS:
        rg.set_workspace("admin")
        try:
            found[function.__name__] = function()
        except Exception:
            found[function.__name__] = {"traceback": traceback.format_exc()}
    print(json.dumps(found, default=str))


main()
