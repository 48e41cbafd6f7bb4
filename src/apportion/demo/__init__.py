"""A team and two datasets to try things on, made from text that comes with every Python."""

from .answers import BEGUN, answer
from .entities import entities_records
from .sentences import Sentence, sentences
from .team import ENTITIES_DATASET, SHARED_WORKSPACE, TEAM, TOPICS_DATASET, Person
from .topics import GUIDELINES, PLAN, shared_topics_records, topics_records

__all__ = [
    "BEGUN",
    "ENTITIES_DATASET",
    "GUIDELINES",
    "PLAN",
    "SHARED_WORKSPACE",
    "TEAM",
    "TOPICS_DATASET",
    "Person",
    "Sentence",
    "answer",
    "entities_records",
    "sentences",
    "shared_topics_records",
    "topics_records",
]
