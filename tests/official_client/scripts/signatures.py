"""Describe the public surface of a client as JSON: names, parameters, defaults, members, values.

Runs with the official client in its environment and with ours in ours. ``places`` are pairs of a module and the
names to look at in it; what is described goes by those names.
"""

import dataclasses
import enum
import importlib
import inspect
import json
import sys

PLAIN = (str, int, float, bool, type(None))
OF_PYDANTIC = ("dict", "json", "copy", "parse_obj", "parse_raw")  # of all it offers, what notebooks call


def parameters(function):
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:  # an exception without a constructor of its own
        return None
    return [[each.name, each.kind.name, default(each.default)] for each in found if each.name != "self"]


def default(value):
    if value is inspect.Parameter.empty:
        return "required"
    return repr(value) if isinstance(value, PLAIN) else "something"


def members(kind):
    found = {}
    for name, value in inspect.getmembers(kind):
        home = getattr(value, "__module__", None) or ""
        if name.startswith("_") or inspect.isclass(value) or hasattr(Exception, name):
            continue
        if home.startswith("pydantic") and name not in OF_PYDANTIC:
            continue
        found[name] = {"parameters": parameters(value)} if callable(value) else {}
    return found


def described(thing):
    if inspect.isclass(thing) and issubclass(thing, enum.Enum):
        return {"values": {each.name: each.value for each in thing}}
    if not inspect.isclass(thing):
        return {"parameters": parameters(thing)} if callable(thing) else {"value": repr(thing)}
    if dataclasses.is_dataclass(thing):
        fields = [each.name for each in dataclasses.fields(thing)]
    else:
        fields = [*getattr(thing, "__fields__", ())]
        fields += [name for each in thing.__mro__ for name in vars(each).get("__annotations__", ())]
    return {
        "parameters": parameters(thing),
        "members": members(thing),
        "fields": [each for each in fields if not each.startswith("_")],
        "bases": [each.__name__ for each in thing.__mro__ if each.__module__.partition(".")[0] in OURS],
    }


OURS = ("argilla", "apportion")
everything = {}
for place, names in json.loads(sys.argv[1])["places"]:
    module = importlib.import_module(place)
    for name in names:
        try:
            everything[name] = described(getattr(module, name))
        except Exception as problem:
            everything[name] = {"missing": str(problem).strip().splitlines()[-1]}
print(json.dumps(everything))
