"""Results of a notebook with weak labels; the same code for the official client and for ours."""

import json
import math
import sys
import warnings


def contains(word, label):
    def rule(record):
        return label if word in record.text else None

    rule.__name__ = f"contains_{word}"
    return rule


def plain(value):
    """As JSON: NaN as a word, sets and arrays as lists."""
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return "nan" if math.isnan(value) else round(value, 9)
    return value


def table(frame):
    return [list(frame.columns), list(frame.index), plain(frame.values.tolist())]


def predictions(records):
    """As 1.x, but for one thing: ours names no agent where there is no prediction."""
    return [
        [
            str(each.id),
            plain(each.prediction),
            each.prediction_agent if each.prediction else None,
            each.status,
        ]
        for each in records
    ]


def score(voter):
    """The report of the majority's score; 1.x has none where a label is predicted beyond the last annotated one."""
    try:
        return plain(voter.score())
    except ValueError:
        return None


def outcome(labeling, name, functions, query, numbers):
    """Everything that weak labels of a dataset say, with its stored rules and these functions."""
    stored = labeling.load_rules(name)
    rules = stored + [contains(*each) for each in functions]
    several = name.endswith("several")
    weak = (labeling.WeakMultiLabels if several else labeling.WeakLabels)(name, rules, query=query)
    voter = labeling.MajorityVoter(weak)
    first = weak.records()[0]
    found = {
        "rules": [[each.query, each.label, each.name] for each in stored],
        "metrics": [
            plain(list(each.metrics(name).items())) for each in stored if isinstance(each.label, str)
        ],
        "votes": [plain(rule(first)) for rule in rules],
        "matrix": weak.matrix().tolist(),
        "of_annotated": weak.matrix(has_annotation=True).tolist(),
        "dtype": str(weak.matrix().dtype),
        "labels": weak.labels,
        "annotation": [weak.annotation().tolist(), weak.annotation(include_missing=True).tolist()],
        "ids": [str(each.id) for each in weak.records(has_annotation=False)],
        "summary": table(weak.summary()),
        "normalized": table(weak.summary(normalize_by_coverage=True)),
        "shown": [str(id) for id in weak.show_records(labels=weak.labels[:1]).get("id", ())],
        "by_rules": [str(id) for id in weak.show_records(rules=[0, 1]).get("id", ())],
        "majority": predictions(voter.predict()),
        "score": score(voter),
        "everything": predictions(voter.predict(include_annotated_records=True, include_abstentions=True)),
    }
    if not several:
        found["label2int"] = [[label, number] for label, number in weak.label2int.items()]
        mapping = {None: -1, **dict(zip(sorted(weak.labels), numbers, strict=True))}
        weak.change_mapping(mapping)
        found["changed"] = [weak.matrix().tolist(), weak.annotation().tolist(), weak.labels]
        found["changed_summary"] = table(weak.summary())
    return found


def store(labeling, name, rules):
    """Add the rules, one of them with another label at first, and two that go again."""
    (query, label), *others = rules
    gone = [labeling.Rule("gone AND away", label), labeling.Rule("gone", label)]
    labeling.add_rules(name, [labeling.Rule(query, others[-1][1]), *gone])
    labeling.update_rules(name, [labeling.Rule(query, label), *(labeling.Rule(*each) for each in others)])
    labeling.delete_rules(name, gone)


def main():
    warnings.simplefilter("ignore")
    import argilla as rg
    import argilla.labeling.text_classification as labeling

    asked = json.loads(sys.argv[1])
    rg.set_workspace(asked["workspace"])
    for name, rules in asked["store"].items():
        store(labeling, name, rules)
    print(json.dumps({name: outcome(labeling, name, **how) for name, how in asked["datasets"].items()}))


if __name__ == "__main__":
    main()
