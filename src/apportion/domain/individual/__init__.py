"""Individual annotations: decisions on the answers, slots and gold of one record.

``case`` holds all that is known of one record, ``answering`` decides on the effect of an answer,
``record_view`` builds the view of everybody who may see more than their own answers.
"""
